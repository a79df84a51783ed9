import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testCandidate } from '../../../../test/fakes/candidates.ts';
import { keeperOf } from './sticky.ts';

const candidates = [90, 9, 1].map((weight, at) => testCandidate(String(at), { weight }));
const keys = Array.from({ length: 20_000 }, (_, at) => `user-${at}`);

describe('keeperOf', () => {
  it('gives each candidate its share of keys by weight', () => {
    for (const candidate of candidates) {
      const share = keys.filter((key) => keeperOf(key, candidates) === candidate).length / keys.length;
      expect(Math.abs(share - candidate.weight / 100)).toBeLessThan(0.01);
    }
  });

  it('moves only the keys of a candidate that goes away, by weight, and gives them back', () => {
    const [first, ...others] = candidates;
    const moved = keys.filter((key) => keeperOf(key, candidates) !== keeperOf(key, others));
    expect(moved.every((key) => keeperOf(key, candidates) === first)).toBe(true);
    const toThird = moved.filter((key) => keeperOf(key, others) === candidates[2]).length / moved.length;
    expect(Math.abs(toThird - 0.1)).toBeLessThan(0.02);
  });

  it('moves keys to nobody but a candidate whose weight grows', () => {
    const grown = candidates.map((it, at) => (at === 2 ? { ...it, weight: 20 } : it));
    for (const key of keys.slice(0, 2000)) {
      const [before, after] = [keeperOf(key, candidates)?.name, keeperOf(key, grown)?.name];
      if (before !== after) expect(after).toBe('p-2/m');
    }
  });

  it('does not depend on the order of the candidates', () => {
    fc.assert(
      fc.property(fc.string(), (key) => {
        expect(keeperOf(key, candidates)).toBe(keeperOf(key, candidates.toReversed()));
      }),
    );
  });

  it('keeps nothing where there is nobody', () => {
    expect(keeperOf('user', [])).toBeUndefined();
  });
});
