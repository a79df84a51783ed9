import { type Token, tokenKinds } from '../tokens.ts';
import { bucketOf, edge, featuresAt, maxFeatures, type Sign, signOf } from './features.ts';
import { listBits } from './gazetteer.ts';
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
const listed = 1 | 2 | 4 | 16;

/** Most tokens that are no candidates between two that are: "of the", ", ", "van der". */
const bridge = 3;

export const segmentsOf = (tokens: readonly Token[]): Segment[] => {
  const segments: { from: number; to: number; words: number }[] = [];
  tokens.forEach((token, at) => {
    const reach = reachOf(token);
    if (reach === 0) return;
    const last = segments.at(-1);
    const to = Math.min(tokens.length, at + reach);
    const words = token.kind === tokenKinds.word ? 1 : 0;
    if (last && at <= last.to + bridge) {
      last.to = to;
      last.words += words;
    } else segments.push({ from: at, to, words });
  });
  return segments.filter(({ words }) => words > 0); // numbers alone name nothing
};

/** How many tokens a candidate opens: itself, and the surname behind a first name in small letters; 0: it is none. */
const reachOf = ({ kind, capital, lower }: Token): number => {
  if (kind === tokenKinds.number || kind === tokenKinds.mixed) return 1;
  if (kind !== tokenKinds.word) return 0;
  if (capital || lower.charCodeAt(0) > 0x2e80) return 1;
  const lists = lower.length > 2 ? listBits(lower) : 0;
  if ((lists & listed) === 0 || (lists & 64) !== 0) return 0;
  return lists & 1 ? 2 : 1;
};

/** The signs of a segment's tokens and of four on both sides. `known` keeps those of a page. */
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
    for (let index = 0; index < count; index++) {
      const row = bucketOf(features[index] ?? 0) * labelCount;
      for (let label = 0; label < labelCount; label++)
        own[base + label] = (own[base + label] ?? 0) + (learned[row + label] ?? 0);
    }
    own[base] = (own[base] ?? 0) - doubt;
    for (let label = 0; label < labelCount; label++) {
      let best = Number.NEGATIVE_INFINITY;
      let from = 0;
      for (let previous = 0; previous < labelCount; previous++) {
        if (!mayFollowTable[previous * labelCount + label]) continue;
        const before =
          at === 0
            ? previous === 0
              ? 0
              : Number.NEGATIVE_INFINITY
            : (scores[base - labelCount + previous] ?? 0);
        const score = before + (transitions[previous * labelCount + label] ?? 0);
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

const mayFollowTable = Uint8Array.from({ length: labelCount * labelCount }, (_, at) =>
  mayFollow(Math.floor(at / labelCount), at % labelCount) ? 1 : 0,
);

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
