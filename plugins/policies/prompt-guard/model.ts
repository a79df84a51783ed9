import { Buffer } from 'node:buffer';
import type { Level } from './config.ts';
import { bucketCount, type Features } from './features.ts';

/** The linear models on the same features. `bare`: plain instructions in data, advisory. */
export const heads = ['user', 'tool', 'bare'] as const;
export type Head = (typeof heads)[number];

/** Texts are held to thresholds of their own length: longest in words, then no limit. */
export const userClasses = [8, 24, 120] as const;
export const toolClasses = [40, 200] as const;

/** Logits from which a text is an attack. */
export interface Thresholds {
  /** For each of `userClasses`, and for longer texts. */
  readonly user: readonly number[];
  /** For the best window of a user turn, as the tool head sees it. */
  readonly userWindow: number;
  /** For each of `toolClasses`, and for longer texts. */
  readonly tool: readonly number[];
  readonly bare: number;
}

/** The trained model as a file: JSON, so that it loads like code and is the same bytes everywhere. */
export interface WeightsFile {
  readonly format: 1;
  /** SHA-256 over the training rows. */
  readonly trainedOn: string;
  readonly scales: readonly number[];
  readonly biases: readonly number[];
  readonly thresholds: Readonly<Record<Level, Thresholds>>;
  /** Share of harmless user turns and documents over each threshold, sources held out. */
  readonly falsePositives: Readonly<Record<Level, { readonly user: number; readonly tool: number }>>;
  /** Three weights a bucket as signed bytes, base64. */
  readonly weights: string;
}

export interface GuardModel {
  readonly thresholds: WeightsFile['thresholds'];
  /** Of the user head. */
  readonly user: Int8Array;
  /** Of the others, each plus 128 in a byte: tool in the upper one, bare in the lower. One look-up for both. */
  readonly data: Uint16Array;
  readonly scales: readonly number[];
  readonly biases: readonly number[];
}

/** Throws when the file is not of this version of the code. */
export const loadModel = (file: WeightsFile): GuardModel => {
  const bytes = Buffer.from(file.weights, 'base64');
  if (file.format !== 1 || bytes.length !== bucketCount * heads.length) {
    throw new Error('the weights of the prompt guard belong to another version');
  }
  const user = new Int8Array(bucketCount);
  const data = new Uint16Array(bucketCount);
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const row = bucket * heads.length;
    user[bucket] = bytes[row] as number;
    data[bucket] = (((bytes[row + 1] as number) ^ 0x80) << 8) | ((bytes[row + 2] as number) ^ 0x80);
  }
  const { thresholds, scales, biases } = file;
  return { thresholds, scales, biases, user, data };
};

/** Keeps short texts from getting the weight of a few features only; the same in training. */
const prior = 20;

/** A sum of `count` features as a logit's share: long texts do not outweigh short ones. */
export const normalised = (sum: number, count: number): number => sum / Math.sqrt(count + prior);

/** Windows over a text, in words: length and step. */
export const windowSizes = [
  { words: 9, step: 3 },
  { words: 18, step: 6 },
  { words: 48, step: 12 },
] as const;

/** The highest logit of any window, and the words it spans. */
export interface WindowScore {
  readonly logit: number;
  readonly from: number;
  readonly to: number;
}

export interface Scores {
  /** The whole text as a user turn. */
  readonly user: number;
  readonly tool: WindowScore;
  readonly bare: WindowScore;
}

/** Scores features; keeps its own buffers, one text at a time. */
export class Scorer {
  readonly #model: GuardModel;
  readonly #stamps = new Uint8Array(bucketCount);
  #stamp = 0;
  #tool = new Int32Array(1 << 10);
  #bare = new Int32Array(1 << 10);

  constructor(model: GuardModel) {
    this.#model = model;
  }

  score(features: Features): Scores {
    const { scales, biases } = this.#model;
    const { sum, count } = this.#sums(features);
    return {
      user: (biases[0] ?? 0) + normalised(sum * (scales[0] ?? 0), count),
      tool: bestWindow(features, this.#tool, { scale: scales[1] ?? 0, bias: biases[1] ?? 0 }),
      bare: bestWindow(features, this.#bare, { scale: scales[2] ?? 0, bias: biases[2] ?? 0 }),
    };
  }

  /** For the user head each feature counts once a text; for the others running sums by word, for windows. */
  #sums({ buckets, starts, words }: Features): { sum: number; count: number } {
    if (this.#tool.length <= words) {
      this.#tool = new Int32Array(words * 2);
      this.#bare = new Int32Array(words * 2);
    }
    const { user: userWeights, data: dataWeights } = this.#model;
    const stamps = this.#stamps;
    const stamp = this.#nextStamp();
    let [user, count, tool, bare] = [0, 0, 0, 0];
    this.#tool[0] = 0;
    this.#bare[0] = 0;
    for (let word = 0; word < words; word++) {
      const start = starts[word] as number;
      const end = starts[word + 1] as number;
      for (let at = start; at < end; at++) {
        const bucket = buckets[at] as number;
        if (stamps[bucket] !== stamp) {
          stamps[bucket] = stamp;
          user += userWeights[bucket] as number;
          count++;
        }
        const both = dataWeights[bucket] as number;
        tool += both >>> 8;
        bare += both & 0xff;
      }
      tool -= (end - start) * 128;
      bare -= (end - start) * 128;
      this.#tool[word + 1] = tool;
      this.#bare[word + 1] = bare;
    }
    return { sum: user, count };
  }

  /** Marks the buckets of one text; the marks are wiped when the numbers run out. */
  #nextStamp(): number {
    if (this.#stamp === 255) {
      this.#stamps.fill(0);
      this.#stamp = 0;
    }
    return ++this.#stamp;
  }
}

const bestWindow = (
  { starts, words }: Features,
  sums: Int32Array,
  { scale, bias }: { readonly scale: number; readonly bias: number },
): WindowScore => {
  let best = { logit: Number.NEGATIVE_INFINITY, from: 0, to: words };
  for (const size of windowSizes) {
    for (let from = 0; from === 0 || from + size.words - size.step < words; from += size.step) {
      const to = Math.min(words, from + size.words);
      const sum = (sums[to] as number) - (sums[from] as number);
      const count = (starts[to] as number) - (starts[from] as number);
      const logit = bias + normalised(sum * scale, count);
      if (logit > best.logit) best = { logit, from, to };
    }
  }
  return best;
};

/** The class of a text with so many words among limits like `userClasses`. */
export const classOf = (words: number, limits: readonly number[]): number => {
  const found = limits.findIndex((limit) => words <= limit);
  return found === -1 ? limits.length : found;
};
