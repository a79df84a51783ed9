import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../plugins/io/clock.ts';
import { connectCounters } from '../../plugins/io/counters/connect.ts';
import type { Clock } from '../../plugins/ports/clock.ts';
import { askOf, claimOf } from './conformance.ts';
import { behavesLikeModel, keepsTheRate, rateCalls, smoothClaim, steps } from './model.ts';
import { openPlace } from './place.ts';
import { ask, noRedis, Servers } from './servers.ts';

const hourMs = 3_600_000;

describe('Redis', () => {
  beforeEach(({ skip }) => skip(noRedis !== undefined, noRedis));
  const servers = new Servers();
  const started = noRedis ? undefined : servers.start('redis');
  const opened: { close(): void }[] = [];
  afterEach(() => {
    for (const it of opened.splice(0)) it.close();
  });
  afterAll(() => servers.stop());

  const socket = async (): Promise<string> => (await started)?.socket ?? '';
  const connect = async (organisation: string, clock: Clock = systemClock) => {
    const store = connectCounters({ redis: { url: await socket() }, organisation, clock, timeoutMs: 1000 });
    opened.push(store);
    await store.ready(5000);
    return store;
  };
  const placed = async (run: (place: Awaited<ReturnType<typeof openPlace>>) => Promise<void>) => {
    const place = await openPlace({ url: await socket() });
    try {
      await run(place);
    } finally {
      place.close();
    }
  };

  it('counts what a list of all reservations adds up to', async () => {
    const property = fc.asyncProperty(steps, (run) => placed((place) => behavesLikeModel(place, run)));
    await fc.assert(property, { numRuns: 25 });
  });

  it('never lets a rate be exceeded, whatever is given back', async () => {
    const property = fc.asyncProperty(rateCalls, (calls) => placed((place) => keepsTheRate(place, calls)));
    await fc.assert(property, { numRuns: 25 });
  });

  it('decides which window is now: clocks that are an hour off count together', async () => {
    const off = (byMs: number): Clock => ({ ...systemClock, epochMs: () => Date.now() + byMs });
    const claim = claimOf({ limit: 25, window: { kind: 'calendar', per: 'hour', zone: 'UTC' } });
    const stores = [
      await connect('skew', off(-hourMs)),
      await connect('skew'),
      await connect('skew', off(hourMs)),
    ];
    const kinds: string[] = [];
    for (const [index, store] of stores.entries()) {
      kinds.push((await store.reserve(askOf(String(index), [claim]))).kind);
    }
    expect(kinds).toEqual(['granted', 'granted', 'refused']);
    for (const store of stores) expect(await store.read([claim])).toMatchObject([{ open: 20 }]);
  });

  it('keeps organisations apart', async () => {
    const [a, b] = [await connect('a'), await connect('b')];
    await a.reserve(askOf('1', [claimOf()]));
    expect(await b.read([claimOf()])).toMatchObject([{ open: 0 }]);
    expect(() => connectCounters({ redis: { url: '/nowhere' }, organisation: 'a}b' })).toThrow(RangeError);
  });

  it('keeps nothing for ever, and nothing of us without our tag', async () => {
    const store = await connect('ttl');
    const slots = claimOf({ unit: 'concurrent', window: { kind: 'open' }, base: 1 });
    const claims = [claimOf(), { ...smoothClaim, budget: 'rate' }, { ...slots, budget: 'slots' }];
    await store.reserve(askOf('open', claims));
    await store.renew('open', 60_000);
    await store.reserve(askOf('settled', claims));
    await store.settle('settled', [1, 1, 1]);
    await store.reserve(askOf('late', claims, { leaseMs: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await store.settle('unknown', []);
    await store.adjust(claimOf({ budget: 'adjusted' }), 5);
    await store.adjust({ ...smoothClaim, budget: 'adjusted rate' }, 5);
    await store.holds();
    const keys = (await ask({ path: await socket() }, 'KEYS', '{nexus:ttl}:*')).match(/\{nexus.*/g) ?? [];
    expect(keys.length).toBeGreaterThanOrEqual(10);
    for (const key of keys) {
      const ttlMs = Number(/-?\d+/.exec(await ask({ path: await socket() }, 'PTTL', key))?.[0]);
      expect([key, ttlMs > 0]).toEqual([key, true]);
    }
    expect(await ask({ path: await socket() }, 'RANDOMKEY')).toContain('{nexus:');
  });

  it('ends leases a few at a time, and loses none', async () => {
    const store = await connect('many');
    const claim = claimOf({ limit: 1000, base: 1, window: { kind: 'calendar', per: 'month', zone: 'UTC' } });
    for (let index = 0; index < 100; index++)
      await store.reserve(askOf(String(index), [claim], { leaseMs: 200 }));
    await new Promise((resolve) => setTimeout(resolve, 250));
    for (let times = 0; times < 7; times++) await store.read([claim]);
    expect(await store.read([claim])).toMatchObject([{ used: 100, open: 0, unconfirmed: 100 }]);
  });

  it('lists more than one page of reservations', async () => {
    const store = await connect('pages');
    const claim = claimOf({ limit: 10_000, base: 1 });
    await Promise.all(
      Array.from({ length: 1200 }, (_, index) => store.reserve(askOf(String(index), [claim]))),
    );
    expect((await store.holds())?.length).toBe(1200);
  });
});
