import { hashOf } from '../../text/hash.ts';

/**
 * Words in classes: those that stand in the same places of sentences, as `ignore`, `forget` and `drop` do. Learned without
 * labels from the training texts, so that what is learned about one word of a class holds for the others too.
 */
export class WordClasses {
  /** Open addressing: the hash of a word and its class, from 1. */
  readonly #hashes = new Int32Array(slotCount);
  readonly #classes = new Uint8Array(slotCount);

  /** Classes parted by `|`, their words by spaces; no more than 255 of them. Throws when there are too many words. */
  constructor(lists: string) {
    let known = 0;
    lists.split('|').forEach((list, at) => {
      for (const word of list.split(' ')) {
        if (word === '') continue;
        if (++known > slotCount / 2)
          throw new Error('the classes have more words than their table has room for');
        this.#learn(hashOf(word), at + 1);
      }
    });
  }

  /** The class of a word with that hash, 0 for none. */
  of(hash: number): number {
    return this.#classes[this.#slotOf(hash)] as number;
  }

  #learn(hash: number, to: number): void {
    const slot = this.#slotOf(hash);
    this.#hashes[slot] = hash;
    this.#classes[slot] = to;
  }

  #slotOf(hash: number): number {
    let slot = (hash ^ (hash >>> 15)) & (slotCount - 1);
    while (this.#classes[slot] !== 0 && this.#hashes[slot] !== hash) slot = (slot + 1) & (slotCount - 1);
    return slot;
  }
}

const slotCount = 1 << 14;
