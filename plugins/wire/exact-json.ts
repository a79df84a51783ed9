import type { JsonValue } from './json.ts';

/** The parts of ECMAScript's "JSON.parse source text access" (stage 4, 2025) that TypeScript's library does not know yet. */
interface ExactJson {
  parse(
    text: string,
    revive: (key: string, value: JsonValue, context: { readonly source?: string }) => JsonValue,
  ): JsonValue;
  rawJSON(text: string): JsonValue;
}

const json = JSON as unknown as ExactJson;

/** Safe integers have at most 16 digits. */
const longInteger = /\d{16}/;

/** Do numbers in this JSON text perhaps need `parseExact`? */
export const hasLongInteger = (text: string): boolean => longInteger.test(text);

/**
 * `JSON.parse`, but integers that no double can hold (64-bit ids in tool arguments) survive `JSON.stringify` digit for
 * digit. Throws the `SyntaxError` of `JSON.parse`.
 */
export const parseExact = (text: string): JsonValue =>
  hasLongInteger(text) ? json.parse(text, keepDigits) : (JSON.parse(text) as JsonValue);

/** What `parseExact` gives; undefined for a text that is no JSON. */
export const parseExactly = (text: string): JsonValue | undefined => {
  try {
    return parseExact(text);
  } catch {
    return undefined;
  }
};

/** A string whose JSON is made now, for one that is long and stands in several objects that will be written. */
export const writtenOnce = (text: string): JsonValue => json.rawJSON(JSON.stringify(text));

const keepDigits = (_key: string, value: JsonValue, { source }: { readonly source?: string }): JsonValue =>
  source !== undefined && typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
    ? json.rawJSON(source)
    : value;
