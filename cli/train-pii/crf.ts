import {
  bucketOf,
  buckets,
  type Dropped,
  featuresAt,
  maxFeatures,
  type Sign,
} from '../../plugins/policies/pii/names/features.ts';
import { labelCount, mayFollow } from '../../plugins/policies/pii/names/labels.ts';
import { signPad, type Weights } from '../../plugins/policies/pii/names/tagger.ts';
import { chanceOf, shuffle } from './chance.ts';

/** A segment of a text with what is known of its labels: 255 where nothing is. */
export interface Example {
  readonly signs: readonly Sign[];
  readonly labels: Uint8Array;
}

export interface Training {
  readonly epochs: number;
  /** Step of AdaGrad. */
  readonly rate: number;
  /** How hard weights are pulled to 0, each time that they are touched. */
  readonly decay: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

/**
 * Linear-chain conditional random field (Lafferty, 2001), by stochastic gradient with AdaGrad. Where labels are unknown,
 * all that agree with the known ones share the credit. Words and lists are left out at random, so that context, shape
 * and ending have to carry names that were never seen.
 */
export const train = (
  examples: readonly Example[],
  { epochs, rate, decay, seed, log }: Training,
): Weights => {
  const chance = chanceOf(seed);
  const model = new Model(rate, decay, frequentOf(examples));
  const order = examples.map((_, at) => at);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let loss = 0;
    let tokens = 0;
    for (const index of shuffle(order, chance)) {
      const example = examples[index];
      if (!example || example.labels.length === 0) continue;
      loss += model.learn(example, dropsOf(example.labels.length, chance));
      tokens += example.labels.length;
    }
    log(`epoch ${epoch}: loss ${(loss / tokens).toFixed(4)} a token`);
  }
  return { features: model.features, transitions: model.transitions, scale: 1 };
};

/** Features that are seen less often are left out: names that stood once teach nothing about others. */
const leastSeen = 5;

const frequentOf = (examples: readonly Example[]): Set<number> => {
  const counts = new Map<number, number>();
  const buffer = new Int32Array(maxFeatures);
  for (const { signs, labels } of examples) {
    for (let at = 0; at < labels.length; at++) {
      const count = featuresAt(signs, at + signPad, buffer);
      for (let it = 0; it < count; it++) counts.set(buffer[it] ?? 0, (counts.get(buffer[it] ?? 0) ?? 0) + 1);
    }
  }
  return new Set([...counts].filter(([, seen]) => seen >= leastSeen).map(([feature]) => feature));
};

const kept: Dropped = { word: false, lists: false };

/** Independent of the labels: a word that is left out must not say that it is a name. */
const dropsOf = (length: number, chance: () => number): Dropped[] => {
  const share = chance() < 0.5 ? 0.08 : 0.35;
  const lists = chance() < 0.15;
  return Array.from({ length }, () => ({ word: chance() < share, lists }));
};

const allowedMoves = Float64Array.from({ length: labelCount * labelCount }, (_, at) =>
  mayFollow(Math.floor(at / labelCount), at % labelCount) ? 1 : 0,
);

class Model {
  readonly features = new Float32Array(buckets * labelCount);
  readonly transitions = new Float32Array(labelCount * labelCount);
  readonly #featureSquares = new Float32Array(buckets * labelCount);
  readonly #moveSquares = new Float32Array(labelCount * labelCount);
  readonly #rate: number;
  readonly #decay: number;
  readonly #frequent: ReadonlySet<number>;
  readonly #buffer = new Int32Array(maxFeatures);

  constructor(rate: number, decay: number, frequent: ReadonlySet<number>) {
    this.#frequent = frequent;
    this.#rate = rate;
    this.#decay = decay;
  }

  /** One step; gives the loss before it. */
  learn({ signs, labels }: Example, drops: readonly Dropped[]): number {
    const active: Int32Array[] = [];
    const own = new Float64Array(labels.length * labelCount);
    for (let at = 0; at < labels.length; at++) {
      const count = featuresAt(signs, at + signPad, this.#buffer, drops[at] ?? kept);
      const here = this.#buffer
        .slice(0, count)
        .filter((it) => this.#frequent.has(it))
        .map(bucketOf);
      active.push(here);
      for (const bucket of here)
        for (let label = 0; label < labelCount; label++)
          own[at * labelCount + label] =
            (own[at * labelCount + label] ?? 0) + (this.features[bucket * labelCount + label] ?? 0);
    }
    const moves = this.transitions.map((value, at) => Math.exp(value) * (allowedMoves[at] ?? 0));
    const free = expect(own, moves, () => true);
    const bound = expect(own, moves, (at, label) => labels[at] === 255 || labels[at] === label);
    this.#step(active, free, bound);
    return free.logSum - bound.logSum;
  }

  #step(active: readonly Int32Array[], free: Expectation, bound: Expectation): void {
    active.forEach((here, at) => {
      for (let label = 0; label < labelCount; label++) {
        const gradient =
          (bound.labels[at * labelCount + label] ?? 0) - (free.labels[at * labelCount + label] ?? 0);
        if (Math.abs(gradient) < 0.002) continue;
        for (const bucket of here)
          move(
            this.features,
            this.#featureSquares,
            bucket * labelCount + label,
            gradient,
            this.#rate,
            this.#decay,
          );
      }
    });
    for (let cell = 0; cell < free.moves.length; cell++) {
      const gradient = (bound.moves[cell] ?? 0) - (free.moves[cell] ?? 0);
      if (Math.abs(gradient) >= 0.002)
        move(this.transitions, this.#moveSquares, cell, gradient, this.#rate, this.#decay);
    }
  }
}

const move = (
  weights: Float32Array,
  squares: Float32Array,
  cell: number,
  gradient: number,
  rate: number,
  decay: number,
): void => {
  const weight = weights[cell] ?? 0;
  const pulled = gradient - decay * weight;
  const square = (squares[cell] ?? 0) + pulled * pulled;
  squares[cell] = square;
  weights[cell] = weight + (rate * pulled) / Math.sqrt(square + 1e-6);
};

interface Expectation {
  /** How likely each label is at each token. */
  readonly labels: Float64Array;
  /** How often each move from label to label is expected. */
  readonly moves: Float64Array;
  readonly logSum: number;
}

/** Forward and backward over the labels that `allowed` lets be. */
const expect = (
  own: Float64Array,
  moves: Float32Array,
  allowed: (at: number, label: number) => boolean,
): Expectation => {
  const length = own.length / labelCount;
  const scores = new Float64Array(own.length);
  const forward = new Float64Array(own.length);
  const backward = new Float64Array(own.length);
  const scales = new Float64Array(length);
  let logSum = 0;
  for (let at = 0; at < length; at++) {
    const base = at * labelCount;
    let most = Number.NEGATIVE_INFINITY;
    for (let label = 0; label < labelCount; label++)
      if (allowed(at, label)) most = Math.max(most, own[base + label] ?? 0);
    let sum = 0;
    for (let label = 0; label < labelCount; label++) {
      const score = allowed(at, label) ? Math.exp((own[base + label] ?? 0) - most) : 0;
      scores[base + label] = score;
      let before = 0;
      if (at === 0) before = moves[label] ?? 0;
      else
        for (let previous = 0; previous < labelCount; previous++)
          before +=
            (forward[base - labelCount + previous] ?? 0) * (moves[previous * labelCount + label] ?? 0);
      forward[base + label] = before * score;
      sum += before * score;
    }
    scales[at] = sum;
    for (let label = 0; label < labelCount; label++)
      forward[base + label] = (forward[base + label] ?? 0) / sum;
    logSum += Math.log(sum) + most;
  }
  const expectedMoves = new Float64Array(labelCount * labelCount);
  backward.fill(1, own.length - labelCount);
  for (let at = length - 1; at > 0; at--) {
    const base = at * labelCount;
    const scale = scales[at] ?? 1;
    for (let previous = 0; previous < labelCount; previous++) {
      let sum = 0;
      for (let label = 0; label < labelCount; label++) {
        const path =
          (moves[previous * labelCount + label] ?? 0) *
          (scores[base + label] ?? 0) *
          (backward[base + label] ?? 0);
        sum += path;
        const cell = previous * labelCount + label;
        expectedMoves[cell] =
          (expectedMoves[cell] ?? 0) + ((forward[base - labelCount + previous] ?? 0) * path) / scale;
      }
      backward[base - labelCount + previous] = sum / scale;
    }
  }
  const labels = forward.map((value, at) => value * (backward[at] ?? 0));
  for (let label = 0; label < labelCount; label++)
    expectedMoves[label] = (expectedMoves[label] ?? 0) + (labels[label] ?? 0);
  return { labels, moves: expectedMoves, logSum };
};

/** Share of the weights that are so large that they are cut to the largest level. */
const cutShare = 0.0005;

/** Largest whole number that a weight becomes. More would cost bytes and gain nothing. */
const levels = 31;

/** Smaller weights are none. */
const leastWeight = 0.15;

/** Small whole numbers; weights near 0 become 0, so that they pack well. */
export const quantise = ({ features, transitions }: Weights): Weights => {
  const sizes = Float32Array.from(
    features.filter((value) => value !== 0),
    Math.abs,
  ).sort();
  const scale = (sizes[Math.floor(sizes.length * (1 - cutShare))] ?? 1) / levels;
  const small = (value: number): number =>
    Math.abs(value) < leastWeight ? 0 : Math.max(-levels, Math.min(levels, Math.round(value / scale)));
  return {
    features: Int8Array.from(features, small),
    transitions: Int8Array.from(transitions, small),
    scale,
  };
};
