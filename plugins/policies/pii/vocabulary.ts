import { hashOf } from '../../text/hash.ts';
import { type ContextKind, contextWords } from './finders/context-words.ts';
import { listedWords } from './names/gazetteer.ts';

/** What is known of a word. */
export interface Known {
  /** In lower case. */
  readonly word: string;
  /** The lists that it stands in. */
  readonly lists: number;
  /** The kind of value that may stand behind it. */
  readonly announces: ContextKind | undefined;
}

/** Every word that is known, by its hash: most words of a text are not, and need no more than one look. */
class Vocabulary {
  readonly #hashes: Int32Array;
  readonly #known: (Known | undefined)[];

  constructor(words: Iterable<Known>) {
    const all = [...words];
    const size = 2 ** Math.ceil(Math.log2(4 * all.length));
    this.#hashes = new Int32Array(size);
    this.#known = new Array(size).fill(undefined);
    for (const it of all) {
      const hash = hashOf(it.word);
      let slot = this.#slotOf(hash);
      while (this.#known[slot] !== undefined) slot = (slot + 1) & (size - 1);
      this.#hashes[slot] = hash;
      this.#known[slot] = it;
    }
  }

  /** A word in lower case, and its hash. */
  at(word: string, hash: number): Known | undefined {
    const hashes = this.#hashes;
    for (let slot = this.#slotOf(hash); ; slot = (slot + 1) & (hashes.length - 1)) {
      if (hashes[slot] === hash) {
        const known = this.#known[slot];
        if (known === undefined || known.word === word) return known;
      } else if (hashes[slot] === 0) return undefined;
    }
  }

  #slotOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#hashes.length - 1);
  }
}

const allWords = new Set([...listedWords.keys(), ...contextWords.keys()]);

export const vocabulary = new Vocabulary(
  [...allWords].map((word) => ({
    word,
    lists: listedWords.get(word) ?? 0,
    announces: contextWords.get(word),
  })),
);
