/**
 * What stands for a value while it is away: `[EMAIL_1_k7q]` (redacted, can be restored), `[EMAIL_#3f9a2c1d0e]` (hashed).
 *
 * Why this shape: brackets close it, so that none is the prefix of another; a type and a count in plain ASCII are words
 * that models copy faithfully and that keep a sentence grammatical; nothing in it is escaped in JSON, URLs' queries or
 * code; the last sign keeps one that somebody made up apart from ours. It is 7 to 9 tokens long in o200k_base.
 */
const shape = /\[[A-Z][A-Z0-9_]{1,15}_(?:\d{1,6}_[a-z0-9]{3}|#[0-9a-f]{10})\]/g;

/** Signs of the nonce: no vowels, so that it spells no word, and none that is mistaken for another. */
const nonceSigns = 'bcdfghjkmnpqrstvwxz23456789';

/** Three signs of `bytes`, each uniform enough for a mark that is no secret. */
export const nonceOf = (bytes: Uint8Array): string =>
  [...bytes.subarray(0, 3)].map((byte) => nonceSigns[byte % nonceSigns.length]).join('');

export const placeholderOf = (label: string, count: number, nonce: string): string =>
  `[${label}_${count}_${nonce}]`;

export const hashedOf = (label: string, hex: string): string => `[${label}_#${hex.slice(0, 10)}]`;

/** Takes out everything that looks like a placeholder, same length, so that finders see nothing there. */
export const withoutPlaceholders = (text: string): string =>
  text.includes('[') ? text.replace(shape, (found) => '\ufffc'.repeat(found.length)) : text;
