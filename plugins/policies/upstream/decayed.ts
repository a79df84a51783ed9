import type { MeanFact } from '../../ports/health-board.ts';

/** How fast a mean forgets. */
export interface Memory {
  /** After this time without news, what is known weighs e times less. */
  readonly fadeMs: number;
  /** Most that the past weighs against one new value: 9 means that the new one counts for a tenth at least. */
  readonly mostWeight: number;
}

/** A value beyond this many times the mean counts as this many: one freak answer is no trend, three in a row are. */
const freak = 4;

/** A mean in which new values weigh most. Times are those of a clock that never steps back. */
export class DecayedMean {
  readonly #memory: Memory;
  #mean = 0;
  #weight = 0;
  #atMs = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  get known(): boolean {
    return this.#weight > 0;
  }

  get mean(): number {
    return this.#mean;
  }

  get atMs(): number {
    return this.#atMs;
  }

  add(value: number, nowMs: number): void {
    const past = Math.min(this.weightAt(nowMs), this.#memory.mostWeight);
    const counted = past >= 2 ? Math.min(value, freak * this.#mean) : value;
    this.#mean = (this.#mean * past + counted) / (past + 1);
    this.#weight = past + 1;
    this.#atMs = nowMs;
  }

  /** 0 before the first value. */
  weightAt(nowMs: number): number {
    return this.#weight * Math.exp((this.#atMs - nowMs) / this.#memory.fadeMs);
  }
}

/** The mean over one's own values and those of others, each by its weight now; undefined when nobody has any. */
export const sharedMean = (
  own: DecayedMean | undefined,
  others: readonly (MeanFact | undefined)[],
  { nowMs, epochMs, fadeMs }: { readonly nowMs: number; readonly epochMs: number; readonly fadeMs: number },
): { readonly mean: number; readonly weight: number; readonly ageMs: number } | undefined => {
  let weight = own?.weightAt(nowMs) ?? 0;
  let sum = (own?.mean ?? 0) * weight;
  let ageMs = weight > 0 ? nowMs - (own?.atMs ?? 0) : Number.POSITIVE_INFINITY;
  for (const other of others) {
    if (!other) continue;
    const otherAgeMs = Math.max(0, epochMs - other.atEpochMs);
    const otherWeight = other.weight * Math.exp(-otherAgeMs / fadeMs);
    weight += otherWeight;
    sum += other.mean * otherWeight;
    ageMs = Math.min(ageMs, otherAgeMs);
  }
  if (weight > 1e-9) return { mean: sum / weight, weight, ageMs };
  // All of it is old: then what one saw oneself is as good as anything.
  return own?.known ? { mean: own.mean, weight: 0, ageMs: nowMs - own.atMs } : undefined;
};

/** Bounds of the buckets grow by this factor, so a quantile is off by half of it at most. */
const bucketGrowth = 1.15;
const firstBoundMs = 5;
const buckets = 96;

/** A quantile of recent times, without keeping them: a histogram of exponential buckets whose old counts fade. */
export class DecayedQuantile {
  readonly #fadeMs: number;
  readonly #counts = new Float64Array(buckets);
  /** Counts are kept as they would weigh at this time, so that adding touches one of them only. */
  #landmarkMs = 0;

  constructor(fadeMs: number) {
    this.#fadeMs = fadeMs;
  }

  add(valueMs: number, nowMs: number): void {
    if (nowMs - this.#landmarkMs > 20 * this.#fadeMs) this.#move(nowMs);
    const bucket = Math.ceil(
      Math.log(Math.max(valueMs, firstBoundMs) / firstBoundMs) / Math.log(bucketGrowth),
    );
    const at = Math.min(bucket, buckets - 1);
    this.#counts[at] = (this.#counts[at] ?? 0) + Math.exp((nowMs - this.#landmarkMs) / this.#fadeMs);
  }

  /** Undefined when less than `least` recent values are known. */
  quantile(
    part: number,
    { nowMs, least }: { readonly nowMs: number; readonly least: number },
  ): number | undefined {
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    if (total * Math.exp((this.#landmarkMs - nowMs) / this.#fadeMs) < least) return undefined;
    let below = 0;
    const at = this.#counts.findIndex((count) => {
      below += count;
      return below >= part * total;
    });
    return firstBoundMs * bucketGrowth ** at;
  }

  #move(nowMs: number): void {
    const factor = Math.exp((this.#landmarkMs - nowMs) / this.#fadeMs);
    for (let at = 0; at < buckets; at++) this.#counts[at] = (this.#counts[at] ?? 0) * factor;
    this.#landmarkMs = nowMs;
  }
}
