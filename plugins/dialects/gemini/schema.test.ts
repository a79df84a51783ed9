import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../wire/json.ts';
import { Losses } from '../losses.ts';
import { fromApiSchema, toApiSchema } from './schema.ts';

const fitted = (schema: JsonObject) => {
  const losses = new Losses();
  const written = toApiSchema(schema, 'tools.function.parameters', losses);
  return { written, dropped: losses.dropped };
};

describe('JSON Schema as the API has it', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['types', { type: 'string', format: 'date' }, { type: 'STRING', format: 'date' }],
    ['a type or null', { type: ['integer', 'null'] }, { type: 'INTEGER', nullable: true }],
    ['several types', { type: ['string', 'number'] }, { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] }],
    ['a constant', { const: 'a' }, { type: 'STRING', enum: ['a'] }],
    ['an enumeration with null', { enum: ['a', null] }, { nullable: true, type: 'STRING', enum: ['a'] }],
    [
      'a choice with null',
      { anyOf: [{ type: 'string' }, { type: 'null' }], description: 'd' },
      { type: 'STRING', description: 'd', nullable: true },
    ],
    [
      'oneOf',
      { oneOf: [{ type: 'string' }, { type: 'number' }] },
      { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] },
    ],
    ['allOf of one', { allOf: [{ type: 'string' }] }, { type: 'STRING' }],
    [
      'references',
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/A', description: 'here' }, b: { $ref: '#/$defs/A' } },
        $defs: { A: { type: 'string' } },
        additionalProperties: false,
        $schema: 'x',
      },
      { type: 'OBJECT', properties: { a: { type: 'STRING', description: 'here' }, b: { type: 'STRING' } } },
    ],
  ])('%s', (_name, schema, expected) => {
    expect(fitted(schema)).toEqual({ written: expected, dropped: [] });
  });

  it('moves what has no place into the description, and names it', () => {
    expect(fitted({ type: 'integer', description: 'A number', multipleOf: 2, enum: [2, 4] })).toEqual({
      written: { type: 'INTEGER', description: 'A number\n\n{multipleOf: 2, enum: [2,4]}' },
      dropped: ['tools.function.parameters.multipleOf', 'tools.function.parameters.enum'],
    });
    expect(fitted({ type: 'object', additionalProperties: { type: 'string' } }).dropped).toHaveLength(1);
  });

  it('refuses a schema that holds itself, and one that refers to nothing', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } };
    expect(() => fitted({ $ref: '#/$defs/Node', $defs: { Node: node } })).toThrow(/refers to itself/);
    expect(() => fitted({ $ref: '#' })).toThrow(/refers to itself/);
    expect(() => fitted({ $ref: 'https://example.com/schema' })).toThrow(/reference/);
    expect(() => fitted({ $ref: '#/$defs/__proto__' })).toThrow(/reference/);
  });

  it('has no word for an object without properties', () => {
    expect(fitted({ type: 'object', properties: {} }).written).toBeUndefined();
    expect(fitted({ type: 'object' }).written).toBeUndefined();
    expect(fitted({}).written).toBeUndefined();
  });

  it('and back', () => {
    const api = {
      type: 'OBJECT',
      properties: {
        a: { type: 'STRING', nullable: true },
        n: { type: 'ARRAY', items: { type: 'NUMBER' }, min_items: '2' },
      },
      property_ordering: ['a', 'n'],
      example: { a: 'x' },
    };
    expect(fromApiSchema(api)).toEqual({
      type: 'object',
      properties: {
        a: { type: ['string', 'null'] },
        n: { type: 'array', items: { type: 'number' }, minItems: 2 },
      },
      examples: [{ a: 'x' }],
    });
  });
});
