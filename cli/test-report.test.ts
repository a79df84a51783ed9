import { expect, test } from 'vitest';
import { testExitCode, testReport, type Verdict } from './test-report.ts';

const passed: Verdict = { name: 'a', state: 'passed' };
const failed: Verdict = { name: 'b', state: 'failed', why: 'expected 1' };
const skipped: Verdict = { name: 'c', state: 'skipped', why: 'no Redis' };

test('every skip and failure has its reason, and the last line counts', () => {
  expect(testReport([failed, passed, skipped, passed], 1.26).split('\n')).toEqual([
    'skipped: c: no Redis',
    'failed: b: expected 1',
    '1.3 s',
    '2 passed, 1 failed, 1 skipped',
  ]);
});

test.each([
  ['all passed', [passed, passed], 0],
  ['some were skipped', [passed, skipped], 0],
  ['one failed', [passed, failed], 1],
  ['all were skipped', [skipped], 1],
  ['there were none', [], 1],
] as const)('when %s', (_, verdicts, code) => {
  expect(testExitCode(verdicts)).toBe(code);
});
