import type { Ask, Claim } from '../ports/counter-store.ts';

/** Longest lease: a reservation that nobody renewed for a day belongs to nobody. */
export const maxLeaseMs = 86_400_000;

const million = 1_000_000;

/** What a claim holds for `output` tokens. */
export const amountFor = ({ base, perMillionOutput }: Claim, output: number): number =>
  base + Math.ceil((output * perMillionOutput) / million);

/**
 * Most output tokens, at most `most`, for which the claim holds no more than `room`; below 0 when not even its base
 * fits. Exact: `checkAsk` keeps all products below 2^53, where floor and ceil of a quotient do not err.
 */
export const outputWithin = (claim: Claim, room: number, most: number): number => {
  if (amountFor(claim, most) <= room) return most;
  if (claim.base > room) return -1;
  return Math.floor(((room - claim.base) * million) / claim.perMillionOutput);
};

/** Names what a claim counts in, whichever window it is in. Budgets and scopes are encoded: no colon but ours. */
export const countName = ({ budget, scope, unit, window }: Claim): string =>
  `${encodeURIComponent(budget)}:${unit}:${windowName(window)}:${encodeURIComponent(scope)}`;

const windowName = (window: Claim['window']): string => {
  if (window.kind === 'calendar') return `${window.per}@${window.zone}`;
  return window.kind === 'smooth' ? `smooth@${window.seconds}` : 'open';
};

/** Throws a `RangeError` for what no caller may ask: these are faults of ours, not a client's. */
export const checkAsk = ({ claims, output, leaseMs }: Ask): void => {
  checkWhole(output.least, 'least output');
  checkWhole(output.most, 'most output');
  if (output.least > output.most) throw new RangeError('least output is more than most');
  if (!(leaseMs >= 1 && leaseMs <= maxLeaseMs)) throw new RangeError(`a lease of ${leaseMs} ms`);
  for (const claim of claims) checkClaim(claim, output.most);
};

const checkClaim = (claim: Claim, most: number): void => {
  const { limit, carryOver, base, perMillionOutput, window } = claim;
  checkWhole(limit, 'limit');
  checkWhole(carryOver, 'carryOver');
  checkWhole(base, 'base');
  checkWhole(perMillionOutput, 'perMillionOutput');
  checkWhole((most + 1) * perMillionOutput, 'output × perMillionOutput');
  checkWhole(amountFor(claim, most), 'amount');
  if (window.kind === 'smooth') checkSmooth(window.seconds, limit);
};

const checkSmooth = (seconds: number, limit: number): void => {
  checkWhole(seconds * 1000, 'milliseconds of a smooth window');
  checkWhole(seconds * 1000 * limit, 'limit × milliseconds of a smooth window');
  if (seconds === 0) throw new RangeError('a smooth window of 0 seconds');
};

/** Throws a `RangeError` unless all are amounts. */
export const checkAmounts = (amounts: readonly number[]): void => {
  for (const amount of amounts) checkWhole(amount, 'amount');
};

const checkWhole = (value: number, what: string): void => {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${what} of ${value}`);
};
