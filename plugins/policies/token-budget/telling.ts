import type { Exchange, NoteValue, Outcome } from '../../exchange.ts';
import type { Claim, Settled } from '../../ports/counter-store.ts';
import type { Meter } from '../../ports/meter.ts';
import type { AnswerCount } from './answer-count.ts';
import { heldBy } from './ask.ts';
import type { Bill, Source } from './bill.ts';
import type { ScopedLimit } from './scopes.ts';
import type { Passed } from './warnings.ts';

/** What a bill is told with. */
export interface ToldBill {
  readonly bill: Bill;
  readonly outcome: Outcome;
  readonly counts: Iterable<AnswerCount>;
  /** Digest of the prices that it goes by. */
  readonly prices: string;
  readonly held: { readonly claims: readonly Claim[]; readonly output: number } | undefined;
}

/** Tells metrics and the record what the policy did with one exchange. */
export class Telling {
  readonly #meter: Meter;
  readonly #exchange: Exchange;

  constructor(meter: Meter, exchange: Exchange) {
    this.#meter = meter;
    this.#exchange = exchange;
  }

  refused({ budget: { id: budget }, unit }: ScopedLimit): void {
    this.#meter.count('nexus_budget_refusals_total', { budget, unit, mode: 'enforce' });
    this.#note('refused', { budget, unit });
  }

  wouldRefuse({ budget: { id: budget }, unit }: ScopedLimit): void {
    this.#meter.count('nexus_budget_refusals_total', { budget, unit, mode: 'shadow' });
    this.#note('would-refuse', { budget, unit });
  }

  passedThreshold({ limit: { budget, unit }, threshold }: Passed): void {
    const labels = { budget: budget.id, unit, threshold: String(threshold) };
    this.#meter.count('nexus_budget_warnings_total', labels);
    this.#note('flagged', { budget: budget.id, unit, warnAt: threshold });
  }

  lowered(requestModel: string, maxOutputTokens: number): void {
    this.#meter.count('nexus_budget_lowered_total', { gen_ai_request_model: requestModel });
    this.#note('changed', { maxOutputTokens });
  }

  unpriced(): void {
    this.#note('refused', { unpriced: true });
  }

  storeLost(result: 'passed' | 'refused'): void {
    this.#meter.count('nexus_budget_store_lost_total', { result });
    this.#note(result === 'passed' ? 'skipped' : 'refused', { storeLost: true });
  }

  /** What was used beyond what was held. */
  overran({ budget, unit }: Claim, by: number): void {
    this.#meter.count('nexus_budget_overrun_total', { budget, unit }, by);
  }

  settled(source: Source, result: Settled): void {
    this.#meter.count('nexus_budget_settlements_total', { source, result });
  }

  billed({ bill, outcome, counts, prices, held }: ToldBill): void {
    const provider = providerLabels(outcome);
    let wasCut = false;
    for (const count of counts) {
      wasCut ||= count.wasCut;
      if (count.implausible > 0) {
        this.#meter.count('nexus_usage_implausible_total', provider, count.implausible);
      }
    }
    if (wasCut) this.#meter.count('nexus_budget_cuts_total', provider);
    const { team = '', application = '' } = this.#exchange.consumer;
    if (bill.microUsd) {
      this.#meter.count('nexus_cost_micro_usd_total', { team, application, ...provider }, bill.microUsd);
    }
    const { inputTokens, outputTokens } = bill.usage;
    this.#note(wasCut ? 'changed' : 'passed', {
      source: bill.source,
      inputTokens,
      outputTokens,
      ...(bill.microUsd === undefined ? {} : { costMicroUsd: bill.microUsd }),
      prices,
      ...(wasCut ? { cutAtTokens: outputTokens } : {}),
      ...(held ? { held: heldAmounts(held) } : {}),
    });
  }

  #note(verdict: Exchange['notes'][number]['verdict'], facts: Readonly<Record<string, NoteValue>>): void {
    this.#exchange.notes.push({ policy: 'token-budget', verdict, facts });
  }
}

const providerLabels = ({ served, attempts }: Outcome) => {
  const upstream = (served ?? attempts.at(-1))?.upstream;
  return {
    gen_ai_provider_name: upstream?.provider ?? '',
    gen_ai_response_model: upstream?.model ?? '',
  };
};

const heldAmounts = ({ claims, output }: NonNullable<ToldBill['held']>): NoteValue =>
  claims.map((claim) => ({
    budget: claim.budget,
    scope: claim.scope,
    unit: claim.unit,
    amount: heldBy(claim, output),
  }));
