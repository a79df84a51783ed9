import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';

const results = notes<JsonObject>('logprobsResult of gemini');

/**
 * `logprobsResult` of a candidate as the model has log probabilities: OpenAI's object, by position ("LogprobsResult",
 * API reference, read 2026-11-28). What it was read from stays known beside it.
 */
export const decodeLogprobs = (wire: JsonObject): JsonObject => {
  const chosen = objectsIn(wire.chosenCandidates);
  const top = objectsIn(wire.topCandidates);
  const value: JsonObject = {
    content: chosen.map((it, at) => ({
      ...tokenOf(it),
      top_logprobs: objectsIn(top[at]?.candidates).map(tokenOf),
    })),
    refusal: null,
  };
  results.set(value, wire);
  return value;
};

const tokenOf = ({ token, logProbability }: JsonObject): JsonObject => ({
  token: token ?? '',
  logprob: logProbability ?? 0,
  bytes: null,
});

/** `logprobsResult` for log probabilities of the model; undefined when there are none. */
export const encodeLogprobs = (value: JsonValue): JsonObject | undefined => {
  if (!isJsonObject(value)) return undefined;
  const known = results.get(value);
  if (known) return known;
  const content = objectsIn(value.content);
  if (content.length === 0) return undefined;
  return {
    chosenCandidates: content.map(candidateOf),
    topCandidates: content.map((it) => ({ candidates: objectsIn(it.top_logprobs).map(candidateOf) })),
  };
};

const candidateOf = ({ token, logprob }: JsonObject): JsonObject => ({
  token: token ?? '',
  logProbability: logprob ?? 0,
});

/** The mean of what was chosen, as `avgLogprobs` has it. */
export const meanLogprob = (value: JsonValue): number | undefined => {
  const content = isJsonObject(value) ? objectsIn(value.content) : [];
  const sum = content.reduce((total, { logprob }) => total + (typeof logprob === 'number' ? logprob : 0), 0);
  return content.length === 0 ? undefined : sum / content.length;
};

const objectsIn = (value: JsonValue | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];
