import { escaping } from '../legal-names.ts';

export { restoreName } from '../legal-names.ts';

/** Names of tools and ids of calls hold only letters, digits, `_` and `-` ("Define tools", read 2026-11-24). */
export const legalName = escaping('A-Za-z0-9_-');

/** Longest name of a tool. */
export const maxNameLength = 128;
