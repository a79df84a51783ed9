/** Money is whole micro-dollars: 1,000,000 are one US dollar. Prices are micro-dollars for a million tokens. */
const micro = 1_000_000;

/** Largest amount that may be written: a billion dollars, in micro-dollars still far below 2^53. */
const maxDollars = 1_000_000_000;

/**
 * Micro-dollars of an amount written in dollars: `12.5`, `0.003625`, `"50000"`. Exact: a number is read by its shortest
 * decimal writing, which is what stands in the file. Undefined when negative, above a billion or finer than a micro-dollar.
 */
export const microDollars = (dollars: number | string): number | undefined => {
  const [, whole = '', fraction = ''] = /^(\d{1,10})(?:\.(\d{1,6}))?$/.exec(String(dollars).trim()) ?? [];
  if (whole === '' || Number(whole) > maxDollars) return undefined;
  return Number(whole) * micro + Number(fraction.padEnd(6, '0'));
};

/** An amount in dollars, with all six decimals: `0.001234`. */
export const dollars = (microUsd: number): string => {
  const fraction = microUsd % micro;
  return `${(microUsd - fraction) / micro}.${String(fraction).padStart(6, '0')}`;
};

/** One thing that is paid for: how many, and what a million of them cost in micro-dollars. */
export type Item = readonly [count: number, microUsdPerMillion: number];

/** What all items cost together, rounded up once to whole micro-dollars. Counts and prices are non-negative integers. */
export const costOf = (items: readonly Item[]): number => {
  let sum = 0;
  for (const [count, price] of items) sum += count * price;
  return sum <= Number.MAX_SAFE_INTEGER ? upToWhole(sum) : bigCost(items);
};

/** Not `Math.ceil(sum / 1e6)`: the quotient of two large integers is rounded, and may lose what made it fractional. */
const upToWhole = (sum: number): number => {
  const rest = sum % micro;
  return (sum - rest) / micro + (rest > 0 ? 1 : 0);
};

const bigCost = (items: readonly Item[]): number => {
  const sum = items.reduce((total, [count, price]) => total + BigInt(count) * BigInt(price), 0n);
  const cost = (sum + 999_999n) / 1_000_000n;
  return cost <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(cost) : Number.MAX_SAFE_INTEGER;
};
