import type { LimitState } from '../../model/limits.ts';
import type { HeaderList } from '../dialect.ts';

const names = {
  requests: 'requests',
  tokens: 'tokens',
  inputTokens: 'input-tokens',
  outputTokens: 'output-tokens',
} as const;

/** `anthropic-ratelimit-*`, with the time of the reset in RFC 3339 ("Rate limits", read 2026-11-24). */
export const encodeLimits = (limits: readonly LimitState[], nowEpochMs: number): HeaderList =>
  (Object.keys(names) as (keyof typeof names)[]).flatMap((unit) => {
    const tightest = limits.filter((it) => it.unit === unit).toSorted((a, b) => a.remaining - b.remaining)[0];
    const prefix = `anthropic-ratelimit-${names[unit]}`;
    return tightest === undefined
      ? []
      : [
          [`${prefix}-limit`, String(tightest.limit)] as const,
          [`${prefix}-remaining`, String(tightest.remaining)] as const,
          [`${prefix}-reset`, new Date(nowEpochMs + tightest.resetMs).toISOString()] as const,
        ];
  });
