import type { ModelRequest } from '../../model/request.ts';
import type { Ask, Claim, CountedUnit } from '../../ports/counter-store.ts';
import type { ScopedLimit } from './scopes.ts';
import type { PricedSeat, WorstCase } from './worst-case.ts';

/** How much a call may write. */
export interface OutputWish {
  /** Answers that are written side by side. */
  readonly choices: number;
  /** Tokens of one answer: fewest that make sense, and most. Both 0: the call's output cannot be limited. */
  readonly least: number;
  readonly most: number;
  /** Output that no setting limits: image tokens. */
  readonly fixedTokens: number;
  readonly images: number;
}

/** Fewest tokens worth an answer. OpenAI's Responses API refuses less than 16 (API reference, read 2026-11-24). */
const leastUseful = 16;

/** Most that one image at the highest quality and largest size takes: 6,240 (OpenAI, "Image generation", read 2026-11-24), rounded up. */
const tokensPerImage = 8_000;

/** No provider writes more answers at once; without a bound a number of theirs could pass what can be counted. */
const mostChoices = 10_000;

const nothing: OutputWish = { choices: 1, least: 0, most: 0, fixedTokens: 0, images: 0 };

/** What the request wants to have written, given what its models can do. */
export const outputWish = (
  request: ModelRequest,
  { seats, usual }: { readonly seats: readonly PricedSeat[]; readonly usual: number },
): OutputWish => {
  if (request.operation === 'images') {
    const images = request.image?.count ?? 1;
    return { ...nothing, images, fixedTokens: images * tokensPerImage };
  }
  if (request.operation !== 'chat') return nothing;
  const able = mostOf(seats);
  const most = Math.max(1, Math.floor(Math.min(request.maxOutputTokens ?? usual, able)));
  const thinking = request.reasoning?.budgetTokens ?? 0; // an answer must be longer than its thinking may be
  return {
    ...nothing,
    choices: Math.min(mostChoices, Math.max(1, Math.ceil(request.sampling.choices ?? 1))),
    least: Math.min(most, Math.max(leastUseful, thinking + 1)),
    most,
  };
};

/** The most that any of the models can write; infinite when one is unknown. */
const mostOf = (seats: readonly PricedSeat[]): number => {
  let most = 0;
  for (const { maxOutputTokens = Number.POSITIVE_INFINITY } of seats) most = Math.max(most, maxOutputTokens);
  return most === 0 ? Number.POSITIVE_INFINITY : most;
};

const million = 1_000_000;

/** What of a call each limit counts. */
export interface Amounts {
  readonly worst: WorstCase;
  readonly wish: OutputWish;
  /** Micro-dollars for each image, at most. */
  readonly imageMicroUsd: number;
}

/** Does the limit depend on how much the model writes? */
export const countsOutput = ({ unit }: ScopedLimit): boolean =>
  unit === 'tokens' || unit === 'outputTokens' || unit === 'microUsd';

/** Does it depend on what is in the request or in the answer? */
export const countsTokens = (limit: ScopedLimit): boolean =>
  countsOutput(limit) || limit.unit === 'inputTokens';

export const claimFor = (limit: ScopedLimit, amounts: Amounts): Claim => ({
  budget: limit.budget.id,
  scope: limit.scope,
  unit: limit.unit,
  window: limit.window,
  limit: limit.limit,
  carryOver: limit.carryOver,
  enforced: limit.enforced,
  base: baseOf(limit.unit, amounts),
  perMillionOutput: perMillion(limit.unit, amounts),
});

const baseOf = (unit: CountedUnit, { worst, wish, imageMicroUsd }: Amounts): number => {
  switch (unit) {
    case 'tokens':
      return worst.inputTokens + wish.fixedTokens;
    case 'inputTokens':
      return worst.inputTokens;
    case 'outputTokens':
      return wish.fixedTokens;
    case 'microUsd':
      return (worst.inputMicroUsd ?? 0) + fixedCost(worst, wish, imageMicroUsd);
    default:
      return 1;
  }
};

/** Image models charge for each image or for the tokens of it; whichever is more is held. */
const fixedCost = ({ outputRate = 0 }: WorstCase, wish: OutputWish, imageMicroUsd: number): number =>
  Math.max(wish.images * imageMicroUsd, Math.ceil((wish.fixedTokens * outputRate) / million));

const perMillion = (unit: CountedUnit, { worst, wish }: Amounts): number => {
  if (wish.most === 0) return 0;
  if (unit === 'tokens' || unit === 'outputTokens') return million * wish.choices;
  return unit === 'microUsd' ? (worst.outputRate ?? 0) * wish.choices : 0;
};

/** Output that all claims can still count exactly: above it `output × perMillionOutput` would pass 2^53. */
export const countableOutput = (claims: readonly Claim[], { least, most }: OutputWish): Ask['output'] => {
  const dearest = claims.reduce((max, claim) => Math.max(max, claim.perMillionOutput), 1);
  const countable = Math.max(1, Math.floor(Number.MAX_SAFE_INTEGER / dearest));
  return { least: Math.min(least, countable), most: Math.min(most, countable) };
};

/** What a claim holds for this much output. */
export const heldBy = ({ base, perMillionOutput }: Claim, output: number): number =>
  base + Math.ceil((output * perMillionOutput) / million);
