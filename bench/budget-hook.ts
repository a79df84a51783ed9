// How long the budget policy takes for one call, apart from its store and with counts in this process:
//   node bench/budget-hook.ts
import { configSchema } from '../plugins/config/schema.ts';
import { memoryCounters } from '../plugins/counters/memory.ts';
import type { Attempt, Outcome } from '../plugins/exchange.ts';
import { builtinCatalog } from '../plugins/io/catalog.ts';
import { systemClock } from '../plugins/io/clock.ts';
import type { ModelRequest } from '../plugins/model/request.ts';
import { tokenBudgetPolicy } from '../plugins/policies/token-budget/token-budget.ts';
import type { CounterStore } from '../plugins/ports/counter-store.ts';

const config = configSchema.parse({
  version: 1,
  providers: {
    openai: { dialect: 'openai', baseUrl: 'https://api.openai.com/v1' },
    anthropic: { dialect: 'anthropic', baseUrl: 'https://api.anthropic.com' },
  },
  models: {
    support: {
      candidates: [{ provider: 'openai', model: 'gpt-5.4' }],
      fallback: [{ provider: 'anthropic', model: 'claude-sonnet-5' }],
    },
  },
  budgets: [
    { id: 'company', per: 'month', usd: 900_000_000 },
    { id: 'each-user', user: '*', per: 'day', tokens: 2_000_000_000 },
    {
      id: 'helpdesk-rate',
      application: 'helpdesk',
      per: 'minute',
      requests: 60_000_000,
      tokens: 4_000_000_000,
    },
  ],
});

const prompt = 'The quick brown fox jumps over the lazy dog and then writes a letter. '
  .repeat(15)
  .slice(0, 1024);

const request: ModelRequest = {
  operation: 'chat',
  dialect: 'openai-chat',
  requestModel: 'support',
  stream: false,
  streamUsage: false,
  system: [],
  turns: [{ role: 'user', parts: [{ type: 'text', text: prompt }] }],
  tools: [],
  sampling: {},
  stopSequences: [],
  vendor: {},
};

const served: Attempt = {
  number: 1,
  upstream: { provider: 'openai', dialect: 'openai-chat', model: 'gpt-5.4' },
};

const outcome: Outcome = {
  ending: 'complete',
  status: 200,
  stream: false,
  attempts: [served],
  served,
  durationMs: 1,
  usage: { inputTokens: 230, outputTokens: 100 },
};

/** Grants everything and remembers nothing. */
const noStore: CounterStore = {
  ...memoryCounters({ clock: systemClock }),
  reserve: async ({ claims, output }) => ({
    kind: 'granted',
    output: output.most,
    states: claims.map(({ budget, scope, unit, limit }) => ({
      budget,
      scope,
      unit,
      limit,
      used: 0,
      open: 1,
      resetMs: 1000,
    })),
  }),
  settle: async () => 'settled',
};

let id = 0;

/** Microseconds of the request hook and of the settlement, for each of `calls` calls. */
const measure = async (counters: CounterStore, calls: number) => {
  const deps = { counters, catalog: builtinCatalog(), clock: systemClock, owner: 'bench' };
  const policy = tokenBudgetPolicy(config, { ...deps, meter: { count: () => {}, observe: () => {} } });
  const consumer = { keyId: 'k', user: 'alice', application: 'helpdesk' };
  const times: { request: number; settle: number }[] = [];
  for (let call = 0; call < calls; call++) {
    const hooks = policy.begin({
      id: String(++id),
      operation: 'chat',
      dialect: 'openai-chat',
      consumer,
      startedMs: 0,
      notes: [],
    });
    const start = performance.now();
    const verdict = await hooks.request?.(request);
    const judged = performance.now();
    if (verdict?.kind !== 'pass') throw new Error('a call was refused');
    await hooks.settle?.(outcome);
    times.push({ request: (judged - start) * 1000, settle: (performance.now() - judged) * 1000 });
  }
  return times;
};

const quantiles = (values: readonly number[]): string => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} p90 ${at(0.9)} p99 ${at(0.99)} µs`;
};

for (const [name, counters] of [
  ['no store', noStore],
  ['counts in this process', memoryCounters({ clock: systemClock, maxEnded: 1000 })],
] as const) {
  await measure(counters, 20_000);
  const times = await measure(counters, 50_000);
  console.log(`${name}: request ${quantiles(times.map((it) => it.request))}`);
  console.log(`${name}: settle  ${quantiles(times.map((it) => it.settle))}`);
}
