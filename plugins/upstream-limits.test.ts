import { expect, test } from 'vitest';
import { encodeLimits as encodeAnthropic } from './dialects/anthropic-messages/limits.ts';
import { encodeLimits as encodeOpenai } from './dialects/openai/limits.ts';
import type { LimitState } from './model/limits.ts';
import { upstreamLimits } from './upstream-limits.ts';

const epochMs = Date.parse('2026-11-28T12:00:00Z');

test.each<[string, (limits: readonly LimitState[]) => readonly (readonly [string, string])[], LimitState[]]>([
  [
    'OpenAI',
    encodeOpenai,
    [
      { unit: 'requests', limit: 500, remaining: 3, resetMs: 120 },
      { unit: 'tokens', limit: 200_000, remaining: 0, resetMs: 361_500 },
    ],
  ],
  [
    'Anthropic',
    (limits) => encodeAnthropic(limits, epochMs),
    [
      { unit: 'requests', limit: 50, remaining: 49, resetMs: 1000 },
      { unit: 'inputTokens', limit: 40_000, remaining: 0, resetMs: 60_000 },
      { unit: 'outputTokens', limit: 8000, remaining: 100, resetMs: 0 },
    ],
  ],
])('reads what we ourselves write in the name of %s', (_, encode, limits) => {
  expect(upstreamLimits(new Map(encode(limits)), epochMs)).toEqual(limits);
});

test.each([
  [{ 'x-ratelimit-remaining-requests': '3' }],
  [
    {
      'x-ratelimit-limit-requests': '5',
      'x-ratelimit-remaining-requests': '-3',
      'x-ratelimit-reset-requests': '1s',
    },
  ],
  [
    {
      'x-ratelimit-limit-requests': '5',
      'x-ratelimit-remaining-requests': '3',
      'x-ratelimit-reset-requests': 'soon',
    },
  ],
  [
    {
      'x-ratelimit-limit-requests': '9'.repeat(400),
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '1s',
    },
  ],
])('passes over what is incomplete or odd: %j', (headers) => {
  expect(upstreamLimits(new Map(Object.entries(headers)), epochMs)).toEqual([]);
});

test('nothing can keep us away for more than a day', () => {
  const headers = {
    'x-ratelimit-limit-tokens': '5',
    'x-ratelimit-remaining-tokens': '0',
    'x-ratelimit-reset-tokens': '99999h',
  };
  expect(upstreamLimits(new Map(Object.entries(headers)), epochMs)[0]?.resetMs).toBe(86_400_000);
});
