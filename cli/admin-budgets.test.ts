import { describe, expect, it } from 'vitest';
import { configSchema } from '../plugins/config/schema.ts';
import { memoryCounters } from '../plugins/counters/memory.ts';
import type { CounterStore } from '../plugins/ports/counter-store.ts';
import { type Adjustment, budgetsApp } from './admin-budgets.ts';

const config = configSchema.parse({
  version: 1,
  providers: { p: { dialect: 'openai', baseUrl: 'http://p' } },
  models: {
    m: { candidates: [{ provider: 'p', model: 'm' }] },
    n: { candidates: [{ provider: 'p', model: 'n' }] },
  },
  teams: { support: {} },
  keys: [
    { hash: `sha256:${'a'.repeat(64)}`, user: 'alice', team: 'support' },
    { hash: `sha256:${'b'.repeat(64)}`, user: 'bob', team: 'support' },
  ],
  budgets: [
    { id: 'company', per: 'month', usd: 10 },
    { id: 'each', user: '*', model: 'm', per: 'day', tokens: 100 },
    { id: 'off', per: 'day', tokens: 100, mode: 'off' },
  ],
});

const epochMs = Date.parse('2026-11-28');
const clock = { nowMs: () => 0, epochMs: () => epochMs, after: () => () => {} };

const start = (store: CounterStore = memoryCounters({ clock })) => {
  const audited: Adjustment[] = [];
  const app = budgetsApp({
    store,
    config: () => config,
    epochMs: () => epochMs,
    audit: (change) => audited.push(change),
  });
  const adjust = (body: unknown, contentType = 'application/json') =>
    app.request('/api/budgets/adjust', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': contentType },
    });
  return { app, adjust, audited, store };
};

const alice = { budget: 'each', scope: 'user=alice,model=m', unit: 'tokens' };

describe('the pages of budgets', () => {
  it('list every count that keys can have', async () => {
    const { app } = start();
    const { budgets } = (await (await app.request('/api/budgets')).json()) as { budgets: (typeof alice)[] };
    expect(budgets.map(({ budget, scope, unit }) => `${budget} ${scope} ${unit}`)).toEqual([
      'company all microUsd',
      'each user=alice,model=m tokens',
      'each user=bob,model=m tokens',
    ]);
    expect(budgets[1]).toMatchObject({ limit: 100, used: 0, open: 0, enforced: true });
  });

  it('list what is held', async () => {
    const { app, store } = start();
    const window = { kind: 'calendar', per: 'day', zone: 'UTC' } as const;
    const claim = {
      ...alice,
      unit: 'tokens',
      window,
      limit: 100,
      carryOver: 0,
      enforced: true,
      base: 5,
    } as const;
    await store.reserve({
      id: 'x',
      owner: 'host/1',
      claims: [{ ...claim, perMillionOutput: 0 }],
      output: { least: 0, most: 0 },
      leaseMs: 1000,
    });
    const { holds } = (await (await app.request('/api/budgets/holds')).json()) as { holds: unknown[] };
    expect(holds).toEqual([
      { id: 'x', owner: 'host/1', ageMs: 0, leaseMs: 1000, amounts: [{ ...alice, amount: 5 }] },
    ]);
  });

  it('adjust a count, with a reason, and tell the audit', async () => {
    const { adjust, audited } = start();
    const response = await adjust({ ...alice, amount: 30, reason: 'test run' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ used: 30 });
    expect(await (await adjust({ ...alice, amount: -10, reason: 'refund' })).json()).toMatchObject({
      used: 20,
    });
    expect(audited).toEqual([
      { ...alice, amount: 30, reason: 'test run', used: 30 },
      { ...alice, amount: -10, reason: 'refund', used: 20 },
    ]);
  });

  it.each([
    [{ ...alice, amount: 1 }, 400],
    [{ ...alice, amount: 1, reason: '  ' }, 400],
    [{ ...alice, amount: 0.5, reason: 'because' }, 400],
    [{ ...alice, amount: 1, reason: 'because', more: 1 }, 400],
    [{ ...alice, unit: 'concurrent', amount: 1, reason: 'because' }, 400],
    [{ ...alice, budget: 'nobody', amount: 1, reason: 'because' }, 404],
    [{ ...alice, budget: 'off', scope: 'all', amount: 1, reason: 'because' }, 404],
    [{ ...alice, unit: 'requests', amount: 1, reason: 'because' }, 404],
    [{ ...alice, scope: 'user=alice', amount: 1, reason: 'because' }, 404],
    [{ ...alice, scope: 'user=%', amount: 1, reason: 'because' }, 404],
    ['text', 400],
  ])('refuse %j', async (body, status) => {
    const { adjust, audited } = start();
    const response = await adjust(body);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(audited).toEqual([]);
  });

  it('take no form of a foreign page', async () => {
    const { adjust } = start();
    expect((await adjust({ ...alice, amount: 1, reason: 'because' }, 'text/plain')).status).toBe(415);
  });

  it('say when the store is lost', async () => {
    const lost: CounterStore = {
      ...memoryCounters({ clock }),
      read: async () => undefined,
      holds: async () => undefined,
      adjust: async () => undefined,
    };
    const { app, adjust } = start(lost);
    expect((await app.request('/api/budgets')).status).toBe(503);
    expect((await app.request('/api/budgets/holds')).status).toBe(503);
    expect((await adjust({ ...alice, amount: 1, reason: 'because' })).status).toBe(503);
  });
});
