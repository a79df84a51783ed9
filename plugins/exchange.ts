import type { LimitState } from './model/limits.ts';
import type { DialectName, Operation, UpstreamDialectName } from './model/request.ts';
import type { FinishReason, Usage } from './model/usage.ts';
import type { ErrorCode } from './refusals.ts';

/** Who calls, as far as we know. Names from nexus.yaml, never a secret. */
export interface Consumer {
  readonly keyId: string;
  readonly user?: string;
  readonly team?: string;
  readonly application?: string;
}

/** One configured place to send a request to: a provider and its model. */
export interface Upstream {
  readonly provider: string;
  readonly dialect: UpstreamDialectName;
  /** The provider's own name of the model. */
  readonly model: string;
  readonly region?: string;
}

/** What a policy did with an exchange, for the record. Names, numbers and classes of ours; never content. */
export interface Note {
  readonly policy: string;
  /** `would-refuse` and `would-change`: what shadow mode kept it from. */
  readonly verdict:
    | 'passed'
    | 'flagged'
    | 'changed'
    | 'refused'
    | 'would-change'
    | 'would-refuse'
    | 'skipped';
  readonly facts: Readonly<Record<string, NoteValue>>;
}

export type NoteValue =
  | string
  | number
  | boolean
  | readonly NoteValue[]
  | { readonly [key: string]: NoteValue };

/** One client call from its headers to its settlement. */
export interface Exchange {
  /** Random; the decision id that clients see. */
  readonly id: string;
  readonly operation: Operation;
  /** The dialect that the client speaks. */
  readonly dialect: DialectName;
  readonly consumer: Consumer;
  /** When the call began, on the monotonic clock, in milliseconds. */
  readonly startedMs: number;
  /** What policies have noted so far, in order; a later policy may go by it (data class found → regions allowed). */
  readonly notes: Note[];
}

/** One upstream tried. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly upstream: Upstream;
}

/** The first byte of an upstream's answer. */
export interface AnswerBegun {
  readonly status: number;
  /** From the start of the attempt. */
  readonly firstChunkMs: number;
}

/** What became of one attempt, as far as the host knows it. */
export interface AttemptResult {
  /**
   * `served`: its answer reached its end. `failed`: it answered with an error, broke off, or gave nothing. `abandoned`:
   * the client or we ended it first, which says nothing about the upstream.
   */
  readonly fate: 'served' | 'failed' | 'abandoned';
  /** HTTP status of the upstream; absent when none came. */
  readonly status?: number;
  readonly error?: ErrorCode;
  /** From the start of the attempt. */
  readonly firstChunkMs?: number;
  readonly durationMs: number;
  readonly usage?: Usage;
  /** How long the upstream asks us to stay away. */
  readonly retryAfterMs?: number;
  /** What is left of our account at the upstream, by its own headers. */
  readonly limits?: readonly LimitState[];
}

/** How an exchange ended. */
export type Ending =
  /** The client got the whole answer. */
  | 'complete'
  /** We refused; nothing was sent, or what came back was held. */
  | 'refused'
  /** The client got an upstream's error, or our word that none could be reached. */
  | 'failed'
  /** The answer stopped before its end: the upstream broke it off. */
  | 'truncated'
  /** We ended the answer at a limit, with the dialect's proper finish. */
  | 'cut'
  /** The upstream fell silent inside its answer. */
  | 'stalled'
  /** The host ended the exchange before its answer was complete: client gone, or upstream cut. */
  | 'aborted';

/** What happened, told once to every policy when it is over. */
export interface Outcome {
  readonly ending: Ending;
  /** HTTP status that the client got; 0 when it got none. */
  readonly status: number;
  readonly error?: ErrorCode;
  /** The model asked for; absent when the request could not be read. */
  readonly requestModel?: string;
  readonly stream: boolean;
  readonly attempts: readonly Attempt[];
  /** The attempt that was answered with something other than an error. */
  readonly served?: Attempt;
  readonly usage?: Usage;
  readonly finishReason?: FinishReason;
  readonly durationMs: number;
  /** From the start to the first byte of the answer. */
  readonly firstChunkMs?: number;
}
