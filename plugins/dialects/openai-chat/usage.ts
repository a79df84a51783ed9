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

/**
 * `usage` of an answer; undefined when it holds no counts. Null counters are common. xAI's Chat counts reasoning
 * outside `completion_tokens`, seen where the total says so; parts that are larger than their whole (Grok at Azure,
 * OpenRouter) are cut to it.
 */
export const decodeUsage = (wire: JsonValue | undefined): ReadUsage | undefined => {
  if (!isJsonObject(wire)) return undefined;
  const { prompt_tokens, completion_tokens } = wire;
  if (typeof prompt_tokens !== 'number' && typeof completion_tokens !== 'number') return undefined;
  const inputTokens = count(prompt_tokens) ?? 0;
  const completionTokens = count(completion_tokens) ?? 0;
  const promptDetails = objectOf(wire.prompt_tokens_details);
  const reasoning = count(objectOf(wire.completion_tokens_details).reasoning_tokens);
  const uncounted = (count(wire.total_tokens) ?? 0) - inputTokens - completionTokens;
  const outputTokens = completionTokens + (uncounted > 0 && uncounted === reasoning ? uncounted : 0);
  // Beside OpenAI's own name: Together and Moonshot, DeepSeek.
  const cached =
    count(promptDetails.cached_tokens) ?? count(wire.cached_tokens) ?? count(wire.prompt_cache_hit_tokens);
  const cacheReadTokens = atMost(cached, inputTokens);
  const usage: Usage = {
    inputTokens,
    outputTokens,
    ...present({
      cacheReadTokens,
      // OpenRouter tells what Gemini read from its cache as written, too.
      cacheWriteTokens: atMost(count(promptDetails.cache_write_tokens), inputTokens - (cacheReadTokens ?? 0)),
      reasoningTokens: atMost(reasoning, outputTokens),
    }),
  };
  const vendor = difference(wire, encodeUsage(usage, undefined));
  return isEmptyObject(vendor) ? { usage } : { usage, vendor };
};

/** `usage` of an answer. `vendor` holds members of this dialect that say more, or what the upstream wrote instead. */
export const encodeUsage = (usage: Usage, vendor: Vendor | undefined): JsonObject => {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
  const promptDetails = present({ cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens });
  const known: JsonObject = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(isEmptyObject(promptDetails) ? {} : { prompt_tokens_details: promptDetails }),
    ...(reasoningTokens === undefined
      ? {}
      : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
  return vendor ? merge(known, vendor) : known;
};

const count = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;

const objectOf = (value: JsonValue | undefined): JsonObject => (isJsonObject(value) ? value : {});

const atMost = (value: number | undefined, whole: number): number | undefined =>
  value === undefined ? undefined : Math.min(value, whole);
