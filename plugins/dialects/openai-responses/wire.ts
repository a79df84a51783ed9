import type { JsonObject, JsonValue } from '../../wire/json.ts';

/** This dialect's name in the model. */
export const name = 'openai-responses';

/** The members of `value` that are not among `known`. */
export const without = (value: Readonly<JsonObject>, known: ReadonlySet<string>): JsonObject => {
  const rest: JsonObject = {};
  for (const key in value) {
    const member = value[key];
    if (member !== undefined && !known.has(key)) rest[key] = member;
  }
  return rest;
};

/** `value` when it is a list, else an empty one. */
export const listOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  Array.isArray(value) ? value : [];
