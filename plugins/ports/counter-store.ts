/** What a limit counts. Every amount is a non-negative safe integer; money is in micro-dollars. */
export type CountedUnit = 'tokens' | 'inputTokens' | 'outputTokens' | 'microUsd' | 'requests' | 'concurrent';

/** How the count of a limit comes back to zero. */
export type Window =
  /** Begins anew with each calendar period in a time zone (IANA name). Weeks begin on Monday. */
  | {
      readonly kind: 'calendar';
      readonly per: 'minute' | 'hour' | 'day' | 'week' | 'month';
      readonly zone: string;
    }
  /** Refills evenly (GCRA): `limit` per `seconds`, at most `limit` at once. For rates, never for money. */
  | { readonly kind: 'smooth'; readonly seconds: number }
  /** Never: what is open counts and nothing else does. For `concurrent`. */
  | { readonly kind: 'open' };

/** One limit that a call counts against. */
export interface Claim {
  /** Id of the budget in nexus.yaml. */
  readonly budget: string;
  /** Who shares the count: `user=alice`; `*` budgets have one scope for each name. */
  readonly scope: string;
  readonly unit: CountedUnit;
  readonly window: Window;
  readonly limit: number;
  /**
   * Most that is carried over from what the window before left of its own `limit`; what that one had been carried
   * does not go on. 0: none. Calendar windows only. A window in which nothing was counted left all of it.
   */
  readonly carryOver: number;
  /** False: counts, and never refuses (shadow). */
  readonly enforced: boolean;
  /** What the call costs for certain. */
  readonly base: number;
  /** What a million output tokens cost in this unit, on top: 1,000,000 where tokens are counted, 0 where output does not matter. */
  readonly perMillionOutput: number;
}

/** What a call asks to hold. The amount held of each claim is `base + ceil(output × perMillionOutput / 1e6)`. */
export interface Ask {
  /**
   * Id of the exchange. The same id again is the same reservation: nothing is held twice. One that has ended, or that
   * was settled before it came, never holds again: `lost`.
   */
  readonly id: string;
  /** Who holds it, for people: host and worker. */
  readonly owner: string;
  readonly claims: readonly Claim[];
  /** Output tokens: as many as fit all enforced claims, at most `most`; refused when fewer than `least` fit. */
  readonly output: { readonly least: number; readonly most: number };
  /** How long the reservation stands without a word; then it is charged as reserved and marked unconfirmed. */
  readonly leaseMs: number;
  /**
   * While the counts cannot be asked, may it take of what was drawn from them before (`slice`)? Absent: it may not, and
   * is `lost`.
   */
  readonly onLoss?: 'refuse' | 'slice';
}

/** One claim's count after a call on the store. */
export interface ClaimState {
  readonly budget: string;
  readonly scope: string;
  readonly unit: CountedUnit;
  /** Limit of this window, with what was carried over. */
  readonly limit: number;
  /** Settled in this window. Smooth: all that has not refilled yet, held or settled. */
  readonly used: number;
  /** Held by open reservations. Smooth: 0. */
  readonly open: number;
  /**
   * Until the window ends (calendar); until the refused amount would fit, or all is refilled when none was refused
   * (smooth); 0 when open reservations must end.
   */
  readonly resetMs: number;
}

export type Reserved =
  | {
      readonly kind: 'granted';
      /** Output tokens that are held for. */
      readonly output: number;
      readonly states: readonly ClaimState[];
    }
  /** Nothing is held. `states` are the claims in order, `refusedBy` the index of the first with which `least` does not fit. */
  | { readonly kind: 'refused'; readonly refusedBy: number; readonly states: readonly ClaimState[] }
  /** The store cannot be asked, or the id has ended. Nothing is held; what may be held all the same is given back. */
  | { readonly kind: 'lost' };

/**
 * What became of a settlement. `settled` is the first one of its id; a later one changes nothing (`already`), nor does
 * one of an id that holds nothing (`unknown`). `lost`: the store cannot be asked; it is delivered when it can, and need
 * not be tried again.
 */
export type Settled = 'settled' | 'already' | 'late-refund' | 'unknown' | 'lost';

/** One open reservation, for people. */
export interface Hold {
  readonly id: string;
  readonly owner: string;
  readonly ageMs: number;
  /** Until its lease ends. */
  readonly leaseMs: number;
  readonly amounts: readonly {
    readonly budget: string;
    readonly scope: string;
    readonly unit: CountedUnit;
    readonly amount: number;
  }[];
}

/** One count, for people. */
export interface Count extends ClaimState {
  /** Charged because its lease ended, part of `used`. */
  readonly unconfirmed: number;
  readonly window: Window;
}

/**
 * Counts what calls hold and what they used. Every call is atomic over all its claims: either all hold or none does.
 * Invariant at every moment, for each enforced claim: used + open ≤ limit (smooth windows: never refilled faster than
 * their rate). Charged to the window in which it was reserved. Asks that make no sense (amounts that are no safe
 * integers, two claims on one count) are faults: the promise is rejected with a `RangeError`.
 */
export interface CounterStore {
  reserve(ask: Ask): Promise<Reserved>;
  /**
   * Replaces what `id` holds by what was used: one amount a claim, in their order; those left out are 0. More than was
   * held is charged too. Idempotent. After the lease has ended it refunds the difference ("late-refund").
   */
  settle(id: string, amounts: readonly number[]): Promise<Settled>;
  /** Keeps an open reservation for another `leaseMs`. False: it is no longer open. Undefined when the store is lost. */
  renew(id: string, leaseMs: number): Promise<boolean | undefined>;
  /** The counts of claims (their amounts are ignored), without holding anything. Undefined when the store is lost. */
  read(claims: readonly Claim[]): Promise<readonly Count[] | undefined>;
  /** Every open reservation, oldest first. Undefined when the store is lost. */
  holds(): Promise<readonly Hold[] | undefined>;
  /** Adds `amount` (may be negative) to what is used of one claim in its present window; never below 0. By an operator. */
  adjust(claim: Claim, amount: number): Promise<Count | undefined>;
}
