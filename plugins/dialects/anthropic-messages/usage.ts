import type { Vendor } from '../../model/request.ts';
import type { Usage } from '../../model/usage.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';

/**
 * Counts what an answer's `usage` objects say. They are cumulative and each may leave fields out (Kimi and Qwen count
 * only in the last event): the last number of each field holds, and nothing is ever added up.
 */
export class UsageMeter {
  #counts: Readonly<Record<string, number>> = {};
  #thinkingTokens: number | undefined;
  #rest: Vendor = {};

  set(wire: JsonObject): void {
    const counts: Record<string, number> = { ...this.#counts };
    const rest: JsonObject = { ...this.#rest };
    for (const [field, value] of Object.entries(wire)) {
      if (typeof value === 'number' && counted.has(field)) counts[field] = value;
      else if (value !== null || !(field in rest)) rest[field] = value;
    }
    this.#counts = counts;
    this.#rest = rest;
    this.#thinkingTokens = thinkingTokens(wire.output_tokens_details) ?? this.#thinkingTokens;
  }

  /** Here the prompt is told in three parts that exclude each other; the model counts it whole. */
  get usage(): Usage {
    const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens } =
      this.#counts;
    return {
      inputTokens: (input_tokens ?? 0) + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0),
      outputTokens: output_tokens ?? 0,
      ...present({
        cacheReadTokens: cache_read_input_tokens,
        cacheWriteTokens: cache_creation_input_tokens,
        reasoningTokens: this.#thinkingTokens,
      }),
    };
  }

  /** What the model has no place for, of all objects together; undefined when there is nothing. */
  get rest(): Vendor | undefined {
    return Object.keys(this.#rest).length > 0 ? this.#rest : undefined;
  }
}

const counted: ReadonlySet<string> = new Set([
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
]);

const thinkingTokens = (details: JsonValue | undefined): number | undefined =>
  isJsonObject(details) && typeof details.thinking_tokens === 'number' ? details.thinking_tokens : undefined;

/**
 * The wire's `usage`; zeros while nothing is known. `vendor` is what `UsageMeter` had left over. Cached tokens are
 * taken out of the prompt again.
 */
export const encodeUsage = (usage: Usage | undefined, vendor: Vendor = {}): JsonObject => {
  const {
    inputTokens = 0,
    outputTokens = 0,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens,
  } = usage ?? {};
  const { output_tokens_details: details, ...rest } = vendor;
  return {
    ...rest,
    // Some upstreams report more cached tokens than prompt tokens.
    input_tokens: Math.max(0, inputTokens - (cacheReadTokens ?? 0) - (cacheWriteTokens ?? 0)),
    ...present({
      cache_creation_input_tokens: cacheWriteTokens,
      cache_read_input_tokens: cacheReadTokens,
    }),
    output_tokens: outputTokens,
    ...present({ output_tokens_details: encodeDetails(details, reasoningTokens) }),
  };
};

const encodeDetails = (
  details: JsonValue | undefined,
  reasoningTokens: number | undefined,
): JsonValue | undefined =>
  reasoningTokens === undefined
    ? details
    : { ...(isJsonObject(details) ? details : {}), thinking_tokens: reasoningTokens };
