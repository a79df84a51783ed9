import { priceBook, type Seat, seatsOf } from '../catalog/price-book.ts';
import type { BudgetConfig } from '../policies/token-budget/config.ts';
import { keyId } from './keys.ts';
import { expectedOneOf, type Finding, type Path } from './problem.ts';
import { error, type Rule, repeats, warning } from './rule.ts';
import type { Config } from './schema.ts';
import { missingStoreSecret } from './secrets.ts';

const limitNames = ['tokens', 'inputTokens', 'outputTokens', 'usd', 'requests', 'concurrent'] as const;

const scopeNames = ['organisation', 'team', 'user', 'application', 'model', 'key'] as const;

/** A rule that looks at one budget after the other. */
const eachBudget =
  (
    check: (budget: BudgetConfig, at: (...steps: Path) => Path, context: Parameters<Rule>[0]) => Finding[],
  ): Rule =>
  (context) =>
    context.config.budgets.flatMap((budget, index) =>
      check(budget, (...steps) => ['budgets', index, ...steps], context),
    );

const duplicateIds: Rule = ({ config: { budgets } }) =>
  repeats(budgets.map(({ id }) => id)).map((index) =>
    error(['budgets', index, 'id'], 'the same id as an earlier budget, expected each id once'),
  );

const limitsOf = (budget: Partial<Pick<BudgetConfig, (typeof limitNames)[number]>>) =>
  limitNames.filter((name) => budget[name] !== undefined);

const windows = eachBudget((budget, at) => {
  const limits = limitsOf(budget);
  if (limits.length === 0) return [error(at(), `no limit, expected one of ${limitNames.join(', ')}`)];
  if (budget.per !== undefined && budget.smooth !== undefined) {
    return [error(at('smooth'), 'stands beside `per`, expected one of them')];
  }
  const timed = limits.filter((name) => name !== 'concurrent');
  if (timed.length > 0 && budget.per === undefined && budget.smooth === undefined) {
    return [error(at(), `${timed[0]} in what time? Expected \`per\` or \`smooth\``)];
  }
  if (budget.usd !== undefined && budget.smooth !== undefined) {
    return [error(at('smooth'), 'refills, so money would never be spent; expected `per`')];
  }
  return timed.length > 0 || budget.per === undefined
    ? []
    : [warning(at('per'), 'has no effect: `concurrent` counts what runs now')];
});

const timeZones = eachBudget((budget, at, { wrote }) => {
  if (!isTimeZone(budget.timeZone)) {
    return [error(at('timeZone'), 'unknown time zone, expected an IANA name such as Europe/Berlin')];
  }
  return wrote(at('timeZone')) && budget.per === undefined
    ? [warning(at('timeZone'), 'has no effect without `per`')]
    : [];
});

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

const idleCarryOver = eachBudget(({ carryOver, per }, at) =>
  carryOver > 0 && per === undefined ? [warning(at('carryOver'), 'has no effect without `per`')] : [],
);

/** The names that can stand under each scope. */
const namesOf = ({ keys, teams, models, store }: Config): Record<(typeof scopeNames)[number], string[]> => ({
  organisation: [store.organisation],
  team: Object.keys(teams),
  model: Object.keys(models),
  key: keys.map(keyId),
  user: keys.flatMap(({ user }) => user ?? []),
  application: keys.flatMap(({ application }) => application ?? []),
});

/** Users and applications may come from elsewhere than `keys`; the others are all in this file. */
const unknownScopes = eachBudget((budget, at, { config }) =>
  scopeNames.flatMap((scope) => {
    const name = budget[scope];
    const known = namesOf(config)[scope];
    if (name === undefined || name === '*' || known.includes(name)) return [];
    return scope === 'user' || scope === 'application'
      ? [warning(at(scope), `no key has this ${scope}, so the budget counts only what another host names so`)]
      : [error(at(scope), `unknown ${scope}, ${expectedOneOf(name, known)}`)];
  }),
);

/** A key without a user would slip past a budget for each user. */
const slipping = eachBudget((budget, at, { config }) =>
  (['user', 'team', 'application'] as const).flatMap((scope) => {
    const without = config.keys.filter((key) => key[scope] === undefined).map(keyId);
    return budget[scope] === '*' && without.length > 0
      ? [warning(at(scope), `does not count the keys without a ${scope}: ${without.slice(0, 5).join(', ')}`)]
      : [];
  }),
);

const overrides = eachBudget((budget, at, { epochMs }) =>
  budget.overrides.flatMap((override, index) => {
    const path = at('overrides', index);
    const idle = limitsOf(override).find((name) => budget[name] === undefined);
    if (limitsOf(override).length === 0) return [error(path, 'no limit, expected one that the budget has')];
    if (idle) return [error([...path, idle], `the budget has no limit of ${idle}`)];
    if (override.from !== undefined && override.from >= override.until) {
      return [error([...path, 'until'], 'is not after `from`')];
    }
    if (override.for !== undefined && !scopeNames.some((scope) => budget[scope] === '*')) {
      return [error([...path, 'for'], 'has no meaning: no scope of the budget is `*`')];
    }
    return override.until <= epochMs ? [warning([...path, 'until'], 'is over')] : [];
  }),
);

const unpriced: Rule = ({ config, catalog, epochMs }) => {
  const counting = config.budgets.filter(({ usd, mode }) => usd !== undefined && mode !== 'off');
  if (counting.length === 0 || !catalog) return [];
  const book = priceBook({ prices: config.prices, providers: config.providers, catalog: catalog() });
  return Object.entries(config.models).flatMap(([name, model]) => {
    const budget = counting.find((it) => it.model === undefined || it.model === '*' || it.model === name);
    if (!budget) return [];
    return seatsOf(model)
      .filter((seat) => Object.hasOwn(config.providers, seat.provider) && !book.priceOf(seat, epochMs))
      .map((seat) => unpricedAt(['models', name], seat, budget.id));
  });
};

const unpricedAt = (path: Path, { provider, model }: Seat, budget: string): Finding =>
  error(
    path,
    `no price is known of ${provider}/${model}, but the budget ${budget} counts dollars; expected one under prices["${provider}/${model}"] or prices.unknownModel`,
  );

/** $10,000 for a million tokens: above it a large answer could pass what can be counted exactly. */
const dearest = 10_000_000_000;

const prices: Rule = ({ config }) => {
  const used = new Set(seatsOf(config.models).map(({ provider, model }) => `${provider}/${model}`));
  const { unknownModel, ...places } = config.prices;
  return Object.entries(places).flatMap(([place, price]) => {
    const path = ['prices', place];
    const [provider = '', model = ''] = place.split(/\/(.*)/s);
    if (model === '')
      return [{ ...error(path, 'expected provider/model or provider/*'), part: 'key' as const }];
    if (!Object.hasOwn(config.providers, provider)) {
      const meant = expectedOneOf(provider, Object.keys(config.providers));
      return [{ ...error(path, `unknown provider, ${meant}`), part: 'key' as const }];
    }
    const high = (['input', 'output', 'reasoning', 'audioInput'] as const).find(
      (rate) => (price[rate] ?? 0) > dearest,
    );
    if (high) return [error([...path, high], 'expected at most 10000 dollars for a million tokens')];
    return model === '*' || used.has(place)
      ? []
      : [{ ...warning(path, 'no model uses this'), part: 'key' as const }];
  });
};

const stores: Rule = ({ config: { store, budgets }, sources }) => {
  const given = storeKinds.filter((kind) => (store[kind] ?? false) !== false);
  if (given.length > 1)
    return [error(['store', given[1] ?? ''], `stands beside \`${given[0]}\`, expected one`)];
  if (store.redis !== undefined && /^rediss?:\/\/[^/@]*:[^/@]+@/.test(store.redis)) {
    return [error(['store', 'redis'], 'holds a password, expected ${env:NAME} or ${file:PATH} in its place')];
  }
  const missing = missingStoreSecret(store, sources);
  if (missing !== undefined) return [warning(['store'], missing)];
  return budgets.flatMap(({ onLoss }, index) =>
    onLoss === 'slice' && !store.slices
      ? [error(['budgets', index, 'onLoss'], 'is slice, but `store.slices` is false')]
      : [],
  );
};

const storeKinds = ['redis', 'sentinel', 'cluster', 'dir'] as const;

/** Windows that outlast a restart. */
const longWindows: readonly (string | undefined)[] = ['day', 'week', 'month'];

const forgetful: Rule = ({ config: { store, budgets } }) => {
  if (storeKinds.some((kind) => store[kind] !== undefined)) return [];
  const index = budgets.findIndex(({ per, mode }) => longWindows.includes(per) && mode !== 'off');
  return index === -1
    ? []
    : [
        warning(
          ['budgets', index, 'per'],
          'counts begin at zero whenever Nexus starts; expected `store.redis`, `store.dir`, or `store.dir: false` if that may be',
        ),
      ];
};

/** What only budgets, prices and the store can get wrong. */
export const budgetRules: readonly Rule[] = [
  duplicateIds,
  windows,
  timeZones,
  idleCarryOver,
  unknownScopes,
  slipping,
  overrides,
  unpriced,
  prices,
  stores,
  forgetful,
];
