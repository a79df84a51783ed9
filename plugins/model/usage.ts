/**
 * Tokens of one model answer, normalised once. `inputTokens` is the whole prompt, cached tokens included;
 * `outputTokens` is the whole answer, reasoning included. The detail fields are parts of those two totals.
 */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of `inputTokens` that was read from the provider's prompt cache. */
  readonly cacheReadTokens?: number;
  /** Part of `inputTokens` that was written to the provider's prompt cache. */
  readonly cacheWriteTokens?: number;
  /** Part of `outputTokens` that was spent on reasoning. */
  readonly reasoningTokens?: number;
}

/** Why a model stopped. `error` stands for reasons that no dialect may report as a normal end. */
export type FinishReason =
  | 'stop'
  | 'stop_sequence'
  | 'length'
  | 'context_full'
  | 'tool_calls'
  | 'content_filter'
  | 'pause'
  | 'error';
