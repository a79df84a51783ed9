import type { LimitState } from './model/limits.ts';

type Headers = ReadonlyMap<string, string>;

type HeaderNames = Readonly<Record<'limit' | 'remaining' | 'reset', string>>;

/** How providers name what they limit. */
const names: readonly (readonly [unit: LimitState['unit'], openai: HeaderNames, anthropic: HeaderNames])[] = (
  [
    ['requests', 'requests'],
    ['tokens', 'tokens'],
    ['inputTokens', 'input-tokens'],
    ['outputTokens', 'output-tokens'],
  ] as const
).map(([unit, name]) => [
  unit,
  {
    limit: `x-ratelimit-limit-${name}`,
    remaining: `x-ratelimit-remaining-${name}`,
    reset: `x-ratelimit-reset-${name}`,
  },
  {
    limit: `anthropic-ratelimit-${name}-limit`,
    remaining: `anthropic-ratelimit-${name}-remaining`,
    reset: `anthropic-ratelimit-${name}-reset`,
  },
]);

/** The headers that `upstreamLimits` reads. */
export const limitHeaders: readonly string[] = names.flatMap(([, openai, anthropic]) => [
  ...Object.values(openai),
  ...Object.values(anthropic),
]);

/**
 * What is left of our account at an upstream, by the headers of its answer (lower-case names): OpenAI's `x-ratelimit-*`
 * and those who copy it, Anthropic's `anthropic-ratelimit-*` ("Rate limits" of both, read 2026-11-24). Incomplete or odd
 * ones are passed over: they only help to avoid a 429.
 */
export const upstreamLimits = (headers: Headers, epochMs: number): readonly LimitState[] =>
  names.flatMap(
    ([unit, openai, anthropic]) =>
      limitOf(unit, headers, openai, durationMs) ??
      limitOf(unit, headers, anthropic, (time) => Date.parse(time) - epochMs) ??
      [],
  );

const limitOf = (
  unit: LimitState['unit'],
  headers: Headers,
  names: HeaderNames,
  timeToMs: (text: string) => number,
): LimitState | undefined => {
  const limit = amountOf(headers.get(names.limit));
  if (limit === undefined) return undefined;
  const remaining = amountOf(headers.get(names.remaining));
  const resetMs = timeToMs(headers.get(names.reset) ?? '');
  if (remaining === undefined || !Number.isFinite(resetMs)) return undefined;
  return { unit, limit, remaining, resetMs: Math.min(Math.max(0, resetMs), longestMs) };
};

/** A day: longer limits are quotas, which come back by hand. */
const longestMs = 86_400_000;

const amountOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

const unitMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** `6m0s`, `1.25s`, `20ms`, or bare seconds; NaN for anything else. */
const durationMs = (text: string): number => {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|[dhms]))+$/.test(text)) return Number.NaN;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ''] ?? 0), 0);
};
