import { Buffer } from 'node:buffer';
import { fold } from '../../../text/fold.ts';
import { hashOf } from '../../../text/hash.ts';
import { WordClasses } from '../classes.ts';
import { type Level, levels } from '../config.ts';
import { bucketCount, Extractor } from '../features.ts';
import {
  classOf,
  heads,
  normalised,
  type Thresholds,
  toolClasses,
  userClasses,
  type WeightsFile,
  windowSizes,
} from '../model.ts';
import { fittingRules } from '../rules.ts';
import { ownRows, ownSource } from './augment.ts';
import { learnClasses } from './classes.ts';
import { seededRandom } from './grammar.ts';
import { type Listed, listed } from './listed.ts';
import type { TrainingRow } from './rows.ts';

const seed = 20_261_128;

/** One example: buckets with repeats where windows are counted so. */
export interface Sample {
  readonly buckets: Uint32Array;
  readonly label: 0 | 1;
  readonly weight: number;
  /** Index of its row. */
  readonly row: number;
}

/** One head: a weight for each bucket, and what a text without any scores; logits. */
export interface Linear {
  readonly weights: Float32Array;
  readonly bias: number;
}

/** Out-of-fold scores of one row: by models that saw nothing of its source. */
export interface HeldOut {
  readonly row: TrainingRow;
  readonly group: string;
  readonly words: number;
  readonly user: number;
  readonly tool: number;
  readonly bare: number;
  /** By how much rules that fit lower the threshold, in logits. */
  readonly byRules: number;
}

export interface Trained {
  readonly file: WeightsFile;
  readonly heldOut: readonly HeldOut[];
}

/**
 * Share of ordinary harmless texts that each level may block: short and long user turns as a whole, the best window of a
 * turn, and documents. Short attacks are hard to tell by the whole, those in long turns are found by their window.
 */
interface Target {
  readonly short: number;
  readonly long: number;
  readonly window: number;
  readonly tool: number;
}

const targets: Readonly<Record<Level, Target>> = {
  strict: { short: 0.0163, long: 0.0075, window: 0.0055, tool: 0.0175 },
  balanced: { short: 0.0056, long: 0.003, window: 0.0024, tool: 0.0082 },
  lenient: { short: 0.0016, long: 0.0008, window: 0.0007, tool: 0.0028 },
};

/** Parts of the sources, of which one is left out at a time. */
export const folds = 5;

/**
 * Trains the shipped weights. First, fold by fold, models that see nothing of a fifth of the sources, for figures and
 * thresholds; then the heads on everything. The same rows give the same file, byte for byte. `progress` is told what
 * is done, as a share of one.
 */
export const train = (
  rows: readonly TrainingRow[],
  trainedOn: string,
  progress: (done: number, what: string) => void,
): Trained => {
  progress(0, 'writing sentences');
  const all = [
    ...rows,
    ...ownRows(
      rows.filter((it) => it.label === 0),
      seed,
    ),
  ];
  const heldOut = scoreHeldOut(all, (left) => progress(0.05 + (0.77 * left) / folds, `fold ${left + 1}`));
  progress(0.82, 'training on all sources');
  const { classes, linears } = learn(all);
  progress(0.98, 'thresholds');
  const thresholds = Object.fromEntries(
    levels.map((level) => [level, thresholdsFor(heldOut, targets[level])]),
  ) as Record<Level, Thresholds>;
  const file = pack({ classes, linears, thresholds, heldOut, trainedOn });
  progress(1, 'done');
  return { file, heldOut };
};

interface Learned {
  /** Words in classes, and what the heads learned with them. */
  readonly classes: string;
  readonly linears: readonly Linear[];
}

const learn = (rows: readonly TrainingRow[]): Learned => {
  const classes = learnClasses(rows.map((row) => fold(row.text).text));
  const sets = samplesOf(rows, new Extractor(new WordClasses(classes)));
  return { classes, linears: heads.map((head) => fitLinear(sets[head])) };
};

type Samples = Readonly<Record<(typeof heads)[number], readonly Sample[]>>;

/** What stands in for ordinary chat when thresholds are set: neither hard negatives nor prompts that programs write. */
export const isOrdinaryChat = ({ label, channel, source, kind }: TrainingRow): boolean =>
  label === 0 &&
  channel === 'user' &&
  source !== ownSource &&
  source !== 'project-templates' &&
  !(source === 'gpteacher' && kind === 'instruct');

/** Documents from files: our own ones are made to be mistaken. */
export const isOrdinaryDocument = ({ label, channel, source }: TrainingRow): boolean =>
  label === 0 && channel === 'tool' && source !== ownSource;

export const isBare = (row: TrainingRow): boolean => row.kind === 'indirect/bare-instruction';

/** Turns that people write to a model: what a plain order in a document looks like too. */
const asksSomething = (row: TrainingRow): boolean =>
  isOrdinaryChat(row) && row.text.length < 300 && !/^(pasted|clinc|schema)/.test(row.source);

/** Kinds of user attacks that are attacks in data too; questions for a password are not. */
const attacksAnywhere =
  /^(override|jailbreak|delimiter|attack\/(override|hijack|persona|delimiter|machine|mixed|language))$/;

interface RowWeights {
  readonly turn: number;
  readonly turnInData: number;
  readonly data: number;
}

/**
 * Our own attacks on turns repeat their words, those in data are what carries over to sources that nobody has seen. What
 * is harmless of ours was made to be mistaken. Turns teach little about data, but for languages of which there is little.
 */
const weightsOf = ({ source, label, lang }: TrainingRow): RowWeights => {
  const turnInData = lang === 'en' ? 0.06 : 0.5;
  if (source !== ownSource) return { turn: 1, turnInData, data: 1 };
  return label === 1
    ? { turn: 0.85, turnInData: 0.65 * turnInData, data: 1.5 }
    : { turn: 1.2, turnInData, data: 1.4 };
};

const samplesOf = (rows: readonly TrainingRow[], extractor: Extractor): Samples => {
  const samples = { user: [] as Sample[], tool: [] as Sample[], bare: [] as Sample[] };
  rows.forEach((row, index) => {
    const features = listed(extractor.extract(fold(row.text).text));
    const weights = weightsOf(row);
    if (row.channel === 'user') {
      samples.user.push({ buckets: once(all(features)), label: row.label, weight: weights.turn, row: index });
      samples.user.push({
        buckets: once(onlyConcepts(features)),
        label: row.label,
        weight: 0.5 * weights.turn,
        row: index,
      });
    }
    for (const window of windowsFor(row, features)) {
      const sample = { buckets: slice(features, window), row: index };
      if (row.channel === 'user') {
        if (asksSomething(row)) samples.bare.push({ ...sample, label: 1, weight: 0.4 });
        if (row.label === 0) samples.tool.push({ ...sample, label: 0, weight: 0.5 });
        else if (attacksAnywhere.test(row.kind))
          samples.tool.push({ ...sample, label: 1, weight: weights.turnInData });
        continue;
      }
      if (!isBare(row)) samples.tool.push({ ...sample, label: row.label, weight: weights.data });
      samples.bare.push({ ...sample, label: row.label, weight: isBare(row) || row.label === 0 ? 1 : 0.3 });
    }
  });
  return samples;
};

/** Windows of a row: all of a harmless one, those that hold most of the order of an attack. */
const windowsFor = (row: TrainingRow, { places, words }: Listed): [number, number][] => {
  const span = row.span && [wordAt(places, words, row.span[0]), wordAt(places, words, row.span[1])];
  return windowSizes.flatMap(({ words: length, step }) => {
    const found: [number, number][] = [];
    const stride = row.label === 0 ? step * 4 : step;
    for (let from = 0; from === 0 || from + length - step < words; from += stride) {
      const to = Math.min(words, from + length);
      if (!span || covers([from, to], span as [number, number])) found.push([from, to]);
    }
    return found;
  });
};

const covers = ([from, to]: [number, number], [start, end]: [number, number]): boolean => {
  const shared = Math.min(to, end) - Math.max(from, start);
  return shared >= 0.8 * (end - start) || shared >= 0.7 * (to - from);
};

const wordAt = (places: Int32Array, words: number, at: number): number => {
  let word = 0;
  while (word < words && (places[word] as number) < at) word++;
  return word;
};

const all = ({ buckets, starts, words }: Listed): Uint32Array => buckets.subarray(0, starts[words]);

const slice = ({ buckets, starts }: Listed, [from, to]: [number, number]): Uint32Array =>
  buckets.slice(starts[from], starts[to]);

/** The features that every language shares; seen alone, they learn to stand alone. */
const onlyConcepts = ({ buckets, starts, conceptStarts, words }: Listed): Uint32Array => {
  const kept: number[] = [];
  for (let word = 0; word < words; word++) {
    for (let at = conceptStarts[word] as number; at < (starts[word + 1] as number); at++) {
      kept.push(buckets[at] as number);
    }
  }
  return Uint32Array.from(kept);
};

const once = (buckets: Uint32Array): Uint32Array => Uint32Array.from(new Set(buckets));

/** AdaGrad on the logistic loss, in an order that the seed decides. */
export const fitLinear = (samples: readonly Sample[]): Linear => {
  const random = seededRandom(seed);
  const weights = new Float32Array(bucketCount);
  const squares = new Float32Array(bucketCount).fill(1e-2);
  let bias = 0;
  let biasSquares = 1e-2;
  const order = Uint32Array.from(samples, (_, at) => at);
  for (let epoch = 0; epoch < 3; epoch++) {
    shuffle(order, random);
    for (const at of order) {
      const { buckets, label, weight } = samples[at] as Sample;
      if (buckets.length === 0) continue;
      const error = (sigmoid(bias + normalised(sumOf(weights, buckets), buckets.length)) - label) * weight;
      if (Math.abs(error) < 1e-2) continue;
      step({ weights, squares, buckets, gradient: normalised(error, buckets.length) });
      biasSquares += error * error;
      bias -= (0.09 * error) / Math.sqrt(biasSquares);
    }
  }
  return { weights, bias };
};

interface Step {
  readonly weights: Float32Array;
  readonly squares: Float32Array;
  readonly buckets: Uint32Array;
  readonly gradient: number;
}

const step = ({ weights, squares, buckets, gradient }: Step): void => {
  const square = gradient * gradient;
  for (let at = 0; at < buckets.length; at++) {
    const bucket = buckets[at] as number;
    const sum = (squares[bucket] as number) + square;
    squares[bucket] = sum;
    const weight = weights[bucket] as number;
    weights[bucket] = weight - 0.3 * (gradient / Math.sqrt(sum) + 4e-4 * weight);
  }
};

/** The weights of buckets, added up. */
export const sumOf = (weights: Float32Array, buckets: Uint32Array): number => {
  let sum = 0;
  for (let at = 0; at < buckets.length; at++) sum += weights[buckets[at] as number] as number;
  return sum;
};

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

const shuffle = (order: Uint32Array, random: () => number): void => {
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const kept = order[last] as number;
    order[last] = order[other] as number;
    order[other] = kept;
  }
};

/** Whole sources leave together: harmless ones by source and kind, attacks by source, family or language. */
export const groupOf = ({ source, kind, lang, label, channel }: TrainingRow): string => {
  if (source === ownSource) return `own ${kind}`;
  if (channel === 'tool' && label === 1) return kind;
  if (source.startsWith('pasted'))
    return label === 1 ? 'override in a pasted passage' : 'request with a pasted passage';
  if (source.startsWith('docs:')) return `documentation ${source.slice(5)}`;
  if (source === 'project-templates') {
    return `templates ${lang === 'en' ? kind : 'in other languages'}${label === 1 ? '' : ' (harmless)'}`;
  }
  return source === 'gpteacher' ? `gpteacher ${kind}` : source;
};

/** The fold that a source or family is left out in, 0 to `folds` - 1. */
export const foldOf = (group: string): number => {
  const hash = hashOf(group);
  return ((hash ^ (hash >>> 13)) >>> 0) % folds;
};

const scoreHeldOut = (rows: readonly TrainingRow[], progress: (fold: number) => void): HeldOut[] => {
  const groups = rows.map(groupOf);
  const foldsOfRows = groups.map(foldOf);
  return Array.from({ length: folds }, (_, left) => {
    progress(left);
    const { classes, linears } = learn(rows.filter((_, index) => foldsOfRows[index] !== left));
    const extractor = new Extractor(new WordClasses(classes));
    return rows.flatMap((row, index) => {
      if (foldsOfRows[index] !== left) return [];
      const folded = fold(row.text);
      const features = listed(extractor.extract(folded.text));
      const channel = row.channel === 'user' ? 'user' : 'data';
      const byRules = fittingRules(folded, extractor).reduce((sum, it) => sum + it.weight[channel], 0);
      const group = groups[index] as string;
      return [{ row, group, words: features.words, byRules, ...scoresOf(features, linears) }];
    });
  }).flat();
};

const scoresOf = (
  features: Listed,
  linears: readonly Linear[],
): { user: number; tool: number; bare: number } => {
  const [user, tool, bare] = linears as [Linear, Linear, Linear];
  const buckets = once(all(features));
  return {
    user: user.bias + normalised(sumOf(user.weights, buckets), buckets.length),
    tool: best(features, tool),
    bare: best(features, bare),
  };
};

const best = (features: Listed, { weights, bias }: Linear): number => {
  let highest = Number.NEGATIVE_INFINITY;
  for (const { words: length, step } of windowSizes) {
    for (let from = 0; from === 0 || from + length - step < features.words; from += step) {
      const buckets = slice(features, [from, Math.min(features.words, from + length)]);
      highest = Math.max(highest, bias + normalised(sumOf(weights, buckets), buckets.length));
    }
  }
  return highest;
};

const thresholdsFor = (heldOut: readonly HeldOut[], target: Target): Thresholds => {
  const chat = heldOut.filter(({ row }) => isOrdinaryChat(row));
  const documents = heldOut.filter(({ row }) => isOrdinaryDocument(row));
  const overall = quantile(
    chat.map((it) => it.user),
    target.short,
  );
  const overallData = quantile(
    documents.map((it) => it.tool),
    target.tool,
  );
  return {
    // A class with few rows must not have a threshold far from that of all.
    user: perClass(chat, userClasses, (it) => it.user, [
      target.short,
      target.short,
      target.long,
      target.long,
    ]).map((it) => Math.max(it, rounded(overall - 1))),
    userWindow: quantile(
      chat.map((it) => it.tool),
      target.window,
    ),
    tool: perClass(documents, toolClasses, (it) => it.tool, [target.tool, target.tool, target.tool]).map(
      (it) => Math.max(it, rounded(overallData - 0.8)),
    ),
    bare: quantile(
      documents.map((it) => it.bare),
      0.02,
    ),
  };
};

const perClass = (
  rows: readonly HeldOut[],
  limits: readonly number[],
  score: (it: HeldOut) => number,
  shares: readonly number[],
): number[] =>
  shares.map((share, index) =>
    quantile(rows.filter((it) => classOf(it.words, limits) === index).map(score), share),
  );

/** The score that `share` of the scores lie above. */
export const quantile = (scores: readonly number[], share: number): number => {
  const sorted = [...scores].sort((a, b) => b - a);
  return rounded(sorted[Math.floor(share * sorted.length)] ?? 0);
};

const rounded = (logit: number): number => Math.round(logit * 1000) / 1000;

/** By how much a held-out row is over the thresholds of its channel, in logits. */
const marginOf = (it: HeldOut, { user, userWindow, tool }: Thresholds): number =>
  it.row.channel === 'user'
    ? Math.max(it.user - (user[classOf(it.words, userClasses)] ?? 0), it.tool - userWindow)
    : it.tool - (tool[classOf(it.words, toolClasses)] ?? 0);

export const isBlocked = (it: HeldOut, thresholds: Thresholds): boolean => marginOf(it, thresholds) > 0;

/** The same with what rules add, as in the shipped guard. */
export const isBlockedWithRules = (it: HeldOut, thresholds: Thresholds): boolean =>
  marginOf(it, thresholds) + it.byRules > 0;

interface Pack {
  readonly classes: string;
  readonly linears: readonly Linear[];
  readonly thresholds: Readonly<Record<Level, Thresholds>>;
  readonly heldOut: readonly HeldOut[];
  readonly trainedOn: string;
}

const pack = ({ classes, linears, thresholds, heldOut, trainedOn }: Pack): WeightsFile => {
  const scales = linears.map(({ weights }) => scaleOf(weights));
  const bytes = new Int8Array(bucketCount * heads.length);
  linears.forEach(({ weights }, head) => {
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      const value = Math.round((weights[bucket] as number) / (scales[head] as number));
      bytes[bucket * heads.length + head] = Math.max(-127, Math.min(127, value));
    }
  });
  const share = (rows: readonly HeldOut[], level: Level) =>
    Math.round((10_000 * rows.filter((it) => isBlocked(it, thresholds[level])).length) / rows.length) /
    10_000;
  const chat = heldOut.filter(({ row }) => isOrdinaryChat(row));
  const documents = heldOut.filter(({ row }) => isOrdinaryDocument(row));
  return {
    format: 2,
    trainedOn,
    scales,
    biases: linears.map(({ bias }) => Math.round(bias * 1e6) / 1e6),
    thresholds,
    falsePositives: Object.fromEntries(
      levels.map((level) => [level, { user: share(chat, level), tool: share(documents, level) }]),
    ) as WeightsFile['falsePositives'],
    classes,
    weights: Buffer.from(bytes.buffer).toString('base64'),
  };
};

/** So that all but the largest thousandth of the weights fit a signed byte; those are cut. */
const scaleOf = (weights: Float32Array): number => {
  const sizes = weights.map(Math.abs).sort();
  return Math.fround((sizes[Math.floor(sizes.length * 0.9995)] as number) / 127);
};
