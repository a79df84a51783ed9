import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Claim, CounterStore } from '../../ports/counter-store.ts';
import { systemClock } from '../clock.ts';
import { BroughtBack } from './brought-back.ts';
import { LineReader, line } from './lines.ts';
import type { Method, Outcome, Question } from './protocol.ts';

/** Counts that can be served. */
export interface ServedCounters extends CounterStore {
  /**
   * The name of the set of counts, undefined while they cannot be asked. Absent: they are gone with this process, which
   * names them itself.
   */
  probe?(): Promise<string | undefined>;
}

export interface CounterService {
  /** Processes that are connected. */
  readonly clients: number;
  close(): void;
}

/**
 * Lets other processes of this machine count in `store`, over a unix socket at `path` that only this user may open.
 * Whoever can open it is trusted. A socket left there by an earlier process is replaced. Rejects with what the system says.
 */
export const serveCounters = async (store: ServedCounters, path: string): Promise<CounterService> => {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const served = { store, broughtBack: new BroughtBack(store) };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    talk(socket, served);
  });
  server.listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o600);
  return {
    get clients() {
      return sockets.size;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};

/** Counts of a process are gone with it, so it names them once. */
const countsName = randomUUID();

interface Served {
  readonly store: ServedCounters;
  readonly broughtBack: BroughtBack;
}

const talk = (socket: Socket, served: Served): void => {
  const reader = new LineReader();
  socket.on('error', () => {}); // 'close' follows
  socket.on('data', (chunk) => {
    try {
      for (const question of reader.push(chunk)) void reply(socket, served, asQuestion(question));
    } catch {
      socket.destroy(); // no client of ours
    }
  });
};

const reply = async (socket: Socket, served: Served, [number, method, args]: Question): Promise<void> => {
  const outcome = await outcomeOf(served, method, args);
  if (socket.writable) socket.write(line([number, outcome]));
};

/** What the method gives; undefined when the store is lost. The client types arguments and answers. */
const answer = async (
  { store, broughtBack }: Served,
  method: Method,
  args: readonly unknown[],
): Promise<unknown> => {
  if (method === 'probe') return store.probe ? store.probe() : countsName;
  if (method !== 'bringBack') return callOf(store, method)(...args);
  return (await broughtBack.raise(args[0] as readonly Claim[], systemClock.epochMs())) || undefined;
};

const outcomeOf = async (served: Served, method: Method, args: readonly unknown[]): Promise<Outcome> => {
  try {
    const result = await answer(served, method, args);
    return result === undefined || result === 'lost' ? { fault: true } : { result };
  } catch (cause) {
    return cause instanceof RangeError ? { rangeError: cause.message } : { fault: true };
  }
};

type Call = (...args: readonly unknown[]) => Promise<unknown>;

const callOf =
  (store: CounterStore, method: keyof CounterStore): Call =>
  (...args) =>
    (store[method] as Call).apply(store, [...args]); // the client types them

const methods: ReadonlySet<unknown> = new Set<Method>([
  'reserve',
  'settle',
  'renew',
  'read',
  'holds',
  'adjust',
  'probe',
  'bringBack',
]);

const asQuestion = (message: unknown): Question => {
  if (!Array.isArray(message)) throw new TypeError('no question');
  const [number, method, args] = message;
  if (typeof number !== 'number' || !methods.has(method) || !Array.isArray(args))
    throw new TypeError('no question');
  return [number, method, args];
};
