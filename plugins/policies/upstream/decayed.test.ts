import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/fakes/time.ts';
import { DecayedMean, DecayedQuantile } from './decayed.ts';

const memory = { fadeMs: 8000, mostWeight: 9 };

describe('a decayed mean', () => {
  const settled = (): DecayedMean => {
    const mean = new DecayedMean(memory);
    for (let at = 0; at < 50; at++) mean.add(100, at * 10);
    return mean;
  };

  it('is not thrown by one freak value, and follows three in a row', () => {
    const mean = settled();
    mean.add(100_000, 510);
    expect(mean.mean).toBeLessThan(140);
    mean.add(100_000, 520);
    mean.add(100_000, 530);
    expect(mean.mean).toBeGreaterThan(200);
  });

  it('takes a new value for the truth when all others are old', () => {
    const mean = settled();
    mean.add(300, 60_000);
    expect(mean.mean).toBeGreaterThan(290);
  });
});

describe('a decayed quantile', () => {
  it('is within a bucket of the true one', () => {
    const [random, quantile] = [seededRandom(1), new DecayedQuantile(30_000)];
    const values = Array.from({ length: 2000 }, () => 50 * Math.exp(3 * random()));
    for (const value of values) quantile.add(value, 0);
    const truth = values.toSorted((a, b) => a - b)[1900] ?? 0;
    const found = quantile.quantile(0.95, { nowMs: 0, least: 10 }) ?? 0;
    expect(found / truth).toBeGreaterThan(1 / 1.15);
    expect(found / truth).toBeLessThan(1.15);
  });

  it('forgets, and says nothing when too little is left', () => {
    const quantile = new DecayedQuantile(30_000);
    for (let at = 0; at < 100; at++) quantile.add(10_000, 0);
    expect(quantile.quantile(0.95, { nowMs: 90_000, least: 10 })).toBeUndefined();
    for (let at = 0; at < 100; at++) quantile.add(100, 120_000);
    expect(quantile.quantile(0.95, { nowMs: 120_000, least: 10 })).toBeLessThan(120);
    quantile.add(100, 10_000_000); // long after: what was kept has no weight left, and is no number too large
    expect(quantile.quantile(0.95, { nowMs: 10_000_000, least: 1 })).toBeLessThan(120);
  });
});
