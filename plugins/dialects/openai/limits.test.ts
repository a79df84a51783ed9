import { expect, test } from 'vitest';
import { duration, encodeLimits } from './limits.ts';

test('the tightest limit of each unit is told', () => {
  const limit = (unit: 'requests' | 'tokens' | 'inputTokens', remaining: number) => ({
    unit,
    limit: 100,
    remaining,
    resetMs: 360_000,
  });
  expect(encodeLimits([limit('tokens', 50), limit('tokens', 7), limit('inputTokens', 3)])).toEqual([
    ['x-ratelimit-limit-tokens', '100'],
    ['x-ratelimit-remaining-tokens', '7'],
    ['x-ratelimit-reset-tokens', '6m0s'],
  ]);
});

test.each([
  [0, '0ms'],
  [20, '20ms'],
  [1250, '1.25s'],
  [360_000, '6m0s'],
  [86_399_000, '23h59m59s'],
])('%d ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
