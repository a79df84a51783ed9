import type { DialectName } from './request.ts';

// A seal is a provider's opaque value over reasoning: a signature, or reasoning that is encrypted altogether. It means
// something to that provider alone, yet it must come back byte for byte through clients of any dialect. A value that leaves
// its own dialect is marked with it; one without a mark is as its provider wrote it.

/** `signature` stands beside the words that it seals, `redacted` in place of them. */
export type SealKind = 'signature' | 'redacted';

/** A value under the mark of its dialect. */
export interface Seal {
  readonly owner: DialectName;
  readonly kind: SealKind;
  readonly value: string;
}

const mark = 'nexus1';

/** `seal` as one text, for the place that a client's dialect has for opaque values. */
export const markSeal = ({ owner, kind, value }: Seal): string => `${mark}:${owner}:${kind}:${value}`;

/** The seal in `text`; undefined for a value without a mark. */
export const readSeal = (text: string): Seal | undefined => {
  const [, owner, kind, value] = sealed.exec(text) ?? [];
  if (owner === undefined || (kind !== 'signature' && kind !== 'redacted')) return undefined;
  return { owner: owner as DialectName, kind, value: value ?? '' }; // compared with names, never used as one
};

const sealed = new RegExp(`^${mark}:([a-z-]+):([a-z]+):([\\s\\S]*)$`);

/** Does a text, perhaps a whole request, hold marked seals? */
export const holdsSeal = (text: string): boolean => text.includes(`${mark}:`);

/** What `owner` itself wrote of a signature or of redacted reasoning; undefined when another dialect sealed it. */
export const openSeal = (text: string, owner: DialectName): string | undefined => {
  const seal = readSeal(text);
  if (!seal) return text;
  return seal.owner === owner ? seal.value : undefined;
};
