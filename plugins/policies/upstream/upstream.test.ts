import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smoothWeighted } from './upstream.ts';

const candidate = (model: string, weight: number) => ({ provider: 'p', model, weight });

describe('smoothWeighted', () => {
  it('spreads the firsts instead of sending bursts', () => {
    const next = smoothWeighted([candidate('a', 5), candidate('b', 1), candidate('c', 1)]);
    const firsts = Array.from({ length: 7 }, () => next()[0]?.model).join('');
    expect([...firsts].sort().join('')).toBe('aaaaabc');
    expect(firsts).not.toMatch(/aaaa|bc|cb/);
  });

  it('keeps every share within one call over any run of calls', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 }),
        fc.nat(150),
        (weights, calls) => {
          const next = smoothWeighted(weights.map((weight, at) => candidate(String(at), weight)));
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const firsts = weights.map(() => 0);
          for (let call = 1; call <= calls; call++) {
            const at = Number(next()[0]?.model);
            firsts[at] = (firsts[at] ?? 0) + 1;
            weights.forEach((weight, index) => {
              expect(Math.abs((firsts[index] ?? 0) - (call * weight) / total)).toBeLessThan(weights.length);
            });
          }
          weights.forEach((weight, index) => {
            expect(Math.abs((firsts[index] ?? 0) - (calls * weight) / total)).toBeLessThanOrEqual(
              weights.length,
            );
          });
        },
      ),
    );
  });

  it('orders all candidates that have a weight, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100), { maxLength: 8 }), (weights) => {
        const candidates = weights.map((weight, at) => candidate(String(at), weight));
        const order = smoothWeighted(candidates)();
        const expected = candidates.filter(({ weight }) => weight > 0).map(({ model }) => model);
        expect(order.map(({ model }) => model).sort()).toEqual(expected.sort());
      }),
    );
  });
});
