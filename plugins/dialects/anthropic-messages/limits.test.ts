import { expect, test } from 'vitest';
import { encodeLimits } from './limits.ts';

test('each kind of tokens has its own headers, and the reset is a time', () => {
  const limit = { limit: 200, remaining: 12, resetMs: 1500 };
  expect(
    encodeLimits(
      [
        { ...limit, unit: 'inputTokens' },
        { ...limit, unit: 'inputTokens', remaining: 90 },
      ],
      0,
    ),
  ).toEqual([
    ['anthropic-ratelimit-input-tokens-limit', '200'],
    ['anthropic-ratelimit-input-tokens-remaining', '12'],
    ['anthropic-ratelimit-input-tokens-reset', '1970-01-01T00:00:01.500Z'],
  ]);
});
