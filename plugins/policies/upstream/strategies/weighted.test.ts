import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testCandidate, testFacts } from '../../../../test/fakes/candidates.ts';
import { weighted } from './weighted.ts';

const candidatesOf = (weights: readonly number[]) =>
  weights.map((weight, at) => testCandidate(String(at), { weight }));

const someWeights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 });

describe('weighted', () => {
  it('spreads the firsts instead of sending bursts', () => {
    const strategy = weighted();
    const candidates = candidatesOf([5, 1, 1]);
    const firsts = Array.from({ length: 7 }, () => {
      const first = strategy.order(testFacts(), candidates)[0];
      return first && candidates.indexOf(first.candidate);
    }).join('');
    expect([...firsts].sort().join('')).toBe('0000012');
    expect(firsts).not.toMatch(/0000|12|21/);
  });

  it('keeps every share within one call for each candidate, over any run of calls', () => {
    fc.assert(
      fc.property(someWeights, fc.nat(150), (weights, calls) => {
        const strategy = weighted();
        const candidates = candidatesOf(weights);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const firsts = weights.map(() => 0);
        for (let call = 1; call <= calls; call++) {
          const first = strategy.order(testFacts(), candidates)[0]?.candidate;
          const at = first ? candidates.indexOf(first) : 0;
          firsts[at] = (firsts[at] ?? 0) + 1;
          weights.forEach((weight, index) => {
            expect(Math.abs((firsts[index] ?? 0) - (call * weight) / total)).toBeLessThan(weights.length);
          });
        }
      }),
    );
  });

  it('keeps them within half a point over any thousand of a million calls', () => {
    const weights = [70, 20, 7, 3];
    const strategy = weighted();
    const candidates = candidatesOf(weights);
    const facts = testFacts();
    const counts = weights.map(() => 0);
    const window: number[] = [];
    const places = new Map(candidates.map((candidate, at) => [candidate, at]));
    let worst = 0;
    for (let call = 0; call < 1_000_000; call++) {
      const first = strategy.order(facts, candidates)[0]?.candidate;
      const at = first ? (places.get(first) ?? 0) : 0;
      const leaving = window[call % 1000];
      if (leaving !== undefined) counts[leaving] = (counts[leaving] ?? 0) - 1;
      window[call % 1000] = at;
      counts[at] = (counts[at] ?? 0) + 1;
      if (call < 999) continue;
      for (let index = 0; index < weights.length; index++) {
        worst = Math.max(worst, Math.abs((counts[index] ?? 0) / 10 - (weights[index] ?? 0)));
      }
    }
    expect(worst).toBeLessThanOrEqual(0.5);
  });

  it('orders whoever is ready, each once, and one that was away comes back without a burst', () => {
    const strategy = weighted();
    const candidates = candidatesOf([1, 1, 1]);
    const [, ...others] = candidates;
    for (let call = 0; call < 100; call++) strategy.order(testFacts(), others);
    const back = Array.from({ length: 9 }, () => strategy.order(testFacts(), candidates));
    expect(back.every((ranked) => new Set(ranked.map(({ candidate }) => candidate)).size === 3)).toBe(true);
    expect(back.filter(([first]) => first?.candidate === candidates[0])).toHaveLength(3);
  });
});
