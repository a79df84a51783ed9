import { keyId } from '../../config/keys.ts';
import type { Config } from '../../config/schema.ts';
import type { Consumer } from '../../exchange.ts';
import type { Claim, CountedUnit } from '../../ports/counter-store.ts';
import type { BudgetConfig } from './config.ts';
import { type Call, limitsOf, type ScopedLimit } from './scopes.ts';

/** Which count: `{ budget: 'each-user', scope: 'user=alice', unit: 'tokens' }`. */
export interface CountName {
  readonly budget: string;
  readonly scope: string;
  readonly unit: CountedUnit;
}

/** Every count that keys of the configuration can have. Callers that another host names are not known here. */
export const knownCounts = (config: Config, epochMs: number): Claim[] => {
  const calls = config.keys.flatMap((key) => {
    const { user, team, application } = key;
    const consumer: Consumer = {
      keyId: keyId(key),
      ...(user === undefined ? {} : { user }),
      ...(team === undefined ? {} : { team }),
      ...(application === undefined ? {} : { application }),
    };
    return Object.keys(config.models).map((model): Call => ({ consumer, model }));
  });
  const found = new Map<string, Claim>();
  for (const budget of active(config)) {
    for (const call of calls) {
      for (const limit of limitsOf(budget, call, epochMs)) {
        found.set(`${limit.budget.id} ${limit.scope} ${limit.unit}`, emptyClaim(limit));
      }
    }
  }
  return [...found.values()];
};

/** One count by its name, known or not; undefined when the configuration has no such budget, scope or unit. */
export const countNamed = (config: Config, name: CountName, epochMs: number): Claim | undefined => {
  const budget = active(config).find(({ id }) => id === name.budget);
  const call = budget && callIn(name.scope);
  if (!call) return undefined;
  const limit = limitsOf(budget, call, epochMs).find(
    ({ scope, unit }) => scope === name.scope && unit === name.unit,
  );
  return limit && emptyClaim(limit);
};

const active = ({ budgets }: Config): BudgetConfig[] => budgets.filter(({ mode }) => mode !== 'off');

/** The caller that a scope names. */
const callIn = (scope: string): Call | undefined => {
  const pairs = scope === 'all' ? [] : scope.split(',').map((pair) => pair.split('=', 2));
  try {
    const names = Object.fromEntries(
      pairs.map(([name = '', value = '']) => [name, decodeURIComponent(value)]),
    );
    const { model = '', key = '', ...others } = names;
    return { model, consumer: { ...others, keyId: key } };
  } catch {
    return undefined; // not as we write scopes
  }
};

const emptyClaim = ({ budget, scope, unit, window, limit, carryOver, enforced }: ScopedLimit): Claim => ({
  budget: budget.id,
  scope,
  unit,
  window,
  limit,
  carryOver,
  enforced,
  base: 0,
  perMillionOutput: 0,
});
