/**
 * Names of functions begin with a letter or `_` and go on with letters, digits, `_`, `.`, `:` and `-` ("Function calling",
 * `FunctionDeclaration.name`, read 2026-11-28). Other characters become `_nx<hex>_`, which `restoreName` undoes without any
 * table: the answer is read where the request is no longer known.
 */
export const legalName = (name: string): string =>
  name.replace(/[^A-Za-z0-9_.:-]|_(?=nx[0-9a-f]+_)/gu, escapeChar).replace(/^[^A-Za-z_]/u, escapeChar);

const escapeChar = (char: string): string => `_nx${char.codePointAt(0)?.toString(16)}_`;

/** The name that `legalName` was given. */
export const restoreName = (name: string): string =>
  name.includes('_nx') ? name.replace(/_nx([0-9a-f]{1,6})_/g, restoreChar) : name;

const restoreChar = (escaped: string, hex: string): string => {
  const code = Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : escaped;
};

/** Longest name of a function. */
export const maxNameLength = 128;

/** Models before Gemini 3 give their calls no ids; other dialects tie calls and results by them, so we make one up. */
const madeUp = 'nxcall_';

/** The id of the `count`th call of an answer or of a conversation; `of` tells answers of one conversation apart. */
export const madeUpId = (of: string, count: number): string =>
  `${madeUp}${of.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 24)}${of === '' ? '' : '_'}${count}`;

/** Did we make the id up, so that nobody here ever knew it? */
export const isMadeUp = (id: string): boolean => id.startsWith(madeUp);
