import { hashOf } from '../../../text/hash.ts';
import { tokenKinds } from '../token-kinds.ts';
import type { Token } from '../tokens.ts';
import { lists as gazetteer } from './gazetteer.ts';

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
  /** What it tells those that it stands before, and those that it stands behind. */
  readonly hintBefore: number;
  readonly hintAfter: number;
}

/** What stands before the first token and after the last. */
export const edge: Sign = {
  word: 1,
  start3: 1,
  end2: 1,
  end3: 1,
  end4: 1,
  shape: 1,
  lists: 0,
  hintBefore: 0,
  hintAfter: 0,
};

/** What a token of a text says to the tagger. */
export const signOf = (text: string, token: Token): Sign => {
  const { lower, kind, lists } = token;
  const shape = shapeOf(text, token);
  const isNumber = kind === tokenKinds.number;
  if (kind !== tokenKinds.word && kind !== tokenKinds.mixed)
    return {
      word: isNumber && lower.length > 2 ? shape : token.hash,
      start3: 2,
      end2: 2,
      end3: 2,
      end4: 2,
      shape,
      lists: 0,
      hintBefore: isNumber ? 4 : 0,
      hintAfter: isNumber ? 8 : 0,
    };
  const { street, first, last } = gazetteer;
  return {
    word: token.hash,
    start3: hashOf(lower, 0, Math.min(3, lower.length)),
    end2: hashOf(lower, lower.length - 2),
    end3: hashOf(lower, lower.length - 3),
    end4: hashOf(lower, lower.length - 4),
    shape,
    lists,
    hintBefore: (lists & street.bit ? 1 : 0) | (lists & first.bit ? 16 : 0),
    hintAfter: (lists & street.bit ? 2 : 0) | (lists & last.bit ? 32 : 0),
  };
};

const shapeOf = (text: string, { start, end, kind, lower, capital }: Token): number => {
  const length = end - start;
  if (kind === tokenKinds.line) return 2;
  if (kind === tokenKinds.mark) return 256 + text.charCodeAt(start);
  if (kind === tokenKinds.number) return 8 + Math.min(length, 7);
  if (kind === tokenKinds.mixed)
    return (
      32 +
      (capital ? 1 : 0) +
      (lower.includes('_') ? 2 : 0) +
      (length > 4 ? 4 : 0) +
      (text.charCodeAt(start) < 58 ? 8 : 0)
    );
  const raw = text.slice(start, end);
  if (!capital) return 64 + (raw === lower ? 0 : 1) + (lower.length === 1 ? 2 : 0);
  if (length === 1) return 72;
  const rest = raw.slice(1);
  if (rest === lower.slice(1)) return raw.includes('-') ? 74 : 73;
  if (rest === rest.toUpperCase()) return length <= 3 ? 75 : 76;
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

/** A token among its neighbours. */
export interface Around {
  readonly zero: Sign;
  readonly left: Sign;
  readonly left2: Sign;
  readonly right: Sign;
  readonly right2: Sign;
  /** What stands within four tokens to either side: see `near`. */
  readonly near: number;
}

/** One feature: the hash of a template and what fills it. */
const mix = (template: number, a: number, b: number): number => {
  let mixed =
    Math.imul(a ^ Math.imul(template, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(b + template, 0xc2b2ae35);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
};

/** Features of the shapes and lists of a token and its neighbours. */
export const classFeatures = ({ zero, left, right }: Around, out: Int32Array, from = 0): number => {
  out[from] = mix(1, zero.shape, 0);
  out[from + 1] = mix(2, zero.shape, left.shape);
  out[from + 2] = mix(3, zero.shape, right.shape);
  out[from + 3] = mix(4, left.shape * 512 + right.shape, zero.shape);
  out[from + 4] = mix(7, zero.lists, zero.shape);
  out[from + 5] = mix(8, zero.lists * 256 + left.lists, zero.shape);
  out[from + 6] = mix(9, zero.lists * 256 + right.lists, zero.shape);
  out[from + 7] = mix(10, left.lists * 256 + right.lists, zero.lists);
  return from + 8;
};

/** Features of the words beside a token. */
export const contextFeatures = (
  { zero, left, left2, right, right2, near }: Around,
  out: Int32Array,
  from = 0,
): number => {
  out[from] = mix(11, left.word, zero.shape);
  out[from + 1] = mix(12, right.word, zero.shape);
  out[from + 2] = mix(13, left2.word, zero.shape);
  out[from + 3] = mix(14, right2.word, zero.shape);
  out[from + 4] = mix(15, left.word, left2.word);
  out[from + 5] = mix(16, right.word, right2.word);
  out[from + 6] = mix(18, left.word, zero.lists);
  out[from + 7] = mix(19, right.word, zero.lists);
  out[from + 8] = mix(28, left2.lists * 256 + left.lists, left.word);
  out[from + 9] = mix(30, near, zero.shape);
  return from + 10;
};

/** Features of the token's own word. */
export const wordFeatures = (zero: Sign, out: Int32Array, from = 0): number => {
  out[from] = mix(20, zero.word, 0);
  out[from + 1] = mix(23, zero.word, zero.shape);
  out[from + 2] = mix(24, zero.end2, zero.shape);
  out[from + 3] = mix(25, zero.end3, zero.shape);
  out[from + 4] = mix(26, zero.end4, 0);
  out[from + 5] = mix(27, zero.start3, zero.shape);
  return from + 6;
};

/** All features (hashes of 32 bits) of the token at `at` among `signs`; `out` is filled from 0, their number is given back. */
export const featuresAt = (
  signs: readonly Sign[],
  at: number,
  out: Int32Array,
  dropped: Dropped = nothing,
): number => {
  const seen = (sign: Sign = edge): Sign => (dropped.lists ? { ...sign, lists: 0 } : sign);
  const around = {
    zero: seen(signs[at]),
    left: seen(signs[at - 1]),
    left2: signs[at - 2] ?? edge,
    right: seen(signs[at + 1]),
    right2: signs[at + 2] ?? edge,
    near: near(signs, at),
  };
  const count = contextFeatures(around, out, classFeatures(around, out));
  return dropped.word ? count : wordFeatures(around.zero, out, count);
};

/** How far a token is told of streets, numbers and names around it. */
const nearReach = 4;

/** Is there a street's word, a number or a name within `nearReach` tokens to either side? */
export const near = (signs: readonly Sign[], at: number): number => {
  let found = 0;
  for (let step = 1; step <= nearReach; step++)
    found |= (signs[at - step] ?? edge).hintBefore | (signs[at + step] ?? edge).hintAfter;
  return found;
};
