import type { Features } from '../features.ts';

/** The features of a text written out: all buckets of each word, one word after another. */
export interface Listed {
  readonly words: number;
  readonly buckets: Uint32Array;
  /** For each word the index in `buckets` where its features begin, and the end of the last. */
  readonly starts: Int32Array;
  /** For each word where in `buckets` those begin that come from concepts. */
  readonly conceptStarts: Int32Array;
  /** For each word the index in the text where it begins, and the end of the text. */
  readonly places: Int32Array;
}

/** A copy that stays as it is when the extractor reads the next text. */
export const listed = (features: Features): Listed => {
  const { words, entries, grams, gramStarts, buckets, starts, conceptStarts, counts, places } = features;
  const all = new Uint32Array(counts[words] as number);
  const ofConcepts = new Int32Array(words);
  for (let word = 0; word < words; word++) {
    const entry = entries[word] as number;
    const letters = grams.subarray(gramStarts[entry], gramStarts[entry + 1]);
    const start = counts[word] as number;
    all.set(letters, start);
    all.set(buckets.subarray(starts[word], starts[word + 1]), start + letters.length);
    ofConcepts[word] = start + letters.length + (conceptStarts[word] as number) - (starts[word] as number);
  }
  return {
    words,
    buckets: all,
    starts: counts.slice(0, words + 1),
    conceptStarts: ofConcepts,
    places: places.slice(0, words + 1),
  };
};
