/**
 * Names of tools and ids of calls for an API that takes only letters, digits, `_` and `-` ("Define tools", read
 * 2026-11-24). Other characters become `_nx<hex>_`, which `restoreName` undoes without any table: the answer is read
 * where the request is no longer known.
 */
export const legalName = (name: string): string =>
  name.replace(
    /[^A-Za-z0-9_-]|_(?=nx[0-9a-f]+(?:_|[^A-Za-z0-9_-]))/gu,
    (char) => `_nx${char.codePointAt(0)?.toString(16)}_`,
  );

/** The name that `legalName` was given. */
export const restoreName = (name: string): string =>
  name.includes('_nx') ? name.replace(/_nx([0-9a-f]{1,6})_/g, restoreChar) : name;

const restoreChar = (escaped: string, hex: string): string => {
  const code = Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : escaped;
};

/** Longest name of a tool. */
export const maxNameLength = 128;
