import type { JsonValue } from '../wire/json.ts';

/** Is a member of another dialect missed by nobody? Null says nothing, and what is not to be kept is kept nowhere. */
export const isNoLoss = (member: string, value: JsonValue | undefined): boolean =>
  value === null || value === undefined || (member === 'store' && value === false);
