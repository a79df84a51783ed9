import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { CounterStore } from '../../ports/counter-store.ts';
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
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    talk(socket, store);
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

const talk = (socket: Socket, store: ServedCounters): void => {
  const reader = new LineReader();
  socket.on('error', () => {}); // 'close' follows
  socket.on('data', (chunk) => {
    try {
      for (const question of reader.push(chunk)) void reply(socket, store, asQuestion(question));
    } catch {
      socket.destroy(); // no client of ours
    }
  });
};

const reply = async (
  socket: Socket,
  store: ServedCounters,
  [number, method, args]: Question,
): Promise<void> => {
  const outcome = await outcomeOf(store, method, args);
  if (socket.writable) socket.write(line([number, outcome]));
};

const probe = async (store: ServedCounters): Promise<string | undefined> =>
  store.probe ? store.probe() : countsName;

const outcomeOf = async (
  store: ServedCounters,
  method: Method,
  args: readonly unknown[],
): Promise<Outcome> => {
  try {
    const result = method === 'probe' ? await probe(store) : await callOf(store, method)(...args);
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
]);

const asQuestion = (message: unknown): Question => {
  if (!Array.isArray(message)) throw new TypeError('no question');
  const [number, method, args] = message;
  if (typeof number !== 'number' || !methods.has(method) || !Array.isArray(args))
    throw new TypeError('no question');
  return [number, method, args];
};
