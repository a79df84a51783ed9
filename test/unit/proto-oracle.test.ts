import { expect, test } from 'vitest';
import envoyFields from '../../proto/fields.json' with { type: 'json' };
import { conflicts, loadProtos, type Schema, schemaOfProtos } from '../../proto/schema.ts';

/** Taken from an Envoy binary; test/e2e/proto-oracle.test.ts takes it again. */
const theirs: Schema = envoyFields;
const ours = schemaOfProtos(loadProtos());

test('every field of our .proto files is one of Envoy', () => {
  expect(Object.keys(ours.messages)).toContain('envoy.service.ext_proc.v3.ProcessingRequest');
  expect(conflicts(ours, theirs)).toEqual([]);
});

test('the committed fields are of no type that our .proto files do not have', () => {
  expect(Object.keys(theirs.messages).toSorted()).toEqual(Object.keys(ours.messages).toSorted());
  expect(Object.keys(theirs.enums).toSorted()).toEqual(Object.keys(ours.enums).toSorted());
  expect(Object.keys(theirs.methods).toSorted()).toEqual(Object.keys(ours.methods).toSorted());
});

const field = { number: 3, type: 'bytes' };
const whole: Schema = { messages: { M: { f: field, g: field } }, enums: { E: { A: 0, B: 1 } }, methods: {} };

test.each<[string, Partial<Schema>]>([
  ['another number', { messages: { M: { f: { ...field, number: 2 } } } }],
  ['another type', { messages: { M: { f: { ...field, type: 'string' } } } }],
  ['another label', { messages: { M: { f: { ...field, repeated: true } } } }],
  ['a oneof', { messages: { M: { f: { ...field, oneof: 'kind' } } } }],
  ['an unknown field', { messages: { M: { h: field } } }],
  ['an unknown message', { messages: { N: { f: field } } }],
  ['another value', { enums: { E: { B: 2 } } }],
  ['an unknown enum', { enums: { F: { A: 0 } } }],
  [
    'an unknown method',
    { methods: { Call: { request: 'M', response: 'M', requestStream: true, responseStream: true } } },
  ],
])('the comparison sees %s', (_, part) => {
  expect(conflicts({ messages: {}, enums: {}, methods: {}, ...part }, whole)).toHaveLength(1);
});
