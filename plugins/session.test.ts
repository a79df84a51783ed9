import { describe, expect, it } from 'vitest';
import { emptyCatalog } from './catalog/catalog.ts';
import { hashKey } from './config/keys.ts';
import { loadConfig } from './config/load.ts';
import { memoryCounters } from './counters/memory.ts';
import { Gateway } from './gateway.ts';
import { localHealthBoard } from './policies/upstream/health.ts';
import type { Clock } from './ports/clock.ts';
import type { CounterStore } from './ports/counter-store.ts';
import type { Session } from './session.ts';

const clock: Clock = {
  nowMs: () => 0,
  epochMs: () => Date.parse('2026-11-28T12:00:00Z'),
  after: () => () => {},
};
let ids = 0;
const random = { unit: () => 0.5, id: () => `id-${++ids}` };

const configText = JSON.stringify({
  version: 1,
  providers: { p: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1' } },
  models: { m: { candidates: [{ provider: 'p', model: 'x' }] } },
  keys: [{ hash: hashKey('k'), user: 'u' }],
  budgets: [{ id: 'b', per: 'day', tokens: 100_000 }],
});

const placeWith = (counters: CounterStore) => {
  const loaded = loadConfig(configText, { file: 'x.json', env: {}, readFile: () => '' });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const board = localHealthBoard({ clock, random });
  const meter = { count: () => {}, observe: () => {} };
  const ports = { clock, random, meter, counters, board, catalog: emptyCatalog, owner: 'test' };
  return {
    gateway: new Gateway({ ...loaded, secrets: new Map() }, ports),
    health: board.of({ provider: 'p', model: 'x' }),
  };
};

const begin = async (gateway: Gateway): Promise<Session> => {
  const headers = new Map([
    ['authorization', 'Bearer k'],
    ['content-type', 'application/json'],
  ]);
  const opened = await gateway.open({ method: 'POST', path: '/v1/chat/completions', headers });
  if (!('request' in opened)) throw new Error(opened.body);
  return opened;
};

const body = Buffer.from('{"model":"m","messages":[{"role":"user","content":"hi"}]}');

describe('a host that gives up while a budget is asked', () => {
  it('leaves nothing held, and no attempt without an end', async () => {
    const memory = memoryCounters({ clock });
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const slow: CounterStore = {
      ...memory,
      reserve: async (it) => {
        ask();
        await answered;
        return memory.reserve(it);
      },
    };
    const { gateway, health } = placeWith(slow);
    const session = await begin(gateway);
    const decided = session.request(body);
    await asked;
    session.abort();
    answer();
    expect((await decided).kind).toBe('reply');
    await gateway.told();
    expect(await memory.holds()).toEqual([]);
    expect(health.inFlight).toBe(0);
  });

  it('is not the usual course', async () => {
    const memory = memoryCounters({ clock });
    const { gateway, health } = placeWith(memory);
    const session = await begin(gateway);
    expect((await session.request(body)).kind).toBe('forward');
    expect(await memory.holds()).toHaveLength(1);
    expect(health.inFlight).toBe(1);
    session.abort();
    await gateway.told();
    expect(await memory.holds()).toEqual([]);
    expect(health.inFlight).toBe(0);
  });
});
