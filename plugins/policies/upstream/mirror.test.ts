import { describe, expect, test } from 'vitest';
import { testBoard, testCandidate } from '../../../test/fakes/candidates.ts';
import { seededRandom } from '../../../test/fakes/time.ts';
import { memoryCounters } from '../../counters/memory.ts';
import type { CounterStore } from '../../ports/counter-store.ts';
import type { MirrorConfig } from './config.ts';
import { mirrorOf } from './mirror.ts';

type Settings = Pick<MirrorConfig, 'share' | 'maxPerMinute'>;

const use = { provider: 'p', model: 'm', weight: 1 };
const to = testCandidate('to');

/** `count` processes that mirror one model and share a store. */
const processes = (count: number, settings: Settings, counters?: CounterStore) => {
  const { queue } = testBoard();
  const store = counters ?? memoryCounters({ clock: queue.clock });
  const mirrors = Array.from({ length: count }, (_, at) =>
    mirrorOf(
      { ...settings, use },
      {
        model: 'support',
        to,
        ports: { clock: queue.clock, random: { unit: seededRandom(at + 1) }, counters: store },
      },
    ),
  );
  return { queue, store, mirrors };
};

/** Copies of `perSecond` requests a second, spread over `count` processes, by the second; and how often the store was asked. */
const copies = async (settings: Settings, perSecond: number, seconds: number, count = 1) => {
  const { queue, mirrors } = processes(count, settings);
  const counts = Array.from({ length: seconds }, () => 0);
  let claims = 0;
  for (let at = 0; at < perSecond * seconds; at++) {
    queue.runUntil(1000 + (at * 1000) / perSecond);
    const mirror = mirrors[at % count];
    if (mirror?.draw() !== to) continue;
    claims++;
    const second = Math.floor(at / perSecond);
    if ((await mirror.claim(String(at))) === 'granted') counts[second] = (counts[second] ?? 0) + 1;
  }
  return { counts, claims };
};

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

describe('share', () => {
  test.each([1, 4])('is copied, by %i processes together', async (count) => {
    const { counts } = await copies({ share: 0.1, maxPerMinute: 100_000 }, 100, 60, count);
    expect(sum(counts)).toBeGreaterThan(520);
    expect(sum(counts)).toBeLessThan(680);
  });

  test('of 0 copies nothing', async () => {
    expect((await copies({ share: 0, maxPerMinute: 100 }, 50, 10)).claims).toBe(0);
  });
});

describe('maxPerMinute', () => {
  test.each([
    [1, 1],
    [6, 1],
    [60, 1],
    [1000, 1],
    [1, 4],
    [60, 4],
    [1000, 3],
  ])('%i holds in any minute, over %i processes together', async (maxPerMinute, count) => {
    const { counts, claims } = await copies({ share: 1, maxPerMinute }, 50, 300, count);
    for (let from = 0; from + 60 <= counts.length; from++) {
      expect(sum(counts.slice(from, from + 60))).toBeLessThanOrEqual(maxPerMinute + 1); // one on each edge
    }
    expect(sum(counts)).toBeGreaterThan(4 * 0.85 * maxPerMinute);
    expect(claims).toBeLessThanOrEqual(5 * (maxPerMinute + 1) * count); // a process asks no more often than it may send
  });

  test('is counted and left at that: nothing is held', async () => {
    const { mirrors, store } = processes(2, { share: 1, maxPerMinute: 10 });
    expect(await mirrors[0]?.claim('a')).toBe('granted');
    expect(await mirrors[1]?.claim('b')).toBe('enough');
    expect(await store.holds()).toEqual([]);
  });

  test('keeps a process from drawing that was told that it is enough, until there is room', async () => {
    const { queue, mirrors } = processes(2, { share: 1, maxPerMinute: 10 });
    const [one, other] = mirrors;
    expect(await one?.claim('a')).toBe('granted');
    expect(other?.draw()).toBe(to);
    expect(await other?.claim('b')).toBe('enough');
    queue.runUntil(7900);
    expect(other?.draw()).toBeUndefined();
    queue.runUntil(8001);
    expect(other?.draw()).toBe(to);
    expect(await other?.claim('c')).toBe('granted');
  });

  test('sends nothing that nobody counts', async () => {
    const { queue } = testBoard();
    const lost: CounterStore = {
      ...memoryCounters({ clock: queue.clock }),
      reserve: async () => ({ kind: 'lost' }),
    };
    const { mirrors } = processes(1, { share: 1, maxPerMinute: 10 }, lost);
    expect(await mirrors[0]?.claim('a')).toBe('uncounted');
  });
});
