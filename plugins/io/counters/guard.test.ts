import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../../test/fakes/clock.ts';
import { askOf, claimOf } from '../../../test/redis/conformance.ts';
import { memoryCounters } from '../../counters/memory.ts';
import type { Claim } from '../../ports/counter-store.ts';
import type { StoreState } from './breaker.ts';
import { type GuardOptions, guarded } from './guard.ts';
import { type FaultReason, type RemoteStore, StoreFault } from './remote.ts';

/** Lets everything happen that waits for nothing but its turn. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
};

type Trouble = FaultReason | 'silence' | 'late';

/** A remote store that counts in memory, and does not answer as long as there is `trouble`. */
const open = (options: Partial<GuardOptions> = {}) => {
  const clock = fakeClock(0);
  const memory = memoryCounters({ clock });
  const states: StoreState[] = [];
  const asked: string[] = [];
  const late: (() => void)[] = [];
  const broughtBack: (readonly Claim[])[] = [];
  let trouble: Trouble | undefined;
  let countsName = 'first';
  const answer = async <T>(call: string, act: () => Promise<T>): Promise<T> => {
    asked.push(call);
    if (trouble === undefined) return act();
    if (trouble === 'silence') return new Promise(() => {});
    if (trouble !== 'late') throw new StoreFault(trouble);
    const done = await act();
    return new Promise((resolve) => late.push(() => resolve(done)));
  };
  const remote: RemoteStore = {
    reserve: (ask) => answer('reserve', () => memory.reserve(ask)),
    settle: (id, amounts) => answer(`settle ${id}`, () => memory.settle(id, amounts)),
    renew: (id, leaseMs) => answer('renew', () => memory.renew(id, leaseMs)),
    read: (claims) => answer('read', () => memory.read(claims)),
    holds: () => answer('holds', () => memory.holds()),
    adjust: (claim, amount) => answer('adjust', () => memory.adjust(claim, amount)),
    sweep: () => answer('sweep', async () => countsName),
    probe: () => answer('probe', async () => countsName),
    bringBack: (claims) =>
      answer('bringBack', async () => {
        broughtBack.push(claims);
      }),
    reconnect: () => asked.push('reconnect'),
    close: () => asked.push('close'),
  };
  const store = guarded(remote, { clock, onState: (state) => states.push(state), ...options });
  const advance = async (byMs: number) => {
    for (let passed = 0; passed < byMs; passed += 5) {
      clock.advance(Math.min(5, byMs - passed));
      await turns();
    }
  };
  return {
    store,
    memory,
    states,
    asked,
    late,
    broughtBack,
    advance,
    be: (what: Trouble | undefined) => {
      trouble = what;
    },
    forget: () => {
      countsName = 'second';
    },
  };
};

const claim = claimOf();

describe('guarded', () => {
  it('passes on what a store in good health answers', async () => {
    const { store, states } = open();
    expect(await store.reserve(askOf('1', [claim]))).toHaveProperty('kind', 'granted');
    expect(await store.settle('1', [3])).toBe('settled');
    expect(await store.read([claim])).toMatchObject([{ used: 3 }]);
    expect(states).toEqual([]);
  });

  it('waits no longer than its time, and not at all once three calls in a row were not answered', async () => {
    const { store, states, asked, advance, be } = open({ timeoutMs: 45 });
    be('silence');
    for (const id of ['1', '2', '3']) {
      const answer = store.reserve(askOf(id, [claim]));
      await advance(45);
      expect(await answer).toEqual({ kind: 'lost' });
    }
    expect(states).toEqual([{ kind: 'lost', reason: 'timeout' }]);
    const before = asked.length;
    expect(await store.reserve(askOf('4', [claim]))).toEqual({ kind: 'lost' });
    expect([await store.read([claim]), await store.holds(), await store.adjust(claim, 1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await store.renew('1', 1000)).toBeUndefined();
    expect(asked.length).toBe(before);
  });

  it('forgives timeouts that are not in a row', async () => {
    const { store, states, advance, be } = open();
    for (let round = 0; round < 5; round++) {
      be('silence');
      const unanswered = store.read([claim]);
      await advance(50);
      expect(await unanswered).toBeUndefined();
      be(undefined);
      await store.read([claim]);
    }
    expect(states).toEqual([]);
  });

  it.each<FaultReason>(['unreachable', 'readonly', 'busy', 'full', 'loading'])('names %s', async (reason) => {
    const { store, states, advance, be } = open();
    be(reason);
    expect(await store.reserve(askOf('1', [claim]))).toEqual({ kind: 'lost' });
    expect(states).toEqual([{ kind: 'lost', reason }]);
    await advance(3000);
    be(undefined);
    await advance(900);
    expect(states).toEqual([{ kind: 'lost', reason }, { kind: 'ready' }]);
  });

  it('tells what the store itself says while it is lost, once', async () => {
    const { store, states, advance, be } = open();
    be('unreachable');
    await store.read([claim]);
    await advance(1000);
    be('loading');
    await advance(2000);
    be('unreachable');
    await advance(2000);
    be(undefined);
    await advance(1000);
    expect(states).toEqual([
      { kind: 'lost', reason: 'unreachable' },
      { kind: 'lost', reason: 'loading' },
      { kind: 'ready' },
    ]);
  });

  it('tells once that the store forgot what it had counted', async () => {
    const { store, states, advance, be, forget } = open({ sweepEveryMs: 100 });
    await advance(150);
    be('unreachable');
    await store.read([claim]);
    forget();
    be(undefined);
    await advance(2000);
    expect(states).toEqual([
      { kind: 'lost', reason: 'unreachable' },
      { kind: 'lost', reason: 'forgotten' },
      { kind: 'ready', forgotten: { broughtBack: 0 } },
    ]);
  });

  it('tells that the store forgot even when it was not missed', async () => {
    const { states, advance, forget } = open({ sweepEveryMs: 100 });
    await advance(150);
    forget();
    await advance(1100);
    expect(states).toEqual([{ kind: 'lost', reason: 'forgotten' }]); // others have to notice, too
    await advance(1000);
    expect(states).toEqual([
      { kind: 'lost', reason: 'forgotten' },
      { kind: 'ready', forgotten: { broughtBack: 0 } },
    ]);
  });

  it('puts back what it last saw before anything is asked of a store that forgot', async () => {
    const { store, states, asked, broughtBack, advance, be, forget } = open({ sweepEveryMs: 100 });
    const hour = claimOf({ budget: 'hour', window: { kind: 'calendar', per: 'hour', zone: 'UTC' } });
    const rate = claimOf({ budget: 'rate', window: { kind: 'smooth', seconds: 60 } });
    await store.reserve(askOf('1', [claim, rate, hour]));
    await store.settle('1', [7, 7, 7]);
    await store.reserve(askOf('2', [hour]));
    await store.adjust({ ...hour, budget: 'adjusted' }, 5);
    await advance(59_500); // the minute is as good as over
    forget();
    be('unreachable');
    await store.read([claim]);
    const before = asked.length;
    be(undefined);
    const kinds: string[] = [];
    for (let index = 0; kinds.at(-1) !== 'granted' && index < 100; index++) {
      kinds.push((await store.reserve(askOf(`later ${index}`, [hour]))).kind);
      await advance(20);
    }
    expect(new Set(kinds)).toEqual(new Set(['lost', 'granted']));
    expect(broughtBack).toEqual([
      [
        expect.objectContaining({ budget: 'hour', base: 17 }),
        expect.objectContaining({ budget: 'adjusted', base: 5 }),
      ],
    ]);
    const since = asked.slice(before).filter((call) => call !== 'probe');
    expect(since[0]).toBe('bringBack');
    expect(states.at(-1)).toEqual({ kind: 'ready', forgotten: { broughtBack: 2 } });
  });

  it('stays away from a store that forgot until all is put back', async () => {
    const { store, states, broughtBack, advance, be, forget } = open();
    await store.ready(0);
    for (let index = 0; index < 450; index++)
      await store.reserve(askOf(`${index}`, [claimOf({ scope: `user=${index}` })]));
    forget();
    be('forgotten');
    expect(await store.reserve(askOf('1', [claim]))).toEqual({ kind: 'lost' });
    await advance(1000);
    expect(states).toEqual([{ kind: 'lost', reason: 'forgotten' }]);
    be(undefined);
    await advance(2000);
    expect(broughtBack.map(({ length }) => length)).toEqual([200, 200, 50]);
    expect(states.at(-1)).toEqual({ kind: 'ready', forgotten: { broughtBack: 450 } });
  });

  it('asks for a new connection while probes fail, now and then', async () => {
    const { store, asked, advance, be } = open();
    be('silence');
    for (const id of ['1', '2', '3']) void store.reserve(askOf(id, [claim]));
    await advance(5100);
    const reconnects = asked.filter((call) => call === 'reconnect').length;
    expect(reconnects).toBeGreaterThanOrEqual(3);
    expect(reconnects).toBeLessThanOrEqual(5);
  });

  it('delivers settlements when the store is back, each once', async () => {
    const { store, memory, advance, be, asked } = open();
    for (const id of ['1', '2']) await store.reserve(askOf(id, [claim]));
    be('unreachable');
    expect(await store.settle('1', [4])).toBe('lost');
    expect(await store.settle('1', [9])).toBe('already');
    expect(await store.settle('2', [5])).toBe('lost');
    expect(store.undelivered).toBe(2);
    be(undefined);
    await advance(500);
    expect(await memory.read([claim])).toMatchObject([{ used: 9, open: 0 }]);
    expect(store.undelivered).toBe(0);
    expect(asked.filter((call) => call === 'settle 2')).toHaveLength(1);
  });

  it('delivers after the lease has ended, which refunds', async () => {
    const { store, memory, advance, be } = open();
    await store.reserve(askOf('1', [claim], { leaseMs: 1000 }));
    be('unreachable');
    await store.settle('1', [4]);
    await advance(2000);
    expect(await memory.read([claim])).toMatchObject([{ used: 10, unconfirmed: 10 }]);
    be(undefined);
    await advance(2000);
    expect(await memory.read([claim])).toMatchObject([{ used: 4, open: 0, unconfirmed: 0 }]);
  });

  it('does not charge twice when only the answer to a settlement was lost', async () => {
    const { store, memory, advance, be } = open();
    await store.reserve(askOf('1', [claim]));
    be('late');
    const settled = store.settle('1', [4]);
    await advance(50);
    expect(await settled).toBe('lost');
    be(undefined);
    await advance(1000);
    expect(await memory.read([claim])).toMatchObject([{ used: 4, open: 0 }]);
  });

  it('gives up what a reservation may hold whose answer comes late, or never', async () => {
    const { store, memory, advance, be, late } = open();
    be('late');
    const answer = store.reserve(askOf('1', [claim]));
    await advance(50);
    expect(await answer).toEqual({ kind: 'lost' });
    expect(await memory.read([claim])).toMatchObject([{ open: 10 }]);
    be(undefined);
    await advance(200);
    expect(await memory.read([claim])).toMatchObject([{ used: 0, open: 0 }]);
    late[0]?.();
    await advance(10);
    expect(await memory.holds()).toEqual([]);
  });

  it('does not give up what was granted when the call that asks again gets no answer', async () => {
    const { store, memory, advance, be } = open();
    await store.reserve(askOf('1', [claim]));
    be('unreachable');
    expect(await store.reserve(askOf('1', [claim]))).toEqual({ kind: 'lost' });
    be(undefined);
    await advance(500);
    expect(await memory.read([claim])).toMatchObject([{ used: 0, open: 10 }]);
    expect(await store.settle('1', [4])).toBe('settled');
  });

  it('grants nothing for an id that it is about to give up', async () => {
    const { store, memory, advance, be } = open();
    be('late');
    const answer = store.reserve(askOf('1', [claim]));
    await advance(50);
    await answer;
    be(undefined);
    expect(await store.reserve(askOf('1', [claim]))).toEqual({ kind: 'lost' });
    await advance(300);
    expect(await store.reserve(askOf('1', [claim]))).toEqual({ kind: 'lost' });
    expect(await memory.holds()).toEqual([]);
  });

  it('charges a reservation without an answer when it is settled all the same', async () => {
    const { store, memory, advance, be } = open();
    be('late');
    const answer = store.reserve(askOf('1', [claim]));
    await advance(50);
    await answer;
    const settled = store.settle('1', [4]);
    await advance(50);
    expect(await settled).toBe('lost');
    be(undefined);
    await advance(300);
    expect(await memory.read([claim])).toMatchObject([{ used: 4, open: 0 }]);
  });

  it('keeps so many settlements and no more', async () => {
    const { store, be } = open({ maxUndelivered: 2 });
    be('unreachable');
    for (const id of ['1', '2', '3']) expect(await store.settle(id, [1])).toBe('lost');
    expect(store.undelivered).toBe(2);
  });

  it('rejects faults that are not those of the store', async () => {
    const { store, states } = open();
    await expect(store.reserve(askOf('1', [claim, claim]))).rejects.toThrow(RangeError);
    await expect(store.settle('1', [-1])).rejects.toThrow(RangeError);
    expect(states).toEqual([]);
  });

  it('looks for leases that ended, and stops when it is closed', async () => {
    const { store, asked, advance } = open({ sweepEveryMs: 100 });
    await advance(250);
    store.close();
    await advance(500);
    expect(asked).toEqual(['sweep', 'sweep', 'close']);
  });
});
