import { expect, test } from 'vitest';
import { Codes } from './codes.ts';

test('code units with zeros behind them, whatever stood there before', () => {
  const codes = new Codes();
  expect([...codes.of('longer than the next 😀').subarray(0, 4)]).toEqual([108, 111, 110, 103]);
  const units = codes.of('aé漢');
  expect([...units.subarray(0, 11)]).toEqual([97, 0xe9, 0x6f22, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(codes.of('x'.repeat(5000))[4999]).toBe(120);
});
