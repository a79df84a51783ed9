import { expect, it } from 'vitest';
import { tokenize } from '../tokens.ts';
import { bucketOf, buckets, featuresAt, maxFeatures } from './features.ts';
import { labelCount, mayFollow } from './labels.ts';
import { signPad, signsOf, stepTokens, Tagger, type Weights } from './tagger.ts';

/** Whole numbers from -128 to 127, the same in each run. */
const drawn = (count: number): Int8Array => {
  let state = 7;
  return Int8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    return state >> 24;
  });
};

const weights: Weights = {
  features: drawn(buckets * labelCount),
  transitions: drawn(labelCount * labelCount),
  scale: 1,
};

/** Every path through the labels as training reads them, one by one, with nothing kept and nothing left out. */
const plainly = (signs: ReturnType<typeof signsOf>): number[] => {
  const features = new Int32Array(maxFeatures);
  let paths = [{ labels: [] as number[], score: 0 }];
  for (let at = signPad; at < signs.length - signPad; at++) {
    const count = featuresAt(signs, at, features);
    const own = Array.from({ length: labelCount }, (_, label) => {
      const weighs = [...features.subarray(0, count)].map(
        (it) => weights.features[bucketOf(it) * labelCount + label] ?? 0,
      );
      return weighs.reduce((sum, it) => sum + it, label === 0 ? -1 : 0);
    });
    paths = own.flatMap((score, label) => {
      const before = paths.filter(({ labels }) => mayFollow(labels.at(-1) ?? 0, label));
      const scored = before.map((it) => ({
        labels: [...it.labels, label],
        score: it.score + score + (weights.transitions[(it.labels.at(-1) ?? 0) * labelCount + label] ?? 0),
      }));
      return scored.length === 0 ? [] : [scored.reduce((best, it) => (it.score > best.score ? it : best))];
    });
  }
  return paths.reduce((best, it) => (it.score > best.score ? it : best)).labels;
};

it('finds the best labels, whatever it keeps and leaves out', () => {
  const tagger = new Tagger(weights);
  const text = 'Dear Mr O’Neill, the ACME Ltd. at 12 Main St moved: see e-mail_2 of Zoë and Zoë. '.repeat(3);
  const tokens = tokenize(text);
  for (let from = 0; from < tokens.length; from += 7) {
    const signs = signsOf(text, tokens, { from, to: Math.min(tokens.length, from + 20) });
    const { labels, length } = tagger.tag(signs);
    expect([...labels.subarray(0, length)]).toEqual(plainly(signs));
  }
});

it('finds the same in steps', () => {
  const tagger = new Tagger(weights);
  const text = 'Ann Lee, 12 Main St, '.repeat(1000);
  const tokens = tokenize(text);
  const signs = signsOf(text, tokens, { from: 0, to: tokens.length });
  const steps = tagger.tagInSteps(signs);
  let count = 0;
  for (let step = steps.next(); ; step = steps.next(), count++) {
    if (!step.done) continue;
    expect(step.value).toEqual(tagger.tag(signs));
    expect(count).toBe(Math.ceil(tokens.length / stepTokens));
    return;
  }
});
