import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

test.each<[Record<string, string>, number | undefined]>([
  [{ 'retry-after-ms': '250.5', 'retry-after': '9' }, 250.5],
  [{ 'retry-after': '2' }, 2000],
  [{ 'retry-after': '0.0001' }, 1],
  [{ 'retry-after': 'Sat, 28 Nov 2026 12:00:05 GMT', date: 'Sat, 28 Nov 2026 12:00:00 GMT' }, 5000],
  [{ 'retry-after': 'Sat, 28 Nov 2026 11:00:00 GMT', date: 'Sat, 28 Nov 2026 12:00:00 GMT' }, 0],
  [{ 'retry-after': 'Sat, 28 Nov 2026 12:00:05 GMT' }, undefined],
  [{ 'retry-after': 'soon', 'retry-after-ms': '-3' }, undefined],
  [{}, undefined],
])('%j: %s ms', (headers, ms) => {
  expect(retryAfterMs(new Map(Object.entries(headers)))).toBe(ms);
});
