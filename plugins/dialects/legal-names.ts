// Names of tools and ids of calls for an API that does not take every character. The answer is read where the request is
// no longer known, so a written name says by itself what it was.

/** Writes a character as `_nx<hex>_`, its code point. */
export const escapeChar = (char: string): string => `_nx${char.codePointAt(0)?.toString(16)}_`;

/**
 * Escapes all characters but those that are `taken` (what stands in a class of a regular expression), and each `_` that
 * would then look like an escape.
 */
export const escaping = (taken: string): ((name: string) => string) => {
  const toEscape = new RegExp(`[^${taken}]|_(?=nx[0-9a-f]+(?:_|[^${taken}]))`, 'gu');
  return (name) => name.replace(toEscape, escapeChar);
};

/** The name that was escaped. */
export const restoreName = (name: string): string =>
  name.includes('_nx') ? name.replace(/_nx([0-9a-f]{1,6})_/g, restoreChar) : name;

const restoreChar = (escaped: string, hex: string): string => {
  const code = Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : escaped;
};
