import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryCounters } from '../../../plugins/counters/memory.ts';
import { systemClock } from '../../../plugins/io/clock.ts';
import type { Claim, Count } from '../../../plugins/ports/counter-store.ts';
import { envoyBinary } from '../envoy.ts';
import { callOf, chat, type Place, startPlace } from './place.ts';

const limit = 1_000_000;

const claim = (unit: 'tokens' | 'requests' | 'concurrent'): Claim => ({
  budget: unit,
  scope: 'all',
  unit,
  window: unit === 'concurrent' ? { kind: 'open' } : { kind: 'calendar', per: 'month', zone: 'UTC' },
  limit,
  carryOver: 0,
  enforced: true,
  base: 0,
  perMillionOutput: 0,
});

/** Every call is held once and settled once, within a second of its end, whatever became of it. */
describe.skipIf(!envoyBinary)('budgets, however a call ends', () => {
  const store = memoryCounters({ clock: systemClock });
  let place: Place;
  beforeAll(async () => {
    place = await startPlace({
      counters: store,
      providers: {
        a: { dialect: 'openai' },
        b: { dialect: 'anthropic' },
        slow: { dialect: 'openai', events: 1000, eventGapMs: 20 },
      },
      models: {
        good: ['a/good'],
        ...Object.fromEntries(
          [
            'no-usage',
            'usage-twice',
            'negative-usage',
            'cut-stream-3',
            'end-stream-3',
            'error-event-3',
            '400',
            '503',
          ].map((fault) => [fault, [`a/fault-${fault}`]]),
        ),
        third: ['a/fault-503', 'b/fault-429', 'a/good'],
        slow: ['slow/long'],
        hangs: ['a/fault-hang'],
      },
      sections: {
        store: { slices: false },
        budgets: [
          { id: 'tokens', per: 'month', tokens: limit },
          { id: 'requests', per: 'month', requests: limit },
          { id: 'concurrent', concurrent: limit },
        ],
      },
    });
  });
  afterAll(() => place?.stop());

  const counts = async () => {
    const [tokens, requests, concurrent] = (await store.read([
      claim('tokens'),
      claim('requests'),
      claim('concurrent'),
    ])) as [Count, Count, Count];
    return { tokens, requests, concurrent };
  };

  /** What one call is charged with, once it is settled. */
  const charged = async (call: () => Promise<unknown>): Promise<{ tokens: number; requests: number }> => {
    const before = await counts();
    await call();
    await expect.poll(async () => await store.holds(), { timeout: 1000 }).toEqual([]);
    const after = await counts();
    expect(after.concurrent).toMatchObject({ open: 0, used: 0 });
    expect(after.tokens.unconfirmed).toBe(0);
    return {
      tokens: after.tokens.used - before.tokens.used,
      requests: after.requests.used - before.requests.used,
    };
  };

  const says = 'Tell me something about budgets.';
  /** What the healthy provider bills for it, give or take what dialects add. */
  const usual = { least: 20, most: 120 };

  const billOf = (text: string): number => {
    const totals = [...text.matchAll(/"total_tokens":(\d+)/g)].map(([, total]) => Number(total));
    return totals.at(-1) ?? 0;
  };

  test('whole: what the provider reports', async () => {
    let bill = 0;
    const { tokens, requests } = await charged(async () => {
      bill = billOf((await chat(place.url, { model: 'good', says })).text);
    });
    expect({ tokens, requests }).toEqual({ tokens: bill, requests: 1 });
    expect(bill).toBeGreaterThan(usual.least);
  });

  test.each([
    ['a complete stream', 'good'],
    ['no usage: our own count', 'no-usage'],
    ['usage twice: the last one', 'usage-twice'],
    ['negative usage: our own count', 'negative-usage'],
    ['an upstream that breaks off: what was delivered', 'cut-stream-3'],
    ['an upstream that ends early', 'end-stream-3'],
    ['an error inside the stream', 'error-event-3'],
    ['the third upstream answers: one call', 'third'],
  ])('%s', async (_, model) => {
    const { tokens, requests } = await charged(() => chat(place.url, { model, says, stream: true }));
    expect(requests).toBe(1);
    expect(tokens).toBeGreaterThanOrEqual(usual.least);
    expect(tokens).toBeLessThanOrEqual(usual.most);
  });

  test.each([
    ['every upstream fails', '503'],
    ['the upstream refuses', '400'],
  ])('%s: no tokens', async (_, model) => {
    expect(await charged(() => chat(place.url, { model, says }))).toEqual({ tokens: 0, requests: 1 });
  });

  test('refused by us: nothing at all', async () => {
    expect(await charged(() => chat(place.url, { model: 'unknown', says }))).toEqual({
      tokens: 0,
      requests: 0,
    });
  });

  test.each([0, 1, 5])(
    'the client leaves after %d pieces: what was delivered, and the prompt',
    async (pieces) => {
      const { tokens, requests } = await charged(async () => {
        const { path, headers, body } = callOf('openai-chat', { model: 'slow', says, stream: true });
        const outgoing = request(new URL(path, place.url), {
          method: 'POST',
          headers: { ...headers },
          agent: false,
        });
        outgoing.on('error', () => {});
        outgoing.end(body);
        const [incoming] = await once(outgoing, 'response');
        incoming.on('error', () => {});
        for (let seen = 0; seen < pieces; seen++) await once(incoming, 'data');
        outgoing.destroy();
        await expect.poll(async () => (await counts()).requests.open, { timeout: 1000 }).toBe(0);
      });
      expect(requests).toBe(1);
      expect(tokens).toBeGreaterThanOrEqual(usual.least);
      expect(tokens).toBeLessThan(500); // far from the 4,000 that were held
    },
  );

  test('the worker is killed: the hold stays until its lease ends, so nothing can be overspent', async () => {
    const before = await counts();
    const call = chat(place.url, { model: 'slow', says, stream: true }).catch(() => {});
    await expect.poll(async () => (await store.holds())?.length, { timeout: 2000 }).toBe(1);
    await place.stack.workers[0]?.stop('SIGKILL');
    await call;
    const [hold] = (await store.holds()) ?? [];
    expect(hold?.leaseMs).toBeGreaterThan(0);
    expect(hold?.amounts.find(({ unit }) => unit === 'tokens')?.amount).toBeGreaterThan(4000);
    const after = await counts();
    expect(after.tokens.used).toBe(before.tokens.used);
    expect(after.tokens.open).toBeGreaterThan(4000);
  });
});
