import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { levels } from './config.ts';
import { rules } from './rules.ts';
import weights from './weights.json' with { type: 'json' };

/** A page without the blanks that align its tables. */
const read = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8').replaceAll(/ +/g, ' ');

test('docs/guard.md has every rule as it is, and the rates of the shipped weights', () => {
  const page = read('guard.md');
  for (const { id, severity, finds } of rules)
    expect(page).toContain(`| \`${id}\` | ${severity} | ${finds} |`);
  for (const level of levels) {
    const { user, tool } = weights.falsePositives[level];
    const cells = [user, tool].map((share) => `${(100 * share).toFixed(2)} %`).join(' | ');
    expect(page).toContain(`| \`${level}\` | ${cells} |`);
  }
});

test('docs/guard-card.md is of the shipped weights', () => {
  expect(read('guard-card.md')).toContain(weights.trainedOn);
});
