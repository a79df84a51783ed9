import { amountFor, countName } from '../../counters/claims.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ask, Claim, ClaimState, Reserved } from '../../ports/counter-store.ts';

/** Counts, and open reservations, that are remembered; the oldest goes first. */
const mostRemembered = 100_000;
/** Within it, clocks may differ about which window is now: a count of the last one must not get into the next. */
const marginMs = 1000;

interface Seen {
  readonly claim: Claim;
  /** Used and held. */
  amount: number;
  readonly endMs: number;
}

interface Held {
  readonly name: string;
  readonly claim: Claim;
  readonly amount: number;
  readonly endMs: number;
  readonly index: number;
}

/** By how much more or less of a claim was used than is held for it. */
export interface Correction {
  readonly claim: Claim;
  readonly by: number;
}

/**
 * What this process last saw of counts in calendar windows, to be put back into a store that has forgotten them. Smooth
 * rates refill, and calls end, sooner than it would matter.
 */
export class Recall {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Seen>();
  /** By id of an open reservation. */
  readonly #held = new Map<string, readonly Held[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Was this id granted, and is not settled yet? */
  holds(id: string): boolean {
    return this.#held.has(id);
  }

  /** What came of an ask. */
  reserved({ id, claims }: Ask, answer: Exclude<Reserved, { kind: 'lost' }>): void {
    const { states } = answer;
    this.counted(claims, states);
    if (answer.kind !== 'granted') return;
    const now = this.#clock.nowMs();
    const held = claims.map((claim, index): Held => {
      const amount = amountFor(claim, answer.output);
      return { name: countName(claim), claim, amount, endMs: now + (states[index]?.resetMs ?? 0), index };
    });
    remember(
      this.#held,
      id,
      held.filter(({ claim }) => isKept(claim)),
    );
  }

  /** Counts as the store has them now. */
  counted(claims: readonly Claim[], states: readonly ClaimState[]): void {
    const now = this.#clock.nowMs();
    for (const [index, { used, open, resetMs }] of states.entries()) {
      const claim = claims[index];
      if (claim && isKept(claim))
        remember(this.#seen, countName(claim), { claim, amount: used + open, endMs: now + resetMs });
    }
  }

  /** The reservation is settled. Gives what that changes, for a store that has forgotten what was held. */
  settled(id: string, amounts: readonly number[]): readonly Correction[] {
    const held = this.#held.get(id) ?? [];
    this.#held.delete(id);
    return held.flatMap(({ name, claim, amount, endMs, index }) => {
      const seen = this.#seen.get(name);
      const isSameWindow = seen && Math.abs(seen.endMs - endMs) < marginMs && this.#lasts(seen);
      if (!isSameWindow) return [];
      const by = (amounts[index] ?? 0) - amount;
      seen.amount += by;
      return [{ claim, by }];
    });
  }

  /** What is to be put back: `base` of each claim. Of windows that are not over. */
  claims(): Claim[] {
    for (const [name, seen] of this.#seen) if (!this.#lasts(seen)) this.#seen.delete(name);
    return [...this.#seen.values()].map(({ claim, amount }) => ({
      ...claim,
      base: Math.max(0, amount),
      perMillionOutput: 0,
    }));
  }

  #lasts({ endMs }: Seen): boolean {
    return endMs >= this.#clock.nowMs() + marginMs;
  }
}

const isKept = ({ window }: Claim): boolean => window.kind === 'calendar';

const remember = <Value>(map: Map<string, Value>, key: string, value: Value): void => {
  map.delete(key);
  map.set(key, value);
  if (map.size <= mostRemembered) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
};
