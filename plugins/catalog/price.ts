import { z } from 'zod';
import type { Usage } from '../model/usage.ts';
import { costOf, type Item, microDollars } from './money.ts';

/** Dollars as people write them; becomes whole micro-dollars. */
export const dollarAmount = z
  .union([z.number(), z.string()], { error: 'expected dollars such as 12.50' })
  .transform((amount, context) => {
    const microUsd = microDollars(amount);
    if (microUsd !== undefined) return microUsd;
    context.addIssue({ code: 'custom', message: 'expected dollars such as 12.50, at most 6 decimals' });
    return z.NEVER;
  });

const rates = {
  input: dollarAmount.describe('Dollars for a million input tokens.'),
  output: dollarAmount.describe('Dollars for a million output tokens.'),
  cacheRead: dollarAmount
    .optional()
    .describe('For a million input tokens read from the prompt cache; like `input` when left out.'),
  cacheWrite: dollarAmount
    .optional()
    .describe('For a million input tokens written to the prompt cache; like `input` when left out.'),
};

/** What one model costs at one place, as it is written. Parsed: micro-dollars for a million tokens. */
export const priceSchema = z
  .strictObject({
    ...rates,
    cacheWrite1h: dollarAmount
      .optional()
      .describe('For a million tokens written to the cache for an hour; like `cacheWrite` when left out.'),
    reasoning: dollarAmount
      .optional()
      .describe('For a million reasoning tokens; like `output` when left out.'),
    audioInput: dollarAmount
      .optional()
      .describe('For a million audio tokens of the prompt; like `input` when left out.'),
    image: dollarAmount.optional().describe('For one image made.'),
    longContext: z
      .strictObject({
        above: z.int().positive().describe('Input tokens above which the whole call has these prices.'),
        ...rates,
      })
      .optional()
      .describe('Other prices for long prompts.'),
    priority: z
      .strictObject(rates)
      .optional()
      .describe(
        'Prices for calls that ask for the priority or fast service tier; twice the others when left out.',
      ),
  })
  .describe('What a model costs: dollars for a million tokens.');

/** Micro-dollars for a million tokens; `image` micro-dollars for one image. */
export type Price = z.output<typeof priceSchema>;
type Rates = Pick<
  Price,
  'input' | 'output' | 'cacheRead' | 'cacheWrite' | 'cacheWrite1h' | 'reasoning' | 'audioInput'
>;

/** What of a request decides on its rates. */
export interface Terms {
  /** The client asks for a faster, dearer service tier. */
  readonly priority: boolean;
  /** Something in the request is marked to be cached for an hour. */
  readonly cachesAnHour: boolean;
}

export const plainTerms: Terms = { priority: false, cachesAnHour: false };

/** The rates that hold for a call of this many input tokens. */
const ratesFor = (price: Price, inputTokens: number, { priority }: Terms): Rates => {
  const { longContext } = price;
  const tier: Rates =
    longContext && inputTokens > longContext.above ? { ...extras(price), ...longContext } : price;
  if (!priority) return tier;
  return dearer(tier, price.priority ? { ...extras(price), ...price.priority } : doubled(tier));
};

const extras = ({ cacheWrite1h, reasoning, audioInput }: Price) => ({
  ...(cacheWrite1h === undefined ? {} : { cacheWrite1h }),
  ...(reasoning === undefined ? {} : { reasoning }),
  ...(audioInput === undefined ? {} : { audioInput }),
});

const doubled = (rates: Rates): Rates =>
  Object.fromEntries(
    rateNames.flatMap((name) => (rates[name] === undefined ? [] : [[name, rates[name] * 2]])),
  ) as unknown as Rates; // every rate of `rates`, doubled

const rateNames = [
  'input',
  'output',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'reasoning',
  'audioInput',
] as const;

/** A long prompt under a fast tier pays the higher of both rates, not their sum. */
const dearer = (a: Rates, b: Rates): Rates => ({
  ...b,
  ...a,
  input: Math.max(a.input, b.input),
  output: Math.max(a.output, b.output),
  ...(a.cacheRead === undefined && b.cacheRead === undefined
    ? {}
    : { cacheRead: Math.max(a.cacheRead ?? a.input, b.cacheRead ?? b.input) }),
  ...(a.cacheWrite === undefined && b.cacheWrite === undefined
    ? {}
    : { cacheWrite: Math.max(a.cacheWrite ?? a.input, b.cacheWrite ?? b.input) }),
});

/** What a call cost, in micro-dollars, rounded up once. */
export const callCost = (price: Price, usage: Usage, terms: Terms): number => {
  const rates = ratesFor(price, usage.inputTokens, terms);
  const written = Math.min(usage.cacheWriteTokens ?? 0, usage.inputTokens);
  const read = Math.min(usage.cacheReadTokens ?? 0, usage.inputTokens - written);
  const reasoning = Math.min(usage.reasoningTokens ?? 0, usage.outputTokens);
  return costOf([
    [usage.inputTokens - read - written, rates.input],
    [read, rates.cacheRead ?? rates.input],
    [written, writeRate(rates, terms)],
    [usage.outputTokens - reasoning, rates.output],
    [reasoning, rates.reasoning ?? rates.output],
  ]);
};

const writeRate = (rates: Rates, { cachesAnHour }: Terms): number => {
  const write = rates.cacheWrite ?? rates.input;
  return cachesAnHour ? Math.max(write, rates.cacheWrite1h ?? write) : write;
};

/** The most that a prompt of at most this size can cost, in micro-dollars. `audioTokens` are part of `inputTokens`. */
export const worstInputCost = (
  price: Price,
  { inputTokens, audioTokens }: { readonly inputTokens: number; readonly audioTokens: number },
  terms: Terms,
): number => {
  const rates = ratesFor(price, inputTokens, terms);
  const dearest = Math.max(rates.input, rates.cacheRead ?? 0, writeRate(rates, terms));
  const items: Item[] = [
    [inputTokens - audioTokens, dearest],
    [audioTokens, Math.max(dearest, rates.audioInput ?? 0)],
  ];
  return costOf(items);
};

/** The most that a million output tokens can cost after a prompt of at most this size, in micro-dollars. */
export const worstOutputRate = (price: Price, inputTokens: number, terms: Terms): number => {
  const rates = ratesFor(price, inputTokens, terms);
  return Math.max(rates.output, rates.reasoning ?? 0);
};
