import type { LimitState } from '../../model/limits.ts';

/** One limit of our account at a provider, and when its headers said so. */
interface Seen {
  readonly limit: LimitState;
  readonly atMs: number;
  /** Sent since then, in its unit. */
  spent: number;
}

/**
 * What is left of our account at a provider, by its own rate-limit headers. Between two of them it is taken to refill
 * evenly, as token buckets do; one that refills all at once answers 429 then, and is left alone for as long as it asks.
 */
export class Account {
  readonly #seen = new Map<LimitState['unit'], Seen>();

  /** Takes what headers said at `atMs`. What is older than what is known changes nothing. */
  observe(limit: LimitState, atMs: number): void {
    if ((this.#seen.get(limit.unit)?.atMs ?? Number.NEGATIVE_INFINITY) > atMs) return;
    this.#seen.set(limit.unit, { limit, atMs, spent: 0 });
  }

  spend(inputTokens: number): void {
    for (const seen of this.#seen.values()) seen.spent += needOf(seen.limit, inputTokens);
  }

  /** Milliseconds until a request of this size is allowed; 0: now, as far as is known. */
  allowedInMs(inputTokens: number, nowMs: number): number {
    let longestMs = 0;
    for (const seen of this.#seen.values())
      longestMs = Math.max(longestMs, waitFor(seen, inputTokens, nowMs));
    return longestMs;
  }

  *limits(): Iterable<{ readonly limit: LimitState; readonly atMs: number }> {
    yield* this.#seen.values();
  }
}

const needOf = ({ unit, limit }: LimitState, inputTokens: number): number => {
  if (unit === 'requests' || unit === 'outputTokens') return 1;
  return Math.min(inputTokens, limit); // what is larger than the whole account may allow is the provider's to refuse
};

const waitFor = ({ limit, atMs, spent }: Seen, inputTokens: number, nowMs: number): number => {
  const passedMs = nowMs - atMs;
  if (passedMs >= limit.resetMs) return 0;
  const missing = needOf(limit, inputTokens) + spent - limit.remaining;
  if (missing <= 0) return 0;
  const refillMs = (missing / Math.max(1, limit.limit - limit.remaining)) * limit.resetMs;
  return Math.max(0, Math.min(refillMs, limit.resetMs) - passedMs);
};
