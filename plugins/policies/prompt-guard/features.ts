import { kindOf, kinds } from '../../text/characters.ts';
import { Codes } from '../../text/codes.ts';
import { emptyHash, nextHash } from '../../text/hash.ts';
import type { WordClasses } from './classes.ts';
import { ConceptFinder } from './concepts.ts';
import { marksOf } from './marks.ts';

/** Buckets of the hash table that the weights lie in. */
export const bucketCount = 1 << 17;

/**
 * What the model sees of a text: for each word the buckets of its features. Those of its letters stand once for all
 * words that are written alike. Belongs to the extractor, which fills it anew for the next text.
 */
export interface Features {
  readonly words: number;
  /** For each word which of the different words of the text it is: they are numbered as they first appear. */
  readonly entries: Int32Array;
  /** Buckets of the letters of the different words one after another, and for each of those where they begin. */
  readonly grams: Uint32Array;
  readonly gramStarts: Int32Array;
  /** Buckets of what stands around a word, one word after another. */
  readonly buckets: Uint32Array;
  /** For each word the index in `buckets` where its own begin, and the end of the last. */
  readonly starts: Int32Array;
  /** For each word where in `buckets` those begin that come from concepts. */
  readonly conceptStarts: Int32Array;
  /** For each word the number of features before it, and of all. */
  readonly counts: Int32Array;
  /** For each word the index in the text where it begins, and the end of the text. */
  readonly places: Int32Array;
  /** The concepts that the text holds, a bit each. */
  readonly concepts: number;
  readonly marks: Marks;
}

/** The words of rules that a text holds; see `marksOf`. */
export interface Marks {
  readonly count: number;
  /** In the order of the text: the bits of each, and its index in the text. */
  readonly bits: Int32Array;
  readonly places: Int32Array;
}

/** Classes of characters: nothing, a word by itself, in a word, a digit, a word of a script without spaces. */
const unknown = 0;
const none = 1;
const ideograph = 2;
const letter = 3;
const digit = 4;
const unspaced = 5;
const isInWord = (kind: number): boolean => kind >= letter;

const classTable = new Uint8Array(0x10000);

const learnClass = (unit: number): number => {
  classTable[unit] = classify(unit);
  return classTable[unit] as number;
};

const classify = (unit: number): number => {
  if (isDigit(unit)) return digit;
  if (unit >= 0x3040 && unit <= 0x9fff) return ideograph;
  if (unit >= 0xac00 && unit <= 0xd7a3) return letter;
  if (isUnspaced(unit)) return unspaced;
  const kind = kindOf(unit);
  return kind === kinds.letter || kind === kinds.mark || kind === kinds.latin ? letter : none;
};

const isUnspaced = (unit: number): boolean =>
  (unit >= 0x0e00 && unit <= 0x0eff) || (unit >= 0x1000 && unit <= 0x109f);
const isDigit = (unit: number): boolean => unit >= 48 && unit <= 57;
/** What stands for every digit. */
const anyDigit = 48;

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

/** The last few signs that are more than the marks of sentences, as one number. */
const withSign = (signs: number, unit: number): number =>
  unit === 32 || unit === 44 || unit === 39 || unit === 95
    ? signs
    : ((signs << 8) ^ (unit === 13 ? 10 : unit & 0xff)) & 0xffffff;

/** Longest word; no language has longer ones, so what is longer is taken in pieces. */
const longestWord = 40;

/** Places of the table that different words are looked up in. */
const slotCount = 1 << 12;

/** Different words are looked for at so many places of the table, so that words made to meet there cost no more. */
const maxSteps = 8;

/** Numbers that are kept of each different word: hash, place, length and class. */
const atHash = 0;
const atPlace = 1;
const atLength = 2;
const atClass = 3;
const entrySize = 4;

/** The class of what stands before the first word; no word has it. */
const borderClass = 1000;
/** More than there are classes. */
const classRoom = 1024;

/** Extracts features into buffers of its own; one text at a time. Counts go from hand to hand: fields would be slower. */
export class Extractor implements Features {
  words = 0;
  entries = new Int32Array(1 << 10);
  grams = new Uint32Array(1 << 13);
  gramStarts = new Int32Array(1 << 10);
  buckets = new Uint32Array(1 << 13);
  starts = new Int32Array(1 << 10);
  conceptStarts = new Int32Array(1 << 10);
  counts = new Int32Array(1 << 10);
  places = new Int32Array(1 << 10);
  concepts = 0;
  readonly marks = {
    count: 0,
    bits: new Int32Array(1 << 7),
    places: new Int32Array(1 << 7),
  };
  readonly #codes = new Codes();
  #text: Uint16Array = new Uint16Array(0);
  #length = 0;
  #before = 0;
  #beforeThat = 0;
  /** Classes of the words before, 0 for none. */
  #classBefore = 0;
  #classBeforeThat = 0;
  /** Before the word that is read, as one number. */
  #signs = 0;
  #entryCount = 0;
  #known = new Int32Array(entrySize << 10);
  /** Open addressing: number of the text and of the word, in turn. */
  readonly #slots = new Int32Array(2 * slotCount);
  #textNumber = 0;
  readonly #finder = new ConceptFinder();
  readonly #conceptRing = new Int32Array(4);
  readonly #placeRing = new Int32Array(4);
  #conceptCount = 0;
  #conceptEnd = 0;
  readonly #classes: WordClasses;

  constructor(classes: WordClasses) {
    this.#classes = classes;
  }

  /** The features of a folded text. */
  extract(text: string): Features {
    this.#reset(text);
    const codes = this.#text;
    const length = text.length;
    let count = 0;
    let signs = 0;
    for (let at = 0; at < length; ) {
      const unit = codes[at] as number;
      let kind = classTable[unit] as number;
      if (kind === unknown) kind = learnClass(unit);
      if (kind === none) {
        signs = withSign(signs, unit);
        at++;
        continue;
      }
      const start = at;
      const limit = Math.min(length, kind === ideograph ? start + 1 : start + longestWord);
      let hash = emptyHash;
      let all = 0;
      do {
        const read = codes[at] as number;
        hash = nextHash(hash, kind === digit ? anyDigit : read);
        all |= read;
        if (++at >= limit) break;
        kind = classTable[codes[at] as number] as number;
        if (kind === unknown) kind = learnClass(codes[at] as number);
      } while (isInWord(kind));
      if (all > 0x7f) this.#markMixed(start, at);
      const bits = marksOf(hash);
      if (bits !== 0) this.#mark(bits, start);
      this.#signs = signs;
      count = this.#word(start, at, hash, count);
      signs = 0;
    }
    this.#close(count);
    return this;
  }

  #reset(text: string): void {
    this.#text = this.#codes.of(text);
    this.#length = text.length;
    this.#finder.read(this.#text, text.length);
    // The first of `counts` and of `gramStarts` is never written: it stays 0.
    this.words = 0;
    this.concepts = 0;
    this.marks.count = 0;
    this.#before = textBorder;
    this.#beforeThat = 0;
    this.#classBefore = borderClass;
    this.#classBeforeThat = borderClass;
    this.#entryCount = 0;
    this.#conceptCount = 0;
    this.#conceptEnd = 0;
    if (this.#textNumber === 0x3fffffff) this.#slots.fill(0);
    this.#textNumber = (this.#textNumber % 0x3fffffff) + 1;
  }

  #close(before: number): void {
    const words = this.words;
    let count = before;
    if (words + 2 > this.starts.length) this.#growWords();
    if (words > 0) {
      const pair = Math.imul(this.#before, 31) ^ textBorder;
      this.buckets[count++] = bucketOf(pair ^ 0x2545f4);
      this.buckets[count++] = bucketOf(Math.imul(this.#beforeThat, 961) ^ pair ^ 0x7feb35);
    }
    this.starts[words] = count;
    this.counts[words] = (this.counts[words] as number) + count - before;
    this.places[words] = this.#length;
  }

  #mark(bits: number, place: number): void {
    const { marks } = this;
    const at = marks.count++;
    if (at === marks.bits.length) {
      marks.bits = grown(marks.bits, Int32Array);
      marks.places = grown(marks.places, Int32Array);
    }
    marks.bits[at] = bits;
    marks.places[at] = place;
  }

  /** In a word of several scripts the letters of ASCII that follow each other count as words of rules too. */
  #markMixed(start: number, end: number): void {
    const text = this.#text;
    for (let at = start; at < end; at++) {
      const from = at;
      let hash = emptyHash;
      for (; at < end && (text[at] as number) < 0x80; at++) hash = nextHash(hash, text[at] as number);
      const bits = at === from ? 0 : marksOf(hash);
      if (bits !== 0) this.#mark(bits, from);
    }
  }

  /** Writes the features of a word behind `before` others; gives how many there are then. */
  #word(start: number, end: number, hash: number, before: number): number {
    const word = this.words++;
    if (word + 3 > this.starts.length) this.#growWords();
    if (before + 1024 > this.buckets.length) this.buckets = grown(this.buckets, Uint32Array);
    const entry = this.#entryOf(start, end - start, hash);
    const count = this.#classAround(entry, this.#around(hash, before));
    this.entries[word] = entry;
    this.starts[word] = before;
    this.places[word] = start;
    this.conceptStarts[word] = count;
    const after = start < this.#conceptEnd ? count : this.#conceptsOf(start, end, count);
    const grams = (this.gramStarts[entry + 1] as number) - (this.gramStarts[entry] as number);
    this.counts[word + 1] = (this.counts[word] as number) + grams + after - before;
    return after;
  }

  /** The words and signs before a word. */
  #around(hash: number, before: number): number {
    const signs = this.#signs;
    const buckets = this.buckets;
    const last = this.#before;
    const beforeLast = this.#beforeThat;
    let count = before;
    const pair = Math.imul(last, 31) ^ hash;
    buckets[count++] = bucketOf(pair ^ 0x2545f4);
    if (beforeLast !== 0) {
      buckets[count++] = bucketOf(Math.imul(beforeLast, 961) ^ pair ^ 0x7feb35);
      buckets[count++] = bucketOf(Math.imul(beforeLast, 0x1f35) ^ hash ^ 0x3d4d51);
    }
    if (signs !== 0) {
      const mixed = Math.imul(signs, prime5);
      buckets[count++] = bucketOf(mixed ^ 0x3c6ef3);
      buckets[count++] = bucketOf(mixed ^ hash ^ 0x1b873);
    }
    this.#beforeThat = last;
    this.#before = hash;
    return count;
  }

  /** The class of a word, alone and with those of the one and the two before it. */
  #classAround(entry: number, before: number): number {
    const buckets = this.buckets;
    const own = this.#known[entry * entrySize + atClass] as number;
    const last = this.#classBefore;
    let count = before;
    if (own !== 0) {
      const pair = last * classRoom + own;
      buckets[count++] = bucketOf(Math.imul(own, prime1) ^ 0x1111);
      buckets[count++] = bucketOf(Math.imul(pair, prime2) ^ 0x2222);
      buckets[count++] = bucketOf(
        Math.imul(this.#classBeforeThat * classRoom * classRoom + pair, prime3) ^ 0x4444,
      );
    }
    this.#classBeforeThat = last;
    this.#classBefore = own;
    return count;
  }

  /** The number of a word among the different ones, digits alike. */
  #entryOf(start: number, length: number, hash: number): number {
    const slots = this.#slots;
    const known = this.#known;
    let slot = (hash ^ (hash >>> 15)) & (slotCount - 1);
    for (let step = 0; step < maxSteps; step++) {
      if (slots[2 * slot] !== this.#textNumber) {
        slots[2 * slot] = this.#textNumber;
        slots[2 * slot + 1] = this.#entryCount;
        break;
      }
      const entry = slots[2 * slot + 1] as number;
      const at = entry * entrySize;
      if (known[at + atHash] === hash && known[at + atLength] === length && this.#isAlike(at, start))
        return entry;
      slot = (slot + 1) & (slotCount - 1);
    }
    return this.#newEntry(start, length, hash);
  }

  #isAlike(entry: number, start: number): boolean {
    const text = this.#text;
    const other = this.#known[entry + atPlace] as number;
    const length = this.#known[entry + atLength] as number;
    for (let at = 0; at < length; at++) {
      const one = text[start + at] as number;
      const two = text[other + at] as number;
      if (one !== two && !(isDigit(one) && isDigit(two))) return false;
    }
    return true;
  }

  #newEntry(start: number, length: number, hash: number): number {
    const entry = this.#entryCount++;
    if (entry + 2 > this.gramStarts.length) this.#growEntries();
    const from = this.gramStarts[entry] as number;
    if (from + 3 * longestWord > this.grams.length) this.grams = grown(this.grams, Uint32Array);
    this.gramStarts[entry + 1] = this.#writeGrams(start, start + length, hash, from);
    const known = this.#known;
    const at = entry * entrySize;
    known[at + atHash] = hash;
    known[at + atPlace] = start;
    known[at + atLength] = length;
    known[at + atClass] = this.#classes.of(hash);
    return entry;
  }

  /** Character n-grams of a word with its borders, and the word. Digits count alike. */
  #writeGrams(start: number, end: number, hash: number, from: number): number {
    const text = this.#text;
    const grams = this.grams;
    let count = from;
    let [a, b, c, d] = [0, 0, 0, 1];
    for (let at = start; at <= end; at++) {
      let unit = at < end ? (text[at] as number) : 1;
      if (isDigit(unit)) unit = anyDigit;
      if (c !== 0) {
        const three = Math.imul(unit, prime1) ^ Math.imul(d, prime2) ^ Math.imul(c, prime3);
        grams[count++] = bucketOf(three);
        if (b !== 0 && a !== 0) {
          const four = three ^ Math.imul(b, prime4) ^ 0x5bd1e9;
          grams[count++] = bucketOf(four ^ Math.imul(a, prime5));
        }
      }
      a = b;
      b = c;
      c = d;
      d = unit;
    }
    grams[count++] = bucketOf(hash ^ 0x51ed27);
    return count;
  }

  #conceptsOf(start: number, end: number, before: number): number {
    const first = this.#text[start] as number;
    // Arabic and Hebrew write articles and prepositions on the word; scripts without spaces may begin one anywhere.
    let last = start;
    if (isUnspaced(first)) last = end - 1;
    else if (first >= 0x590 && first <= 0x6ff) last = Math.min(end - 3, start + 2);
    let count = before;
    for (let at = start; at <= last; at++) {
      const match = this.#finder.at(at);
      if (match === 0) continue;
      count = this.#takeConcept(at, match, count);
      at = this.#conceptEnd - 1;
    }
    return count;
  }

  /** A concept, its pairs with those shortly before it, and the three last in order. */
  #takeConcept(start: number, match: number, before: number): number {
    this.#conceptEnd = start + (match >> 6);
    const concept = match & 63;
    const word = this.words - 1;
    const buckets = this.buckets;
    const ring = this.#conceptRing;
    const places = this.#placeRing;
    let count = before;
    this.concepts |= 1 << (concept - 1);
    buckets[count++] = bucketOf(Math.imul(concept, prime1) ^ 0x66a1);
    const known = Math.min(3, this.#conceptCount);
    for (let back = 1; back <= known; back++) {
      const slot = (this.#conceptCount - back) & 3;
      const distance = word - (places[slot] as number);
      if (distance > pairReach * 3) break;
      const other = ring[slot] as number;
      if (other === concept) continue;
      const near = distance <= 3 ? 1 : distance <= pairReach ? 2 : 3;
      buckets[count++] = bucketOf(Math.imul(other * 64 + concept, prime2) ^ 0x77b3);
      buckets[count++] = bucketOf(Math.imul((other * 64 + concept) * 4 + near, prime3) ^ 0x88c5);
    }
    if (known >= 2) {
      const middle = (this.#conceptCount - 1) & 3;
      const far = (this.#conceptCount - 2) & 3;
      if (word - (places[far] as number) <= pairReach * 2) {
        const both = (ring[far] as number) * 64 + (ring[middle] as number);
        buckets[count++] = bucketOf(Math.imul(both * 64 + concept, prime4) ^ 0x99d7);
      }
    }
    const slot = this.#conceptCount++ & 3;
    ring[slot] = concept;
    places[slot] = word;
    return count;
  }

  #growWords(): void {
    this.entries = grown(this.entries, Int32Array);
    this.starts = grown(this.starts, Int32Array);
    this.conceptStarts = grown(this.conceptStarts, Int32Array);
    this.counts = grown(this.counts, Int32Array);
    this.places = grown(this.places, Int32Array);
  }

  #growEntries(): void {
    this.gramStarts = grown(this.gramStarts, Int32Array);
    this.#known = grown(this.#known, Int32Array);
  }
}

const grown = <T extends Int32Array | Uint32Array>(array: T, type: new (length: number) => T): T => {
  const larger = new type(array.length * 2);
  larger.set(array);
  return larger;
};
