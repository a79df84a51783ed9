import { type Token, tokenKinds } from '../tokens.ts';
import { bucketOf, edge, featuresAt, maxFeatures, type Sign, signOf } from './features.ts';
import { lists as gazetteer, listBits } from './gazetteer.ts';
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

/** Lists that make even a small word a candidate. */
const listed = gazetteer.first.bit | gazetteer.last.bit | gazetteer.place.bit | gazetteer.street.bit;

/** Most tokens that are no candidates between two that are: "of the", ", ", "van der". */
const bridge = 3;

export const segmentsOf = (tokens: readonly Token[], lists: Uint8Array = listsOf(tokens)): Segment[] => {
  const segments: { from: number; to: number; names: boolean }[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    const bits = lists[at] ?? 0;
    const reach = token ? reachOf(token, bits) : 0;
    if (!token || reach === 0) continue;
    const last = segments.at(-1);
    const to = Math.min(tokens.length, at + reach);
    const names = token.kind === tokenKinds.word && bits !== gazetteer.other.bit;
    if (last && at <= last.to + bridge) {
      last.to = to;
      last.names ||= names;
    } else segments.push({ from: at, to, names });
  }
  return segments.filter(({ names }) => names); // numbers alone name nothing, nor do words like "The" and "Monday"
};

/** The lists that each token stands in. */
export const listsOf = (tokens: readonly Token[]): Uint8Array => {
  const lists = new Uint8Array(tokens.length);
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    const isWord = token?.kind === tokenKinds.word || token?.kind === tokenKinds.mixed;
    if (token && isWord && token.lower.length > 1) lists[at] = listBits(token.lower);
  }
  return lists;
};

/** How many tokens a candidate opens: itself, and the surname behind a first name in small letters; 0: it is none. */
const reachOf = ({ kind, capital, lower }: Token, lists: number): number => {
  if (kind === tokenKinds.number || kind === tokenKinds.mixed) return 1;
  if (kind !== tokenKinds.word) return 0;
  if (capital || lower.charCodeAt(0) > 0x2e80) return 1;
  if ((lists & listed) === 0 || (lists & gazetteer.other.bit) !== 0 || lower.length < 3) return 0;
  return lists & gazetteer.first.bit ? 2 : 1;
};

/** The signs of a segment's tokens and of four on both sides. `known` keeps those of a page. */
export const signsOf = (
  text: string,
  tokens: readonly Token[],
  { from, to }: Segment,
  {
    known = [],
    lists = listsOf(tokens),
  }: { readonly known?: (Sign | undefined)[]; readonly lists?: Uint8Array } = {},
): Sign[] => {
  const signs: Sign[] = [];
  for (let at = from - signPad; at < to + signPad; at++) {
    const token = tokens[at];
    const sign = token ? (known[at] ?? signOf(text, token, lists[at] ?? 0)) : edge;
    if (token) known[at] = sign;
    signs.push(sign);
  }
  return signs;
};
export const signPad = 4;

export interface Tagged {
  readonly labels: Uint8Array;
  /** For each token, by how much its label beats "none"; for "none" 0. */
  readonly margins: Float32Array;
}

/** How much is taken from "none": a name that leaves costs more than a word that is redacted in vain. */
export const noneDoubt = 1;

const features = new Int32Array(maxFeatures);

/** The best labels of a segment (Viterbi). Outside of it is none. */
export const tag = (signs: readonly Sign[], { features: learned, transitions, scale }: Weights): Tagged => {
  const length = signs.length - 2 * signPad;
  const scores = new Float32Array(length * labelCount);
  const back = new Uint8Array(length * labelCount);
  const own = new Float32Array(length * labelCount);
  const doubt = noneDoubt / scale;
  for (let at = 0; at < length; at++) {
    const count = featuresAt(signs, at + signPad, features);
    const base = at * labelCount;
    addScores(learned, count, own, base);
    own[base] = (own[base] ?? 0) - doubt;
    for (let label = 0; label < labelCount; label++) {
      if (at === 0) {
        scores[label] = canBegin(label)
          ? (own[label] ?? 0) + (transitions[label] ?? 0)
          : Number.NEGATIVE_INFINITY;
        continue;
      }
      let best = Number.NEGATIVE_INFINITY;
      let from = 0;
      const [first, last] = label === 0 || label % 2 === 1 ? [0, labelCount - 1] : [label - 1, label];
      for (let previous = first; previous <= last; previous++) {
        const score =
          (scores[base - labelCount + previous] ?? 0) + (transitions[previous * labelCount + label] ?? 0);
        if (score > best) {
          best = score;
          from = previous;
        }
      }
      scores[base + label] = best + (own[base + label] ?? 0);
      back[base + label] = from;
    }
  }
  return trace({ scores, back, own, length, scale });
};

/** Adds up the weights of the features of one token; eleven sums at once, because this is where the time goes. */
const addScores = (learned: Weights['features'], count: number, own: Float32Array, base: number): void => {
  let [a, b, c, d, e, f, g, h, i, j, k] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let index = 0; index < count; index++) {
    const row = bucketOf(features[index] ?? 0) * labelCount;
    a += learned[row] ?? 0;
    b += learned[row + 1] ?? 0;
    c += learned[row + 2] ?? 0;
    d += learned[row + 3] ?? 0;
    e += learned[row + 4] ?? 0;
    f += learned[row + 5] ?? 0;
    g += learned[row + 6] ?? 0;
    h += learned[row + 7] ?? 0;
    i += learned[row + 8] ?? 0;
    j += learned[row + 9] ?? 0;
    k += learned[row + 10] ?? 0;
  }
  own[base] = a;
  own[base + 1] = b;
  own[base + 2] = c;
  own[base + 3] = d;
  own[base + 4] = e;
  own[base + 5] = f;
  own[base + 6] = g;
  own[base + 7] = h;
  own[base + 8] = i;
  own[base + 9] = j;
  own[base + 10] = k;
};

/** Nothing goes on that has not begun. */
const canBegin = (label: number): boolean => mayFollow(0, label);

interface Lattice {
  readonly scores: Float32Array;
  readonly back: Uint8Array;
  readonly own: Float32Array;
  readonly length: number;
  readonly scale: number;
}

const trace = ({ scores, back, own, length, scale }: Lattice): Tagged => {
  const labels = new Uint8Array(length);
  const margins = new Float32Array(length);
  if (length === 0) return { labels, margins };
  const last = (length - 1) * labelCount;
  let label = 0;
  for (let it = 1; it < labelCount; it++)
    if ((scores[last + it] ?? 0) > (scores[last + label] ?? 0)) label = it;
  for (let at = length - 1; at >= 0; at--) {
    const base = at * labelCount;
    labels[at] = label;
    margins[at] = ((own[base + label] ?? 0) - (own[base] ?? 0)) * scale;
    label = back[base + label] ?? 0;
  }
  return { labels, margins };
};
