import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testBoard, testCandidate, testFacts, usualHealth } from '../../../../test/fakes/candidates.ts';
import { cost, expectedMicroUsd } from './cost.ts';

/** Micro-dollars for a million tokens. */
const price = fc.record({ input: fc.nat(20_000_000), output: fc.nat(100_000_000) });

describe('cost', () => {
  it('never puts one first that costs more than the cheapest and its tolerance', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(price, { nil: undefined }), { minLength: 1, maxLength: 6 }),
        fc.record({
          inputTokens: fc.nat(1_000_000),
          maxOutputTokens: fc.option(fc.nat(10_000), { nil: undefined }),
        }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (prices, size, tolerance) => {
          const candidates = prices.map((it, at) => testCandidate(String(at), { price: () => it }));
          const ranked = cost({ tolerance }).order(testFacts(size), candidates);
          expect(ranked.map(({ candidate }) => candidate.name).sort()).toEqual(
            candidates.map(({ name }) => name),
          );
          const costs = candidates.map(
            (it) => expectedMicroUsd(testFacts(size), it) ?? Number.POSITIVE_INFINITY,
          );
          const first = ranked[0] && expectedMicroUsd(testFacts(size), ranked[0].candidate);
          expect(first ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(Math.min(...costs) * (1 + tolerance));
        },
      ),
    );
  });

  it('never takes an unknown price for nothing', () => {
    const unknown = testCandidate('unknown');
    const dear = testCandidate('dear', { price: () => ({ input: 1e9, output: 1e9 }) });
    expect(
      cost({ tolerance: 1 })
        .order(testFacts(), [unknown, dear])
        .map(({ reason }) => reason),
    ).toEqual(['cheaper', 'no-price']);
  });

  it('takes this request, not the average: a long prompt and a short answer favour cheap input', () => {
    const cheapInput = testCandidate('in', { price: () => ({ input: 1_000_000, output: 20_000_000 }) });
    const cheapOutput = testCandidate('out', { price: () => ({ input: 3_000_000, output: 4_000_000 }) });
    const first = (facts: Parameters<typeof testFacts>[0]) =>
      cost({ tolerance: 0 }).order(testFacts(facts), [cheapInput, cheapOutput])[0]?.candidate.name;
    expect(first({ inputTokens: 100_000, maxOutputTokens: 100 })).toBe('p-in/m');
    expect(first({ inputTokens: 100, maxOutputTokens: 2_000 })).toBe('p-out/m');
  });

  it('takes the prices for long prompts where they hold', () => {
    const price = { input: 1e6, output: 0, longContext: { above: 1000, input: 2e6, output: 0 } };
    const candidate = testCandidate('a', { price: () => price });
    const costOf = (inputTokens: number) => expectedMicroUsd(testFacts({ inputTokens }), candidate);
    expect([costOf(1000), costOf(1001)]).toEqual([1000, 2002]);
  });

  it('learns how long answers are and how much of the prompt is cached', () => {
    const { board } = testBoard();
    const prices = { input: 1_000_000, output: 10_000_000, cacheRead: 100_000 };
    const candidate = testCandidate('a', { price: () => prices }, board);
    expect(expectedMicroUsd(testFacts({ inputTokens: 1000 }), candidate)).toBe(1000 + 3000);
    candidate.health.begin({ inputTokens: 1000, pace: 'small/stream' }, usualHealth).ended({
      fate: 'served',
      durationMs: 10,
      usage: { inputTokens: 1000, outputTokens: 50, cacheReadTokens: 500 },
    });
    expect(expectedMicroUsd(testFacts({ inputTokens: 1000 }), candidate)).toBeCloseTo(500 + 50 + 500);
  });

  it('takes the faster of two within the tolerance, and says so', () => {
    const { board } = testBoard();
    const [slow, fast] = [100, 104].map((input, at) =>
      testCandidate(String(at), { price: () => ({ input: input * 10_000, output: 0 }) }, board),
    );
    if (!slow || !fast) throw new Error('two candidates');
    for (const [candidate, firstChunkMs] of [
      [slow, 900],
      [fast, 200],
    ] as const) {
      candidate.health
        .begin({ inputTokens: 1, pace: 'small/stream' }, usualHealth)
        .ended({ fate: 'served', firstChunkMs, durationMs: firstChunkMs });
    }
    expect(cost({ tolerance: 0 }).order(testFacts(), [slow, fast])[0]).toMatchObject({
      candidate: slow,
      reason: 'cheaper',
    });
    expect(cost({ tolerance: 0.05 }).order(testFacts(), [slow, fast])[0]).toMatchObject({
      candidate: fast,
      reason: 'tolerated',
    });
  });
});
