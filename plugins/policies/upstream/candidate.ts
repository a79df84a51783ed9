import type { Upstream } from '../../exchange.ts';
import type { Operation } from '../../model/request.ts';
import type { HealthSettings, UpstreamHealth } from '../../ports/health-board.ts';

/** What a model can do, as far as anybody has said. */
export interface ModelFacts {
  /** Tokens that prompt and answer may have together. */
  readonly contextTokens?: number | undefined;
  /** Tokens that one answer may have. */
  readonly maxOutputTokens?: number | undefined;
  readonly images?: boolean | undefined;
  readonly audio?: boolean | undefined;
  readonly files?: boolean | undefined;
  readonly tools?: boolean | undefined;
  readonly jsonSchema?: boolean | undefined;
}

/** What a model costs, in micro-dollars for a million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  /** Of input tokens that the provider read from its prompt cache; `input` when left out. */
  readonly cacheRead?: number | undefined;
  /** Instead, for the whole call, when it has more input tokens than `above`. */
  readonly longContext?: (Omit<ModelPrice, 'longContext'> & { readonly above: number }) | undefined;
}

/** One place that can answer, ready to be judged. */
export interface Candidate {
  readonly upstream: Upstream;
  /** `provider/model` */
  readonly name: string;
  readonly weight: number;
  readonly quality: number | undefined;
  readonly facts: ModelFacts;
  /** Of today; undefined when nobody knows it. */
  readonly price: () => ModelPrice | undefined;
  /** What it can be asked for at all. */
  readonly serves: (operation: Operation) => boolean;
  /** Most requests at the same time at its provider. */
  readonly maxConcurrent: number;
  readonly health: UpstreamHealth;
  readonly settings: HealthSettings;
}
