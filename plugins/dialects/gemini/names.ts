import { escapeChar, escaping } from '../legal-names.ts';

export { restoreName } from '../legal-names.ts';

const escapeAnywhere = escaping('A-Za-z0-9_.:-');

/**
 * Names of functions begin with a letter or `_` and go on with letters, digits, `_`, `.`, `:` and `-` ("Function calling",
 * `FunctionDeclaration.name`, read 2026-11-28).
 */
export const legalName = (name: string): string => escapeAnywhere(name).replace(/^[^A-Za-z_]/u, escapeChar);

/** Longest name of a function. */
export const maxNameLength = 128;

/** Models before Gemini 3 give their calls no ids; other dialects tie calls and results by them, so we make one up. */
const madeUp = 'nxcall_';

/** The id of the `count`th call of an answer or of a conversation; `of` tells answers of one conversation apart. */
export const madeUpId = (of: string, count: number): string =>
  `${madeUp}${of.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 24)}${of === '' ? '' : '_'}${count}`;

/** Did we make the id up, so that nobody here ever knew it? */
export const isMadeUp = (id: string): boolean => id.startsWith(madeUp);
