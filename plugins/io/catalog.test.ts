import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { builtinCatalog, editedTables } from './catalog.ts';

const catalog = builtinCatalog();
const epochMs = Date.parse('2026-11-28');

test('every row of the tables loads, and no model has two prices at a time', () => {
  const names = catalog.prices.map(({ family, model, from = '' }) => `${family}/${model} ${from}`);
  expect(names.length).toBeGreaterThan(200);
  expect(new Set(names).size).toBe(names.length);
  expect(catalog.priceDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test.each([
  ['openai', 'api.openai.com', 'gpt-5.4', 2_500_000, 15_000_000],
  ['anthropic', 'api.anthropic.com', 'claude-sonnet-5', 3_000_000, 15_000_000], // dearer since 2026-09-01
  ['openai', 'api.deepseek.com', 'deepseek-v4-pro', 435_000, 870_000],
  ['anthropic', 'aiplatform.googleapis.com', 'claude-sonnet-4-5@20250929', 3_000_000, 15_000_000],
  [
    'bedrock',
    'bedrock-runtime.us-east-1.amazonaws.com',
    'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    3_000_000,
    15_000_000,
  ],
  ['openai', 'generativelanguage.googleapis.com', 'gemini-2.5-pro', 1_250_000, 10_000_000],
] as const)('%s at %s: %s', (dialect, authority, model, input, output) => {
  expect(catalog.priceOf({ dialect, authority, model }, epochMs)).toMatchObject({ input, output });
  expect(catalog.factsOf({ dialect, authority, model })?.contextWindow).toBeGreaterThan(100_000);
});

test('tables.json is fresh: node cli/main.ts prices table > plugins/catalog/tables.json', () => {
  const text = readFileSync(new URL('../catalog/tables.json', import.meta.url), 'utf8');
  expect(JSON.parse(text)).toEqual(editedTables());
});
