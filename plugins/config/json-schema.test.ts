import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configJsonSchema, type JsonSchema, schemaAt } from './json-schema.ts';
import { configReference } from './reference.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** Every schema below `schema`, with its path. */
const fields = (schema: JsonSchema, path: string): [path: string, schema: JsonSchema][] => [
  [path, schema],
  ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => fields(child, `${path}.${name}`)),
  ...(schema.additionalProperties ? fields(schema.additionalProperties, `${path}.<name>`) : []),
  ...(schema.items?.properties ? fields(schema.items, `${path}[]`) : []),
  ...(schema.anyOf ?? []).flatMap(({ items }) => (items ? fields(items, `${path}[]`) : [])),
];

describe('generated files are fresh', () => {
  test('nexus.schema.json: node cli/main.ts schema > plugins/config/nexus.schema.json', () => {
    expect(JSON.parse(textOf('nexus.schema.json'))).toEqual(configJsonSchema());
  });

  test('docs/config.md: node cli/main.ts schema --markdown > docs/config.md', () => {
    expect(textOf('../../docs/config.md')).toBe(configReference());
  });
});

test('every key has a description and takes no unknown keys', () => {
  const all = fields(configJsonSchema(), 'nexus.yaml');
  expect(all.length).toBeGreaterThan(30);
  expect(all.filter(([, { description }]) => !description).map(([path]) => path)).toEqual([]);
  const open = all.filter(
    ([, { type, additionalProperties }]) => type === 'object' && additionalProperties === undefined,
  );
  expect(open.map(([path]) => path)).toEqual([]);
});

test('it speaks of the file as it is written: what has a default is not required', () => {
  const schema = configJsonSchema();
  expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  expect(schema.required).toEqual(['version', 'providers', 'models']);
  expect(schemaAt(schema, ['models', 'any'])?.required).toEqual(['candidates']);
});

test('schemaAt follows names of the user, lists and fixed keys', () => {
  const schema = configJsonSchema();
  expect(schemaAt(schema, ['models', 'any', 'candidates', 3, 'weight'])?.type).toBe('integer');
  expect(schemaAt(schema, ['models', 'any', 'capture', 'team'])?.type).toBe('string');
  expect(schemaAt(schema, ['models', 'any', 'capture', 1, 'team'])?.type).toBe('string');
  expect(schemaAt(schema, ['models', 'any', 'nothing'])).toBeUndefined();
  expect(schemaAt(schema, ['models', 'any', 'nothing', 'below'])).toBeUndefined();
  expect(schemaAt(schema, ['constructor'])).toBeUndefined();
});
