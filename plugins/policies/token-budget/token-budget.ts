import { LRUCache } from 'lru-cache';
import type { Catalog } from '../../catalog/catalog.ts';
import { dollars } from '../../catalog/money.ts';
import { callCost, type Terms } from '../../catalog/price.ts';
import { type PriceBook, priceBook, type Seat, seatsOf } from '../../catalog/price-book.ts';
import type { Config } from '../../config/schema.ts';
import type { Attempt, Exchange, Outcome } from '../../exchange.ts';
import type { LimitState } from '../../model/limits.ts';
import type { ModelRequest } from '../../model/request.ts';
import type { Usage } from '../../model/usage.ts';
import { type Policy, type PolicyHooks, pass, refuse, type Verdict } from '../../policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Claim, ClaimState, CounterStore } from '../../ports/counter-store.ts';
import type { Meter } from '../../ports/meter.ts';
import { AnswerCount } from './answer-count.ts';
import {
  claimFor,
  countableOutput,
  countsOutput,
  countsTokens,
  heldBy,
  type OutputWish,
  outputWish,
} from './ask.ts';
import { type Bill, billOf, settledAmounts } from './bill.ts';
import { type OnLoss, onLossModes } from './config.ts';
import { type Factors, learningFactors } from './factors.ts';
import { countTexts, measure, type PromptSize } from './measure.ts';
import { shortageError } from './refusals.ts';
import { type ScopedLimit, scopedLimits } from './scopes.ts';
import { Telling } from './telling.ts';
import { lazyTokenizer, type Tokenizer } from './tokenizer.ts';
import { perO200kToken } from './tokens.ts';
import { thresholdWatch } from './warnings.ts';
import { type PricedSeat, pricedSeats, termsOf, type WorstCase, worstCase } from './worst-case.ts';

/** What the policy asks of the world. */
export interface TokenBudgetDeps {
  readonly counters: CounterStore;
  /** Public prices and facts. */
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Who holds reservations, for people: host and worker. */
  readonly owner: string;
  readonly tokenizer?: Tokenizer;
  /** What is known of the models' tokenizers; given again, a new configuration need not learn it anew. */
  readonly factors?: Factors;
}

/** How long a reservation stands without a word of its worker, and how often that is given. */
const leaseMs = 60_000;
const renewMs = 20_000;

/** A prompt that takes more than this part of what is left is counted, not estimated. */
const nearPart = 0.75;

/** An exact count is at least this part of the estimate: when even that does not fit, nothing is counted for a refusal. */
const leastPart = 0.2;

/** Longer prompts are not counted exactly: the tokenizer takes 150 µs for each KB, and nothing else runs meanwhile. */
const mostCountedBytes = 262_144;

interface Shared extends TokenBudgetDeps {
  readonly config: Config;
  readonly book: PriceBook;
  readonly seats: ReadonlyMap<string, readonly Seat[]>;
  readonly limits: ReturnType<typeof scopedLimits>;
  readonly factors: Factors;
  readonly tokenizer: Tokenizer;
  readonly warn: ReturnType<typeof thresholdWatch>;
  /** What was left of each count when it was last heard of. */
  readonly left: LRUCache<string, number>;
}

/** What budgets ask of the place where a call may go: all that its model names, or the one that a copy is for. */
interface Scope {
  readonly seats: readonly Seat[];
  readonly counts: (limit: ScopedLimit) => boolean;
}

/** What is held for one call. */
interface Held {
  readonly limits: readonly ScopedLimit[];
  readonly claims: readonly Claim[];
  readonly states: readonly ClaimState[];
  /** Output tokens of one answer. */
  readonly output: number;
}

/** What one call asks for, as far as budgets go. */
interface Wanted {
  readonly request: ModelRequest;
  readonly size: PromptSize;
  readonly seats: readonly PricedSeat[];
  readonly terms: Terms;
  readonly wish: OutputWish;
  /** Tokens that a model makes of the texts; an estimate until they are counted. */
  readonly textTokens: (seat: Seat) => number;
  readonly counted: boolean;
}

/**
 * Holds calls to the budgets of nexus.yaml. Before a call the most that it can use is held of every count that it falls
 * under, all or none, with the output limit lowered to what is left; afterwards that is replaced by what was used.
 * Refuses with `budget_exceeded`, `rate_limited`, `too_many_parallel`, or `policy_unavailable` when the counts cannot
 * be asked. Stands after `upstream` and everything that changes the request or may refuse it.
 */
export const tokenBudgetPolicy = (config: Config, deps: TokenBudgetDeps): Policy => {
  const shared: Shared = {
    ...deps,
    config,
    book: priceBook({ prices: config.prices, providers: config.providers, catalog: deps.catalog }),
    seats: new Map(
      Object.entries(config.models).map(([name, { mirror: _, ...model }]) => [name, seatsOf(model)]),
    ),
    limits: scopedLimits(config.budgets),
    factors: deps.factors ?? learningFactors(),
    tokenizer: deps.tokenizer ?? lazyTokenizer(),
    warn: thresholdWatch(),
    left: new LRUCache({ max: 10_000 }),
  };
  return {
    name: 'token-budget',
    failOpen: false,
    begin: (exchange) => new BudgetedCall(shared, exchange),
    // A copy is paid for like a call. It is none: it takes no place among the caller's calls, nor among those at once.
    beginCopy: (exchange, to) => new BudgetedCall(shared, exchange, { seats: [to], counts: countsTokens }),
  };
};

/** One call, from its reservation to its settlement. */
class BudgetedCall implements PolicyHooks {
  readonly #shared: Shared;
  readonly #exchange: Exchange;
  readonly #telling: Telling;
  readonly #scope: Scope | undefined;
  readonly #counts = new Map<number, AnswerCount>();
  #request: ModelRequest | undefined;
  #wanted: Wanted | undefined;
  #held: Held | undefined;
  /** Of a refused call, for its headers. */
  #states: readonly (readonly [ScopedLimit, ClaimState])[] = [];
  #lowered = false;
  #stopRenewing: () => void = () => {};
  #settled = false;

  /** Without a `scope` the call counts everywhere, and may go wherever its model says. */
  constructor(shared: Shared, exchange: Exchange, scope?: Scope) {
    this.#shared = shared;
    this.#scope = scope;
    this.#exchange = exchange;
    this.#telling = new Telling(shared.meter, exchange);
  }

  async request(request: ModelRequest): Promise<Verdict> {
    const { limits: limitsFor, clock } = this.#shared;
    const { consumer } = this.#exchange;
    this.#request = request;
    const all = limitsFor({ consumer, model: request.requestModel }, clock.epochMs());
    const limits = this.#scope ? all.filter(this.#scope.counts) : all;
    if (limits.length === 0) return pass();
    const wanted = this.#want(request, limits);
    this.#wanted = wanted;
    const first = this.#claims(limits, wanted);
    if (!first) return this.#unpriced();
    if (!this.#isNear(limits, first)) {
      const verdict = await this.#reserve(limits, first, wanted);
      if (verdict) return verdict;
    }
    const exact = await this.#count(wanted);
    this.#wanted = exact;
    const claims = this.#claims(limits, exact) ?? first;
    return (await this.#reserve(limits, claims, exact)) ?? pass();
  }

  watch(attempt: Attempt): AnswerCount | undefined {
    const held = this.#held;
    const wanted = this.#wanted;
    if (!held || !wanted || !held.limits.some(countsTokens)) return undefined;
    const { wish, request } = wanted;
    const seat = wanted.seats.find((it) => isSeat(it.seat, attempt.upstream));
    const cap = isCapped(held, wish) ? held.output * wish.choices : undefined;
    const inputTokens = this.#worst(wanted).inputTokens;
    const count = new AnswerCount({
      model: attempt.upstream.model,
      cap,
      mayCut: request.stream, // a whole answer has been paid for when we see it
      inputTokens,
      tokenizer: this.#shared.tokenizer,
      isPlausible: (usage) => isPlausible(usage, { inputTokens, cap: cap ?? 0, seat }),
    });
    this.#counts.set(attempt.number, count);
    return count;
  }

  headers({ upstream }: Attempt, usage: Usage | undefined): readonly (readonly [string, string])[] {
    const microUsd = usage ? this.#costAt(upstream, usage) : this.#heldMicroUsd();
    return [
      ...(microUsd === undefined ? [] : [['x-nexus-cost-usd', dollars(microUsd)] as const]),
      ...(this.#lowered ? [['x-nexus-max-output-tokens', String(this.#held?.output)] as const] : []),
    ];
  }

  limits(): readonly LimitState[] {
    return this.#states.flatMap(([{ own, enforced, unit }, { limit, used, open, resetMs }]) =>
      own && enforced && unit !== 'microUsd' && unit !== 'concurrent'
        ? [{ unit, limit, remaining: Math.max(0, limit - used - open), resetMs }]
        : [],
    );
  }

  async settle(outcome: Outcome): Promise<void> {
    this.#stopRenewing();
    this.#settled = true;
    const held = this.#held;
    const wanted = this.#wanted;
    if (!held || !wanted) {
      this.#recordUnheld(outcome);
      return;
    }
    const bill = await this.#bill(wanted, outcome);
    this.#learn(wanted, bill, outcome);
    const amounts = settledAmounts(held.claims, bill, (claim) => heldBy(claim, held.output));
    held.claims.forEach((claim, at) => {
      const over = (amounts[at] ?? 0) - heldBy(claim, held.output);
      if (over > 0) this.#telling.overran(claim, over);
    });
    await this.#settleWith(amounts, bill);
    this.#record(bill, outcome);
  }

  /** A call that no budget counts has a cost all the same, where its usage is known. */
  #recordUnheld(outcome: Outcome): void {
    const { usage, served } = outcome;
    if (!usage || !served) return;
    const microUsd = this.#costAt(served.upstream, usage);
    this.#record({ source: 'reported', usage, microUsd, sent: true }, outcome);
  }

  #want(request: ModelRequest, limits: readonly ScopedLimit[]): Wanted {
    const { config, book, seats: seatsByModel, clock, factors } = this.#shared;
    const places = this.#scope?.seats ?? seatsByModel.get(request.requestModel) ?? [];
    const seats = pricedSeats(places, book, clock.epochMs());
    const isSized = request.operation !== 'count-tokens' && limits.some(countsTokens); // counting is free
    const size = isSized ? measure(request) : noSize;
    return {
      request,
      size,
      seats,
      terms: termsOf(request),
      wish: outputWish(request, { seats, usual: config.limits.defaultOutputTokens }),
      textTokens: (seat) => size.tokens * factors.of(seat),
      counted: false,
    };
  }

  #worst({ seats, size, textTokens, terms }: Wanted): WorstCase {
    return size === noSize ? free : worstCase(seats, size, { textTokens, terms });
  }

  /** Undefined: an enforced limit counts money, and a place that may answer has no price. */
  #claims(limits: readonly ScopedLimit[], wanted: Wanted): readonly Claim[] | undefined {
    const { seats, size, wish } = wanted;
    const estimate = this.#worst(wanted);
    const imageMicroUsd = Math.max(0, ...seats.map(({ priced }) => priced?.price.image ?? 0));
    if (estimate.inputMicroUsd === undefined && limits.some((it) => it.unit === 'microUsd' && it.enforced)) {
      return undefined;
    }
    return limits.map((limit) => {
      const worst =
        limit.budget.inputBound === 'bytes'
          ? this.#worst({ ...wanted, textTokens: () => size.bytes })
          : estimate;
      return claimFor(limit, { worst, wish, imageMicroUsd });
    });
  }

  #isNear(limits: readonly ScopedLimit[], claims: readonly Claim[]): boolean {
    return claims.some((claim, at) => {
      const limit = limits[at];
      if (!limit?.enforced || !countsTokens(limit)) return false;
      const left = this.#shared.left.get(countName(claim));
      return left !== undefined && claim.base > nearPart * left;
    });
  }

  /** Counts the texts of the prompt exactly; leaves it at the estimate when they are long or the tokenizer is not to be had. */
  async #count(wanted: Wanted): Promise<Wanted> {
    const isShort = wanted.size.bytes <= mostCountedBytes;
    const count = isShort ? await this.#shared.tokenizer.load() : undefined;
    if (!count) return { ...wanted, counted: true };
    const tokens = countTexts(wanted.request, count);
    return { ...wanted, counted: true, textTokens: ({ model }) => tokens * perO200kToken(model) };
  }

  /** Undefined: refused for its prompt, whose tokens have only been estimated. */
  async #reserve(
    limits: readonly ScopedLimit[],
    claims: readonly Claim[],
    wanted: Wanted,
  ): Promise<Verdict | undefined> {
    const { counters, owner } = this.#shared;
    const output = countableOutput(claims, wanted.wish);
    const onLoss = this.#onLoss(limits) === 'refuse' ? 'refuse' : 'slice'; // what may pass uncounted is better counted
    const reserved = await counters.reserve({
      id: this.#exchange.id,
      owner,
      claims,
      output,
      leaseMs,
      onLoss,
    });
    if (reserved.kind === 'lost') return this.#lost(limits);
    this.#remember(limits, claims, reserved.states);
    if (reserved.kind === 'granted') {
      return this.#granted({ limits, claims, states: reserved.states, output: reserved.output }, wanted);
    }
    const limit = limits[reserved.refusedBy];
    const claim = claims[reserved.refusedBy];
    const state = reserved.states[reserved.refusedBy];
    if (!limit || !claim || !state) throw new Error('the store refused for a claim that was not asked');
    const needed = heldBy(claim, output.least);
    const left = state.limit - state.used - state.open;
    const mayFit =
      countsTokens(limit) && limit.budget.inputBound === 'estimate' && needed * leastPart <= left;
    if (!wanted.counted && mayFit) return undefined;
    this.#telling.refused(limit);
    return { kind: 'refuse', error: shortageError({ limit, state, needed }) };
  }

  #granted(held: Held, { request, wish }: Wanted): Verdict {
    this.#held = held;
    if (this.#settled)
      this.#release(); // the client went while we asked
    else this.#renewLater();
    this.#tellStates(held);
    if (!isCapped(held, wish) || held.output === request.maxOutputTokens) return pass();
    this.#lowered = true;
    if (held.output < wish.most) this.#telling.lowered(request.requestModel, held.output);
    return pass({ request: { ...request, maxOutputTokens: held.output } });
  }

  #release(): void {
    void this.#settleWith([], { source: 'nothing' }).catch(ignored);
  }

  /** The strictest of the enforced budgets decides: only where all of them allow it, a call goes on without being counted. */
  #onLoss(limits: readonly ScopedLimit[]): OnLoss {
    const { store } = this.#shared.config;
    const ways = new Set(
      limits.filter((it) => it.enforced).map(({ budget }) => budget.onLoss ?? store.onLoss),
    );
    return onLossModes.find((mode) => ways.has(mode)) ?? 'allow';
  }

  #lost(limits: readonly ScopedLimit[]): Verdict {
    const allowed = this.#onLoss(limits) === 'allow';
    this.#telling.storeLost(allowed ? 'passed' : 'refused');
    return allowed
      ? pass()
      : refuse('policy_unavailable', {
          message: 'Budgets cannot be checked at the moment. Try again later.',
        });
  }

  #unpriced(): Verdict {
    this.#telling.unpriced();
    return refuse('policy_unavailable', {
      message: 'A budget in dollars holds here, and no price is known for a model that may answer.',
      retry: false,
    });
  }

  #remember(limits: readonly ScopedLimit[], claims: readonly Claim[], states: readonly ClaimState[]): void {
    this.#states = states.flatMap((state, at) => {
      const [limit, claim] = [limits[at], claims[at]];
      if (!limit || !claim) return [];
      if (countsTokens(limit)) {
        this.#shared.left.set(countName(claim), Math.max(0, state.limit - state.used - state.open));
      }
      return [[limit, state] as const];
    });
  }

  #renewLater(): void {
    const { clock, counters } = this.#shared;
    this.#stopRenewing = clock.after(renewMs, () => {
      void counters.renew(this.#exchange.id, leaseMs).then((open) => {
        if (open !== false && !this.#settled) this.#renewLater(); // a store that is lost may be back in time
      }, ignored);
    });
  }

  #tellStates({ limits, states }: Held): void {
    const { warn, clock } = this.#shared;
    states.forEach((state, at) => {
      const limit = limits[at];
      if (!limit) return;
      const passed = limit.budget.warnAt.length > 0 && warn(limit, state, clock.nowMs());
      if (passed) this.#telling.passedThreshold(passed);
      const isOver = state.used + state.open > state.limit; // only what is not enforced can be
      if (!limit.enforced && isOver) this.#telling.wouldRefuse(limit);
    });
  }

  #bill(wanted: Wanted, outcome: Outcome): Promise<Bill> {
    const { book, clock } = this.#shared;
    const { request, wish, terms } = wanted;
    return billOf({
      outcome,
      counts: this.#counts,
      isFree: request.operation === 'count-tokens',
      own: {
        inputTokens: () => this.#ownInput(wanted, outcome),
        heldOutput: (this.#held?.output ?? wish.least) * wish.choices + wish.fixedTokens,
        images: request.operation === 'images' ? wish.images : 0,
      },
      book,
      terms,
      epochMs: clock.epochMs(),
    });
  }

  /** Tokens of the prompt when nobody reports them: counted, and on the high side. */
  async #ownInput(wanted: Wanted, { attempts }: Outcome): Promise<number> {
    const upstream = attempts.at(-1)?.upstream;
    const exact = wanted.counted ? wanted : await this.#count(wanted);
    const seats = exact.seats.filter(({ seat }) => !upstream || isSeat(seat, upstream));
    return Math.min(this.#worst({ ...exact, seats }).inputTokens, this.#worst(wanted).inputTokens);
  }

  #learn({ size, request }: Wanted, bill: Bill, { served, attempts }: Outcome): void {
    const plain =
      size.images + size.audioTokens + size.fileTokens === 0 &&
      request.tools.every(({ kind }) => kind === 'function'); // others bring words of their own into the prompt
    if (!plain || request.operation !== 'chat' || bill.source !== 'reported' || attempts.length !== 1) return;
    if (served) this.#shared.factors.learn(served.upstream, bill.usage.inputTokens, size.tokens);
  }

  async #settleWith(amounts: readonly number[], { source }: Pick<Bill, 'source'>): Promise<void> {
    const result = await this.#shared.counters.settle(this.#exchange.id, amounts);
    this.#telling.settled(source, result);
  }

  #record(bill: Bill, outcome: Outcome): void {
    const { book } = this.#shared;
    this.#telling.billed({
      bill,
      outcome,
      counts: this.#counts.values(),
      prices: book.digest,
      held: this.#held,
    });
  }

  #costAt(upstream: Seat, usage: Usage): number | undefined {
    const priced = this.#shared.book.priceOf(upstream, this.#shared.clock.epochMs());
    const request = this.#request;
    if (!priced || !request) return undefined;
    if (request.operation === 'count-tokens') return 0;
    const images =
      request.operation === 'images' ? (request.image?.count ?? 1) * (priced.price.image ?? 0) : 0;
    return Math.max(callCost(priced.price, usage, termsOf(request)), images);
  }

  /** What is held in money, whether or not a budget counts it. */
  #heldMicroUsd(): number | undefined {
    const [held, wanted] = [this.#held, this.#wanted];
    if (!held || !wanted || wanted.wish.most === 0 || !held.limits.some(countsOutput)) return undefined;
    const { inputMicroUsd, outputRate } = this.#worst(wanted);
    if (inputMicroUsd === undefined || outputRate === undefined) return undefined;
    return inputMicroUsd + Math.ceil((held.output * wanted.wish.choices * outputRate) / 1_000_000);
  }
}

const free: WorstCase = { inputTokens: 0, inputMicroUsd: 0, outputRate: 0 };

/** Of a call whose prompt nothing counts. */
const noSize: PromptSize = {
  tokens: 0,
  bytes: 0,
  frameTokens: 0,
  hasTools: false,
  hasSchema: false,
  images: 0,
  audioTokens: 0,
  fileTokens: 0,
};

const ignored = (): void => {};

/** Is the answer held to what was granted? Under shadow alone nothing is changed. */
const isCapped = ({ limits }: Held, wish: OutputWish): boolean =>
  wish.most > 0 && limits.some((limit) => limit.enforced && countsOutput(limit));

const countName = ({ budget, unit, scope }: Claim): string => `${budget} ${unit} ${scope}`;

const isSeat = (a: Seat, b: Seat): boolean => a.provider === b.provider && a.model === b.model;

interface Possible {
  /** Tokens of the prompt by our own count. */
  readonly inputTokens: number;
  /** Output tokens that were allowed, over all choices. */
  readonly cap: number;
  readonly seat: PricedSeat | undefined;
}

/** For models of which nothing is known. */
const anyWindow = 2_000_000;

/** Can a report be true? More than four times our own count and a whole context window besides is a fault of counting. */
const isPlausible = (usage: Usage, { inputTokens, cap, seat }: Possible): boolean => {
  const counts = [
    usage.inputTokens,
    usage.outputTokens,
    usage.cacheReadTokens ?? 0,
    usage.cacheWriteTokens ?? 0,
  ];
  return (
    [...counts, usage.reasoningTokens ?? 0].every((it) => Number.isSafeInteger(it) && it >= 0) &&
    usage.inputTokens <= 4 * inputTokens + (seat?.contextWindow ?? anyWindow) &&
    usage.outputTokens <= 4 * cap + (seat?.maxOutputTokens ?? anyWindow)
  );
};
