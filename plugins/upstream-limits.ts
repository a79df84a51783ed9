import type { LimitState } from './model/limits.ts';

type Headers = ReadonlyMap<string, string>;

/** How providers name what they limit. */
const names: readonly (readonly [unit: LimitState['unit'], name: string])[] = [
  ['requests', 'requests'],
  ['tokens', 'tokens'],
  ['inputTokens', 'input-tokens'],
  ['outputTokens', 'output-tokens'],
];

/** The headers that `upstreamLimits` reads. */
export const limitHeaders: readonly string[] = names.flatMap(([, name]) =>
  ['limit', 'remaining', 'reset'].flatMap((what) => [
    `x-ratelimit-${what}-${name}`,
    `anthropic-ratelimit-${name}-${what}`,
  ]),
);

/**
 * What is left of our account at an upstream, by the headers of its answer (lower-case names): OpenAI's `x-ratelimit-*`
 * and those who copy it, Anthropic's `anthropic-ratelimit-*` ("Rate limits" of both, read 2026-11-24). Incomplete or odd
 * ones are passed over: they only help to avoid a 429.
 */
export const upstreamLimits = (headers: Headers, epochMs: number): readonly LimitState[] =>
  names.flatMap(
    ([unit, name]) => openaiLimit(headers, unit, name) ?? anthropicLimit(headers, unit, name, epochMs) ?? [],
  );

const openaiLimit = (headers: Headers, unit: LimitState['unit'], name: string): LimitState | undefined =>
  limitOf(unit, {
    limit: headers.get(`x-ratelimit-limit-${name}`),
    remaining: headers.get(`x-ratelimit-remaining-${name}`),
    resetMs: durationMs(headers.get(`x-ratelimit-reset-${name}`) ?? ''),
  });

const anthropicLimit = (
  headers: Headers,
  unit: LimitState['unit'],
  name: string,
  epochMs: number,
): LimitState | undefined =>
  limitOf(unit, {
    limit: headers.get(`anthropic-ratelimit-${name}-limit`),
    remaining: headers.get(`anthropic-ratelimit-${name}-remaining`),
    resetMs: Date.parse(headers.get(`anthropic-ratelimit-${name}-reset`) ?? '') - epochMs,
  });

const limitOf = (
  unit: LimitState['unit'],
  said: {
    readonly limit: string | undefined;
    readonly remaining: string | undefined;
    readonly resetMs: number;
  },
): LimitState | undefined => {
  const [limit, remaining] = [amountOf(said.limit), amountOf(said.remaining)];
  if (limit === undefined || remaining === undefined || !Number.isFinite(said.resetMs)) return undefined;
  return { unit, limit, remaining, resetMs: Math.min(Math.max(0, said.resetMs), longestMs) };
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
