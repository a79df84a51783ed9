import { describe, expect, it } from 'vitest';
import type { Usage } from '../model/usage.ts';
import { callCost, type Price, plainTerms, worstInputCost, worstOutputRate } from './price.ts';

const million = 1_000_000;
const price: Price = {
  input: 3 * million,
  output: 15 * million,
  cacheRead: 300_000,
  cacheWrite: 3_750_000,
  cacheWrite1h: 6 * million,
  longContext: { above: 200_000, input: 6 * million, output: 22_500_000 },
};
const anHour = { ...plainTerms, cachesAnHour: true };

describe('callCost', () => {
  it.each<[string, Usage, number]>([
    ['plain', { inputTokens: 1000, outputTokens: 100 }, 3000 + 1500],
    ['read from the cache', { inputTokens: 1000, outputTokens: 0, cacheReadTokens: 900 }, 300 + 270],
    ['written to the cache', { inputTokens: 1000, outputTokens: 0, cacheWriteTokens: 1000 }, 3750],
    ['a long prompt', { inputTokens: 200_001, outputTokens: 1000 }, 1_200_006 + 22_500],
    ['up to the long tier', { inputTokens: 200_000, outputTokens: 0 }, 600_000],
    ['cached tokens that cannot be', { inputTokens: 10, outputTokens: 0, cacheReadTokens: Number.NaN }, 30],
    ['fewer than none cached', { inputTokens: 10, outputTokens: 0, cacheReadTokens: -5 }, 30],
    ['more cached than there is', { inputTokens: 10, outputTokens: 0, cacheReadTokens: 50 }, 3],
  ])('%s', (_, usage, cost) => expect(callCost(price, usage, plainTerms)).toBe(cost));

  it('prices an hour of cache', () => {
    expect(callCost(price, { inputTokens: 1000, outputTokens: 0, cacheWriteTokens: 1000 }, anHour)).toBe(
      6000,
    );
  });

  it('prices reasoning and the priority tier', () => {
    const usage = { inputTokens: 1000, outputTokens: 1000, reasoningTokens: 400 };
    expect(callCost({ input: million, output: million, reasoning: 2 * million }, usage, plainTerms)).toBe(
      2400,
    );
    const priority = { ...plainTerms, priority: true };
    expect(callCost({ input: million, output: million }, usage, priority)).toBe(4000);
    const named = { input: million, output: million, priority: { input: 3 * million, output: million } };
    expect(callCost(named, usage, priority)).toBe(4000);
  });
});

describe('the worst case', () => {
  it('is never below what any usage within it costs', () => {
    for (const terms of [plainTerms, anHour, { ...plainTerms, priority: true }]) {
      for (const inputTokens of [1, 999, 200_000, 200_001, 500_000]) {
        for (const parts of [{}, { cacheReadTokens: inputTokens }, { cacheWriteTokens: inputTokens }]) {
          const output = 1234;
          const cost = callCost(price, { inputTokens, outputTokens: output, ...parts }, terms);
          const most =
            worstInputCost(price, inputTokens, terms) +
            Math.ceil((output * worstOutputRate(price, inputTokens, terms)) / million);
          expect(cost).toBeLessThanOrEqual(most);
        }
      }
    }
  });

  it('knows that sound costs more', () => {
    const sound = {
      input: million,
      output: million,
      audioInput: 40 * million,
      audioOutput: 80 * million,
    };
    const terms = { ...plainTerms, soundTokens: 10, isSpoken: true };
    expect(worstInputCost(sound, 100, terms)).toBe(90 + 400);
    expect(callCost(sound, { inputTokens: 100, outputTokens: 5 }, terms)).toBe(90 + 400 + 400);
    expect(callCost(sound, { inputTokens: 100, outputTokens: 5 }, plainTerms)).toBe(105);
    expect(worstOutputRate(sound, 100, terms)).toBe(80 * million);
  });
});
