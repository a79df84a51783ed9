import fc from 'fast-check';
import protobuf from 'protobufjs/minimal.js';
import { expect, test } from 'vitest';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

const firstTag = 0x08;
/** Of field 33: two bytes on the wire. */
const laterTag = (33 << 3) | 2;

/** A number, then a message that holds a text: in the order of reading. */
const write = (number: number, text: string): Buffer => {
  const writer = new Writer();
  writer.begin();
  const mark = writer.size;
  writer.utf8(0x0a, text);
  writer.message(laterTag, mark);
  writer.varint(firstTag, number);
  return writer.finish();
};

/** Where a number takes one byte more: 2^7, 2^14, … */
const edges = [7, 14, 21, 28, 32, 35, 42, 49, 53].flatMap((power) => [2 ** power - 1, 2 ** power]);
const numbers = fc.oneof(fc.maxSafeNat(), fc.constantFrom(...edges.filter(Number.isSafeInteger)));

test('large numbers and large tags are what protobufjs writes, and are read back', () => {
  const nested = (text: string) => protobuf.Writer.create().uint32(0x0a).string(text).finish();
  fc.assert(
    fc.property(numbers, fc.string({ unit: 'grapheme', maxLength: 100 }), (number, text) => {
      const bytes = write(number, text);
      const theirs = protobuf.Writer.create().uint32(firstTag).uint64(number);
      expect(bytes).toEqual(Buffer.from(theirs.uint32(laterTag).bytes(nested(text)).finish()));
      const reader = new Reader(bytes);
      expect([reader.tag(), reader.varint(), reader.tag()]).toEqual([firstTag, number, laterTag]);
      reader.enter();
      expect([reader.tag(), reader.utf8(), reader.tag()]).toEqual([0x0a, text, 0]);
    }),
    { numRuns: 500 },
  );
});
