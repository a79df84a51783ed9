import { type Terms, worstInputCost, worstOutputRate } from '../../catalog/price.ts';
import type { PriceBook, Priced, Seat } from '../../catalog/price-book.ts';
import type { ModelRequest } from '../../model/request.ts';
import { type PromptSize, soundTokens } from './measure.ts';

/** The most that a call can use, whichever of the places answers that may be tried. Micro-dollars are undefined without a price. */
export interface WorstCase {
  readonly inputTokens: number;
  readonly inputMicroUsd: number | undefined;
  /** Micro-dollars for a million output tokens. */
  readonly outputRate: number | undefined;
}

/** A place that may be tried, and what its model makes of a prompt. */
export interface PricedSeat {
  readonly seat: Seat;
  readonly priced: Priced | undefined;
  readonly contextWindow: number | undefined;
  readonly maxOutputTokens: number | undefined;
}

export const pricedSeats = (seats: readonly Seat[], book: PriceBook, epochMs: number): PricedSeat[] =>
  seats.map((seat) => {
    const facts = book.factsOf(seat);
    return {
      seat,
      priced: book.priceOf(seat, epochMs),
      contextWindow: facts?.contextWindow,
      maxOutputTokens: facts?.maxOutputTokens,
    };
  });

/** The worst case over all `seats`, when each makes `textTokens(seat)` of the prompt's texts. */
export const worstCase = (
  seats: readonly PricedSeat[],
  size: PromptSize,
  { textTokens, terms }: { readonly textTokens: (seat: Seat) => number; readonly terms: Terms },
): WorstCase => {
  let inputTokens = 0;
  let inputMicroUsd: number | undefined = 0;
  let outputRate: number | undefined = 0;
  for (const { seat, priced, contextWindow } of seats) {
    const all = textTokens(seat) + size.frameTokens + addedTokens(size, seat.model);
    const input = Math.ceil(Math.min(all, contextWindow ?? all));
    inputTokens = Math.max(inputTokens, input);
    inputMicroUsd = most(inputMicroUsd, priced && worstInputCost(priced.price, input, terms));
    outputRate = most(outputRate, priced && worstOutputRate(priced.price, input, terms));
  }
  return seats.length === 0
    ? {
        inputTokens: Math.ceil(size.tokens) + size.frameTokens,
        inputMicroUsd: undefined,
        outputRate: undefined,
      }
    : { inputTokens, inputMicroUsd, outputRate };
};

const most = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : Math.max(a, b);

/** What a prompt costs beside its texts and their frame. */
const addedTokens = (size: PromptSize, model: string): number => {
  const { always, tools, schema } = preambles(model);
  return (
    always +
    (size.hasTools ? tools : 0) +
    (size.hasSchema ? schema : 0) +
    size.images * imageTokens(model) +
    size.audioTokens +
    size.fileTokens
  );
};

/**
 * The most that one image can cost. GPT-4o mini charges 33 times what the others do; later models read up to 10,000
 * patches at full detail; Claude and Gemini stay below 5,000.
 */
const imageTokens = (model: string): number => {
  if (/gpt-4o-mini/.test(model)) return 48_200;
  return /^gpt-5\.[4-9]/.test(model) ? 12_500 : 5_000;
};

/**
 * What providers tell their models beside the client's words, which the client pays for: Anthropic adds 159 to 530
 * tokens for tools (LiteLLM's table, 2026-07-24) and about 100 for a schema; Llama's template opens with about 30 tokens
 * and adds about 100 for tools.
 */
const preambles = (
  model: string,
): { readonly always: number; readonly tools: number; readonly schema: number } => {
  if (/claude/i.test(model)) return { always: 0, tools: 600, schema: 200 };
  return /(^|\/)(gpt-|o\d)/.test(model)
    ? { always: 0, tools: 64, schema: 64 }
    : { always: 40, tools: 256, schema: 64 };
};

/** What of the request decides on its rates. */
export const termsOf = (request: ModelRequest): Terms => ({
  priority: request.serviceTier === 'priority' || request.serviceTier === 'fast',
  cachesAnHour: cachesAnHour(request),
  soundTokens: soundTokens(request),
  isSpoken: request.vendor.audio !== undefined,
});

const cachesAnHour = ({ system, turns, tools }: ModelRequest): boolean =>
  system.some((it) => it.cache?.ttl === '1h') ||
  tools.some((it) => it.kind === 'function' && it.cache?.ttl === '1h') ||
  turns.some(({ parts }) => parts.some((it) => it.cache?.ttl === '1h'));
