import type { ReasoningEffort } from '../../model/request.ts';

/** What a request for a model may hold, where models of this API differ. */
export interface ModelTraits {
  /** Largest `max_tokens` that is surely taken. */
  readonly maxOutputTokens: number;
  /** `max_tokens` for clients that set none: room enough for an answer, taken by every model of the row. */
  readonly defaultOutputTokens: number;
  /** False: any `top_k`, and other values of `temperature` and `top_p` than their defaults, are answered with 400. */
  readonly takesSampling: boolean;
  /**
   * `none`: no thinking. `manual`: a fixed budget. `adaptive`: the model decides, guided by an effort; may be disabled.
   * `always`: adaptive, and cannot be disabled.
   */
  readonly thinking: 'none' | 'manual' | 'adaptive' | 'always';
  /** Efforts that it does not know, and what comes nearest. */
  readonly effortInstead: Readonly<Partial<Record<ReasoningEffort, ReasoningEffort>>>;
}

interface Row extends ModelTraits {
  readonly families: RegExp;
  /** First version of the row, as major * 100 + minor. */
  readonly from: number;
}

const anyFamily = /^/;

const allEfforts = { minimal: 'low' } as const;
const withoutXhigh = { minimal: 'low', xhigh: 'high' } as const;

/**
 * Newest first; the first row that fits counts. Sources: platform.claude.com "Adaptive thinking", "Effort" and the
 * migration guides, deprecation notes in `@anthropic-ai/sdk` 0.137.0 (sampling), all read 2026-11-24.
 */
const rows: readonly Row[] = [
  {
    families: /^(?:fable|mythos)$/,
    from: 0,
    maxOutputTokens: 128_000,
    defaultOutputTokens: 32_000,
    takesSampling: false,
    thinking: 'always',
    effortInstead: allEfforts,
  },
  {
    families: anyFamily,
    from: 407,
    maxOutputTokens: 128_000,
    defaultOutputTokens: 32_000,
    takesSampling: false,
    thinking: 'adaptive',
    effortInstead: allEfforts,
  },
  {
    families: anyFamily,
    from: 406,
    maxOutputTokens: 64_000,
    defaultOutputTokens: 32_000,
    takesSampling: true,
    thinking: 'adaptive',
    effortInstead: withoutXhigh,
  },
  {
    families: anyFamily,
    from: 405,
    maxOutputTokens: 64_000,
    defaultOutputTokens: 32_000,
    takesSampling: true,
    thinking: 'manual',
    effortInstead: withoutXhigh,
  },
  {
    families: /^opus$/,
    from: 400,
    maxOutputTokens: 32_000,
    defaultOutputTokens: 32_000,
    takesSampling: true,
    thinking: 'manual',
    effortInstead: withoutXhigh,
  },
  {
    families: anyFamily,
    from: 307,
    maxOutputTokens: 64_000,
    defaultOutputTokens: 32_000,
    takesSampling: true,
    thinking: 'manual',
    effortInstead: withoutXhigh,
  },
  {
    families: anyFamily,
    from: 305,
    maxOutputTokens: 8_192,
    defaultOutputTokens: 8_192,
    takesSampling: true,
    thinking: 'none',
    effortInstead: withoutXhigh,
  },
  {
    families: anyFamily,
    from: 0,
    maxOutputTokens: 4_096,
    defaultOutputTokens: 4_096,
    takesSampling: true,
    thinking: 'none',
    effortInstead: withoutXhigh,
  },
];

/** Servers of other makers that speak this API (Kimi, Qwen, DeepSeek): they know the older, manual thinking. */
const otherMakers: ModelTraits = {
  maxOutputTokens: 65_536,
  defaultOutputTokens: 8_192,
  takesSampling: true,
  thinking: 'manual',
  effortInstead: withoutXhigh,
};

/** By a provider's name of a model: `claude-opus-4-7`, `claude-3-5-haiku-20241022`, `us.anthropic.claude-sonnet-5-v1:0`. */
export const traitsOf = (model: string): ModelTraits => {
  const name = claudeName(model);
  if (name === undefined) return otherMakers;
  const family = /[a-z]+/.exec(name)?.[0] ?? '';
  const version = versionOf(name);
  return rows.find((row) => row.families.test(family) && version >= row.from) ?? otherMakers;
};

/** Does its API take thinking back only under its own seal? Servers of other makers seal nothing. */
export const checksSeals = (model: string): boolean => claudeName(model) !== undefined;

const claudeName = (model: string): string | undefined => /claude-(.+)/.exec(model.toLowerCase())?.[1];

/** A name without a version (`claude-mythos-preview`) is taken for the newest. A date is no version. */
const versionOf = (name: string): number => {
  const found = /(?<!\d)(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?/.exec(name);
  return found ? Number(found[1]) * 100 + Number(found[2] ?? 0) : Number.POSITIVE_INFINITY;
};
