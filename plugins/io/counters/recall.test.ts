import { expect, it } from 'vitest';
import { fakeClock } from '../../../test/fakes/clock.ts';
import { askOf, claimOf } from '../../../test/redis/conformance.ts';
import { memoryCounters } from '../../counters/memory.ts';
import type { Claim } from '../../ports/counter-store.ts';
import { Recall } from './recall.ts';

const hour = claimOf({ window: { kind: 'calendar', per: 'hour', zone: 'UTC' }, limit: 1000 });

const open = () => {
  const clock = fakeClock(0);
  const store = memoryCounters({ clock });
  const recall = new Recall(clock);
  return {
    clock,
    recall,
    reserve: async (id: string, claims: readonly Claim[]) => {
      const ask = askOf(id, claims);
      const answer = await store.reserve(ask);
      if (answer.kind !== 'lost') recall.reserved(ask, answer);
      return answer.kind;
    },
    seen: () => recall.claims().map(({ budget, base }) => [budget, base]),
  };
};

it('remembers what is used and held, and what settlements make of it', async () => {
  const { recall, reserve, seen } = open();
  await reserve('1', [hour, { ...hour, budget: 'other' }]);
  await reserve('2', [hour]);
  expect([recall.holds('1'), recall.holds('3')]).toEqual([true, false]);
  expect(recall.settled('1', [4])).toMatchObject([
    { claim: { budget: 'b' }, by: -6 },
    { claim: { budget: 'other' }, by: -10 },
  ]);
  expect(recall.settled('1', [4])).toEqual([]);
  expect(recall.settled('2', [15])).toMatchObject([{ by: 5 }]);
  expect(seen()).toEqual([
    ['other', 0],
    ['b', 19],
  ]);
});

it('remembers what refused a call, too', async () => {
  const { reserve, seen } = open();
  expect(await reserve('1', [{ ...hour, limit: 10 }])).toBe('granted');
  expect(await reserve('2', [{ ...hour, limit: 10 }])).toBe('refused');
  expect(seen()).toEqual([['b', 10]]);
});

it('leaves a window that is over, and nothing of it gets into the next', async () => {
  const { clock, recall, reserve, seen } = open();
  await reserve('1', [hour]);
  clock.advance(3_600_000 - 500);
  expect(seen()).toEqual([]);
  clock.advance(500);
  await reserve('2', [hour]);
  expect(recall.settled('1', [0])).toEqual([]);
  expect(seen()).toEqual([['b', 10]]);
});

it('keeps no rates and no parallel calls', async () => {
  const { reserve, seen } = open();
  const slots = claimOf({ budget: 'slots', unit: 'concurrent', window: { kind: 'open' }, base: 1 });
  await reserve('1', [claimOf({ budget: 'rate', window: { kind: 'smooth', seconds: 60 } }), slots]);
  expect(seen()).toEqual([]);
});
