import { expect, test } from 'vitest';
import { type Config, configSchema } from '../../plugins/config/schema.ts';
import { configDiff } from './config-diff.ts';

const config = (weight: number, more: object = {}): Config =>
  configSchema.parse({
    version: 1,
    providers: { a: { dialect: 'openai', baseUrl: 'http://a.internal/v1' } },
    models: { m: { candidates: [{ provider: 'a', model: 'x', weight }] } },
    ...more,
  });

test('the same configuration has no differences', () => {
  expect(configDiff(config(1), config(1))).toEqual([]);
});

test('a changed value is named by its place, and by nothing of its own', () => {
  expect(configDiff(config(1), config(77))).toEqual(['changed models.m.candidates[0].weight']);
});

test('what comes and what goes', () => {
  const teams = { support: { models: ['m'] } };
  expect(configDiff(config(1), config(1, { teams }))).toEqual(['removed teams', 'added teams.support.models[0]']);
  expect(configDiff(config(1, { teams }), config(1))).toEqual(['removed teams.support.models[0]', 'added teams']);
});

test('an empty list that is filled', () => {
  const keys = [{ hash: `sha256:${'0'.repeat(64)}`, user: 'alice' }];
  expect(configDiff(config(1), config(1, { keys }))).toEqual([
    'removed keys',
    'added keys[0].hash',
    'added keys[0].user',
  ]);
});
