import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/fakes/clock.ts';
import { askOf, claimOf, conformance, conformanceStartMs } from '../../test/redis/conformance.ts';
import { memoryCounters } from './memory.ts';

conformance('memoryCounters', async () => {
  const clock = fakeClock(conformanceStartMs);
  return { store: memoryCounters({ clock }), advance: async (byMs) => clock.advance(byMs) };
});

describe('memoryCounters', () => {
  it('forgets the oldest of too many reservations that ended', async () => {
    const store = memoryCounters({ clock: fakeClock(0), maxEnded: 2 });
    for (const id of ['1', '2', '3']) {
      await store.reserve(askOf(id, [claimOf()]));
      await store.settle(id, [1]);
    }
    const settled = [await store.settle('1', [1]), await store.settle('3', [1])];
    expect(settled).toEqual(['unknown', 'already']);
  });

  it('counts on where it was when the clock is set back by a window', async () => {
    const clock = fakeClock(conformanceStartMs);
    const store = memoryCounters({ clock });
    const claim = claimOf({ limit: 10 });
    await store.reserve(askOf('1', [claim]));
    clock.advance(20_000);
    await store.reserve(askOf('2', [claim]));
    clock.setEpoch(conformanceStartMs);
    expect(await store.reserve(askOf('3', [claim]))).toHaveProperty('kind', 'refused');
    clock.setEpoch(conformanceStartMs + 20_000);
    expect(await store.reserve(askOf('4', [claim]))).toHaveProperty('kind', 'refused');
  });
});
