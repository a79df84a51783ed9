import type { Catalog } from './catalog/catalog.ts';
import type { Config } from './config/schema.ts';
import { canServe } from './dialects/registry.ts';
import type { Consumer, Exchange, Note } from './exchange.ts';
import { mayUse, membership } from './identity.ts';
import type { ModelRequest } from './model/request.ts';
import { scopedLimits } from './policies/token-budget/scopes.ts';
import { catalogued } from './policies/upstream/catalogued.ts';
import { localHealthBoard } from './policies/upstream/health.ts';
import { upstreamPolicy } from './policies/upstream/upstream.ts';
import type { Clock } from './ports/clock.ts';
import type { CountedUnit } from './ports/counter-store.ts';
import type { Random } from './ports/random.ts';
import { readyProviders } from './providers.ts';
import type { GatewayError } from './refusals.ts';

/** What would become of a request, found out by the code that decides, without sending anything. */
export interface Explanation {
  readonly configDigest: string;
  readonly consumer: Consumer;
  readonly requestModel: string;
  /** Models that the caller may use. */
  readonly models: readonly string[];
  /** The upstream policy's note, as in a decision record; absent when the model is unknown or not the caller's. */
  readonly routing?: Note['facts'];
  readonly refusal?: Pick<GatewayError, 'code' | 'status' | 'message'>;
  /** Rules of the model, in order, whether they hold for this request or not. */
  readonly rules: readonly string[];
  /** Limits that the call counts against. */
  readonly budgets: readonly BudgetScope[];
}

export interface BudgetScope {
  readonly budget: string;
  /** Who shares the count: `user=alice`, `all`. */
  readonly scope: string;
  readonly unit: CountedUnit;
  readonly limit: number;
  /** `month`, `60 s`, `at a time`. */
  readonly per: string;
  readonly enforced: boolean;
}

/** What is asked. */
export interface Question {
  readonly config: Config;
  readonly configDigest: string;
  readonly consumer: Consumer;
  readonly request: ModelRequest;
  /** Classes of data to be taken for found in it. */
  readonly dataClasses: readonly string[];
}

export interface ExplainPorts {
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly catalog: Catalog;
}

/** Asks the upstream policy. All upstreams are taken to be well and idle: this process has seen none of them. */
export const explain = (asked: Question, ports: ExplainPorts): Explanation => {
  const consumer = membership(asked.config)(asked.consumer);
  const question = { ...asked, consumer };
  const { config, configDigest, request } = question;
  const policy = upstreamPolicy(config, readyProviders(config, { secrets: new Map() }), {
    ...ports,
    ...catalogued(config, ports),
    board: localHealthBoard(ports),
    canServe,
  });
  const exchange = exchangeOf(question, ports.clock);
  const verdict = policy.begin(exchange).request?.(request);
  if (!verdict || 'then' in verdict) throw new Error('the upstream policy decides at once');
  const routing = exchange.notes.find((it) => it.policy === 'upstream')?.facts;
  return {
    configDigest,
    consumer,
    requestModel: request.requestModel,
    models: Object.keys(config.models).filter((name) => mayUse(consumer, name, config)),
    ...(routing ? { routing } : {}),
    ...(verdict.kind === 'refuse' ? { refusal: shown(verdict.error) } : {}),
    rules: routing ? rulesOf(config, request.requestModel) : [],
    budgets: budgetsOf(question, ports.clock.epochMs()),
  };
};

const exchangeOf = ({ consumer, request, dataClasses }: Question, clock: Clock): Exchange => ({
  id: 'explain',
  operation: request.operation,
  dialect: request.dialect,
  consumer,
  startedMs: clock.nowMs(),
  notes: dataClasses.length === 0 ? [] : [{ policy: 'pii', verdict: 'flagged', facts: { dataClasses } }],
});

const shown = ({ code, status, message }: GatewayError) => ({ code, status, message });

/** One line a rule. */
const rulesOf = ({ models }: Config, name: string): string[] => {
  const model = models[name];
  if (!model) return [];
  const { pick, sticky, minQuality, peak, capture, mirror, maxAttempts } = model;
  return [
    `pick: ${pick}, at most ${maxAttempts} upstreams`,
    ...(sticky ? [`sticky: ${sticky}`] : []),
    ...(minQuality === undefined ? [] : [`minQuality: ${minQuality}`]),
    ...capture.map(({ use, name: rule, ...tests }, at) => `capture ${rule ?? at + 1}: ${settings(tests)}`),
    ...(peak ? [`peak: ${settings(peak.when)}`] : []),
    ...(mirror ? [`mirror: ${mirror.share * 100} % to ${mirror.use.provider}/${mirror.use.model}`] : []),
  ];
};

/** What is set, without the zone of hours that are not. */
const settings = (tests: Readonly<Record<string, unknown>>): string =>
  Object.entries(tests)
    .filter(([key, value]) => value !== undefined && (key !== 'timeZone' || tests.hours !== undefined))
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ');

const budgetsOf = ({ config, consumer, request }: Question, epochMs: number): BudgetScope[] =>
  scopedLimits(config.budgets)({ consumer, model: request.requestModel }, epochMs).map(
    ({ budget, scope, unit, limit, window, enforced }) => ({
      budget: budget.id,
      scope,
      unit,
      limit,
      per: periodOf(window),
      enforced,
    }),
  );

const periodOf = (window: ReturnType<ReturnType<typeof scopedLimits>>[number]['window']): string => {
  if (window.kind === 'calendar') return window.per;
  return window.kind === 'smooth' ? `${window.seconds} s` : 'at a time';
};
