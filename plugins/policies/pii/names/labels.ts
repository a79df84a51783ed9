import type { EntityName } from '../config.ts';

/** What the tagger tells apart; each begins with an odd label and goes on with the even one after it. 0 is none. */
export const tagged = [
  'person',
  'location',
  'organization',
  'address',
  'zip',
] as const satisfies readonly EntityName[];

export const labelCount = 1 + 2 * tagged.length;

export const beginOf = (entity: number): number => 1 + 2 * entity;

/** The entity that a label begins, if it begins one. */
export const begunBy = (label: number): number | undefined => (label % 2 === 1 ? (label - 1) / 2 : undefined);

/** May `label` come after `previous`? What goes on must go on with the same. */
export const mayFollow = (previous: number, label: number): boolean =>
  label === 0 || label % 2 === 1 || previous === label || previous === label - 1;
