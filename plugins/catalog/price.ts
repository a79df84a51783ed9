import { z } from 'zod';
import type { Usage } from '../model/usage.ts';
import { costOf, microDollars } from './money.ts';

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
    audioOutput: dollarAmount
      .optional()
      .describe('For a million tokens of an answer that is sound; like `output` when left out.'),
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
type Rates = Pick<Price, (typeof rateNames)[number]>;

/** What of a request decides on its rates. */
export interface Terms {
  /** The client asks for a faster, dearer service tier. */
  readonly priority: boolean;
  /** Something in the request is marked to be cached for an hour. */
  readonly cachesAnHour: boolean;
  /** Most tokens of the prompt that are sound. Upstreams do not report them apart. */
  readonly soundTokens: number;
  /** The client asks for an answer that is spoken. */
  readonly isSpoken: boolean;
}

export const plainTerms: Terms = { priority: false, cachesAnHour: false, soundTokens: 0, isSpoken: false };

/** The rates that hold for a call of this many input tokens. */
const ratesFor = (price: Price, inputTokens: number, { priority }: Terms): Rates => {
  const { longContext } = price;
  const tier: Rates =
    longContext && inputTokens > longContext.above ? { ...extras(price), ...longContext } : price;
  if (!priority) return tier;
  return dearer(tier, price.priority ? { ...extras(price), ...price.priority } : doubled(tier));
};

const extras = ({ cacheWrite1h, reasoning, audioInput, audioOutput }: Price) => ({
  ...(cacheWrite1h === undefined ? {} : { cacheWrite1h }),
  ...(reasoning === undefined ? {} : { reasoning }),
  ...(audioInput === undefined ? {} : { audioInput }),
  ...(audioOutput === undefined ? {} : { audioOutput }),
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
  'audioOutput',
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

/** What a call cost, in micro-dollars, rounded up once. Details that cannot be parts of the totals are left out. */
export const callCost = (price: Price, usage: Usage, terms: Terms): number => {
  const rates = ratesFor(price, usage.inputTokens, terms);
  const written = partOf(usage.inputTokens, usage.cacheWriteTokens);
  const read = partOf(usage.inputTokens - written, usage.cacheReadTokens);
  const sound = partOf(usage.inputTokens - written - read, terms.soundTokens);
  const reasoning = partOf(usage.outputTokens, usage.reasoningTokens);
  const output = outputRate(rates, terms);
  return costOf([
    [usage.inputTokens - written - read - sound, rates.input],
    [read, rates.cacheRead ?? rates.input],
    [written, writeRate(rates, terms)],
    [sound, Math.max(rates.input, rates.audioInput ?? 0)],
    [usage.outputTokens - reasoning, output],
    [reasoning, rates.reasoning ?? output],
  ]);
};

const partOf = (total: number, part = 0): number =>
  Number.isSafeInteger(part) && part > 0 ? Math.min(part, total) : 0;

const outputRate = ({ output, audioOutput }: Rates, { isSpoken }: Terms): number =>
  isSpoken ? Math.max(output, audioOutput ?? 0) : output;

const writeRate = (rates: Rates, { cachesAnHour }: Terms): number => {
  const write = rates.cacheWrite ?? rates.input;
  return cachesAnHour ? Math.max(write, rates.cacheWrite1h ?? write) : write;
};

/** The most that a prompt of at most this size can cost, in micro-dollars. */
export const worstInputCost = (price: Price, inputTokens: number, terms: Terms): number => {
  const rates = ratesFor(price, inputTokens, terms);
  const dearest = Math.max(rates.input, rates.cacheRead ?? 0, writeRate(rates, terms));
  const sound = partOf(inputTokens, terms.soundTokens);
  return costOf([
    [inputTokens - sound, dearest],
    [sound, Math.max(dearest, rates.audioInput ?? 0)],
  ]);
};

/** The most that a million output tokens can cost after a prompt of at most this size, in micro-dollars. */
export const worstOutputRate = (price: Price, inputTokens: number, terms: Terms): number => {
  const rates = ratesFor(price, inputTokens, terms);
  return Math.max(outputRate(rates, terms), rates.reasoning ?? 0);
};
