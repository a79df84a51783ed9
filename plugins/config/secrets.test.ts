import { expect, test } from 'vitest';
import { configSchema } from './schema.ts';
import { missingSecrets, resolveSecrets } from './secrets.ts';

const configWith = (keys: Readonly<Record<string, string | undefined>>) =>
  configSchema.parse({
    version: 1,
    providers: Object.fromEntries(
      Object.entries(keys).map(([name, key]) => [name, { dialect: 'openai', baseUrl: 'http://a/v1', key }]),
    ),
    models: {},
  });

const sources = (env: Record<string, string>, files: Record<string, string> = {}) => ({
  env,
  readFile: (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT ${path}`);
    return text;
  },
});

test('secrets come from variables and files, without the last newline of a file', () => {
  const config = configWith({ a: '${env:A_KEY}', b: '${file:/run/b:1}', c: '${file:c}', none: undefined });
  const found = resolveSecrets(config, sources({ A_KEY: 'sk-a' }, { '/run/b:1': 'sk-b\n', c: 'sk-c\r\n' }));
  expect([...found]).toEqual([
    ['a', 'sk-a'],
    ['b', 'sk-b'],
    ['c', 'sk-c'],
  ]);
});

test('everything missing is named at once, and nothing of what was found', () => {
  const config = configWith({ a: '${env:A_KEY}', b: '${file:/run/b}', c: '${env:C_KEY}', d: '${env:EMPTY}' });
  expect(() => resolveSecrets(config, sources({ C_KEY: 'sk-c', EMPTY: '' }))).toThrow(
    /^providers\.a\.key: the environment variable A_KEY is not set; providers\.b\.key: the file \/run\/b cannot be read; providers\.d\.key: the environment variable EMPTY is not set$/,
  );
});

test.each([
  ['a blank', 'sk a'],
  ['a second line', 'sk\nx-evil: 1'],
  ['a newline of its own', 'sk\n\n'],
  ['a letter that no header carries', 'sk-é'],
])('a secret with %s is none, and is not shown', (_, text) => {
  const [missing, ...others] = missingSecrets(configWith({ b: '${file:b}' }), sources({}, { b: text }));
  expect(missing).toEqual({
    path: ['providers', 'b', 'key'],
    reason: 'the file b holds blanks or other characters that no key has',
  });
  expect(others).toEqual([]);
});

test('an empty file holds no secret', () => {
  expect(missingSecrets(configWith({ b: '${file:b}' }), sources({}, { b: '\n' }))).toEqual([
    { path: ['providers', 'b', 'key'], reason: 'the file b is empty' },
  ]);
});

test('a variable is only what the environment itself holds', () => {
  expect(missingSecrets(configWith({ a: '${env:constructor}' }), sources({}))).toHaveLength(1);
});
