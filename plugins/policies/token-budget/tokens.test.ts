import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { MostTokens } from './tokens.ts';

const mostOf = (pieces: readonly string[]): number => {
  const most = new MostTokens();
  for (const piece of pieces) most.add(piece, Buffer.byteLength(piece));
  return most.tokens;
};

describe('MostTokens', () => {
  it('is no fewer than a text has', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'abcdefghilmnoprstuvwy'), maxLength: 9 });
    const others = fc.constantFrom(
      ' ',
      '  ',
      '\n',
      "'",
      "'s",
      "'t",
      "'ll",
      "'re",
      '.',
      '/',
      '_',
      'é',
      '日',
      '1',
      'A',
      'Q',
      'xz',
    );
    const pieces = fc.array(fc.oneof({ weight: 2, arbitrary: letters }, others), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, (text) => {
        expect(countTokens(text.join(''))).toBeLessThanOrEqual(mostOf(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('takes two letters for one token only where they are', () => {
    const signs = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
    const pairs = signs.flatMap((first) => signs.map((second) => first + second));
    const taken = pairs.filter((pair) => mostOf([pair]) === 1);
    expect(taken.length).toBe(22 * 21);
    expect(taken.filter((pair) => countTokens(pair) !== 1)).toEqual([]);
  });

  it('is the same however a text is cut', () => {
    const text = " it's a parcel that has not come, said the courier";
    for (let at = 0; at <= text.length; at++)
      expect(mostOf([text.slice(0, at), text.slice(at)])).toBe(mostOf([text]));
  });

  it('is three quarters of the bytes of prose', () => {
    const prose =
      'The parcel was sent on Monday and has not come yet; our courier says that it was left next door.';
    expect(mostOf([prose]) / prose.length).toBeLessThan(0.75);
  });
});
