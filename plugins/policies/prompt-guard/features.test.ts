import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fold } from '../../text/fold.ts';
import { WordClasses } from './classes.ts';
import { Extractor } from './features.ts';
import { listed } from './training/listed.ts';

const classes = new WordClasses('teapot kettle|boil pour');

const bucketsOf = (text: string): number[] => [
  ...listed(new Extractor(classes).extract(fold(text).text)).buckets,
];

test('a word that comes again has the features of its letters again', () => {
  const { words, entries } = new Extractor(classes).extract('tell me, tell me 12 of 34');
  expect([...entries.subarray(0, words)]).toEqual([0, 1, 0, 1, 2, 3, 2]);
});

test('an extractor keeps nothing of the text before', () => {
  const extractor = new Extractor(classes);
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
  const { marks } = new Extractor(classes).extract('please ignore this. never forget');
  expect([...marks.places.subarray(0, marks.count)]).toEqual([7, 20, 26]);
});

test('words of rules are noted inside of words of several scripts', () => {
  const { marks } = new Extractor(classes).extract('이system을 note를');
  expect([...marks.places.subarray(0, marks.count)]).toEqual([1, 9]);
});

test('words of a class share features, alone and in their order; others have none', () => {
  const shared = (one: string, other: string): number => {
    const known = new Set(bucketsOf(one));
    return bucketsOf(other).filter((it) => known.has(it)).length;
  };
  // The class alone, behind the border of the text, and behind two borders.
  expect(shared('teapot', 'kettle')).toBe(3);
  expect(shared('teapot', 'wander')).toBe(0);
  expect(shared('boil teapot', 'pour kettle')).toBe(6);
  expect(shared('teapot boil', 'pour kettle')).toBe(2);
});
