import { describe, expect, it } from 'vitest';
import { claimOf } from '../../test/redis/conformance.ts';
import { Pool } from './pool.ts';

const claim = claimOf({ limit: 1000 });
const stateOf = {
  budget: 'b',
  scope: 's',
  unit: 'tokens',
  limit: 1000,
  used: 0,
  open: 0,
  resetMs: 60_000,
} as const;

/** A pool with slices of these amounts, all drawn at 0. */
const poolOf = (...amounts: number[]): Pool => {
  const pool = new Pool(claim, 0);
  pool.learn(stateOf, 0);
  for (const [index, amount] of amounts.entries()) {
    pool.add({ id: String(index), amount, drawnMs: 0, leaseEndMs: 30_000 });
  }
  return pool;
};
const settled = (pool: Pool, nowMs: number) =>
  pool.takeReturns(nowMs).map(({ slice, amount }) => [slice.id, amount]);

describe('Pool', () => {
  it('keeps what covers open calls', () => {
    const pool = poolOf(100);
    pool.spent = 10;
    pool.open = 60;
    expect(settled(pool, 5000)).toEqual([]);
    pool.add({ id: 'new', amount: 40, drawnMs: 5000, leaseEndMs: 35_000 });
    expect(settled(pool, 5000)).toEqual([]); // 40 do not cover the 60 that are open
    pool.open = 40;
    pool.spent = 30;
    expect(settled(pool, 5000)).toEqual([['0', 30]]);
    expect([pool.held, pool.spent, pool.open]).toEqual([40, 0, 40]);
  });

  it('reports a slice that is used up at once, and others after a second', () => {
    const pool = poolOf(100, 100);
    pool.spent = 100;
    expect(settled(pool, 1)).toEqual([['0', 100]]);
    pool.spent = 20;
    expect(settled(pool, 999)).toEqual([]);
    expect(settled(pool, 1000)).toEqual([['1', 20]]);
  });

  it('charges the last slice with more than it held', () => {
    const pool = poolOf(100);
    pool.spent = 130;
    expect(settled(pool, 1)).toEqual([]);
    expect(pool.takeAll()).toMatchObject([{ amount: 130 }]);
  });

  it('draws for two seconds of demand, up to a share of what is left', () => {
    const pool = poolOf();
    pool.note(10, 0);
    expect(pool.drawable(0.05, 0)).toBe(0);
    pool.note(10, 0);
    expect(pool.drawable(0.05, 0)).toBe(40);
    pool.note(20, 0);
    expect(pool.drawable(0.05, 0)).toBe(50);
    pool.learn({ ...stateOf, used: 700 }, 0);
    expect(pool.drawable(0.05, 0)).toBe(0); // 15 would be too little for a call of 20
    expect(pool.drawable(0.05, 60_000)).toBe(0);
  });

  it('shows slices as what was made of them', () => {
    const pool = poolOf();
    pool.learn({ ...stateOf, used: 50, open: 130 }, 0);
    pool.add({ id: '0', amount: 100, drawnMs: 0, leaseEndMs: 30_000 });
    pool.spent = 20;
    pool.open = 5;
    expect(pool.state(1000)).toMatchObject({ used: 70, open: 35, limit: 1000, resetMs: 59_000 });
  });
});
