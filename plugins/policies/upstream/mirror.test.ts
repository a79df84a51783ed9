import { expect, test } from 'vitest';
import { testBoard, testCandidate } from '../../../test/fakes/candidates.ts';
import { seededRandom } from '../../../test/fakes/time.ts';
import type { MirrorConfig } from './config.ts';
import { mirrorOf } from './mirror.ts';

const use = { provider: 'p', model: 'm', weight: 1 };

/** Copies of `perSecond` requests a second, by the second. */
const copies = (config: Omit<MirrorConfig, 'use'>, perSecond: number, seconds: number): number[] => {
  const { queue } = testBoard();
  const to = testCandidate('to');
  const mirror = mirrorOf({ ...config, use }, { to, clock: queue.clock, random: { unit: seededRandom(1) } });
  const counts = Array.from({ length: seconds }, () => 0);
  for (let at = 0; at < perSecond * seconds; at++) {
    queue.runUntil(1000 + (at * 1000) / perSecond);
    const second = Math.floor(at / perSecond);
    if (mirror() === to) counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
};

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

test('copies its share of the requests', () => {
  const total = sum(copies({ share: 0.1, maxPerMinute: 100_000 }, 100, 60));
  expect(total).toBeGreaterThan(520);
  expect(total).toBeLessThan(680);
});

test.each([1, 6, 60, 1000])('copies no more than %i in any minute', (maxPerMinute) => {
  const counts = copies({ share: 1, maxPerMinute }, 50, 300);
  for (let from = 0; from + 60 <= counts.length; from++) {
    expect(sum(counts.slice(from, from + 60))).toBeLessThanOrEqual(maxPerMinute + 1); // one on each edge
  }
  expect(sum(counts)).toBeGreaterThan(4 * 0.85 * maxPerMinute);
});

test('copies nothing for a share of 0', () => {
  expect(sum(copies({ share: 0, maxPerMinute: 100 }, 50, 10))).toBe(0);
});
