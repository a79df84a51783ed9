import type { ConditionFacts } from '../../conditions.ts';
import type { Exchange } from '../../exchange.ts';
import type { RequestFacts } from './facts.ts';
import type { Residency } from './residency.ts';

/** One request as rules see it. */
export interface Call {
  readonly exchange: Exchange;
  /** The model asked for. */
  readonly model: string;
  readonly request: RequestFacts;
  readonly residency: Residency;
  readonly dataClasses: readonly string[];
  /** Wall clock, milliseconds since 1970. */
  readonly epochMs: number;
  /** Of its conversation or user, where the model wants to know. */
  readonly stickyKey: string | undefined;
}

/** What a `when:` gets to see of a call. */
export const conditionFacts = ({
  exchange: { consumer, dialect },
  model,
  request,
  dataClasses,
  epochMs,
}: Call): ConditionFacts => ({
  model,
  dialect,
  user: consumer.user ?? '',
  team: consumer.team ?? '',
  application: consumer.application ?? '',
  inputTokens: request.inputTokens,
  maxOutputTokens: request.maxOutputTokens ?? 0,
  turns: request.turns,
  stream: request.stream,
  images: request.images,
  tools: request.tools,
  jsonSchema: request.jsonSchema,
  dataClasses,
  epochMs,
});
