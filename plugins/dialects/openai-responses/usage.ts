import type { Vendor } from '../../model/request.ts';
import type { Usage } from '../../model/usage.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { difference, isEmptyObject, merge } from '../openai/wire.ts';

/** A `usage` object of the wire, and what the model's figures do not say of it. */
export interface ReadUsage {
  readonly usage: Usage;
  readonly vendor?: Vendor;
}

/** `usage` of an answer; undefined when it holds no counts. Parts that are larger than their whole are cut to it. */
export const decodeUsage = (wire: JsonValue | undefined): ReadUsage | undefined => {
  if (!isJsonObject(wire)) return undefined;
  const inputTokens = count(wire.input_tokens);
  const outputTokens = count(wire.output_tokens);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const inputDetails = objectOf(wire.input_tokens_details);
  const outputDetails = objectOf(wire.output_tokens_details);
  const usage: Usage = {
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    ...present({
      cacheReadTokens: atMost(count(inputDetails.cached_tokens), inputTokens),
      cacheWriteTokens: atMost(count(inputDetails.cache_write_tokens), inputTokens),
      reasoningTokens: atMost(count(outputDetails.reasoning_tokens), outputTokens),
    }),
  };
  const vendor = difference(wire, figuresOf(usage));
  return isEmptyObject(vendor) ? { usage } : { usage, vendor };
};

const figuresOf = (usage: Usage): JsonObject => {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
  const inputDetails = present({ cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens });
  return {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(isEmptyObject(inputDetails) ? {} : { input_tokens_details: inputDetails }),
    ...(reasoningTokens === undefined
      ? {}
      : { output_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
};

/** The counters of details that SDKs read without looking whether they are there. */
const details: JsonObject = {
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
};

/** `usage` of an answer of another dialect. */
export const encodeUsage = (usage: Usage): JsonObject => merge(details, figuresOf(usage));

/** `usage` of an answer of this dialect. `vendor` holds what says more, or what the upstream wrote instead. */
export const encodeOwnUsage = (usage: Usage, vendor: Vendor = {}): JsonObject =>
  merge(figuresOf(usage), vendor);

const count = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;

const objectOf = (value: JsonValue | undefined): JsonObject => (isJsonObject(value) ? value : {});

const atMost = (value: number | undefined, whole = 0): number | undefined =>
  value === undefined ? undefined : Math.min(value, whole);
