import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type FakeClock, fakeClock } from '../../../test/fakes/clock.ts';
import { askOf, claimOf, conformance, conformanceStartMs } from '../../../test/redis/conformance.ts';
import { behavesLikeModel, smoothClaim, steps } from '../../../test/redis/model.ts';
import { memoryCounters } from '../../counters/memory.ts';
import type { StoreState } from './breaker.ts';
import { type JournaledCounters, type JournalPlace, journaledCounters } from './journaled.ts';

/** A journal in memory. What was written can be cut at any byte, as a process that is killed does. */
class FakePlace implements JournalPlace {
  readonly found: Uint8Array | undefined;
  written = Buffer.alloc(0);
  replaced = 0;
  /** What the system throws. */
  fault: Error | undefined;
  /** Bytes that are written all the same of what fails. */
  partBytes = 0;

  constructor(found?: Uint8Array) {
    this.found = found;
  }

  get bytes(): number {
    return this.written.length;
  }

  append(text: string): void {
    const bytes = Buffer.from(text);
    this.written = Buffer.concat([this.written, this.fault ? bytes.subarray(0, this.partBytes) : bytes]);
    if (this.fault) throw this.fault;
  }

  replace(text: string): void {
    if (this.fault) throw this.fault;
    this.written = Buffer.from(text);
    this.replaced++;
  }

  async sync(): Promise<void> {
    if (this.fault) throw this.fault;
  }

  close(): void {}
}

const open = (clock: FakeClock, found?: Uint8Array) => {
  const place = new FakePlace(found);
  const states: StoreState[] = [];
  const store = journaledCounters({ clock, place, onState: (state) => states.push(state) });
  return { place, store, states };
};

conformance('a journaled store', async () => {
  const clock = fakeClock(conformanceStartMs);
  return { store: open(clock).store, advance: async (byMs) => clock.advance(byMs) };
});

const perMonth = { kind: 'calendar', per: 'month', zone: 'UTC' } as const;
const month = claimOf({ window: perMonth, limit: 1000 });
const slots = claimOf({ budget: 'slots', unit: 'concurrent', window: { kind: 'open' }, limit: 5, base: 1 });

test('a store that is killed between any two steps goes on as if nothing had been', async () => {
  const property = fc.asyncProperty(steps, fc.infiniteStream(fc.nat(3)), async (run, kills) => {
    const clock = fakeClock(conformanceStartMs);
    let current = open(clock);
    const restarted = () => {
      if (kills.next().value === 0) current = open(clock, current.place.written);
      return current.store;
    };
    const store: JournaledCounters['reserve'] = (ask) => restarted().reserve(ask);
    const place = {
      store: {
        reserve: store,
        settle: ((...args) => restarted().settle(...args)) as JournaledCounters['settle'],
        renew: ((...args) => restarted().renew(...args)) as JournaledCounters['renew'],
        read: ((...args) => restarted().read(...args)) as JournaledCounters['read'],
        holds: () => restarted().holds(),
        adjust: ((...args) => restarted().adjust(...args)) as JournaledCounters['adjust'],
      },
      advance: async (byMs: number) => clock.advance(byMs),
    };
    await behavesLikeModel(place, run);
  });
  await fc.assert(property, { numRuns: 60 });
}, 30_000);

/** What one call did, and how long the journal was when it was told so. */
interface Call {
  readonly held: number;
  grantedAt?: number;
  settled?: number;
}

type Move =
  | { readonly kind: 'reserve'; readonly base: number }
  | { readonly kind: 'settle'; readonly of: number };

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('reserve'), base: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('settle'), of: fc.nat(30) }),
  ),
  { minLength: 1, maxLength: 40, size: 'max' },
);

/** Makes the moves, several at once, so that they are written together. */
const made = async (run: readonly Move[]) => {
  const clock = fakeClock(conformanceStartMs);
  const { store, place } = open(clock);
  const begun = place.bytes;
  const calls: Call[] = [];
  const running: Promise<unknown>[] = [];
  for (const [index, move] of run.entries()) {
    if (move.kind === 'reserve') {
      const call: Call = { held: move.base };
      const id = `${calls.push(call) - 1}`;
      running.push(
        store.reserve(askOf(id, [{ ...month, base: move.base }])).then(({ kind }) => {
          if (kind === 'granted') call.grantedAt = place.bytes;
        }),
      );
    } else {
      const at = move.of % Math.max(1, calls.length);
      const call = calls[at];
      if (!call || call.settled !== undefined) continue;
      call.settled = Math.floor(call.held / 3);
      running.push(store.settle(`${at}`, [call.settled]));
    }
    if (index % 3 === 0) await Promise.all(running);
  }
  await Promise.all(running);
  return { clock, place, begun, calls, store };
};

test('a journal cut at any byte counts at least what was promised by then', async () => {
  const property = fc.asyncProperty(moves, fc.double({ min: 0, max: 1, noNaN: true }), async (run, part) => {
    const { clock, place, begun, calls } = await made(run);
    const cut = begun + Math.round((place.bytes - begun) * part);
    const { store } = open(clock, place.written.subarray(0, cut));
    const promised = calls
      .filter(({ grantedAt }) => grantedAt !== undefined && grantedAt <= cut)
      .reduce((sum, { held, settled }) => sum + (settled ?? held), 0);
    const [count] = (await store.read([month])) ?? [];
    const { used = 0, open: held = 0, limit = 0 } = count ?? {};
    expect(used + held).toBeGreaterThanOrEqual(promised);
    expect(used + held).toBeLessThanOrEqual(limit);
  });
  await fc.assert(property, { numRuns: 300 });
}, 30_000);

describe('a journal', () => {
  const clockAt = () => fakeClock(conformanceStartMs);

  it('keeps what is open, what ended, rates and late refunds', async () => {
    const clock = clockAt();
    const rate = { ...smoothClaim, limit: 10, base: 4 };
    const first = open(clock);
    await first.store.reserve(askOf('open', [month, slots, rate]));
    await first.store.reserve(askOf('settled', [month]));
    await first.store.settle('settled', [3]);
    await first.store.settle('void', [3]);
    await first.store.reserve(askOf('late', [month], { leaseMs: 1000 }));
    clock.advance(1500);
    await first.store.adjust(month, 100);
    const { store } = open(clock, first.place.written);
    const again = open(clock, open(clock, first.place.written).place.written).store; // from what a start makes of it
    for (const it of [store, again]) {
      expect(await it.read([month, slots, rate])).toEqual(await first.store.read([month, slots, rate]));
      expect(await it.holds()).toEqual(await first.store.holds());
      expect(await it.reserve(askOf('settled', [month]))).toEqual({ kind: 'lost' });
      expect(await it.reserve(askOf('void', [month]))).toEqual({ kind: 'lost' });
      expect(await it.settle('late', [2])).toBe('late-refund');
      expect(await it.settle('open', [5, 1, 4])).toBe('settled');
      expect(await it.read([month, slots])).toMatchObject([
        { used: 110, open: 0, unconfirmed: 0 },
        { open: 0 },
      ]);
    }
  });

  it('lets time go on while nobody counts', async () => {
    const clock = clockAt();
    const first = open(clock);
    await first.store.reserve(askOf('1', [month, slots], { leaseMs: 60_000 }));
    await first.store.reserve(askOf('2', [{ ...smoothClaim, base: 10 }]));
    const later = fakeClock(conformanceStartMs + 10_000);
    expect(await open(later, first.place.written).store.holds()).toMatchObject([
      { id: '1', ageMs: 10_000, leaseMs: 50_000 },
      { id: '2' },
    ]);
    expect(await open(later, first.place.written).store.read([smoothClaim])).toMatchObject([{ used: 0 }]);
    const muchLater = fakeClock(conformanceStartMs + 61_000); // September
    const { store } = open(muchLater, first.place.written);
    expect(await store.read([month, slots])).toMatchObject([{ used: 0 }, { open: 0 }]);
    expect(await store.settle('1', [1, 1])).toBe('late-refund');
  });

  it('ends no lease twice when the wall clock was set back', async () => {
    const clock = clockAt();
    const first = open(clock);
    await first.store.reserve(askOf('1', [slots], { leaseMs: 60_000 }));
    const { store } = open(fakeClock(conformanceStartMs - 3_600_000), first.place.written);
    expect(await store.holds()).toMatchObject([{ id: '1', ageMs: 0, leaseMs: 60_000 }]);
  });

  it('keeps its name', async () => {
    const clock = clockAt();
    const first = open(clock);
    expect(await open(clock, first.place.written).store.probe?.()).toBe(await first.store.probe?.());
    expect(await open(clock).store.probe?.()).not.toBe(await first.store.probe?.());
  });

  it('writes once for what is asked at once, and answers nothing before', async () => {
    const { place, store } = open(clockAt());
    const before = place.bytes;
    const answered: string[] = [];
    const asked = ['1', '2', '3'].map((id) =>
      store.reserve(askOf(id, [month])).then(() => answered.push(`${id} after ${place.bytes > before}`)),
    );
    for (let turn = 0; turn < 20; turn++) await undefined;
    expect([answered, place.bytes]).toEqual([[], before]);
    await Promise.all(asked);
    expect(answered).toEqual(['1 after true', '2 after true', '3 after true']);
  });

  it('begins anew when it is long', async () => {
    const { place, store } = open(clockAt());
    const id = 'x'.repeat(1024 * 1024);
    for (let time = 0; time < 18; time++) await store.settle(`${time}${id}`, []);
    expect(place.replaced).toBe(2);
  });

  it('refuses to be read when it was changed in the middle', async () => {
    const { place, store } = open(clockAt());
    for (const name of ['1', '2', '3']) await store.reserve(askOf(name, [month]));
    const broken = Buffer.from(place.written);
    broken[broken.length - 500] = 0;
    expect(() => open(clockAt(), broken)).toThrow(/cannot be read from byte \d+/);
    expect(() => open(clockAt(), new Uint8Array())).toThrow('has no beginning');
  });

  it('says how much of its end it left out', async () => {
    const { place, store } = open(clockAt());
    await store.reserve(askOf('1', [month]));
    const cut = open(clockAt(), place.written.subarray(0, -3));
    expect(cut.store.tornBytes).toBeGreaterThan(100);
    expect(await cut.store.read([month])).toMatchObject([{ open: 0 }]);
    expect(open(clockAt(), place.written).store.tornBytes).toBe(0);
  });
});

describe('a journal that cannot be written', () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });

  it('loses the store, grants nothing, and forgets nothing', async () => {
    const clock = fakeClock(conformanceStartMs);
    const { place, store, states } = open(clock);
    await store.reserve(askOf('before', [month]));
    place.fault = full;
    place.partBytes = 40;
    expect(await store.reserve(askOf('during', [month]))).toEqual({ kind: 'lost' });
    expect(states).toEqual([{ kind: 'lost', reason: 'full' }]);
    expect(await store.reserve(askOf('next', [month]))).toEqual({ kind: 'lost' });
    expect(await store.settle('before', [4])).toBe('lost');
    expect(await store.renew('before', 5)).toBeUndefined();
    expect(await store.read([month])).toBeUndefined();
    expect(await store.holds()).toBeUndefined();
    expect(await store.adjust(month, 1)).toBeUndefined();
    expect(await store.probe?.()).toBeUndefined();
    // Killed now, it is charged as it was promised; of the torn line nothing is left.
    const killed = open(clock, place.written).store;
    expect(await killed.read([month])).toMatchObject([{ used: 0, open: 10 }]);
    clock.advance(2000);
    place.fault = undefined;
    clock.advance(500);
    expect(states.at(-1)).toEqual({ kind: 'ready' });
    expect(await store.read([month])).toMatchObject([{ used: 4, open: 0 }]);
    expect(await store.settle('before', [4])).toBe('already');
    expect(await open(clock, place.written).store.read([month])).toMatchObject([{ used: 4, open: 0 }]);
  });

  it('is told from the start', async () => {
    const clock = fakeClock(conformanceStartMs);
    const place = new FakePlace();
    place.fault = Object.assign(new Error('read-only'), { code: 'EROFS' });
    const states: StoreState[] = [];
    const store = journaledCounters({ clock, place, onState: (state) => states.push(state) });
    expect(states).toEqual([{ kind: 'lost', reason: 'disk' }]);
    expect(await store.reserve(askOf('1', [month]))).toEqual({ kind: 'lost' });
  });

  it('is lost also when only the disk refuses to keep it', async () => {
    const clock = fakeClock(conformanceStartMs);
    const { place, store, states } = open(clock);
    await store.reserve(askOf('1', [month]));
    place.fault = new Error('i/o');
    clock.advance(1000);
    await new Promise(setImmediate);
    expect(states).toEqual([{ kind: 'lost', reason: 'disk' }]);
  });
});

test('counts without a journal are the same', async () => {
  const clock = fakeClock(conformanceStartMs);
  const [plain, { store }] = [memoryCounters({ clock }), open(clock)];
  for (const it of [plain, store]) {
    await it.reserve(askOf('1', [month]));
    await it.settle('1', [7]);
  }
  expect(await store.read([month])).toEqual(await plain.read([month]));
});
