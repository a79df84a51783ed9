import { checkAmounts } from '../../counters/claims.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ask, CounterStore, Reserved, Settled } from '../../ports/counter-store.ts';
import { Breaker, type StoreState } from './breaker.ts';
import { Recall } from './recall.ts';
import { type FaultReason, type RemoteStore, StoreFault } from './remote.ts';

export interface GuardOptions {
  readonly clock: Clock;
  /** Longest time that a call waits for the store. */
  readonly timeoutMs?: number;
  /** Settlements that are kept for a store that is lost. More than these are left to their leases, which charge as reserved. */
  readonly maxUndelivered?: number;
  /** How often leases that ended are looked for. */
  readonly sweepEveryMs?: number;
  /** Once for each change: when the store is lost, when it is ready again, and when it forgot what it had counted. */
  readonly onState?: (state: StoreState) => void;
}

/** A store that may be closed. Settlements that are not delivered by then are left to their leases. */
export interface ConnectedCounters extends CounterStore {
  /** Settlements that wait for the store. */
  readonly undelivered: number;
  /** Whether the store answers, at the latest after `withinMs`. Before that, calls are `lost`. */
  ready(withinMs: number): Promise<boolean>;
  close(): void;
}

const defaultTimeoutMs = 45;
const defaultMaxUndelivered = 10_000;
const defaultSweepEveryMs = 1_000;
const deliverAfterMs = 100;
const deliverAtOnce = 64;
const probeEveryMs = 20;
const bringBackAtOnce = 200;
/** By then, every other process has noticed too, at its next sweep, and put back what it saw. */
const othersNeedMs = 1_200;

/** What a call gets that the store did not answer. */
const lost = Symbol('lost');

/**
 * A `CounterStore` over a remote one: no call waits longer than `timeoutMs`, none waits at all while the store is lost,
 * and settlements are kept for it. What a reservation without an answer may hold is given back. All of this is safe to
 * repeat, because the store settles an id once and holds nothing for an id that was settled. A store that has forgotten
 * is lost until it has been told what was last seen here.
 */
export const guarded = (remote: RemoteStore, options: GuardOptions): ConnectedCounters =>
  new Guard(remote, options);

class Guard implements ConnectedCounters {
  readonly #remote: RemoteStore;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #maxUndelivered: number;
  readonly #breaker: Breaker;
  /** Amounts by id. Without amounts: a reservation of which nothing is known, to be given up. */
  readonly #undelivered = new Map<string, readonly number[]>();
  readonly #onState: (state: StoreState) => void;
  readonly #recall: Recall;
  /** What the store calls its set of counts. */
  #countsName: string | undefined;
  #forgotten: { readonly broughtBack: number } | undefined;
  /** When others have put back what they saw, too. */
  #isWholeMs = 0;
  #stopDelivery: (() => void) | undefined;
  #stopSweep: () => void = () => {};

  constructor(remote: RemoteStore, options: GuardOptions) {
    const { clock, timeoutMs, maxUndelivered, sweepEveryMs, onState } = options;
    this.#remote = remote;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs ?? defaultTimeoutMs;
    this.#maxUndelivered = maxUndelivered ?? defaultMaxUndelivered;
    this.#breaker = new Breaker({
      clock,
      probe: () => this.#probe(),
      reconnect: () => remote.reconnect(),
      onState: (state) => this.#tell(state),
    });
    this.#onState = onState ?? (() => {});
    this.#recall = new Recall(clock);
    this.#sweepAfter(sweepEveryMs ?? defaultSweepEveryMs);
  }

  get undelivered(): number {
    return this.#undelivered.size;
  }

  async ready(withinMs: number): Promise<boolean> {
    const endMs = this.#clock.nowMs() + withinMs;
    while ((await this.#probe()) !== undefined) {
      if (this.#clock.nowMs() >= endMs) return false;
      await new Promise<void>((resolve) => this.#clock.after(probeEveryMs, resolve));
    }
    return true;
  }

  async reserve(ask: Ask): Promise<Reserved> {
    if (this.#undelivered.has(ask.id)) return { kind: 'lost' }; // it is about to be given up
    let mayHold = false;
    const answer = await this.#call(
      () => this.#remote.reserve(ask),
      (fault) => {
        mayHold = fault.reason === 'timeout' || fault.reason === 'unreachable';
      },
    );
    if (answer === lost) {
      // One that was granted before, and is asked for again, is not given up.
      if (mayHold && !this.#recall.holds(ask.id) && !this.#undelivered.has(ask.id)) this.#keep(ask.id, []);
      return { kind: 'lost' };
    }
    if (answer.kind !== 'lost') this.#recall.reserved(ask, answer);
    return answer;
  }

  async settle(id: string, amounts: readonly number[]): Promise<Settled> {
    checkAmounts(amounts);
    if (this.#undelivered.get(id)?.length) return 'already';
    const answer = await this.#settle(id, amounts);
    if (answer !== lost) return answer;
    this.#keep(id, amounts);
    return 'lost';
  }

  async #settle(id: string, amounts: readonly number[]): Promise<Settled | typeof lost> {
    const answer = await this.#call(() => this.#remote.settle(id, amounts));
    if (answer === lost) return lost;
    const corrections = this.#recall.settled(id, amounts);
    // What it held was forgotten, and put back as used.
    if (answer === 'unknown')
      for (const { claim, by } of corrections) await this.#call(() => this.#remote.adjust(claim, by));
    return answer;
  }

  async renew(...args: Parameters<CounterStore['renew']>): ReturnType<CounterStore['renew']> {
    return orUndefined(await this.#call(() => this.#remote.renew(...args)));
  }

  async read(...args: Parameters<CounterStore['read']>): ReturnType<CounterStore['read']> {
    return orUndefined(await this.#call(() => this.#remote.read(...args)));
  }

  async holds(): ReturnType<CounterStore['holds']> {
    return orUndefined(await this.#call(() => this.#remote.holds()));
  }

  async adjust(...args: Parameters<CounterStore['adjust']>): ReturnType<CounterStore['adjust']> {
    const count = orUndefined(await this.#call(() => this.#remote.adjust(...args)));
    if (count) this.#recall.counted([args[0]], [count]);
    return count;
  }

  close(): void {
    this.#breaker.close();
    this.#stopDelivery?.();
    this.#stopSweep();
    this.#remote.close();
  }

  /** Why the store is of no use; undefined when it is. */
  async #probe(): Promise<FaultReason | undefined> {
    const answer = await this.#inTime(() => this.#remote.probe());
    if (answer instanceof StoreFault) return answer.reason;
    const fault = this.#isOther(answer) ? await this.#bringBack() : undefined;
    if (fault) return fault.reason;
    this.#countsName = answer;
    return this.#clock.nowMs() < this.#isWholeMs ? 'forgotten' : undefined;
  }

  #isOther(countsName: string): boolean {
    return this.#countsName !== undefined && this.#countsName !== countsName;
  }

  /** Nothing is asked meanwhile: the limits would hold only of what is counted by then. */
  async #bringBack(): Promise<StoreFault | undefined> {
    this.#breaker.failed('forgotten');
    const claims = this.#recall.claims();
    for (let first = 0; first < claims.length; first += bringBackAtOnce) {
      const some = claims.slice(first, first + bringBackAtOnce);
      const answer = await this.#inTime(() => this.#remote.bringBack(some));
      if (answer instanceof StoreFault) return answer;
    }
    this.#forgotten = { broughtBack: claims.length };
    this.#isWholeMs = this.#clock.nowMs() + othersNeedMs;
    return undefined;
  }

  #tell(state: StoreState): void {
    if (state.kind === 'lost') return this.#onState(state);
    this.#onState(this.#forgotten ? { kind: 'ready', forgotten: this.#forgotten } : state);
    this.#forgotten = undefined;
    this.#deliverSoon();
  }

  async #call<T>(start: () => Promise<T>, onFault?: (fault: StoreFault) => void): Promise<T | typeof lost> {
    if (!this.#breaker.isReady) return lost;
    const answer = await this.#inTime(start);
    if (answer instanceof StoreFault) {
      this.#breaker.failed(answer.reason);
      onFault?.(answer);
      return lost;
    }
    this.#breaker.succeeded();
    return answer;
  }

  /** The answer, or why there is none. Rejects with faults that are not the store's. */
  #inTime<T>(start: () => Promise<T>): Promise<T | StoreFault> {
    return new Promise((resolve, reject) => {
      const answering = start();
      const startedMs = this.#clock.nowMs();
      const giveUp = () => {
        const leftMs = startedMs + this.#timeoutMs - this.#clock.nowMs();
        // Timers count from when the turn of the event loop began, which may have been long before.
        if (leftMs > 1) stop = this.#clock.after(leftMs, giveUp);
        // An answer that has come, but was not read because this process was busy, is read before the time is up.
        else setImmediate(() => resolve(new StoreFault('timeout')));
      };
      let stop = this.#clock.after(this.#timeoutMs, giveUp);
      answering.then(
        (answer) => {
          stop();
          resolve(answer);
        },
        (cause) => {
          stop();
          if (cause instanceof StoreFault) resolve(cause);
          else reject(cause);
        },
      );
    });
  }

  #keep(id: string, amounts: readonly number[]): void {
    if (this.#undelivered.size >= this.#maxUndelivered && !this.#undelivered.has(id)) return;
    this.#undelivered.set(id, amounts);
    this.#deliverSoon();
  }

  #deliverSoon(): void {
    this.#stopDelivery ??= this.#clock.after(deliverAfterMs, () => {
      this.#stopDelivery = undefined;
      void this.#deliver();
    });
  }

  /** As long as the store takes them. What it does not take stays, until it is ready again. */
  async #deliver(): Promise<void> {
    while (this.#undelivered.size > 0 && this.#breaker.isReady) {
      const some = [...this.#undelivered.entries().take(deliverAtOnce)];
      const delivered = await Promise.all(some.map(([id, amounts]) => this.#deliverOne(id, amounts)));
      if (!delivered.includes(true)) break;
    }
    if (this.#undelivered.size > 0 && this.#breaker.isReady) this.#deliverSoon();
  }

  async #deliverOne(id: string, amounts: readonly number[]): Promise<boolean> {
    if ((await this.#settle(id, amounts)) === lost) return false;
    if (this.#undelivered.get(id) === amounts) this.#undelivered.delete(id);
    return true;
  }

  #sweepAfter(delayMs: number): void {
    this.#stopSweep = this.#clock.after(delayMs, async () => {
      const countsName = await this.#call(() => this.#remote.sweep());
      if (countsName !== lost && this.#isOther(countsName)) this.#breaker.failed('forgotten');
      else if (countsName !== lost) this.#countsName = countsName;
      this.#sweepAfter(delayMs);
    });
  }
}

const orUndefined = <T>(answer: T | typeof lost): T | undefined => (answer === lost ? undefined : answer);
