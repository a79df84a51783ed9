import { type Token, tokenKinds } from '../tokens.ts';

/** Buckets into which features are hashed; a power of two. */
export const buckets = 1 << 16;

/** The bucket of a feature. */
export const bucketOf = (feature: number): number => feature & (buckets - 1);

/** Numbers of a token that features are made of. */
export interface Sign {
  /** Of the word in lower case. */
  readonly word: number;
  readonly start3: number;
  readonly end2: number;
  readonly end3: number;
  readonly end4: number;
  /** Kind, case and length, coarsely. */
  readonly shape: number;
  /** The lists it stands in. */
  readonly lists: number;
}

/** What stands before the first token and after the last. */
export const edge: Sign = { word: 1, start3: 1, end2: 1, end3: 1, end4: 1, shape: 1, lists: 0 };

const hash = (text: string, from = 0, to = text.length): number => {
  let value = 0x811c9dc5;
  for (let at = Math.max(0, from); at < to; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value | 0;
};

export const signOf = (text: string, token: Token, lists: number): Sign => {
  const { lower, kind } = token;
  if (kind === tokenKinds.mark || kind === tokenKinds.line || kind === tokenKinds.number) {
    const shape = shapeOf(text, token);
    const word = kind === tokenKinds.number && lower.length > 2 ? shape : hash(lower);
    return { word, start3: 2, end2: 2, end3: 2, end4: 2, shape, lists: 0 };
  }
  return {
    word: hash(lower),
    start3: hash(lower, 0, Math.min(3, lower.length)),
    end2: hash(lower, lower.length - 2),
    end3: hash(lower, lower.length - 3),
    end4: hash(lower, lower.length - 4),
    shape: shapeOf(text, token),
    lists,
  };
};

const shapeOf = (text: string, { start, end, kind, lower, capital }: Token): number => {
  const length = Math.min(end - start, 7);
  if (kind === tokenKinds.line) return 2;
  if (kind === tokenKinds.mark) return 256 + text.charCodeAt(start);
  if (kind === tokenKinds.number) return 8 + length;
  const raw = text.slice(start, end);
  if (kind === tokenKinds.mixed)
    return (
      32 +
      (capital ? 1 : 0) +
      (raw.includes('_') ? 2 : 0) +
      (end - start > 4 ? 4 : 0) +
      (raw.charCodeAt(0) < 58 ? 8 : 0)
    );
  if (!capital) return 64 + (raw === lower ? 0 : 1) + (lower.length === 1 ? 2 : 0);
  if (end - start === 1) return 72;
  const rest = raw.slice(1);
  if (rest === lower.slice(1)) return raw.includes('-') ? 74 : 73;
  if (rest === rest.toUpperCase()) return raw.length <= 3 ? 75 : 76;
  return raw.includes('-') ? 77 : raw.includes("'") || raw.includes('’') ? 78 : 79;
};

/** Most features of a token. */
export const maxFeatures = 40;

/** What training leaves out of a row, so that no single kind of feature is relied on. */
export interface Dropped {
  readonly word: boolean;
  readonly lists: boolean;
}
const nothing: Dropped = { word: false, lists: false };

/** The features (hashes of 32 bits) of the token at `at` among `signs`; `out` is filled from 0, their number is given back. */
export const featuresAt = (
  signs: readonly Sign[],
  at: number,
  out: Int32Array,
  dropped: Dropped = nothing,
): number => {
  const zero = signs[at] ?? edge;
  const left = signs[at - 1] ?? edge;
  const left2 = signs[at - 2] ?? edge;
  const right = signs[at + 1] ?? edge;
  const right2 = signs[at + 2] ?? edge;
  let count = 0;
  const add = (template: number, a: number, b = 0): void => {
    let mixed =
      Math.imul(a ^ Math.imul(template, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(b + template, 0xc2b2ae35);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x2c1b3c6d);
    out[count++] = mixed ^ (mixed >>> 13);
  };
  const lists0 = dropped.lists ? 0 : zero.lists;
  const listsL = dropped.lists ? 0 : left.lists;
  const listsR = dropped.lists ? 0 : right.lists;
  add(1, zero.shape);
  add(2, zero.shape, left.shape);
  add(3, zero.shape, right.shape);
  add(4, left.shape * 512 + right.shape, zero.shape);
  add(7, lists0, zero.shape);
  add(8, lists0 * 256 + listsL, zero.shape);
  add(9, lists0 * 256 + listsR, zero.shape);
  add(10, listsL * 256 + listsR, lists0);
  add(11, left.word, zero.shape);
  add(12, right.word, zero.shape);
  add(13, left2.word, zero.shape);
  add(14, right2.word, zero.shape);
  add(15, left.word, left2.word);
  add(16, right.word, right2.word);
  add(18, left.word, lists0);
  add(19, right.word, lists0);
  add(28, left2.lists * 256 + listsL, left.word);
  add(30, near(signs, at), zero.shape);
  if (dropped.word) return count;
  add(20, zero.word);
  add(23, zero.word, zero.shape);
  add(24, zero.end2, zero.shape);
  add(25, zero.end3, zero.shape);
  add(26, zero.end4);
  add(27, zero.start3, zero.shape);
  return count;
};

/** Is there a street's word or a number, a title or a name within four tokens to either side? */
const near = (signs: readonly Sign[], at: number): number => {
  let found = 0;
  for (let step = 1; step <= 4; step++) {
    const before = signs[at - step] ?? edge;
    const after = signs[at + step] ?? edge;
    if (before.lists & 16) found |= 1;
    if (after.lists & 16) found |= 2;
    if (before.shape > 8 && before.shape < 16) found |= 4;
    if (after.shape > 8 && after.shape < 16) found |= 8;
    if (before.lists & 1) found |= 16;
    if (after.lists & 2) found |= 32;
  }
  return found;
};
