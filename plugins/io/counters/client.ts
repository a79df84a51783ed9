import { connect, type Socket } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import { systemClock } from '../clock.ts';
import { type ConnectedCounters, type GuardOptions, guarded } from './guard.ts';
import { LineReader, line } from './lines.ts';
import type { Answer, Method, Outcome } from './protocol.ts';
import { type RemoteStore, StoreFault } from './remote.ts';

export interface SocketCountersSettings extends Omit<GuardOptions, 'clock'> {
  /** Where `serveCounters` listens. */
  readonly path: string;
  readonly clock?: Clock;
}

/** Counts in the process that serves `path`. Connects in the background, and again whenever the connection is lost. */
export const connectSocketCounters = (settings: SocketCountersSettings): ConnectedCounters => {
  const { path, clock = systemClock, ...options } = settings;
  return guarded(new SocketStore(path, clock), { ...options, clock });
};

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (fault: Error) => void;
}

const reconnectAfterMs = 50;

class SocketStore implements RemoteStore {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #socket: Socket | undefined;
  #asked = 0;
  #isClosed = false;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    this.#connect();
  }

  readonly reserve = this.#call('reserve') as RemoteStore['reserve'];
  readonly settle = this.#call('settle') as RemoteStore['settle'];
  readonly renew = this.#call('renew') as RemoteStore['renew'];
  readonly read = this.#call('read') as RemoteStore['read'];
  readonly holds = this.#call('holds') as RemoteStore['holds'];
  readonly adjust = this.#call('adjust') as RemoteStore['adjust'];
  readonly probe = this.#call('probe') as RemoteStore['probe'];
  readonly bringBack = this.#call('bringBack') as RemoteStore['bringBack'];

  /** Whoever serves looks after the leases. */
  sweep(): Promise<string> {
    return this.probe();
  }

  reconnect(): void {
    this.#socket?.destroy();
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  /** What comes back is what the method of the served store gives. */
  #call(method: Method): (...args: readonly unknown[]) => Promise<unknown> {
    return (...args) =>
      new Promise((resolve, reject) => {
        if (!this.#socket?.writable) return reject(new StoreFault('unreachable'));
        const number = ++this.#asked;
        this.#waiting.set(number, { resolve, reject });
        this.#socket.write(line([number, method, args]));
      });
  }

  #connect(): void {
    const reader = new LineReader();
    const socket = connect(this.#path);
    socket.unref(); // counting keeps no process alive
    socket.on('connect', () => {
      this.#socket = socket;
    });
    socket.on('data', (chunk) => {
      try {
        for (const answer of reader.push(chunk)) this.#take(answer as Answer); // what `serveCounters` wrote
      } catch {
        socket.destroy();
      }
    });
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.#lose());
  }

  #take([number, outcome]: Answer): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (waiting) conclude(waiting, outcome);
  }

  #lose(): void {
    this.#socket = undefined;
    for (const { reject } of this.#waiting.values()) reject(new StoreFault('unreachable'));
    this.#waiting.clear();
    if (!this.#isClosed) this.#clock.after(reconnectAfterMs, () => this.#isClosed || this.#connect());
  }
}

const conclude = ({ resolve, reject }: Waiting, outcome: Outcome): void => {
  if ('result' in outcome) resolve(outcome.result);
  else if ('rangeError' in outcome) reject(new RangeError(outcome.rangeError));
  else reject(new StoreFault('error'));
};
