import { countName } from '../../counters/claims.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Claim, ClaimState } from '../../ports/counter-store.ts';

/** Counts that are remembered; the one that was seen longest ago goes first. */
const maxCounts = 100_000;
/** Within it, clocks may differ about which window is now: a count of the last one must not get into the next. */
const marginMs = 1000;

interface Seen {
  readonly claim: Claim;
  /** Used and held. What was held then counts as used: nobody knows any more what became of it. */
  readonly amount: number;
  readonly endMs: number;
}

/**
 * What this process last saw of counts in calendar windows, to be put back into a store that has forgotten them. Smooth
 * rates refill, and calls end, sooner than it would matter.
 */
export class Recall {
  readonly #clock: Clock;
  /** The one seen longest ago first. */
  readonly #seen = new Map<string, Seen>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(claims: readonly Claim[], states: readonly ClaimState[]): void {
    const now = this.#clock.nowMs();
    for (const [index, { used, open, resetMs }] of states.entries()) {
      const claim = claims[index];
      if (claim?.window.kind !== 'calendar') continue;
      const name = countName(claim);
      this.#seen.delete(name);
      this.#seen.set(name, { claim, amount: used + open, endMs: now + resetMs });
    }
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= maxCounts) return;
      this.#seen.delete(oldest);
    }
  }

  /** What is to be put back: `base` of each claim. Of windows that are not over. */
  claims(): Claim[] {
    const lastsUntilMs = this.#clock.nowMs() + marginMs;
    for (const [name, { endMs }] of this.#seen) if (endMs < lastsUntilMs) this.#seen.delete(name);
    return [...this.#seen.values()].map(({ claim, amount }) => ({
      ...claim,
      base: amount,
      perMillionOutput: 0,
    }));
  }
}
