import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reasonCode, reasons } from './reasons.ts';

test('docs/routing.md has every reason, with its meaning', () => {
  const page = readFileSync(new URL('../../../docs/routing.md', import.meta.url), 'utf8').replaceAll(
    / +/g,
    ' ',
  );
  const rows = Object.entries(reasons).map(
    ([code, meaning]) => `| \`${code === 'capture' ? 'capture:NAME' : code}\` | ${meaning} |`,
  );
  expect(rows.filter((row) => !page.includes(row))).toEqual([]);
});

test('a rule is no value of a label', () => {
  expect(reasonCode('capture:any-name')).toBe('capture');
  expect(reasonCode('faster')).toBe('faster');
});
