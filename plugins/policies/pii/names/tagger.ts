import { tokenKinds } from '../token-kinds.ts';
import type { Token } from '../tokens.ts';
import {
  type Around,
  bucketOf,
  buckets,
  classFeatures,
  contextFeatures,
  edge,
  maxFeatures,
  near,
  type Sign,
  signOf,
  wordFeatures,
} from './features.ts';
import { lists as gazetteer } from './gazetteer.ts';
import { labelCount, mayFollow } from './labels.ts';

/** What the tagger has learned. `scale` turns the small whole numbers into scores. */
export interface Weights {
  /** `labelCount` weights for each bucket. */
  readonly features: Int8Array | Float32Array;
  /** `previous * labelCount + label`. */
  readonly transitions: Int8Array | Float32Array;
  readonly scale: number;
}

/** Tokens that can be part of a name, from `from` to `to` (exclusive). What lies between segments is none. */
export interface Segment {
  readonly from: number;
  readonly to: number;
}

/** Most tokens that are no candidates between two that are: "of the", ", ", "van der". */
const bridge = 3;

export const segmentsOf = (tokens: readonly Token[]): Segment[] => {
  const segments: { from: number; to: number; names: boolean }[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    const opens = token ? opensOf(token) : 0;
    if (!token || opens === 0) continue;
    const last = segments.at(-1);
    const to = Math.min(tokens.length, at + opens);
    // Numbers alone name nothing, nor do words like "The" and "Monday".
    const names = token.kind === tokenKinds.word && token.lists !== gazetteer.other.bit;
    if (last && at <= last.to + bridge) {
      last.to = to;
      last.names ||= names;
    } else segments.push({ from: at, to, names });
  }
  return segments.filter(({ names }) => names);
};

/** Lists that make even a small word a candidate. */
const listed = gazetteer.first.bit | gazetteer.last.bit | gazetteer.place.bit | gazetteer.street.bit;

/** How many tokens a candidate opens: itself, and the surname behind a first name in small letters; 0: it is none. */
const opensOf = ({ kind, capital, lower, lists }: Token): number => {
  if (kind === tokenKinds.number || kind === tokenKinds.mixed) return 1;
  if (kind !== tokenKinds.word) return 0;
  if (capital || lower.charCodeAt(0) > 0x2e80) return 1;
  if ((lists & listed) === 0 || (lists & gazetteer.other.bit) !== 0 || lower.length < 3) return 0;
  return lists & gazetteer.first.bit ? 2 : 1;
};

/** The signs of a segment's tokens and of `signPad` on both sides. `known` keeps those of a page. */
export const signsOf = (
  text: string,
  tokens: readonly Token[],
  { from, to }: Segment,
  known: (Sign | undefined)[] = [],
): Sign[] => {
  const signs: Sign[] = [];
  for (let at = from - signPad; at < to + signPad; at++) {
    const token = tokens[at];
    const sign = token ? (known[at] ?? signOf(text, token)) : edge;
    if (token) known[at] = sign;
    signs.push(sign);
  }
  return signs;
};
export const signPad = 4;

/** Of one segment, until the next is tagged. */
export interface Tagged {
  readonly length: number;
  readonly labels: Uint8Array;
  /** For each token, by how much its label beats "none"; for "none" 0. */
  readonly margins: Float32Array;
}

/** How much is taken from "none": a name that leaves costs more than a word that is redacted in vain. */
const noneDoubt = 1;

/** Words of 32 bits in which the weights of a bucket stand, one byte a label: as few as will do, for the caches' sake. */
const rowWords = 3;
/** Words of 32 bits in which sums stand, 16 bits a label. */
const sumWords = 6;
/** Added to each weight, so that it is no less than 0 and sums do not borrow from their neighbours. */
const bias = 128;
/** Features of a token: as many weights are in each sum. */
const featuresOfToken = 24;
/** Tokens of one step, about a millisecond. */
export const stepTokens = 2048;
/** Sums that are kept, for words and for shapes and lists of three neighbours; powers of two. */
const keptWords = 1 << 12;
const keptClasses = 1 << 12;
/** Words of 32 bits that the features of a word are made from: all of them are compared, so none is taken for another. */
const wordKeys = 6;

/**
 * Finds the best labels of tokens (Viterbi). This is where most of a scan's time goes, so what depends on the word alone,
 * or on the shapes and lists of three neighbours, is added up once and kept; and eleven sums of bytes are made in six.
 */
export class Tagger {
  readonly #rows: Int32Array;
  readonly #transitions: Float64Array;
  readonly #scale: number;
  /** How far behind the best of a token's labels one must lie to be on no best path. */
  readonly #hopeless: number;
  readonly #wordSums = new Int32Array(keptWords * sumWords);
  readonly #wordKeys = new Int32Array(keptWords * wordKeys);
  readonly #classSums = new Int32Array(keptClasses * sumWords);
  readonly #classKeys = new Int32Array(keptClasses * 3).fill(-1);
  readonly #features = new Int32Array(maxFeatures);
  readonly #contextSums = new Int32Array(sumWords);
  readonly #lattice = latticeOf(stepTokens);

  constructor({ features, transitions, scale }: Weights) {
    this.#rows = packed(features);
    this.#transitions = Float64Array.from(transitions);
    this.#scale = scale;
    this.#hopeless = spreadOf(this.#transitions);
  }

  /** The labels of a segment, from the signs of its tokens and of `signPad` on both sides. Outside of it is none. */
  tag(signs: readonly Sign[]): Tagged {
    const length = signs.length - 2 * signPad;
    const lattice = length > stepTokens ? latticeOf(length) : this.#lattice;
    this.#read(lattice, signs, 0, length);
    return this.#trace(lattice, length);
  }

  /** The same of a long segment, for callers that let other work go on between two steps; yields how many tokens one read. */
  *tagInSteps(signs: readonly Sign[]): Generator<number, Tagged, void> {
    const length = signs.length - 2 * signPad;
    const lattice = latticeOf(length); // its own: between its steps others are tagged
    for (let from = 0; from < length; from += stepTokens) {
      this.#read(lattice, signs, from, Math.min(length, from + stepTokens));
      yield stepTokens;
    }
    return this.#trace(lattice, length);
  }

  #read(lattice: Lattice, signs: readonly Sign[], from: number, to: number): void {
    for (let at = from; at < to; at++) {
      this.#score(lattice, aroundOf(signs, at + signPad), at * labelCount);
      if (at === 0) this.#begin(lattice);
      else this.#advance(lattice, at * labelCount);
    }
  }

  /** Adds up the weights of one token's features for each label. */
  #score({ own }: Lattice, around: Around, base: number): void {
    const words = this.#wordAt(around.zero);
    const classes = this.#classAt(around);
    const context = this.#contextSums;
    sum(this.#rows, this.#features, contextFeatures(around, this.#features), context, 0);
    for (let word = 0; word < sumWords; word++) {
      const total =
        (context[word] ?? 0) + (this.#wordSums[words + word] ?? 0) + (this.#classSums[classes + word] ?? 0);
      // Words 0, 2 and 4 hold even labels, words 1, 3 and 5 odd ones; the twelfth place is empty.
      const label = base + 4 * (word >> 1) + (word & 1);
      own[label] = (total & 0xffff) - bias * featuresOfToken;
      if (word < sumWords - 1) own[label + 2] = (total >>> 16) - bias * featuresOfToken;
    }
    own[base] = (own[base] ?? 0) - noneDoubt / this.#scale;
  }

  /** Where the sums of a word's own features stand. */
  #wordAt(sign: Sign): number {
    const { word, start3, end2, end3, end4, shape } = sign;
    const keys = this.#wordKeys;
    const mixed = word ^ Math.imul(shape, 0x9e3779b1);
    const slot = (mixed ^ (mixed >>> 15)) & (keptWords - 1);
    const key = slot * wordKeys;
    const isKept =
      keys[key] === word &&
      keys[key + 1] === shape &&
      keys[key + 2] === start3 &&
      keys[key + 3] === end2 &&
      keys[key + 4] === end3 &&
      keys[key + 5] === end4;
    if (isKept) return slot * sumWords;
    keys[key] = word;
    keys[key + 1] = shape;
    keys[key + 2] = start3;
    keys[key + 3] = end2;
    keys[key + 4] = end3;
    keys[key + 5] = end4;
    sum(this.#rows, this.#features, wordFeatures(sign, this.#features), this.#wordSums, slot * sumWords);
    return slot * sumWords;
  }

  /** Where the sums of the features of shapes and lists stand. */
  #classAt(around: Around): number {
    const keys = this.#classKeys;
    const zero = classOf(around.zero);
    const left = classOf(around.left);
    const right = classOf(around.right);
    const mixed = Math.imul(zero, 0x9e3779b1) ^ Math.imul(left, 0x85ebca6b) ^ Math.imul(right, 0xc2b2ae35);
    const slot = (mixed ^ (mixed >>> 15)) & (keptClasses - 1);
    const key = slot * 3;
    if (keys[key] === zero && keys[key + 1] === left && keys[key + 2] === right) return slot * sumWords;
    keys[key] = zero;
    keys[key + 1] = left;
    keys[key + 2] = right;
    sum(this.#rows, this.#features, classFeatures(around, this.#features), this.#classSums, slot * sumWords);
    return slot * sumWords;
  }

  #begin({ scores, own, back }: Lattice): void {
    for (let label = 0; label < labelCount; label++) {
      back[label] = 0;
      scores[label] = mayFollow(0, label)
        ? (own[label] ?? 0) + (this.#transitions[label] ?? 0)
        : Number.NEGATIVE_INFINITY;
    }
  }

  /** The best way to each label of a token. Labels that lie too far behind are left out; no best path goes through them. */
  #advance(lattice: Lattice, base: number): void {
    const { scores, live } = lattice;
    const before = base - labelCount;
    let top = Number.NEGATIVE_INFINITY;
    for (let label = 0; label < labelCount; label++) {
      const score = scores[before + label] ?? 0;
      if (score > top) top = score;
    }
    let count = 0;
    for (let label = 0; label < labelCount; label++)
      if ((scores[before + label] ?? 0) >= top - this.#hopeless) live[count++] = label;
    this.#open(lattice, base, 0, count);
    for (let label = 1; label < labelCount; label += 2) {
      this.#open(lattice, base, label, count);
      this.#goOn(lattice, base, label + 1);
    }
  }

  /** "None" and beginnings may come after every label. */
  #open({ scores, own, back, live }: Lattice, base: number, label: number, count: number): void {
    let best = Number.NEGATIVE_INFINITY;
    let from = 0;
    for (let it = 0; it < count; it++) {
      const previous = live[it] ?? 0;
      const score =
        (scores[base - labelCount + previous] ?? 0) + (this.#transitions[previous * labelCount + label] ?? 0);
      if (score > best) {
        best = score;
        from = previous;
      }
    }
    scores[base + label] = best + (own[base + label] ?? 0);
    back[base + label] = from;
  }

  /** What goes on comes after its beginning or after itself. */
  #goOn({ scores, own, back }: Lattice, base: number, label: number): void {
    const begun =
      (scores[base - labelCount + label - 1] ?? 0) +
      (this.#transitions[(label - 1) * labelCount + label] ?? 0);
    const gone =
      (scores[base - labelCount + label] ?? 0) + (this.#transitions[label * labelCount + label] ?? 0);
    scores[base + label] = Math.max(gone, begun) + (own[base + label] ?? 0);
    back[base + label] = gone > begun ? label : label - 1;
  }

  #trace({ scores, own, back, labels, margins }: Lattice, length: number): Tagged {
    const last = (length - 1) * labelCount;
    let label = 0;
    for (let it = 1; it < labelCount; it++)
      if ((scores[last + it] ?? 0) > (scores[last + label] ?? 0)) label = it;
    for (let at = length - 1; at >= 0; at--) {
      const base = at * labelCount;
      labels[at] = label;
      margins[at] = ((own[base + label] ?? 0) - (own[base] ?? 0)) * this.#scale;
      label = back[base + label] ?? 0;
    }
    return { labels, margins, length };
  }
}

interface Lattice {
  readonly scores: Float32Array;
  readonly back: Uint8Array;
  readonly own: Float32Array;
  readonly live: Uint8Array;
  readonly labels: Uint8Array;
  readonly margins: Float32Array;
}

const latticeOf = (size: number): Lattice => ({
  scores: new Float32Array(size * labelCount),
  back: new Uint8Array(size * labelCount),
  own: new Float32Array(size * labelCount),
  live: new Uint8Array(labelCount),
  labels: new Uint8Array(size),
  margins: new Float32Array(size),
});

/** A row of bytes for each bucket, four labels a word. */
const packed = (features: Weights['features']): Int32Array => {
  const bytes = new Uint8Array(buckets * rowWords * 4);
  for (let bucket = 0; bucket < buckets; bucket++)
    for (let label = 0; label < labelCount; label++)
      bytes[bucket * rowWords * 4 + label] = (features[bucket * labelCount + label] ?? 0) + bias;
  return new Int32Array(bytes.buffer);
};

/** The most that two labels can differ in what they give to the one that comes next. */
const spreadOf = (transitions: Float64Array): number => {
  let spread = 0;
  for (let label = 0; label < labelCount; label++) {
    if (label !== 0 && label % 2 === 0) continue;
    const column = Array.from({ length: labelCount }, (_, it) => transitions[it * labelCount + label] ?? 0);
    spread = Math.max(spread, Math.max(...column) - Math.min(...column));
  }
  return spread;
};

/** Adds up rows, even and odd bytes apart: each sum then has 16 bits to grow in. */
const sum = (rows: Int32Array, features: Int32Array, count: number, out: Int32Array, to: number): void => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let e = 0;
  let f = 0;
  for (let index = 0; index < count; index++) {
    const row = bucketOf(features[index] ?? 0) * rowWords;
    const first = rows[row] ?? 0;
    const second = rows[row + 1] ?? 0;
    const third = rows[row + 2] ?? 0;
    a = (a + (first & 0xff00ff)) | 0;
    b = (b + ((first >>> 8) & 0xff00ff)) | 0;
    c = (c + (second & 0xff00ff)) | 0;
    d = (d + ((second >>> 8) & 0xff00ff)) | 0;
    e = (e + (third & 0xff00ff)) | 0;
    f = (f + ((third >>> 8) & 0xff00ff)) | 0;
  }
  out[to] = a;
  out[to + 1] = b;
  out[to + 2] = c;
  out[to + 3] = d;
  out[to + 4] = e;
  out[to + 5] = f;
};

/** Shape and lists of a token as one number. */
const classOf = ({ shape, lists }: Sign): number => shape * 256 + lists;

const aroundOf = (signs: readonly Sign[], at: number): Around => ({
  zero: signs[at] ?? edge,
  left: signs[at - 1] ?? edge,
  left2: signs[at - 2] ?? edge,
  right: signs[at + 1] ?? edge,
  right2: signs[at + 2] ?? edge,
  near: near(signs, at),
});
