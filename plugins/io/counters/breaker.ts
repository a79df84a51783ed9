import type { Clock } from '../../ports/clock.ts';
import type { FaultReason } from './remote.ts';

/** Whether the store is asked at all. */
export type StoreState =
  /** `forgotten`: it had forgotten what it had counted; so many counts were put back to what this process last saw of them. */
  | { readonly kind: 'ready'; readonly forgotten?: { readonly broughtBack: number } }
  /** It is not asked; every call is `lost` at once, until a probe comes through. */
  | { readonly kind: 'lost'; readonly reason: FaultReason };

export interface BreakerOptions {
  readonly clock: Clock;
  /** Why the store is of no use; undefined when it is. Never rejects. */
  readonly probe: () => Promise<FaultReason | undefined>;
  /** Called when probes have failed for a while: the connection may lead nowhere. */
  readonly reconnect: () => void;
  /** Once for each change. Of reasons it tells the first, and then those that the store itself gives. */
  readonly onState: (state: StoreState) => void;
}

/** Calls that were not answered in time, in a row, before the store counts as lost: one alone may be bad luck. */
const maxTimeouts = 3;
const firstProbeMs = 50;
const lastProbeMs = 400;
const reconnectEveryMs = 1000;

/**
 * Keeps calls away from a store that does not answer. Probes are calls of their own, so no request waits for one.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #state: StoreState = { kind: 'ready' };
  #timeouts = 0;
  #reconnectedMs = 0;
  #stopProbing: () => void = () => {};
  #isClosed = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#state.kind === 'ready';
  }

  succeeded(): void {
    this.#timeouts = 0;
  }

  failed(reason: FaultReason): void {
    if (!this.isReady || this.#isClosed) return;
    if (reason === 'timeout' && ++this.#timeouts < maxTimeouts) return;
    this.#change({ kind: 'lost', reason });
    this.#reconnectedMs = this.#options.clock.nowMs();
    this.#probeAfter(firstProbeMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopProbing();
  }

  #probeAfter(delayMs: number): void {
    this.#stopProbing = this.#options.clock.after(delayMs, () => void this.#probe(delayMs));
  }

  async #probe(delayMs: number): Promise<void> {
    const reason = await this.#options.probe();
    if (this.#isClosed) return;
    if (reason === undefined) {
      this.#timeouts = 0;
      this.#change({ kind: 'ready' });
      return;
    }
    if (reason !== 'timeout' && reason !== 'unreachable') this.#change({ kind: 'lost', reason });
    this.#reconnectNowAndThen();
    this.#probeAfter(Math.min(delayMs * 2, lastProbeMs));
  }

  #reconnectNowAndThen(): void {
    const now = this.#options.clock.nowMs();
    if (now - this.#reconnectedMs < reconnectEveryMs) return;
    this.#reconnectedMs = now;
    this.#options.reconnect();
  }

  #change(state: StoreState): void {
    if (isSame(state, this.#state)) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

const isSame = (a: StoreState, b: StoreState): boolean =>
  a.kind === 'lost' && b.kind === 'lost' ? a.reason === b.reason : a.kind === b.kind;
