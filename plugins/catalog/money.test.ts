import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, dollars, microDollars } from './money.ts';

describe('microDollars', () => {
  it.each([
    [50000, 50_000_000_000],
    [0.1, 100_000],
    ['0.003625', 3625],
    ['12.50', 12_500_000],
    [0, 0],
  ])('%s dollars', (amount, microUsd) => expect(microDollars(amount)).toBe(microUsd));

  it.each([
    -1,
    '-1',
    1e-7,
    0.0000001,
    '1.1234567',
    1e21,
    'ten',
    '',
    '1e3',
    Number.NaN,
    '0x10',
    ' ',
    '2000000000',
  ])('not %s', (amount) => expect(microDollars(amount)).toBeUndefined());

  it('reads back what dollars writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e15 }), (microUsd) => {
        expect(microDollars(dollars(microUsd))).toBe(microUsd);
      }),
    );
  });
});

describe('costOf', () => {
  it('rounds up once, not for each item', () => {
    expect(costOf([[1, 1]])).toBe(1);
    expect(
      costOf([
        [1, 300_000],
        [1, 300_000],
        [1, 300_000],
      ]),
    ).toBe(1);
    expect(costOf([[2_000_000, 3]])).toBe(6);
  });

  it('is exact for any count and price', () => {
    const item = fc.tuple(fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 0, max: 1e10 }));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 5 }), (items) => {
        const exact = items.reduce((sum, [count, price]) => sum + BigInt(count) * BigInt(price), 0n);
        const whole = (exact + 999_999n) / 1_000_000n;
        const most = BigInt(Number.MAX_SAFE_INTEGER);
        expect(BigInt(costOf(items))).toBe(whole < most ? whole : most);
      }),
    );
  });
});
