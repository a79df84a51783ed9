import { beforeEach, describe, expect, it } from 'vitest';
import type { Ask, Claim, Count, CounterStore, Reserved } from '../../plugins/ports/counter-store.ts';

/** A store under test, and its time. */
export interface Place {
  readonly store: CounterStore;
  /** Lets time pass, for windows and for leases. */
  advance(byMs: number): Promise<void>;
}

/** 20 s before the end of an hour, a day, a week and a month. */
export const conformanceStartMs = Date.parse('2026-08-31T23:59:40.000Z');
const untilRolloverMs = 20_000;

const perMinute = { kind: 'calendar', per: 'minute', zone: 'UTC' } as const;

/** A claim of 10 requests on 100 a minute, but for what is said otherwise. */
export const claimOf = (parts: Partial<Claim> = {}): Claim => ({
  budget: 'b',
  scope: 'user=alice',
  unit: 'tokens',
  window: perMinute,
  limit: 100,
  carryOver: 0,
  enforced: true,
  base: 10,
  perMillionOutput: 0,
  ...parts,
});

/** An ask without output, with a lease of a minute, but for what is said otherwise. */
export const askOf = (id: string, claims: readonly Claim[], parts: Partial<Ask> = {}): Ask => ({
  id,
  owner: 'host/1',
  claims,
  output: { least: 0, most: 0 },
  leaseMs: 60_000,
  ...parts,
});

/** What every `CounterStore` does. `open` gives an empty one whose time begins at `conformanceStartMs`. */
export const conformance = (name: string, open: () => Promise<Place>): void => {
  describe(`${name} as a CounterStore`, () => {
    let store: CounterStore;
    let advance: Place['advance'];
    beforeEach(async () => {
      ({ store, advance } = await open());
    });

    const countOf = async (claim: Claim): Promise<Count | undefined> => (await store.read([claim]))?.[0];
    const taken = async (claim: Claim) => {
      const { used, open, unconfirmed } = (await countOf(claim)) ?? {};
      return { used, open, unconfirmed };
    };
    const reserve = (id: string, claims: readonly Claim[], parts?: Partial<Ask>): Promise<Reserved> =>
      store.reserve(askOf(id, claims, parts));

    it('holds, then charges what was used', async () => {
      const claim = claimOf();
      expect(await reserve('1', [claim])).toEqual({
        kind: 'granted',
        output: 0,
        states: [
          {
            budget: 'b',
            scope: 'user=alice',
            unit: 'tokens',
            limit: 100,
            used: 0,
            open: 10,
            resetMs: expect.closeTo(untilRolloverMs, -3),
          },
        ],
      });
      expect(await store.settle('1', [7])).toBe('settled');
      expect(await taken(claim)).toEqual({ used: 7, open: 0, unconfirmed: 0 });
    });

    it('refills a rate also where it is not enforced', async () => {
      const rate = claimOf({ window: { kind: 'smooth', seconds: 10 }, limit: 10, base: 15, enforced: false });
      await reserve('1', [rate]);
      await store.settle('1', [15]);
      expect(await taken(rate)).toMatchObject({ used: 15 });
      await advance(10_000);
      expect(await taken(rate)).toMatchObject({ used: 5 });
    });

    it('grants without claims', async () => {
      const asked = await reserve('1', [], { output: { least: 1, most: 5 } });
      expect(asked).toEqual({ kind: 'granted', output: 5, states: [] });
      expect(await store.settle('1', [])).toBe('settled');
    });

    it('holds nothing at all when one claim does not fit', async () => {
      const [fits, full] = [claimOf(), claimOf({ budget: 'full', limit: 9 })];
      const asked = await reserve('1', [fits, full, claimOf({ budget: 'third' })]);
      expect(asked).toMatchObject({ kind: 'refused', refusedBy: 1 });
      expect(asked).toHaveProperty('states.length', 3);
      expect(await taken(fits)).toEqual({ used: 0, open: 0, unconfirmed: 0 });
      expect(await store.settle('1', [1, 1, 1])).toBe('unknown');
    });

    it('fills a limit to the last unit', async () => {
      const claim = claimOf({ limit: 30 });
      for (const id of ['1', '2', '3']) expect(await reserve(id, [claim])).toHaveProperty('kind', 'granted');
      expect(await reserve('4', [claim])).toMatchObject({ kind: 'refused', refusedBy: 0 });
      await store.settle('1', [9]);
      expect(await reserve('5', [{ ...claim, base: 1 }])).toHaveProperty('kind', 'granted');
      expect(await reserve('6', [{ ...claim, base: 1 }])).toHaveProperty('kind', 'refused');
    });

    it('lowers the output to what fits all enforced claims', async () => {
      const tokens = claimOf({ perMillionOutput: 1_000_000 });
      const money = claimOf({
        budget: 'money',
        unit: 'microUsd',
        base: 5,
        limit: 20,
        perMillionOutput: 300_001,
      });
      const asked = await reserve('1', [tokens, money], { output: { least: 1, most: 1000 } });
      expect(asked).toMatchObject({ kind: 'granted', output: 49, states: [{ open: 59 }, { open: 20 }] });
    });

    it('refuses when less than the least output fits', async () => {
      const tokens = claimOf({ perMillionOutput: 1_000_000 });
      const ask = { output: { least: 91, most: 1000 } };
      expect(await reserve('1', [tokens], ask)).toMatchObject({ kind: 'refused', refusedBy: 0 });
      expect(await reserve('1', [tokens], { output: { least: 90, most: 1000 } })).toMatchObject({
        output: 90,
      });
    });

    it('lets through what costs nothing, even over the limit', async () => {
      const claim = claimOf();
      await reserve('1', [claim]);
      await store.settle('1', [150]);
      expect(await reserve('2', [claimOf({ base: 0 })])).toHaveProperty('kind', 'granted');
      expect(await reserve('3', [claimOf({ base: 1 })])).toHaveProperty('kind', 'refused');
    });

    it('is exact on large amounts', async () => {
      const limit = Number.MAX_SAFE_INTEGER - 1_000_001;
      const claim = claimOf({ unit: 'microUsd', limit, base: limit - 3 });
      expect(await reserve('1', [claim])).toMatchObject({ kind: 'granted', states: [{ open: limit - 3 }] });
      const rest = { ...claim, base: 0, perMillionOutput: 1_000_000 };
      const asked = await reserve('2', [rest], { output: { least: 0, most: 1000 } });
      expect(asked).toMatchObject({ kind: 'granted', output: 3 });
      await store.settle('1', [limit - 5]);
      expect(await taken(claim)).toEqual({ used: limit - 5, open: 3, unconfirmed: 0 });
    });

    it('settles, and ends, what holds nothing', async () => {
      const free = claimOf({ base: 0 });
      await reserve('1', [free], { leaseMs: 1000 });
      await reserve('2', [free]);
      expect(await store.settle('2', [0])).toBe('settled');
      await advance(1001);
      expect(await taken(free)).toEqual({ used: 0, open: 0, unconfirmed: 0 });
      expect(await store.settle('1', [0])).toBe('late-refund');
    });

    it('holds once for the same id', async () => {
      const claim = claimOf({ perMillionOutput: 1_000_000 });
      const first = await reserve('1', [claim], { output: { least: 1, most: 20 } });
      expect(await reserve('1', [claim], { output: { least: 1, most: 20 } })).toMatchObject({
        kind: 'granted',
        output: 20,
      });
      expect(first).toHaveProperty('output', 20);
      expect(await taken(claim)).toMatchObject({ open: 30 });
    });

    it('settles once, and holds nothing for an id that ended', async () => {
      const claim = claimOf();
      await reserve('1', [claim]);
      expect([await store.settle('1', [4]), await store.settle('1', [9])]).toEqual(['settled', 'already']);
      expect(await reserve('1', [claim])).toEqual({ kind: 'lost' });
      expect(await taken(claim)).toEqual({ used: 4, open: 0, unconfirmed: 0 });
    });

    it('holds nothing for an id that was settled before it came', async () => {
      expect(await store.settle('1', [])).toBe('unknown');
      expect(await reserve('1', [claimOf()])).toEqual({ kind: 'lost' });
      expect(await store.settle('1', [4])).toBe('unknown');
    });

    it('charges amounts that were left out as 0, and more than was held', async () => {
      const [a, b] = [claimOf(), claimOf({ budget: 'c' })];
      await reserve('1', [a, b]);
      await store.settle('1', [120]);
      expect([await taken(a), await taken(b)]).toMatchObject([
        { used: 120, open: 0 },
        { used: 0, open: 0 },
      ]);
    });

    it('charges a lease that ended as reserved, unconfirmed, until it is settled late', async () => {
      const claim = claimOf();
      await reserve('1', [claim], { leaseMs: 1000 });
      await advance(1001);
      expect(await taken(claim)).toEqual({ used: 10, open: 0, unconfirmed: 10 });
      expect(await store.holds()).toEqual([]);
      expect(await store.renew('1', 1000)).toBe(false);
      expect(await reserve('1', [claim])).toEqual({ kind: 'lost' });
      expect(await store.settle('1', [4])).toBe('late-refund');
      expect(await taken(claim)).toEqual({ used: 4, open: 0, unconfirmed: 0 });
      expect(await store.settle('1', [4])).toBe('already');
    });

    it('settles late even when nobody looked since the lease ended', async () => {
      const claim = claimOf();
      await reserve('1', [claim], { leaseMs: 1000 });
      await advance(1001);
      expect(await store.settle('1', [4])).toBe('late-refund');
      expect(await taken(claim)).toEqual({ used: 4, open: 0, unconfirmed: 0 });
    });

    it('makes room for nobody when a lease ends', async () => {
      const claim = claimOf({ limit: 10 });
      await reserve('1', [claim], { leaseMs: 1000 });
      await advance(1001);
      expect(await reserve('2', [claim])).toHaveProperty('kind', 'refused');
    });

    it('renews a lease', async () => {
      const claim = claimOf();
      await reserve('1', [claim], { leaseMs: 1000 });
      await advance(900);
      expect(await store.renew('1', 1000)).toBe(true);
      await advance(900);
      expect(await taken(claim)).toMatchObject({ open: 10, unconfirmed: 0 });
      await advance(101);
      expect(await taken(claim)).toMatchObject({ open: 0, unconfirmed: 10 });
      expect(await store.renew('nobody', 1000)).toBe(false);
    });

    it('counts what is not enforced, and never refuses it', async () => {
      const shadow = claimOf({ enforced: false, limit: 5, perMillionOutput: 1_000_000 });
      const asked = await reserve('1', [shadow, claimOf({ budget: 'c' })], {
        output: { least: 1, most: 50 },
      });
      expect(asked).toMatchObject({ kind: 'granted', output: 50, states: [{ open: 60, limit: 5 }, {}] });
      await store.settle('1', [33, 10]);
      expect(await taken(shadow)).toEqual({ used: 33, open: 0, unconfirmed: 0 });
    });

    it('begins a window anew, and charges the one in which it was reserved', async () => {
      const claim = claimOf({ limit: 10 });
      await reserve('1', [claim]);
      expect(await reserve('2', [claim])).toHaveProperty('kind', 'refused');
      await advance(untilRolloverMs);
      expect(await reserve('3', [claim])).toMatchObject({ kind: 'granted', states: [{ used: 0, open: 10 }] });
      expect(await store.settle('1', [9])).toBe('settled');
      expect(await taken(claim)).toEqual({ used: 0, open: 10, unconfirmed: 0 });
    });

    it.each(['hour', 'day', 'week', 'month'] as const)('begins a %s anew', async (per) => {
      const zone = per === 'week' ? 'Etc/GMT+12' : 'UTC';
      const claim = claimOf({ window: { kind: 'calendar', per, zone }, limit: 10 });
      await reserve('1', [claim]);
      expect(await reserve('2', [claim])).toHaveProperty('kind', 'refused');
      await advance(untilRolloverMs);
      const kind = per === 'week' ? 'refused' : 'granted'; // 31 August 2026 is a Monday
      expect(await reserve('3', [claim])).toHaveProperty('kind', kind);
    });

    it('carries over what the window before left, up to a bound', async () => {
      const claim = claimOf({ carryOver: 30 });
      expect(await countOf(claim)).toHaveProperty('limit', 130); // nothing was counted in the one before
      await reserve('1', [{ ...claim, base: 90 }]);
      await advance(untilRolloverMs);
      expect(await countOf(claim)).toHaveProperty('limit', 110);
      await store.settle('1', [80]);
      expect(await countOf(claim)).toHaveProperty('limit', 120);
      expect(await reserve('2', [{ ...claim, base: 120 }])).toHaveProperty('kind', 'granted');
      expect(await reserve('3', [{ ...claim, base: 1 }])).toHaveProperty('kind', 'refused');
      await advance(60_000);
      expect(await countOf(claim)).toHaveProperty('limit', 100);
      await advance(60_000);
      expect(await countOf(claim)).toHaveProperty('limit', 130);
    });

    const smooth = claimOf({ window: { kind: 'smooth', seconds: 10 }, limit: 10, base: 1 });

    it('refills a rate evenly', async () => {
      expect(await reserve('1', [{ ...smooth, base: 10 }])).toMatchObject({
        states: [{ used: 10, open: 0 }],
      });
      const refused = await reserve('2', [{ ...smooth, base: 3 }]);
      expect(refused).toMatchObject({ kind: 'refused', states: [{ used: 10, resetMs: 3000 }] });
      await advance(2999);
      expect(await reserve('2', [{ ...smooth, base: 3 }])).toHaveProperty('kind', 'refused');
      await advance(1);
      expect(await reserve('2', [{ ...smooth, base: 3 }])).toHaveProperty('kind', 'granted');
      expect(await reserve('3', [smooth])).toHaveProperty('kind', 'refused');
    });

    it('gives back to a rate what was not used and has not refilled', async () => {
      await reserve('1', [{ ...smooth, base: 8 }]);
      await store.settle('1', [3]);
      expect(await countOf(smooth)).toMatchObject({ used: 3, open: 0 });
      expect(await reserve('2', [{ ...smooth, base: 7 }])).toHaveProperty('kind', 'granted');
    });

    it('gives back to a rate nothing that has refilled', async () => {
      await reserve('1', [{ ...smooth, base: 10 }]);
      await advance(10_000);
      await reserve('2', [{ ...smooth, base: 6 }]);
      await store.settle('1', [0]);
      expect(await countOf(smooth)).toMatchObject({ used: 6 });
    });

    const slots = claimOf({ unit: 'concurrent', window: { kind: 'open' }, limit: 2, base: 1 });

    it('counts what is open at once', async () => {
      await reserve('1', [slots], { leaseMs: 1000 });
      await reserve('2', [slots]);
      expect(await reserve('3', [slots])).toMatchObject({
        kind: 'refused',
        states: [{ used: 0, open: 2, resetMs: 0 }],
      });
      await store.settle('2', [1]);
      expect(await reserve('3', [slots])).toHaveProperty('kind', 'granted');
      await advance(1001);
      expect(await taken(slots)).toEqual({ used: 0, open: 1, unconfirmed: 0 });
      await store.settle('1', [1]);
      expect(await taken(slots)).toMatchObject({ used: 0, open: 1 });
    });

    it('keeps scopes, units and budgets apart, whatever they are called', async () => {
      const names = ['a', 'a:b', '{a}', 'ä b\n', '%3A', '', '*'];
      const claims = names.flatMap((scope) => [
        claimOf({ scope }),
        claimOf({ scope, budget: 'b:b' }),
        claimOf({ scope, unit: 'microUsd' }),
      ]);
      await reserve('1', claims);
      for (const claim of claims) expect(await taken(claim)).toMatchObject({ open: 10 });
      const [hold] = (await store.holds()) ?? [];
      expect(hold?.amounts.map(({ scope, budget, unit }) => ({ scope, budget, unit }))).toEqual(
        claims.map(({ scope, budget, unit }) => ({ scope, budget, unit })),
      );
    });

    it('lists what is held, the oldest first', async () => {
      const claim = claimOf();
      await reserve('2', [claim], { owner: 'a' });
      await advance(500);
      await reserve('1', [claim, slots], { owner: 'b' });
      await reserve('3', [claim]);
      await store.settle('3', [1]);
      expect(await store.holds()).toEqual([
        {
          id: '2',
          owner: 'a',
          ageMs: expect.closeTo(500, -2),
          leaseMs: expect.closeTo(59_500, -2),
          amounts: [{ budget: 'b', scope: 'user=alice', unit: 'tokens', amount: 10 }],
        },
        expect.objectContaining({ id: '1', owner: 'b', amounts: [expect.anything(), expect.anything()] }),
      ]);
    });

    it('is adjusted by hand, never below 0', async () => {
      const claim = claimOf();
      expect(await store.adjust(claim, 60)).toMatchObject({ used: 60, limit: 100, window: perMinute });
      expect(await reserve('1', [{ ...claim, base: 41 }])).toHaveProperty('kind', 'refused');
      expect(await store.adjust(claim, -20)).toMatchObject({ used: 40 });
      expect(await store.adjust(claim, -50)).toMatchObject({ used: 0 });
      expect(await store.adjust(smooth, 4)).toMatchObject({ used: 4 });
      expect(await store.adjust(smooth, -3)).toMatchObject({ used: 1 });
    });

    it('rejects what makes no sense', async () => {
      const wrong = [
        askOf('1', [claimOf(), claimOf()]),
        askOf('1', [claimOf({ base: 0.5 })]),
        askOf('1', [claimOf({ base: -1 })]),
        askOf('1', [claimOf({ limit: Number.NaN })]),
        askOf('1', [claimOf({ perMillionOutput: 2 ** 52 })], { output: { least: 0, most: 1000 } }),
        askOf('1', [], { output: { least: 2, most: 1 } }),
        askOf('1', [], { leaseMs: 0 }),
      ];
      for (const ask of wrong) await expect(store.reserve(ask)).rejects.toThrow(RangeError);
      await expect(store.settle('1', [-1])).rejects.toThrow(RangeError);
      await expect(store.adjust(claimOf(), 0.5)).rejects.toThrow(RangeError);
    });
  });
};
