import { expect, it } from 'vitest';
import { fakeClock } from '../../../test/fakes/clock.ts';
import { askOf, claimOf } from '../../../test/redis/conformance.ts';
import { memoryCounters } from '../../counters/memory.ts';
import { BroughtBack } from './brought-back.ts';

const dayMs = 86_400_000;
const claim = claimOf({ limit: 1000, window: { kind: 'calendar', per: 'day', zone: 'UTC' } });

const open = () => {
  const clock = fakeClock(0);
  const store = memoryCounters({ clock });
  const broughtBack = new BroughtBack(store);
  return {
    clock,
    spend: async (id: string, base: number) => {
      await store.reserve(askOf(id, [{ ...claim, base }]));
      await store.settle(id, [base]);
    },
    raise: (base: number) => broughtBack.raise([{ ...claim, base }], clock.epochMs()),
    used: async () => (await store.read([claim]))?.[0]?.used,
  };
};

it('raises a count to what was seen at most, and loses nothing of what was counted since', async () => {
  const { spend, raise, used } = open();
  expect(await raise(300)).toBe(true);
  expect(await used()).toBe(300);
  await spend('since', 50);
  await Promise.all([raise(500), raise(400), raise(500)]);
  expect(await used()).toBe(550);
});

it('lets a count alone that has more already', async () => {
  const { spend, raise, used } = open();
  await spend('1', 200);
  await raise(150);
  await spend('2', 30);
  await raise(180);
  expect(await used()).toBe(230);
});

it('begins anew with each window', async () => {
  const { clock, raise, used } = open();
  await raise(300);
  clock.advance(dayMs);
  await raise(100);
  expect(await used()).toBe(100);
});

it('says when the store is lost', async () => {
  const broughtBack = new BroughtBack({
    ...memoryCounters({ clock: fakeClock(0) }),
    read: async () => undefined,
  });
  expect(await broughtBack.raise([claim], 0)).toBe(false);
});
