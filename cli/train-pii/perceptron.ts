import { buckets, type Dropped, featuresAt, maxFeatures, type Sign } from '../../plugins/policies/pii/names/features.ts';
import { labelCount } from '../../plugins/policies/pii/names/labels.ts';
import { type Allowed, tag, type Weights } from '../../plugins/policies/pii/names/tagger.ts';

/** A segment of a text with what is known of its labels: 255 where nothing is. */
export interface Example {
  readonly signs: readonly Sign[];
  readonly labels: Uint8Array;
}

/** A small generator of even chance (mulberry32), so that the same data gives the same weights. */
export const chanceOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export const shuffle = <T>(items: T[], chance: () => number): T[] => {
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(chance() * (at + 1));
    const [one, two] = [items[at], items[other]];
    if (one !== undefined && two !== undefined) {
      items[at] = two;
      items[other] = one;
    }
  }
  return items;
};

const pad = 4;

/**
 * Structured perceptron with averaging (Collins, 2002). Where labels are unknown, the best sequence that agrees with the
 * known ones is the right one. Words and lists are left out of some rows, so that context has to carry them too.
 */
export const train = (
  examples: readonly Example[],
  { epochs, seed, log }: { readonly epochs: number; readonly seed: number; readonly log: (line: string) => void },
): Weights => {
  const chance = chanceOf(seed);
  const features = new Float32Array(buckets * labelCount);
  const transitions = new Float32Array(labelCount * labelCount);
  const featureSums = new Float64Array(features.length);
  const transitionSums = new Float64Array(transitions.length);
  const weights: Weights = { features, transitions, scale: 1 };
  const order = examples.map((_, at) => at);
  const buffer = new Int32Array(maxFeatures);
  let step = 1;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let wrong = 0;
    for (const index of shuffle(order, chance)) {
      const example = examples[index];
      if (!example) continue;
      step++;
      const dropWord = chance() < 0.35;
      const dropLists = chance() < 0.25;
      const dropped = (at: number): Dropped => ({ word: dropWord && (example.labels[at] ?? 0) !== 0, lists: dropLists });
      const guess = tag(example.signs, weights, { dropped }).labels;
      const gold = goldOf(example, weights, dropped);
      if (guess.every((label, at) => label === gold[at])) continue;
      wrong++;
      const update = (labels: Uint8Array, amount: number): void => {
        labels.forEach((label, at) => {
          const count = featuresAt(example.signs, at + pad, buffer, dropped(at));
          for (let it = 0; it < count; it++) {
            const cell = (buffer[it] ?? 0) * labelCount + label;
            features[cell] = (features[cell] ?? 0) + amount;
            featureSums[cell] = (featureSums[cell] ?? 0) + amount * step;
          }
          const cell = (at === 0 ? 0 : (labels[at - 1] ?? 0)) * labelCount + label;
          transitions[cell] = (transitions[cell] ?? 0) + amount;
          transitionSums[cell] = (transitionSums[cell] ?? 0) + amount * step;
        });
      };
      update(gold, 1);
      update(guess, -1);
    }
    log(`epoch ${epoch}: ${wrong} of ${examples.length} segments wrong`);
  }
  return {
    features: features.map((value, at) => value - (featureSums[at] ?? 0) / step),
    transitions: transitions.map((value, at) => value - (transitionSums[at] ?? 0) / step),
    scale: 1,
  };
};

const goldOf = ({ signs, labels }: Example, weights: Weights, dropped: (at: number) => Dropped): Uint8Array => {
  if (!labels.includes(255)) return labels;
  const allowed: Allowed = (at, label) => labels[at] === 255 || labels[at] === label;
  return tag(signs, weights, { allowed, dropped }).labels;
};

/** Whole numbers of eight bits; weights near 0 become 0, so that they pack well. */
export const quantise = ({ features, transitions }: Weights, { clip }: { readonly clip: number }): Weights => {
  const scale = clip / 127;
  const small = (value: number): number => Math.max(-127, Math.min(127, Math.round(value / scale)));
  return { features: Int8Array.from(features, small), transitions: Int8Array.from(transitions, small), scale };
};
