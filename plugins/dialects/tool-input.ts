import { parseExactly } from '../wire/exact-json.ts';
import { isJsonObject, type JsonObject } from '../wire/json.ts';

/**
 * Does `text` say that a tool is called without arguments? Models of Llama write `null`, and clients whose language does not
 * tell an empty list from an empty map `[]`.
 */
export const isNoInput = (text: string): boolean => ['', 'null', '[]'].includes(text.trim());

/** Arguments for dialects where they are an object; undefined for a text that is none. Integers keep their digits. */
export const inputObject = (text: string): JsonObject | undefined => {
  if (isNoInput(text)) return {};
  const value = parseExactly(text);
  return isJsonObject(value) ? value : undefined;
};
