import { expect, test } from 'vitest';
import { TextMemory } from './text-memory.ts';

const memory = (maxSize = 10) =>
  new TextMemory<readonly number[]>({ maxSize, sizeOf: ({ length }) => 1 + length });

test('gives what was found in the same text, and in no other', () => {
  const seen = memory();
  seen.set(seen.keyOf('a text'), [1, 2]);
  expect(seen.get(seen.keyOf('a text'))).toEqual([1, 2]);
  expect(seen.get(seen.keyOf('a text '))).toBeUndefined();
  expect(seen.get(seen.keyOf('a text', 'other kind'))).toBeUndefined();
});

test('kinds and texts cannot run into each other', () => {
  const seen = memory();
  expect(seen.keyOf('b', 'a')).not.toBe(seen.keyOf('ab'));
});

test('its keys hold no text, and tell nothing to who does not know its secret', () => {
  expect(memory().keyOf('a text')).not.toBe(memory().keyOf('a text'));
  expect(memory().keyOf('a text')).toMatch(/^[A-Za-z0-9+/]{43}=$/);
});

test('forgets the texts that did not come for longest', () => {
  const seen = memory(6);
  for (const text of ['a', 'b', 'c']) seen.set(seen.keyOf(text), [0]);
  seen.get(seen.keyOf('a'));
  seen.set(seen.keyOf('d'), [0]);
  const known = ['a', 'b', 'c', 'd'].filter((text) => seen.get(seen.keyOf(text)));
  expect(known).toEqual(['a', 'c', 'd']);
});

test('what is larger than all of it is not kept', () => {
  const seen = memory(3);
  seen.set(seen.keyOf('a'), [1, 2, 3, 4]);
  expect(seen.get(seen.keyOf('a'))).toBeUndefined();
});
