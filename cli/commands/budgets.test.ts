import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineCommand } from 'citty';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { configSchema } from '../../plugins/config/schema.ts';
import { memoryCounters } from '../../plugins/counters/memory.ts';
import { type Adjustment, budgetsApp } from '../admin-budgets.ts';
import { run } from '../run.ts';
import budgets from './budgets.ts';
import prices from './prices.ts';

const program = defineCommand({ subCommands: { budgets, prices } });

let out = '';
let err = '';
beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(console, 'log').mockImplementation((text) => {
    out += `${text}\n`;
  });
  vi.spyOn(console, 'error').mockImplementation((text) => {
    err += `${text}\n`;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const config = configSchema.parse({
  version: 1,
  providers: { p: { dialect: 'openai', baseUrl: 'http://p' } },
  models: { m: { candidates: [{ provider: 'p', model: 'm' }] } },
  keys: [{ hash: `sha256:${'a'.repeat(64)}`, user: 'alice' }],
  budgets: [
    { id: 'company', per: 'day', usd: 10 },
    { id: 'each', user: '*', per: 'day', tokens: 100, mode: 'shadow' },
  ],
});

/** A gateway whose admin pages answer, and nobody else does. */
const startGateway = () => {
  const epochMs = () => Date.parse('2026-11-28T12:00:00Z');
  const store = memoryCounters({ clock: { nowMs: () => 0, epochMs, after: () => () => {} } });
  const audited: Adjustment[] = [];
  const app = budgetsApp({
    store,
    config: () => config,
    epochMs,
    audit: (change: Adjustment) => void audited.push(change),
  });
  vi.stubGlobal('fetch', async (url: URL, init: RequestInit) => {
    if (url.port !== '10001')
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    return app.request(url.pathname, init);
  });
  return { audited };
};

const lines = () => out.trimEnd().split('\n');

describe('budgets', () => {
  test('list shows every count', async () => {
    startGateway();
    expect(await run(program, ['budgets', 'list'])).toBe(0);
    expect(lines().map((line) => line.split(/ {2,}/))).toEqual([
      ['BUDGET', 'SCOPE', 'UNIT', 'LIMIT', 'USED', 'HELD', 'LEFT', 'UNCONFIRMED', 'RESETS IN'],
      ['company', 'all', 'usd', '10.000000', '0.000000', '0.000000', '10.000000', '0.000000', '12h'],
      ['each (shadow)', 'user=alice', 'tokens', '100', '0', '0', '100', '0', '12h'],
    ]);
    out = '';
    expect(await run(program, ['budgets', 'list', '--json'])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ budgets: [{ budget: 'company' }, { budget: 'each' }] });
  });

  test('holds shows what is open', async () => {
    startGateway();
    expect(await run(program, ['budgets', 'holds'])).toBe(0);
    expect(lines()).toEqual(['ID  OWNER  AGE  LEASE  HELD']);
  });

  test('adjust takes dollars and needs a reason', async () => {
    const { audited } = startGateway();
    const adjust = ['budgets', 'adjust', 'company', '--unit', 'usd'];
    expect(await run(program, [...adjust, '--amount', '2.5', '--reason', 'invoice'])).toBe(0);
    expect(await run(program, [...adjust, '--amount=-0.5', '--reason', 'refund'])).toBe(0);
    expect(audited.map(({ amount, used, reason }) => [amount, used, reason])).toEqual([
      [2_500_000, 2_500_000, 'invoice'],
      [-500_000, 2_000_000, 'refund'],
    ]);
    expect(await run(program, [...adjust, '--amount', '1'])).toBe(2);
    expect(await run(program, [...adjust, '--amount', '1.1234567', '--reason', 'no such coin'])).toBe(2);
    expect(
      await run(program, [
        'budgets',
        'adjust',
        'nobody',
        '--unit',
        'tokens',
        '--amount',
        '1',
        '--reason',
        'why',
      ]),
    ).toBe(1);
    expect(err).toContain('says 404: No budget of the configuration has this scope and unit.');
    expect(audited).toHaveLength(2);
  });

  test('a gateway that does not answer', async () => {
    startGateway();
    expect(await run(program, ['budgets', 'list', '--admin', 'http://127.0.0.1:9'])).toBe(1);
    expect(err).toContain('nobody answers at http://127.0.0.1:9 (connect ECONNREFUSED)');
    expect(await run(program, ['budgets', 'list', '--admin', 'localhost'])).toBe(2);
  });
});

describe('prices', () => {
  test('show prints a row with its source', async () => {
    expect(await run(program, ['prices', 'show', 'openai/gpt-5.4'])).toBe(0);
    expect(out).toContain('openai/gpt-5.4\n  input        $2.500000\n');
    expect(out).toMatch(/read \d{4}-\d\d-\d\d: \S+@\w+/);
    expect(await run(program, ['prices', 'show', 'gpt-5.44'])).toBe(1);
    expect(err).toBe('no price of gpt-5.44 is known, did you mean "gpt-5.4"?\n');
  });

  test('import prints rows', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'prices-'));
    const file = join(directory, 'table.json');
    const model = { litellm_provider: 'openai', input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 };
    writeFileSync(file, JSON.stringify({ 'gpt-x': model }));
    const origin = ['--source', 'a/b@c', '--date', '2026-07-24'];
    expect(await run(program, ['prices', 'import', '--from', 'litellm', file, ...origin])).toBe(0);
    expect(out).toBe(
      '- { family: openai, model: gpt-x, asOf: 2026-07-24, source: a/b@c, input: 1, output: 2 }\n',
    );
    expect(await run(program, ['prices', 'import', '--from', 'models.dev', file])).toBe(1);
    expect(await run(program, ['prices', 'import', '--from', 'nobody', file])).toBe(2);
    expect(await run(program, ['prices', 'import', '--from', 'litellm', join(directory, 'none')])).toBe(2);
    rmSync(directory, { recursive: true });
  });
});
