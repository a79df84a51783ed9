import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../test/fakes/clock.ts';
import { askOf, claimOf, conformance, conformanceStartMs } from '../../test/redis/conformance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ask, Claim, CounterStore } from '../ports/counter-store.ts';
import type { Random } from '../ports/random.ts';
import { memoryCounters } from './memory.ts';
import { slicePrefix, slices } from './slices.ts';

/** Lets everything happen that waits for nothing but its turn. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
};

/** A store that counts what it is asked, and is lost when told so. */
const watched = (store: CounterStore) => {
  const asked: string[] = [];
  const owed: (() => void)[] = [];
  let isLost = false;
  const watch: CounterStore = {
    reserve: async (ask) => {
      asked.push(`reserve ${ask.id}`);
      return isLost ? { kind: 'lost' } : store.reserve(ask);
    },
    settle: async (id, amounts) => {
      asked.push(`settle ${id}`);
      if (!isLost) return store.settle(id, amounts);
      owed.push(() => void store.settle(id, amounts));
      return 'lost';
    },
    renew: async (id, leaseMs) => (isLost ? undefined : store.renew(id, leaseMs)),
    read: async (claims) => {
      asked.push('read');
      return isLost ? undefined : store.read(claims);
    },
    holds: async () => (isLost ? undefined : store.holds()),
    adjust: async (claim, amount) => (isLost ? undefined : store.adjust(claim, amount)),
  };
  return {
    watch,
    asked,
    lose: () => {
      isLost = true;
    },
    find: () => {
      isLost = false;
      for (const deliver of owed.splice(0)) deliver();
    },
  };
};

/** Its calls as properties of their own. */
const bound = (store: CounterStore): CounterStore => ({
  reserve: (ask) => store.reserve(ask),
  settle: (id, amounts) => store.settle(id, amounts),
  renew: (id, leaseMs) => store.renew(id, leaseMs),
  read: (claims) => store.read(claims),
  holds: () => store.holds(),
  adjust: (claim, amount) => store.adjust(claim, amount),
});

const open = (options: { share?: number } = {}) => {
  const clock = fakeClock(conformanceStartMs);
  const memory = memoryCounters({ clock });
  const { watch, ...control } = watched(memory);
  const host = (owner: string) => {
    let isAlive = true;
    const after: Clock['after'] = (delayMs, callback) => clock.after(delayMs, () => isAlive && callback());
    let slicesDrawn = 0;
    const random: Random = { unit: () => 0.5, id: () => `${owner}-${++slicesDrawn}` };
    const store = slices(watch, { clock: { ...clock, after }, random, owner, ...options });
    const kill = () => {
      isAlive = false;
    };
    return { ...bound(store), close: () => store.close(), kill };
  };
  const advance = async (byMs: number) => {
    for (let passed = 0; passed < byMs; passed += 500) {
      clock.advance(Math.min(500, byMs - passed));
      await turns();
    }
  };
  return { clock, memory, host, advance, ...control };
};

const perDay = { kind: 'calendar', per: 'day', zone: 'America/Los_Angeles' } as const;
const big = claimOf({ window: perDay, limit: 1_000_000 });

let ids = 0;
/** One call: reserved, then settled. How it was answered. */
const call = async (
  store: CounterStore,
  claims: readonly Claim[],
  { used = 7, ...parts }: Partial<Ask> & { readonly used?: number } = {},
): Promise<string> => {
  const id = `call-${++ids}`;
  const { kind } = await store.reserve(askOf(id, claims, { onLoss: 'slice', ...parts }));
  if (kind === 'granted') {
    await store.settle(
      id,
      claims.map(() => used),
    );
  }
  return kind;
};

const warmUp = async (store: CounterStore, claims: readonly Claim[]) => {
  for (let index = 0; index < 3; index++) await call(store, claims);
  await turns();
};

describe.each([0.05, 1])('slices of a share of %s', (share) => {
  conformance('slices', async () => {
    const { host, advance } = open({ share });
    const store = host('a');
    const holds = async () => (await store.holds())?.filter(({ id }) => !id.startsWith(slicePrefix));
    return { store: { ...store, holds }, advance: (byMs) => turns().then(() => advance(byMs)) };
  });
});

describe('slices', () => {
  it('need no round trip in 95 of 100 calls at steady load', async () => {
    const { host, advance, asked } = open();
    const store = host('a');
    await warmUp(store, [big]);
    asked.length = 0;
    for (let second = 0; second < 10; second++) {
      for (let index = 0; index < 50; index++) expect(await call(store, [big])).toBe('granted');
      await advance(1000);
    }
    const direct = asked.filter((it) => it.startsWith('reserve call'));
    expect(direct.length).toBeLessThanOrEqual(25);
    expect(asked.length).toBeLessThanOrEqual(50);
  });

  it('report what was used, and give back what was not', async () => {
    const { host, memory, advance } = open();
    const store = host('a');
    await warmUp(store, [big]);
    for (let index = 0; index < 20; index++) await call(store, [big]);
    expect(await store.read([big])).toMatchObject([{ used: 161, open: 0 }]);
    await advance(10_000);
    expect(await memory.read([big])).toMatchObject([{ used: 161, open: 0 }]);
    expect(await memory.holds()).toEqual([]);
  });

  it('leave at most a share of what is left unused', async () => {
    const { host } = open();
    const store = host('a');
    const claim = { ...big, limit: 2000 };
    const unused: number[] = [];
    for (let index = 0; index < 40; index++) {
      await call(store, [claim]);
      await turns();
      const free = ((await store.holds()) ?? []).map(({ amounts: [only] }) => only?.amount ?? 0);
      unused.push(free.reduce((sum, amount) => sum + amount, 0));
    }
    expect(Math.max(...unused)).toBeGreaterThan(0);
    expect(Math.max(...unused)).toBeLessThanOrEqual(0.05 * 2000);
  });

  it('let another host fill the limit once they are given back', async () => {
    const { host, memory, advance } = open({ share: 0.5 });
    const [a, b] = [host('a'), host('b')];
    const claim = { ...big, limit: 300 };
    for (let index = 0; index < 6; index++) await call(a, [claim], { used: 10 });
    await turns();
    await advance(7000);
    for (let index = 0; index < 24; index++) expect(await call(b, [claim], { used: 10 })).toBe('granted');
    expect(await call(b, [claim], { used: 10 })).toBe('refused');
    expect(await memory.read([claim])).toMatchObject([{ used: expect.any(Number) }]);
    const [count] = (await b.read([claim])) ?? [];
    expect((count?.used ?? 0) + (count?.open ?? 0)).toBeLessThanOrEqual(300);
  });

  it('give their own back before a call is refused', async () => {
    const { host } = open({ share: 1 });
    const store = host('a');
    const claim = { ...big, limit: 100 };
    await warmUp(store, [claim]);
    expect(await store.reserve(askOf('rest', [{ ...claim, base: 79 }]))).toHaveProperty('kind', 'granted');
    expect(await store.reserve(askOf('more', [claim]))).toHaveProperty('kind', 'refused');
  });

  it('survive the loss of the store until they are used up, and owe nothing afterwards', async () => {
    const { host, memory, advance, lose, find } = open();
    const store = host('a');
    await warmUp(store, [big]);
    for (let index = 0; index < 20; index++) await call(store, [big]);
    await turns();
    lose();
    const kinds: string[] = [];
    while (kinds.at(-1) !== 'lost' && kinds.length < 1000) kinds.push(await call(store, [big]));
    expect(kinds.length).toBeGreaterThan(20);
    expect(kinds.at(-1)).toBe('lost');
    const granted = kinds.length - 1;
    await advance(60_000); // longer than the leases of the slices
    find();
    await advance(10_000);
    expect(await memory.read([big])).toMatchObject([{ used: (23 + granted) * 7, open: 0, unconfirmed: 0 }]);
  });

  it('grant less output from what is left when the store is lost', async () => {
    const { host, lose } = open();
    const store = host('a');
    const claim = { ...big, perMillionOutput: 1_000_000 };
    await warmUp(store, [claim]);
    lose();
    const parts = { output: { least: 1, most: 100_000 }, onLoss: 'slice' } as const;
    const asked = await store.reserve(askOf('long', [claim], parts));
    expect(asked).toMatchObject({ kind: 'granted' });
    expect(asked).toHaveProperty('output', expect.any(Number));
    expect(await store.reserve(askOf('next', [claim], parts))).toEqual({ kind: 'lost' });
  });

  it('grant nothing to calls that must be refused while the store is lost', async () => {
    const { host, memory, clock, lose, find } = open();
    const store = host('a');
    const strict = { onLoss: 'refuse' } as const;
    await warmUp(store, [big]);
    lose();
    clock.advance(249);
    expect(await call(store, [big], strict)).toBe('granted'); // nothing has been heard of the loss
    clock.advance(1);
    expect(await call(store, [big], strict)).toBe('lost');
    expect(await call(store, [big])).toBe('granted'); // there is enough in the slices
    expect(await call(store, [big], strict)).toBe('lost');
    expect(await store.reserve(askOf('silent', [big]))).toEqual({ kind: 'lost' });
    find();
    expect(await call(store, [big], strict)).toBe('granted');
    expect(await memory.read([big])).not.toMatchObject([{ used: 0 }]);
  });

  it('seldom make calls wait that must be refused while the store is lost', async () => {
    const { host, clock, asked } = open();
    const store = host('a');
    await warmUp(store, [big]);
    asked.length = 0;
    for (let time = 0; time < 200; time++) {
      expect(await call(store, [big], { onLoss: 'refuse' })).toBe('granted');
      clock.advance(20);
      await turns();
    }
    expect(asked.filter((it) => it.startsWith('reserve call')).length).toBeLessThanOrEqual(10);
    expect(asked.filter((it) => it === 'read').length).toBeLessThanOrEqual(40);
  });

  it('are charged as reserved when their host is killed, and bounded', async () => {
    const { host, memory, advance } = open();
    const killed = host('a');
    await warmUp(killed, [big]);
    await killed.reserve(askOf('open', [big]));
    killed.kill();
    await advance(31_000);
    const [count] = (await memory.read([big])) ?? [];
    expect(count?.open).toBe(0);
    expect(count?.used).toBeGreaterThanOrEqual(31);
    expect(count?.used).toBeLessThanOrEqual(31 + 0.05 * 1_000_000);
    expect(count?.unconfirmed).toBeGreaterThanOrEqual(10);
  });

  it('of parallel calls count no longer than their lease', async () => {
    const { host, lose, advance } = open({ share: 0.5 });
    const store = host('a');
    const slots = claimOf({ unit: 'concurrent', window: { kind: 'open' }, limit: 20, base: 1 });
    await warmUp(store, [slots]);
    lose();
    const kinds: string[] = [];
    for (let second = 0; second < 32; second++) {
      kinds.push(await call(store, [slots]), await call(store, [slots]));
      await advance(1000);
    }
    expect(kinds.slice(0, 40)).not.toContain('lost');
    expect(kinds.at(-1)).toBe('lost');
  });

  it('hold once for a call that asks again, wherever it was held', async () => {
    const { host, memory } = open();
    const store = host('a');
    await store.reserve(askOf('first', [big]));
    await warmUp(store, [big]);
    const [before] = (await store.read([big])) ?? [];
    expect(await store.reserve(askOf('first', [big]))).toHaveProperty('kind', 'granted');
    await store.reserve(askOf('second', [big]));
    expect(await store.reserve(askOf('second', [big]))).toHaveProperty('kind', 'granted');
    expect(await store.read([big])).toMatchObject([{ open: (before?.open ?? 0) + 10 }]);
    await store.settle('first', [1]);
    expect(await memory.settle('first', [1])).toBe('already');
  });

  it('refuse two claims on one count, as the store does', async () => {
    const { host } = open();
    const store = host('a');
    await warmUp(store, [big]);
    await expect(store.reserve(askOf('twice', [big, big]))).rejects.toThrow(RangeError);
  });

  it('change hands with the terms of a budget', async () => {
    const { host, memory, advance } = open();
    const store = host('a');
    await warmUp(store, [big]);
    const lowered = { ...big, limit: 500_000 };
    await warmUp(store, [lowered]);
    await advance(10_000);
    expect(await memory.read([lowered])).toMatchObject([{ used: 42, open: 0 }]);
  });

  it('go back when the host stops', async () => {
    const { host, memory } = open();
    const store = host('a');
    await warmUp(store, [big]);
    await store.reserve(askOf('open', [big]));
    await store.close();
    expect(await memory.read([big])).toMatchObject([{ used: 31, open: 0 }]);
  });
});
