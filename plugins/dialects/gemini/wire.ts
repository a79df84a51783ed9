import type { JsonObject, JsonValue } from '../../wire/json.ts';

/** This dialect's name in the model. */
export const name = 'gemini';

/** `finishReason` (`FinishReason` of `@google/genai` 3.3.0, read 2026-11-28), as far as we write it. */
export type FinishWord =
  | 'STOP'
  | 'MAX_TOKENS'
  | 'SAFETY'
  | 'MALFORMED_FUNCTION_CALL'
  | 'CONTINUATION'
  | 'OTHER';

export const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

export const isEmptyObject = (value: object): boolean => {
  for (const _ in value) return false;
  return true;
};

/** The bag, unless nothing is in it. */
export const filled = (bag: JsonObject): JsonObject | undefined => (isEmptyObject(bag) ? undefined : bag);

/**
 * Protocol buffers in JSON may spell each name of a field in two ways ("ProtoJSON format", read 2026-11-28):
 * `functionCall` and `function_call`.
 */
export const snakeOf = (camel: string): string => {
  const known = snakes.get(camel);
  if (known !== undefined) return known;
  const snake = camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  snakes.set(camel, snake);
  return snake;
};

/** Holds names from our own sources only. */
const snakes = new Map<string, string>();

/** The member of `object` under either spelling; undefined when absent or null. */
export const member = (object: Readonly<JsonObject>, camel: string): JsonValue | undefined =>
  object[camel] ?? object[snakeOf(camel)] ?? undefined;

/** The members that are set, under their camelCase names. */
export const compact = (object: Readonly<Record<string, JsonValue | undefined>>): JsonObject => {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) out[key] = value;
  return out;
};
