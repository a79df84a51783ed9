import { kinds, kindTable } from '../../text/characters.ts';
import { conceptAt } from './concepts.ts';

/** Buckets of the hash table that the weights lie in. */
export const bucketCount = 1 << 17;

/**
 * What the model sees of a text: for each word the buckets of its features. Belongs to the extractor, which fills it
 * anew for the next text.
 */
export interface Features {
  /** Buckets of all words one after another. */
  readonly buckets: Uint32Array;
  /** For each word the index in `buckets` where its features begin, and the end of the last. */
  readonly starts: Int32Array;
  /** For each word the index in the text where it begins, and the end of the text. */
  readonly places: Int32Array;
  readonly words: number;
  /** The concepts that the text holds, a bit each. */
  readonly concepts: number;
  /** Where in `buckets` the features begin that come from concepts, for each word. */
  readonly conceptStarts: Int32Array;
}

/** Classes of characters: nothing, in a word, a digit, a word by itself, a word of a script without spaces. */
const none = 0;
const letter = 1;
const digit = 2;
const ideograph = 3;
const unspaced = 4;

const classTable = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code >= 48 && code <= 57) return digit;
  const lower = code | 32;
  return lower >= 97 && lower <= 122 ? letter : none;
});

const classOf = (unit: number): number => {
  if (unit < 128) return classTable[unit] as number;
  if (unit >= 0x3040 && unit <= 0x9fff) return ideograph;
  if (unit >= 0xac00 && unit <= 0xd7a3) return letter;
  if (unit >= 0x0e00 && unit <= 0x0eff) return unspaced;
  if (unit >= 0x1000 && unit <= 0x109f) return unspaced;
  const kind = kindTable[unit];
  return kind === kinds.letter || kind === kinds.mark || kind === kinds.latin ? letter : none;
};

const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca6b;
const prime3 = 0xc2b2ae35;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

const bucketOf = (hash: number): number => Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 15;

/** Stands for the word before the first and after the last: orders and questions are known by how they begin and end. */
const textBorder = 0x5bd1e995;

/** Concepts that stand so many words apart still belong together. */
const pairReach = 9;

/** Extracts features into buffers of its own; one text at a time. */
export class Extractor implements Features {
  buckets = new Uint32Array(1 << 14);
  starts = new Int32Array(1 << 10);
  places = new Int32Array(1 << 10);
  conceptStarts = new Int32Array(1 << 10);
  words = 0;
  concepts = 0;
  #count = 0;
  #text = '';
  #before = 0;
  #beforeThat = 0;
  #signs = 0;
  readonly #conceptRing = new Int32Array(4);
  readonly #placeRing = new Int32Array(4);
  #conceptCount = 0;
  #conceptEnd = 0;

  /** The features of a folded text. */
  extract(text: string): Features {
    this.#reset(text);
    let at = 0;
    while (at < text.length) {
      const unit = text.charCodeAt(at);
      const kind = classOf(unit);
      if (kind === none) {
        this.#sign(unit);
        at++;
        continue;
      }
      let end = at + 1;
      if (kind !== ideograph) while (end < text.length && isInWord(classOf(text.charCodeAt(end)))) end++;
      // No language has longer words: what is longer is taken in pieces.
      if (end - at > 40) end = at + 40;
      this.#word(at, end, kind);
      at = end;
    }
    this.#close();
    return this;
  }

  #reset(text: string): void {
    this.#text = text;
    this.words = 0;
    this.concepts = 0;
    this.#count = 0;
    this.#before = textBorder;
    this.#beforeThat = 0;
    this.#signs = 0;
    this.#conceptCount = 0;
    this.#conceptEnd = 0;
  }

  #close(): void {
    if (this.words + 2 > this.starts.length) this.#growWords();
    if (this.words > 0) {
      const pair = Math.imul(this.#before, 31) ^ textBorder;
      this.#add(pair ^ 0x2545f4);
      this.#add(Math.imul(this.#beforeThat, 961) ^ pair ^ 0x7feb35);
    }
    this.starts[this.words] = this.#count;
    this.places[this.words] = this.#text.length;
  }

  /** Signs between words, as one number: the last few that are more than the marks of sentences. */
  #sign(unit: number): void {
    if (unit === 32 || unit === 44 || unit === 39 || unit === 95) return;
    this.#signs = ((this.#signs << 8) ^ (unit === 10 || unit === 13 ? 10 : unit & 0xff)) & 0xffffff;
  }

  #word(start: number, end: number, kind: number): void {
    if (this.words + 3 > this.starts.length) this.#growWords();
    if (this.#count + 4 * (end - start) + 64 > this.buckets.length) this.#growBuckets();
    const word = this.words++;
    this.starts[word] = this.#count;
    this.places[word] = start;
    const hash = this.#grams(start, end);
    this.#add(hash ^ 0x51ed27);
    if (this.#before !== 0) {
      this.#add(Math.imul(this.#before, 31) ^ hash ^ 0x2545f4);
      if (this.#beforeThat !== 0) {
        this.#add(Math.imul(this.#beforeThat, 961) ^ Math.imul(this.#before, 31) ^ hash ^ 0x7feb35);
        this.#add(Math.imul(this.#beforeThat, 0x1f35) ^ hash ^ 0x3d4d51);
      }
    }
    if (this.#signs !== 0) {
      this.#add(Math.imul(this.#signs, prime5) ^ 0x3c6ef3);
      this.#add(Math.imul(this.#signs, prime5) ^ hash ^ 0x1b873);
    }
    this.#signs = 0;
    this.#beforeThat = this.#before;
    this.#before = hash;
    this.conceptStarts[word] = this.#count;
    this.#concepts(start, end, kind, word);
  }

  /** Character n-grams of a word with its borders; gives the hash of the word. Digits count alike. */
  #grams(start: number, end: number): number {
    const text = this.#text;
    const buckets = this.buckets;
    let count = this.#count;
    let hash = 0x811c9dc5;
    let [a, b, c, d] = [0, 0, 0, 1];
    for (let at = start; at <= end; at++) {
      let unit = at < end ? text.charCodeAt(at) : 1;
      if (unit >= 48 && unit <= 57) unit = 48;
      if (at < end) hash = Math.imul(hash ^ unit, 0x01000193);
      if (c !== 0) {
        const three = Math.imul(unit, prime1) ^ Math.imul(d, prime2) ^ Math.imul(c, prime3);
        buckets[count++] = bucketOf(three);
        if (b !== 0) {
          const four = three ^ Math.imul(b, prime4) ^ 0x5bd1e9;
          if (a !== 0) buckets[count++] = bucketOf(four ^ Math.imul(a, prime5));
        }
      }
      a = b;
      b = c;
      c = d;
      d = unit;
    }
    this.#count = count;
    return hash;
  }

  #add(hash: number): void {
    this.buckets[this.#count++] = bucketOf(hash);
  }

  #concepts(start: number, end: number, kind: number, word: number): void {
    if (start < this.#conceptEnd) return;
    const text = this.#text;
    const first = text.charCodeAt(start);
    // Arabic and Hebrew write articles and prepositions on the word; scripts without spaces may begin one anywhere.
    let last = start;
    if (kind === unspaced) last = end - 1;
    else if (first >= 0x590 && first <= 0x6ff) last = Math.min(end - 3, start + 2);
    for (let at = start; at <= last; at++) {
      const match = conceptAt(text, at);
      if (match === 0) continue;
      this.#concept(match & 63, word);
      at += (match >> 6) - 1;
      this.#conceptEnd = at + 1;
    }
  }

  /** A concept, its pairs with those shortly before it, and the three last in order. */
  #concept(concept: number, word: number): void {
    if (this.#count + 16 > this.buckets.length) this.#growBuckets();
    this.concepts |= 1 << (concept - 1);
    this.#add(Math.imul(concept, prime1) ^ 0x66a1);
    const known = Math.min(3, this.#conceptCount);
    for (let back = 1; back <= known; back++) {
      const slot = (this.#conceptCount - back) & 3;
      const distance = word - (this.#placeRing[slot] as number);
      if (distance > pairReach * 3) break;
      const other = this.#conceptRing[slot] as number;
      if (other === concept) continue;
      const near = distance <= 3 ? 1 : distance <= pairReach ? 2 : 3;
      this.#add(Math.imul(other * 64 + concept, prime2) ^ 0x77b3);
      this.#add(Math.imul((other * 64 + concept) * 4 + near, prime3) ^ 0x88c5);
    }
    if (known >= 2) {
      const middle = (this.#conceptCount - 1) & 3;
      const far = (this.#conceptCount - 2) & 3;
      if (word - (this.#placeRing[far] as number) <= pairReach * 2) {
        const both = (this.#conceptRing[far] as number) * 64 + (this.#conceptRing[middle] as number);
        this.#add(Math.imul(both * 64 + concept, prime4) ^ 0x99d7);
      }
    }
    const slot = this.#conceptCount++ & 3;
    this.#conceptRing[slot] = concept;
    this.#placeRing[slot] = word;
  }

  #growWords(): void {
    this.starts = grown(this.starts, Int32Array);
    this.places = grown(this.places, Int32Array);
    this.conceptStarts = grown(this.conceptStarts, Int32Array);
  }

  #growBuckets(): void {
    this.buckets = grown(this.buckets, Uint32Array);
  }
}

const isInWord = (kind: number): boolean => kind === letter || kind === digit || kind === unspaced;

const grown = <T extends Int32Array | Uint32Array>(array: T, type: new (length: number) => T): T => {
  const larger = new type(array.length * 2);
  larger.set(array);
  return larger;
};
