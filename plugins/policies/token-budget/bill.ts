import { callCost, type Terms } from '../../catalog/price.ts';
import type { PriceBook, Seat } from '../../catalog/price-book.ts';
import type { Attempt, Outcome } from '../../exchange.ts';
import type { Usage } from '../../model/usage.ts';
import type { Claim, CountedUnit } from '../../ports/counter-store.ts';
import type { AnswerCount } from './answer-count.ts';

/** Whose count a bill goes by: the upstream's, ours, or what was held because nobody knows. */
export type Source = 'reported' | 'own-count' | 'reserved' | 'nothing';

/** What one exchange used, over all of its attempts. */
export interface Bill {
  readonly source: Source;
  readonly usage: Usage;
  /** Undefined when a place that answered has no price. */
  readonly microUsd: number | undefined;
  /** Was anything sent to an upstream? */
  readonly sent: boolean;
}

export interface BillSetup {
  readonly outcome: Outcome;
  /** Providers take nothing for counting tokens. */
  readonly isFree: boolean;
  /** What was seen of each attempt's answer, by its number. */
  readonly counts: ReadonlyMap<number, AnswerCount>;
  /** The call's own counts, for what nobody reports. */
  readonly own: {
    readonly inputTokens: () => Promise<number>;
    /** Output tokens that are held for, over all choices. */
    readonly heldOutput: number;
    readonly images: number;
  };
  readonly book: PriceBook;
  readonly terms: Terms;
  readonly epochMs: number;
}

interface Answered {
  readonly seat: Seat;
  readonly source: Source;
  readonly usage: Usage;
}

/** The bill of an exchange that is over. */
export const billOf = async (setup: BillSetup): Promise<Bill> => {
  const { outcome, isFree, own, book, terms, epochMs } = setup;
  if (nothingSent(outcome)) return { source: 'nothing', usage: none, microUsd: 0, sent: false };
  if (isFree) return { source: 'nothing', usage: none, microUsd: 0, sent: true };
  const answers = (await Promise.all(outcome.attempts.map((attempt) => answeredBy(attempt, setup)))).filter(
    (it) => it !== undefined,
  );
  let microUsd: number | undefined = 0;
  for (const { seat, usage } of answers) {
    const priced = book.priceOf(seat, epochMs);
    const images = own.images * (priced?.price.image ?? 0);
    const cost = priced && Math.max(callCost(priced.price, usage, terms), images);
    microUsd = microUsd === undefined || cost === undefined ? undefined : microUsd + cost;
  }
  return {
    source: worstSource(answers),
    usage: sum(answers.map(({ usage }) => usage)),
    microUsd,
    sent: true,
  };
};

const none: Usage = { inputTokens: 0, outputTokens: 0 };

/** A refusal of ours before any answer: no upstream has worked for it. */
const nothingSent = ({ ending, attempts, served }: Outcome): boolean =>
  attempts.length === 0 || (ending === 'refused' && served === undefined && attempts.length < 2);

/** What an attempt used; undefined for one that failed, which no provider charges for. */
const answeredBy = async (attempt: Attempt, setup: BillSetup): Promise<Answered | undefined> => {
  const { outcome, counts } = setup;
  const { upstream: seat, number } = attempt;
  const count = counts.get(number);
  const isServed = outcome.served?.number === number;
  if (count && (isServed || count.usage || count.textBytes > 0))
    return { seat, ...(await seen(count, setup)) };
  if (isServed) return { seat, ...(await unseen(setup)) };
  const isLast = number === outcome.attempts.length;
  return outcome.ending === 'aborted' && isLast ? { seat, ...(await unseen(setup)) } : undefined;
};

/** An answer that we watched. A report that came before its end knows of what was written until then, so ours may be more. */
const seen = async (count: AnswerCount, setup: BillSetup): Promise<Omit<Answered, 'seat'>> => {
  const { usage } = count;
  const saysNothing = usage?.inputTokens === 0 && usage.outputTokens === 0 && count.textBytes > 0;
  if (usage && !saysNothing && count.isFinal) return { source: 'reported', usage };
  if (!setup.outcome.stream && count.textBytes === 0 && !usage) return unseen(setup);
  const written = await count.ownCount();
  return {
    source: 'own-count',
    usage: {
      ...usage,
      inputTokens: usage && usage.inputTokens > 0 ? usage.inputTokens : await setup.own.inputTokens(),
      outputTokens: Math.max(usage?.outputTokens ?? 0, written),
    },
  };
};

/**
 * An answer that nobody watched. A stream that was given up before its first byte wrote nothing that we know of; of a
 * whole answer that the client did not wait for, the provider bills all the same, and nobody tells us how much.
 */
const unseen = async ({ outcome, own }: BillSetup): Promise<Omit<Answered, 'seat'>> => {
  if (outcome.usage) return { source: 'reported', usage: outcome.usage };
  const inputTokens = await own.inputTokens();
  return outcome.stream && outcome.ending === 'aborted'
    ? { source: 'own-count', usage: { inputTokens, outputTokens: 0 } }
    : { source: 'reserved', usage: { inputTokens, outputTokens: own.heldOutput } };
};

const ranks: readonly Source[] = ['reserved', 'own-count', 'reported'];

const worstSource = (answers: readonly Answered[]): Source =>
  ranks.find((rank) => answers.some(({ source }) => source === rank)) ?? 'nothing';

const details = ['cacheReadTokens', 'cacheWriteTokens', 'reasoningTokens'] as const;

const sum = (usages: readonly Usage[]): Usage => {
  const [first = none, ...more] = usages;
  return more.reduce(
    (total, usage) => ({
      inputTokens: total.inputTokens + usage.inputTokens,
      outputTokens: total.outputTokens + usage.outputTokens,
      ...Object.fromEntries(details.map((name) => [name, (total[name] ?? 0) + (usage[name] ?? 0)])),
    }),
    first,
  );
};

/** What each claim is settled with. What has no price is charged as held. */
export const settledAmounts = (
  claims: readonly Claim[],
  bill: Bill,
  heldOf: (claim: Claim) => number,
): number[] =>
  claims.map((claim) => {
    if (!bill.sent) return 0;
    if (claim.unit === 'microUsd') return bill.microUsd ?? heldOf(claim);
    return amounts[claim.unit](bill.usage);
  });

const amounts: Record<Exclude<CountedUnit, 'microUsd'>, (usage: Usage) => number> = {
  tokens: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
  inputTokens: ({ inputTokens }) => inputTokens,
  outputTokens: ({ outputTokens }) => outputTokens,
  requests: () => 1,
  concurrent: () => 0, // it is over
};
