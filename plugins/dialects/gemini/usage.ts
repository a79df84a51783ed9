import type { Vendor } from '../../model/request.ts';
import type { Usage } from '../../model/usage.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';

/** `usageMetadata` of the wire: the counts of the model, and the wire's own word for them. */
export interface ReadUsage {
  readonly usage: Usage;
  readonly vendor: Vendor;
}

/**
 * `usageMetadata` ("UsageMetadata", API reference, read 2026-11-28); undefined when it holds no counts, as on most chunks
 * of Vertex AI. Thoughts stand outside of `candidatesTokenCount`, prompts of tools outside of `promptTokenCount`.
 */
export const decodeUsage = (wire: JsonValue | undefined): ReadUsage | undefined => {
  if (!isJsonObject(wire)) return undefined;
  const prompt = count(wire.promptTokenCount);
  const answer = count(wire.candidatesTokenCount);
  const thoughts = count(wire.thoughtsTokenCount);
  if (prompt === undefined && answer === undefined && thoughts === undefined) return undefined;
  const inputTokens = (prompt ?? 0) + (count(wire.toolUsePromptTokenCount) ?? 0);
  const cached = count(wire.cachedContentTokenCount);
  const usage: Usage = {
    inputTokens,
    outputTokens: (answer ?? 0) + (thoughts ?? 0),
    ...present({
      cacheReadTokens: cached === undefined ? undefined : Math.min(cached, inputTokens),
      reasoningTokens: thoughts,
    }),
  };
  return { usage, vendor: wire };
};

const count = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;

/** `usageMetadata` of an answer; `vendor` is the wire's own when the answer came in this dialect. */
export const encodeUsage = (usage: Usage, vendor: Vendor | undefined): JsonObject => {
  if (vendor) return { ...vendor };
  const { inputTokens, outputTokens, cacheReadTokens, reasoningTokens = 0 } = usage;
  return {
    promptTokenCount: inputTokens,
    candidatesTokenCount: Math.max(0, outputTokens - reasoningTokens),
    totalTokenCount: inputTokens + outputTokens,
    ...(cacheReadTokens ? { cachedContentTokenCount: cacheReadTokens } : {}),
    ...(reasoningTokens > 0 ? { thoughtsTokenCount: Math.min(reasoningTokens, outputTokens) } : {}),
  };
};
