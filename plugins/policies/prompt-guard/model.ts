import { Buffer } from 'node:buffer';
import { WordClasses } from './classes.ts';
import type { Level } from './config.ts';
import { bucketCount, type Features } from './features.ts';

/** The linear models on the same features. `bare`: plain instructions in data, advisory. */
export const heads = ['user', 'tool', 'bare'] as const;

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
  readonly format: 2;
  /** SHA-256 over the training rows. */
  readonly trainedOn: string;
  readonly scales: readonly number[];
  readonly biases: readonly number[];
  readonly thresholds: Readonly<Record<Level, Thresholds>>;
  /** Share of harmless user turns and documents over each threshold, sources held out. */
  readonly falsePositives: Readonly<Record<Level, { readonly user: number; readonly tool: number }>>;
  /** Words in classes; see `WordClasses`. */
  readonly classes: string;
  /** Three weights a bucket as signed bytes, base64. */
  readonly weights: string;
}

export interface GuardModel {
  readonly thresholds: WeightsFile['thresholds'];
  /** For each bucket the weights of two heads, each plus 128 in a byte: one look-up for both. User's above tool's, */
  readonly turn: Uint16Array;
  /** and tool's above bare's. */
  readonly data: Uint16Array;
  readonly scales: readonly number[];
  readonly biases: readonly number[];
  readonly classes: WordClasses;
}

/** Throws when the file is not of this version of the code. */
export const loadModel = (file: WeightsFile): GuardModel => {
  const bytes = Buffer.from(file.weights, 'base64');
  if (file.format !== 2 || bytes.length !== bucketCount * heads.length) {
    throw new Error('the weights of the prompt guard belong to another version');
  }
  const turn = new Uint16Array(bucketCount);
  const data = new Uint16Array(bucketCount);
  for (let bucket = 0, at = 0; bucket < bucketCount; bucket++, at += heads.length) {
    const [user, tool, bare] = [bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number];
    turn[bucket] = ((user << 8) | tool) ^ 0x8080;
    data[bucket] = ((tool << 8) | bare) ^ 0x8080;
  }
  const { thresholds, scales, biases } = file;
  return { thresholds, scales, biases, turn, data, classes: new WordClasses(file.classes) };
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

/** What one head found in the words of a text one after another. */
interface Sums {
  /** For each word the sum of the weights before it, and of all. */
  readonly before: Int32Array;
  readonly scale: number;
  readonly bias: number;
}

/** Scores features; keeps its own buffers, one text at a time. */
export class Scorer {
  readonly #model: GuardModel;
  /** A bit for each bucket: the text that is scored has had it. */
  readonly #seen = new Int32Array(bucketCount / 32);
  /** By word. */
  #tool = new Int32Array(1 << 10);
  #bare = new Int32Array(1 << 10);
  /** By different word: what its letters give to tool and bare. */
  #letters = new Int32Array(1 << 11);

  constructor(model: GuardModel) {
    this.#model = model;
  }

  /** A user turn: the logit of the whole text, and the best window of the tool head. */
  scoreTurn(features: Features): { readonly user: number; readonly tool: WindowScore } {
    const { sum, count } = this.#sumTurn(features);
    const { scales, biases } = this.#model;
    return {
      user: (biases[0] ?? 0) + normalised(sum * (scales[0] ?? 0), count),
      tool: bestWindow(features, this.#sumsOf('tool')),
    };
  }

  /** A tool result or document: the best windows of both heads for data. */
  scoreData(features: Features): { readonly tool: WindowScore; readonly bare: WindowScore } {
    this.#sumData(features);
    return {
      tool: bestWindow(features, this.#sumsOf('tool')),
      bare: bestWindow(features, this.#sumsOf('bare')),
    };
  }

  #sumsOf(head: 'tool' | 'bare'): Sums {
    const { scales, biases } = this.#model;
    const at = heads.indexOf(head);
    const before = head === 'tool' ? this.#tool : this.#bare;
    return { before, scale: scales[at] ?? 0, bias: biases[at] ?? 0 };
  }

  /** For the user head each feature counts once a text; for the tool head running sums by word. */
  #sumTurn({ entries, grams, gramStarts, buckets, starts, counts, words }: Features): {
    sum: number;
    count: number;
  } {
    this.#makeRoom(words);
    const table = this.#model.turn;
    const seen = this.#seen.fill(0);
    const letters = this.#letters;
    const sums = this.#tool;
    let [user, count, tool, known] = [0, 0, 0, 0];
    for (let word = 0; word < words; word++) {
      const entry = entries[word] as number;
      if (entry === known) {
        known++;
        let ofLetters = 0;
        const end = gramStarts[entry + 1] as number;
        for (let at = gramStarts[entry] as number; at < end; at++) {
          const bucket = grams[at] as number;
          const weights = table[bucket] as number;
          ofLetters += weights & 0xff;
          const others = seen[bucket >>> 5] as number;
          const isNew = 1 ^ ((others >>> bucket) & 1);
          seen[bucket >>> 5] = others | (1 << bucket);
          user += (weights >>> 8) * isNew;
          count += isNew;
        }
        letters[entry] = ofLetters;
      }
      tool += letters[entry] as number;
      const end = starts[word + 1] as number;
      for (let at = starts[word] as number; at < end; at++) {
        const bucket = buckets[at] as number;
        const weights = table[bucket] as number;
        tool += weights & 0xff;
        const others = seen[bucket >>> 5] as number;
        const isNew = 1 ^ ((others >>> bucket) & 1);
        seen[bucket >>> 5] = others | (1 << bucket);
        user += (weights >>> 8) * isNew;
        count += isNew;
      }
      sums[word + 1] = tool - 128 * (counts[word + 1] as number);
    }
    return { sum: user - 128 * count, count };
  }

  #sumData({ entries, grams, gramStarts, buckets, starts, counts, words }: Features): void {
    this.#makeRoom(words);
    const table = this.#model.data;
    const letters = this.#letters;
    let [tool, bare, known] = [0, 0, 0];
    for (let word = 0; word < words; word++) {
      const entry = entries[word] as number;
      if (entry === known) {
        known++;
        let ofTool = 0;
        let ofBare = 0;
        const end = gramStarts[entry + 1] as number;
        for (let at = gramStarts[entry] as number; at < end; at++) {
          const weights = table[grams[at] as number] as number;
          ofTool += weights >>> 8;
          ofBare += weights & 0xff;
        }
        letters[2 * entry] = ofTool;
        letters[2 * entry + 1] = ofBare;
      }
      tool += letters[2 * entry] as number;
      bare += letters[2 * entry + 1] as number;
      const end = starts[word + 1] as number;
      for (let at = starts[word] as number; at < end; at++) {
        const weights = table[buckets[at] as number] as number;
        tool += weights >>> 8;
        bare += weights & 0xff;
      }
      this.#tool[word + 1] = tool - 128 * (counts[word + 1] as number);
      this.#bare[word + 1] = bare - 128 * (counts[word + 1] as number);
    }
  }

  #makeRoom(words: number): void {
    if (this.#tool.length > words) return;
    this.#tool = new Int32Array(words * 2);
    this.#bare = new Int32Array(words * 2);
    this.#letters = new Int32Array(words * 4);
  }
}

const bestWindow = ({ counts, words }: Features, { before, scale, bias }: Sums): WindowScore => {
  let logit = Number.NEGATIVE_INFINITY;
  let [bestFrom, bestTo] = [0, words];
  for (const size of windowSizes) {
    for (let from = 0; from === 0 || from + size.words - size.step < words; from += size.step) {
      const to = Math.min(words, from + size.words);
      const sum = (before[to] as number) - (before[from] as number);
      const count = (counts[to] as number) - (counts[from] as number);
      const found = bias + normalised(sum * scale, count);
      if (found <= logit) continue;
      logit = found;
      [bestFrom, bestTo] = [from, to];
    }
  }
  return { logit, from: bestFrom, to: bestTo };
};

/** The class of a text with so many words among limits like `userClasses`. */
export const classOf = (words: number, limits: readonly number[]): number => {
  const found = limits.findIndex((limit) => words <= limit);
  return found === -1 ? limits.length : found;
};
