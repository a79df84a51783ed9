import { LRUCache } from 'lru-cache';
import type { Consumer } from '../../exchange.ts';
import type { CountedUnit, Window } from '../../ports/counter-store.ts';
import type { BudgetConfig } from './config.ts';

/** One limit that a call counts against, before it is known how much. */
export interface ScopedLimit {
  readonly budget: BudgetConfig;
  readonly scope: string;
  readonly unit: CountedUnit;
  readonly window: Window;
  readonly limit: number;
  /** Most that may be carried over. */
  readonly carryOver: number;
  readonly enforced: boolean;
  /** The count is the caller's own: its scope names a user, a key or an application. */
  readonly own: boolean;
}

/** Who calls for what. */
export interface Call {
  readonly consumer: Consumer;
  readonly model: string;
}

const units = [
  ['tokens', 'tokens'],
  ['inputTokens', 'inputTokens'],
  ['outputTokens', 'outputTokens'],
  ['usd', 'microUsd'],
  ['requests', 'requests'],
  ['concurrent', 'concurrent'],
] as const satisfies readonly (readonly [keyof BudgetConfig, CountedUnit])[];

const dimensions = ['team', 'user', 'application', 'model', 'key'] as const;
type Dimension = (typeof dimensions)[number];

/** Finds the limits of a call. Remembers those of the last callers. */
export const scopedLimits = (
  budgets: readonly BudgetConfig[],
): ((call: Call, epochMs: number) => readonly ScopedLimit[]) => {
  const active = budgets.filter(({ mode }) => mode !== 'off');
  const timed = active.some(({ overrides }) => overrides.length > 0);
  const known = new LRUCache<string, readonly ScopedLimit[]>({ max: 10_000 });
  return (call, epochMs) => {
    if (active.length === 0) return [];
    if (timed) return active.flatMap((budget) => limitsOf(budget, call, epochMs));
    const key = callKey(call);
    const before = known.get(key);
    if (before) return before;
    const limits = active.flatMap((budget) => limitsOf(budget, call, epochMs));
    known.set(key, limits);
    return limits;
  };
};

/** Names may hold anything when another host has established the caller, so their lengths stand before them. */
const callKey = (call: Call): string => {
  let key = '';
  for (const dimension of dimensions) {
    const name = nameOf(call, dimension);
    key += name === undefined ? '-' : `${name.length}:${name}`;
  }
  return key;
};

const nameOf = ({ consumer, model }: Call, dimension: Dimension): string | undefined => {
  if (dimension === 'model') return model;
  return dimension === 'key' ? consumer.keyId : consumer[dimension];
};

/** The limits of one budget for a call; none when the call is not of its scope. */
export const limitsOf = (budget: BudgetConfig, call: Call, epochMs: number): ScopedLimit[] => {
  const given = dimensions.filter((dimension) => budget[dimension] !== undefined);
  const names = given.map((dimension) => nameOf(call, dimension));
  const fits = given.every((dimension, at) => {
    const name = names[at];
    return name !== undefined && name !== '' && (budget[dimension] === '*' || budget[dimension] === name);
  });
  if (!fits) return [];
  const scope = given.map((dimension, at) => `${dimension}=${escaped(names[at] ?? '')}`).join(',') || 'all';
  const starred = names.filter((_, at) => budget[given[at] ?? 'key'] === '*');
  return units.flatMap(([field, unit]) => {
    const usual = budget[field];
    if (usual === undefined) return [];
    const limit = overridden(budget, { field, starred, epochMs }) ?? usual;
    return {
      budget,
      scope,
      unit,
      window: windowOf(budget, unit),
      limit,
      carryOver: unit === 'concurrent' || budget.per === undefined ? 0 : Math.floor(limit * budget.carryOver),
      enforced: budget.mode === 'enforce',
      own: given.some(
        (dimension) => dimension === 'user' || dimension === 'key' || dimension === 'application',
      ),
    };
  });
};

/** `,` and `=` hold scopes together. */
const escaped = (name: string): string => encodeURIComponent(name.toWellFormed());

const windowOf = (budget: BudgetConfig, unit: CountedUnit): Window => {
  if (unit === 'concurrent') return { kind: 'open' };
  if (budget.smooth) return { kind: 'smooth', seconds: budget.smooth.seconds };
  return { kind: 'calendar', per: budget.per ?? 'month', zone: budget.timeZone }; // loading the config has checked that one is there
};

type LimitField = (typeof units)[number][0];

interface OverrideQuestion {
  readonly field: LimitField;
  /** Names that the `*` of the budget stand for in this call. */
  readonly starred: readonly (string | undefined)[];
  readonly epochMs: number;
}

/** The last override that holds now and has the limit. */
const overridden = (
  { overrides }: BudgetConfig,
  { field, starred, epochMs }: OverrideQuestion,
): number | undefined =>
  overrides.findLast(
    (it) =>
      it[field] !== undefined &&
      (it.from ?? 0) <= epochMs &&
      epochMs < it.until &&
      (it.for === undefined || starred.includes(it.for)),
  )?.[field];
