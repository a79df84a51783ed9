import type { AttemptResult, Upstream } from '../exchange.ts';
import type { LimitState } from '../model/limits.ts';

/** When an upstream that fails is left alone, and for how long. */
export interface HealthSettings {
  /** Failures in a row after which it is left alone; 0: never. */
  readonly failures: number;
  /** How long, the first time; twice as long each time that it fails again. */
  readonly coolMs: number;
  readonly maxCoolMs: number;
  /** An answer that begins later counts as a failure. */
  readonly slowFirstChunkMs?: number | undefined;
}

/**
 * `ready`: go. `cooling`: it failed and is left alone. `half-open`: its time is over, and one request at a time may
 * find out whether it works again.
 */
export type Circuit = 'ready' | 'cooling' | 'half-open';

/** What requests are alike enough for their times to be compared: size class of the prompt, and streamed or whole. */
export type PaceClass = `${SizeClass}/${'stream' | 'whole'}`;
export type SizeClass = 'small' | 'medium' | 'large' | 'huge';

/** How fast an upstream has answered of late. Recent answers weigh most. */
export interface Pace {
  readonly firstChunkMs: number;
  /** Answers that the figure stands on, old ones counted in part. */
  readonly weight: number;
  /** Since the last of them. */
  readonly ageMs: number;
}

/** An attempt under way, until its fate is told. Telling twice changes nothing. */
export interface Trial {
  /** The first byte of its answer is there. */
  answering(firstChunkMs: number): void;
  ended(result: AttemptResult): void;
}

/** What an attempt will ask of an upstream. */
export interface Load {
  readonly inputTokens: number;
  readonly pace: PaceClass;
}

/** What is known of one upstream: always at once, from memory. All figures are of now, over everyone who shares. */
export interface UpstreamHealth {
  readonly circuit: Circuit;
  /** Until `cooling` is over; 0 when it is. */
  readonly coolingMs: number;
  readonly inFlight: number;
  /** Under way at any model of its provider. */
  readonly providerInFlight: number;
  /** Requests of `inFlight` whose answer has not begun. */
  readonly waiting: number;
  /**
   * How many times longer than is usual three of them in this process have been waiting, or half of that for one alone,
   * which can be a freak; 0 when none waits.
   */
  readonly lateness: number;
  /** 95 of 100 recent answers began within this time; undefined when there are too few. */
  readonly firstChunkP95Ms: number | undefined;
  /** Time for each output token of a stream, recent ones first; undefined before the first. */
  readonly perTokenMs: number | undefined;
  /** Output tokens of an answer, on average; undefined before the first. */
  readonly outputTokens: number | undefined;
  /** Part of the input tokens that its provider read from its prompt cache, from 0 to 1. */
  readonly cachedShare: number;
  /** Undefined before the first answer of this class. */
  paceOf(pace: PaceClass): Pace | undefined;
  /** Milliseconds until the account at the provider allows a request of this size; 0: now, as far as is known. */
  allowedInMs(inputTokens: number): number;
  /** Takes the one place for finding out whether a `half-open` upstream works again; false when it is taken. */
  claimProbe(): boolean;
  /** An attempt begins. */
  begin(load: Load, settings: HealthSettings): Trial;
}

/** What is known of the upstreams that answer for our models. Survives a change of the configuration. */
export interface HealthBoard {
  /** The same object for the same provider and model, always current: keep it rather than ask again. */
  of(upstream: Pick<Upstream, 'provider' | 'model'>): UpstreamHealth;
}

/**
 * One writer's word on one upstream: small, JSON, complete. Of two from one writer the one with the higher `version`
 * holds, so facts may come twice, late and in any order.
 */
export interface HealthFact {
  /** Host and process. */
  readonly writer: string;
  readonly version: number;
  readonly upstream: { readonly provider: string; readonly model: string };
  /** Wall clock, milliseconds since 1970. */
  readonly atEpochMs: number;
  /** Over all writers the latest change holds; of two at the same millisecond that of the greater writer. */
  readonly circuit: CircuitFact;
  readonly inFlight: number;
  readonly waiting: number;
  readonly firstChunkP95Ms?: number;
  readonly perToken?: MeanFact;
  readonly output?: MeanFact;
  readonly cached?: MeanFact;
  readonly paces: Readonly<Partial<Record<PaceClass, MeanFact>>>;
  /** What was left of the account at `atEpochMs`, by the provider's own headers. */
  readonly limits: readonly (LimitState & { readonly atEpochMs: number })[];
}

export interface CircuitFact {
  readonly changedEpochMs: number;
  /** Who changed it. */
  readonly by: string;
  /** 0: closed. */
  readonly untilEpochMs: number;
  /** How often in a row it has had to cool. */
  readonly level: number;
  /** Good probes since it cooled. */
  readonly wins: number;
}

/** A mean and what it stands on. */
export interface MeanFact {
  readonly mean: number;
  readonly weight: number;
  readonly atEpochMs: number;
}

/** How boards tell one another. Nothing waits for it: a board that hears nothing answers from what it saw itself. */
export interface HealthSharing {
  /** Everything that changed since the last call, and what must be said again so that others do not forget it. Call it a few times a second. */
  facts(): readonly HealthFact[];
  /** Takes in another writer's word. In any order, any number of times. */
  merge(fact: HealthFact): void;
}
