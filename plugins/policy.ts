import type { AnswerBegun, Attempt, AttemptResult, Exchange, Outcome, Upstream } from './exchange.ts';
import type { ModelEvent } from './model/events.ts';
import type { LimitState } from './model/limits.ts';
import type { ModelRequest } from './model/request.ts';
import type { FinishReason, Usage } from './model/usage.ts';
import { type ErrorCode, type ErrorDetail, type GatewayError, gatewayError } from './refusals.ts';

export type Awaitable<T> = T | Promise<T>;

/** What a policy says to a request: go on (perhaps changed, perhaps with a plan), or stop. */
export type Verdict =
  | ({ readonly kind: 'pass' } & Change)
  | { readonly kind: 'refuse'; readonly error: GatewayError };

/** What a policy makes of a request that goes on. */
export interface Change {
  /** Takes the place of the request. */
  readonly request?: ModelRequest;
  /** The upstreams to try, in order. */
  readonly plan?: readonly Upstream[];
  /** Who else gets a copy of the request. Its answer is thrown away, and nobody waits for it. */
  readonly mirror?: Mirrored;
}

/** Somebody who gets a copy. */
export interface Mirrored {
  readonly to: Upstream;
  /** Counts this copy with those of all processes; asked once, when the client's own call is on its way. */
  readonly claim: () => Promise<CopyClaim>;
}

/** `enough`: as many as may be were sent already. `uncounted`: nobody knows, since the counts cannot be asked. */
export type CopyClaim = 'granted' | 'enough' | 'uncounted';

/** Lets the request go on. */
export const pass = (change: Change = {}): Verdict => ({
  kind: 'pass',
  ...change,
});

/** Ends the exchange with the row of `code`. */
export const refuse = (code: ErrorCode, detail?: ErrorDetail): Verdict => ({
  kind: 'refuse',
  error: gatewayError(code, detail),
});

/** Stands in the way of an answer's events. May hold text back, never reorder. Synchronous. */
export interface EventFilter {
  push(event: ModelEvent): readonly ModelEvent[];
  /** The events are over: what was held back. */
  flush?(): readonly ModelEvent[];
}

/** Looks at an answer's events and leaves them as they are; may end the answer. Synchronous. */
export interface AnswerWatch {
  /** Called for each event before it goes on. A `Cut` ends the answer instead, properly, and the upstream is let go. */
  see(event: ModelEvent): Cut | undefined;
}

/** The end of an answer that we cut. */
export interface Cut {
  readonly reason: FinishReason;
  /** What the client is told that it used. */
  readonly usage: Usage;
}

/** What one policy does for one exchange. Every hook is optional. */
export interface PolicyHooks {
  /** Once per client call. May change the request or refuse it. */
  request?(request: ModelRequest): Awaitable<Verdict>;
  /** Once per upstream tried, always from the same request. Who may not be tried is left out of the plan before. */
  attempt?(request: ModelRequest, attempt: Attempt): Awaitable<Verdict>;
  /** When the first byte of an upstream's answer is there, whatever its status; at most once per attempt. Synchronous. */
  answering?(attempt: Attempt, begun: AnswerBegun): void;
  /** At most once per attempt, when its fate is known; before `settle`. Synchronous. */
  attempted?(attempt: Attempt, result: AttemptResult): void;
  /** Once per answer; a filter when the policy wants to change it. Without any an answer in the client's own dialect passes untouched. */
  response?(): EventFilter | undefined;
  /** Once per answer; a watch when the policy must see every event, as the upstream sent it, though it changes none. */
  watch?(attempt: Attempt): AnswerWatch | undefined;
  /** When the answer's head is about to be sent: headers of ours. `usage` is known for whole answers, not for streams. */
  headers?(attempt: Attempt, usage: Usage | undefined): readonly (readonly [string, string])[];
  /** Limits that the caller is under, for its dialect's own headers; also on a refusal. */
  limits?(): readonly LimitState[];
  /** Exactly once, last: also after a refusal, a dead upstream or a client abort. */
  settle?(outcome: Outcome): Awaitable<void>;
}

/** A configured policy: makes the hooks of one exchange, whose state lives in their closure. */
export interface Policy {
  readonly name: string;
  /** What a fault (an exception) in a request or attempt hook means: `true` lets the request go on without it, counted. */
  readonly failOpen: boolean;
  readonly begin: (exchange: Exchange) => PolicyHooks;
  /**
   * Makes the hooks of a copy that goes to a mirror; for policies that must know of copies, too. The copy has an exchange
   * of its own, for the same consumer. Its request has passed the request hooks of every policy already.
   */
  readonly beginCopy?: (exchange: Exchange, to: Upstream) => PolicyHooks;
}
