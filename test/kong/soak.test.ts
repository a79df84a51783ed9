import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const events = 100_000;
/** Fifteen bytes an event: less than the smallest thing that could be kept of it. */
const mostGrownBytes = 15 * events;

test('neither refusals nor events stay in memory', { timeout: 180_000 }, async () => {
  const script = join(import.meta.dirname, 'soak.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, String(events)]);
  const rounds = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rounds.map(({ name, count }) => [name, count])).toEqual([
    ['passed', events],
    ['refused', events],
  ]);
  for (const { grownBytes, tickets } of rounds) {
    expect(grownBytes).toBeLessThan(mostGrownBytes);
    expect(tickets).toBe(0);
  }
});
