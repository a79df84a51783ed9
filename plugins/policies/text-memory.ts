import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

export interface TextMemorySetup<Found> {
  /** Most that is kept, in what `sizeOf` counts; the texts that were not seen for longest go first. */
  readonly maxSize: number;
  /** At least 1. */
  readonly sizeOf: (found: Found) => number;
}

/**
 * What was found in texts that came before: a conversation comes again with each turn. Holds no text, and nobody can
 * learn from it which texts came: they are known by their hashes under a key that this process makes and keeps.
 */
export class TextMemory<Found extends object> {
  readonly #key = randomBytes(32).toString('base64');
  readonly #found: LRUCache<string, Found>;

  constructor({ maxSize, sizeOf }: TextMemorySetup<Found>) {
    this.#found = new LRUCache({ maxSize, sizeCalculation: sizeOf });
  }

  /** By which a text is known; `kind` keeps apart what is found in the same text in different ways. */
  keyOf(text: string, kind = ''): string {
    return hash('sha256', `${this.#key}${kind}\0${text}`, 'base64');
  }

  get(key: string): Found | undefined {
    return this.#found.get(key);
  }

  set(key: string, found: Found): void {
    this.#found.set(key, found);
  }
}
