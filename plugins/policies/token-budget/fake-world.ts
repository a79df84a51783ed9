import { parseCatalog } from '../../catalog/catalog.ts';
import { type Config, configSchema } from '../../config/schema.ts';
import { memoryCounters } from '../../counters/memory.ts';
import type { Attempt, Consumer, Ending, Exchange, Outcome } from '../../exchange.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import type { Usage } from '../../model/usage.ts';
import type { PolicyHooks } from '../../policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ask, Count, CounterStore } from '../../ports/counter-store.ts';
import type { Labels, MetricName } from '../../ports/meter.ts';
import { tokenBudgetPolicy } from './token-budget.ts';
import type { Tokenizer } from './tokenizer.ts';

const catalog = parseCatalog(
  `- { family: openai, model: gpt-5.4, asOf: 2026-01-01, source: here, input: 2, output: 10 }
- { family: anthropic, model: claude-sonnet-5, asOf: 2026-01-01, source: here, input: 3, output: 15 }`,
  `- { family: openai, model: gpt-5.4, asOf: 2026-01-01, source: here, contextWindow: 100000, maxOutputTokens: 4000, input: [text], output: [text], tools: true, reasoning: false }
- { family: anthropic, model: claude-sonnet-5, asOf: 2026-01-01, source: here, contextWindow: 100000, maxOutputTokens: 8000, input: [text], output: [text], tools: true, reasoning: false }`,
);

/** Time that tests move. */
const fakeClock = () => {
  let now = 0;
  const timers: { atMs: number; callback: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => now,
    epochMs: () => Date.parse('2026-11-28T12:00:00Z') + now,
    after: (delayMs, callback) => {
      const timer = { atMs: now + delayMs, callback };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0);
    },
  };
  const advance = async (ms: number): Promise<void> => {
    now += ms;
    for (const timer of timers.filter(({ atMs }) => atMs <= now)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.callback();
    }
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { clock, advance, timers };
};

/** A token for each four characters: what the fake models below count, too. */
const quarter = (text: string): number => Math.ceil(text.length / 4);
const fakeTokenizer: Tokenizer = { count: quarter, load: async () => quarter };

export const configOf = (budgets: readonly object[], more: object = {}): Config =>
  configSchema.parse({
    version: 1,
    providers: {
      openai: { dialect: 'openai', baseUrl: 'https://api.openai.com/v1' },
      anthropic: { dialect: 'anthropic', baseUrl: 'https://api.anthropic.com' },
      vllm: { dialect: 'openai', baseUrl: 'http://vllm:8000/v1' },
    },
    models: {
      m: {
        candidates: [{ provider: 'openai', model: 'gpt-5.4' }],
        fallback: [{ provider: 'anthropic', model: 'claude-sonnet-5' }],
      },
      plain: { candidates: [{ provider: 'openai', model: 'gpt-5.4' }] },
      own: { candidates: [{ provider: 'vllm', model: 'llama' }] },
    },
    budgets,
    ...more,
  });

export const alice: Consumer = { keyId: 'k1', user: 'alice', team: 'support', application: 'helpdesk' };
export const bob: Consumer = { keyId: 'k2', user: 'bob', team: 'support' };

/** The policy with everything around it faked but the counters. */
export const world = (config: Config, wrap: (store: CounterStore) => CounterStore = (it) => it) => {
  const { clock, advance, timers } = fakeClock();
  const calls: string[] = [];
  const asks: Ask[] = [];
  const inner = memoryCounters({ clock });
  const counters = wrap({
    ...inner,
    reserve: async (ask) => {
      asks.push(ask);
      const reserved = await inner.reserve(ask);
      calls.push(`reserve ${reserved.kind}`);
      return reserved;
    },
    settle: async (id, amounts) => {
      const settled = await inner.settle(id, amounts);
      calls.push(`settle ${amounts.join(' ')} ${settled}`);
      return settled;
    },
    renew: async (id, leaseMs) => {
      calls.push('renew');
      return inner.renew(id, leaseMs);
    },
  });
  const metrics = new Map<string, number>();
  const meter = {
    count: (name: MetricName, labels: Labels, by = 1) => {
      const key = `${name} ${Object.values(labels).join(' ')}`;
      metrics.set(key, (metrics.get(key) ?? 0) + by);
    },
    observe: () => {},
  };
  const policy = tokenBudgetPolicy(config, {
    counters,
    catalog,
    clock,
    meter,
    owner: 'test',
    tokenizer: fakeTokenizer,
  });
  let id = 0;
  const begin = (consumer: Consumer = alice) => {
    const exchange: Exchange = {
      id: `x${++id}`,
      operation: 'chat',
      dialect: 'openai-chat',
      consumer,
      startedMs: 0,
      notes: [],
    };
    return { exchange, hooks: policy.begin(exchange) };
  };
  const read = async () => {
    const claims = asks.flatMap((it) => it.claims);
    const byName = new Map(claims.map((it) => [`${it.budget} ${it.scope} ${it.unit}`, it]));
    return (await inner.read([...byName.values()])) ?? [];
  };
  const nameOf = (it: Count): string => `${it.budget} ${it.scope} ${it.unit}`;
  /** What is settled, by `budget scope unit`. */
  const used = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await read()).map((it) => [nameOf(it), it.used]));
  /** What is settled and held. */
  const taken = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await read()).map((it) => [nameOf(it), it.used + it.open]));
  return { begin, calls, asks, metrics, inner, advance, clock, timers, used, taken };
};

export const ask = (change: Partial<ModelRequest> = {}): ModelRequest => ({
  operation: 'chat',
  dialect: 'openai-chat',
  requestModel: 'plain',
  stream: false,
  streamUsage: false,
  system: [],
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'What is the weather like today?' }] }],
  tools: [],
  sampling: {},
  stopSequences: [],
  vendor: {},
  ...change,
});

export const upstreamOf = (provider: string, model: string) =>
  ({ provider, dialect: 'openai-chat', model }) as const;

export const first: Attempt = { number: 1, upstream: upstreamOf('openai', 'gpt-5.4') };

export const ended = (ending: Ending, change: Partial<Outcome> = {}): Outcome => ({
  ending,
  status: 200,
  requestModel: 'plain',
  stream: false,
  attempts: [first],
  durationMs: 1,
  ...change,
});

export const answer = (hooks: PolicyHooks, usage: Usage, attempt = first): void => {
  const watch = hooks.watch?.(attempt);
  for (const event of [
    { type: 'text-delta', part: 0, text: 'x'.repeat(usage.outputTokens * 4) },
    { type: 'finish', choice: 0, reason: 'stop' },
    { type: 'usage', usage },
    { type: 'message-stop' },
  ] as ModelEvent[]) {
    watch?.see(event);
  }
};
