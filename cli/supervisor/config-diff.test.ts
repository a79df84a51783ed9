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

test('what comes and what goes, without the empty mapping around it', () => {
  const teams = { support: { models: ['m'] } };
  expect(configDiff(config(1), config(1, { teams }))).toEqual(['added teams.support.models[0]']);
  expect(configDiff(config(1, { teams }), config(1))).toEqual(['removed teams.support.models[0]']);
});

test('an empty list where there was none says something', () => {
  const before = config(1, { teams: { support: {} } });
  const after = config(1, { teams: { support: { models: [] } } });
  expect(configDiff(before, after)).toEqual(['added teams.support.models']);
});
