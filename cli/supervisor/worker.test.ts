import { expect, test } from 'vitest';
import { restartDelayMs } from './worker.ts';
import { parseWorkerCount } from './worker-pool.ts';

test('a worker comes back at once, then ever later, at most after 5 s', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1000].map(restartDelayMs);
  expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

test.each(['0', '65', 'two', '-1', '1.5', ''])('--workers "%s" is wrong use', (text) => {
  expect(() => parseWorkerCount(text)).toThrow(`--workers ${text}: expected a number, 1 to 64`);
});

test('as many workers as were asked for, else one or two', () => {
  expect(parseWorkerCount('7')).toBe(7);
  expect([1, 2]).toContain(parseWorkerCount(undefined));
});
