import type { LimitState } from '../../model/limits.ts';
import type { HeaderList } from '../dialect.ts';

/** `x-ratelimit-*`, which count requests and tokens in all (API reference, "Rate limits", read 2026-11-24). */
export const encodeLimits = (limits: readonly LimitState[]): HeaderList =>
  (['requests', 'tokens'] as const).flatMap((unit) => {
    const tightest = limits.filter((it) => it.unit === unit).toSorted((a, b) => a.remaining - b.remaining)[0];
    return tightest === undefined
      ? []
      : [
          [`x-ratelimit-limit-${unit}`, String(tightest.limit)] as const,
          [`x-ratelimit-remaining-${unit}`, String(tightest.remaining)] as const,
          [`x-ratelimit-reset-${unit}`, duration(tightest.resetMs)] as const,
        ];
  });

/** As OpenAI writes a time to wait: `6m0s`, `1.25s`, `20ms`. */
export const duration = (ms: number): string => {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = Number(((ms % 60_000) / 1000).toFixed(3));
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
};
