import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold } from '../../text/fold.ts';
import { Extractor } from './features.ts';
import { listed } from './training/listed.ts';

const bucketsOf = (text: string): number[] => [...listed(new Extractor().extract(fold(text).text)).buckets];

test('a word that comes again has the features of its letters again', () => {
  const { words, entries } = new Extractor().extract('tell me, tell me 12 of 34');
  expect([...entries.subarray(0, words)]).toEqual([0, 1, 0, 1, 2, 3, 2]);
});

test('an extractor keeps nothing of the text before', () => {
  const extractor = new Extractor();
  const text = fc.string({
    unit: fc.constantFrom(...'ab ignore. \n', 'all', 'é', '忽', 'ก', '9', 'ignore '),
    maxLength: 80,
  });
  fc.assert(
    fc.property(text, text, (one, other) => {
      extractor.extract(fold(other).text);
      expect([...listed(extractor.extract(fold(one).text)).buckets]).toEqual(bucketsOf(one));
    }),
    { numRuns: 1000 },
  );
});

test('words of rules are noted where they stand', () => {
  const { marks } = new Extractor().extract('please ignore this. never forget');
  expect([...marks.places.subarray(0, marks.count)]).toEqual([7, 20, 26]);
});

test('words of rules are noted inside of words of several scripts', () => {
  const { marks } = new Extractor().extract('이system을 note를');
  expect([...marks.places.subarray(0, marks.count)]).toEqual([1, 9]);
});
