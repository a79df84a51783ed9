import { Codes } from './codes.ts';
import { nextHash } from './hash.ts';
import { vocabulary } from './vocabulary.ts';

/** What one pass over a folded text shows about how it is written; each is a reason to try a decoder. */
export interface WordSignals {
  /** Words of the vocabulary read backwards, and read in rot13 (three letters and more). */
  readonly reversed: number;
  readonly rot13: number;
  /** Words that have the letters of a vocabulary word in another order, ends in place. */
  readonly scrambled: number;
  /** Where words are in which digits or signs stand for letters: start and end in turn; the first few. */
  readonly leet: readonly number[];
  /** Most letters that stand alone one after another. */
  readonly singles: number;
  /** Where words are so long that several may have been run together: start and end in turn; the first few. */
  readonly longWords: readonly number[];
  /** Words broken by a sign that no word holds. */
  readonly broken: number;
  /** Runs of base64 characters, 16 and longer: start and end in turn; the first few. */
  readonly longRuns: readonly number[];
  /** Most tokens one after another that have the length of a coded byte. */
  readonly codes: number;
  readonly percents: number;
  readonly ampersands: number;
  readonly backslashes: number;
  /** Full stops and hyphens, and most of them that stand near each other one after another. */
  readonly dots: number;
  readonly nearDots: number;
  /** Letters that look like Latin ones turned upside down. */
  readonly flipped: number;
}

const bits = { plain: 1, reversed: 2, rot13: 4 } as const;
const tableSize = 1 << 13;

/** One pass over a folded text. Words are recognised by hash: a rare wrong hit only costs a needless decoder. */
export const signalsOf = (text: string): WordSignals => new Pass(text).run();

/** What a character is to the pass. */
const classes = { none: 0, letter: 1, digit: 2, leet: 3, joint: 4 } as const;
const asciiClass = (code: number): number => {
  const it = String.fromCharCode(code);
  if (/[a-zA-Z]/.test(it)) return classes.letter;
  if (/[0-9]/.test(it)) return classes.digit;
  if ('@$!|+'.includes(it)) return classes.leet;
  return '*~`\\"\'<'.includes(it) ? classes.joint : classes.none;
};
/** For all units, so that none needs a test of its own; those outside of ASCII are nothing. */
const classTable = new Uint8Array(0x10000);
const isBase64 = new Uint8Array(0x10000);
for (let code = 0; code < 128; code++) {
  classTable[code] = asciiClass(code);
  isBase64[code] = /[A-Za-z0-9+/_=-]/.test(String.fromCharCode(code)) ? 1 : 0;
}
const codes = new Codes();
/** Lengths of a byte in hex, decimal, `0x41`, and binary. */
const isCodeLength = [0, 0, 1, 1, 1, 0, 0, 1, 1];

const flippedLetters = new Set([...'ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎɘ'].map((it) => it.charCodeAt(0)));

/** Of the vocabulary. */
const longestWord = 14;
/** By number of letters: are words of it that long known by their letters? */
const hasAnagrams = Uint8Array.from({ length: 0x10000 }, (_, letters) =>
  letters >= 5 && letters <= longestWord ? 1 : 0,
);
const minLongRun = 16;
const maxLongRuns = 64;
/** Between two letters of Morse at most three other signs stand. */
const dotReach = 4;
const maxLeet = 200;
const minLongWord = 19;
const maxLongWords = 16;

class Pass {
  readonly #text: string;
  readonly #counts = {
    reversed: 0,
    rot13: 0,
    scrambled: 0,
    leet: [] as number[],
    singles: 0,
    longWords: [] as number[],
    broken: 0,
    longRuns: [] as number[],
    codes: 0,
    percents: 0,
    ampersands: 0,
    backslashes: 0,
    dots: 0,
    nearDots: 0,
    flipped: 0,
  };
  #singles = 0;
  #codes = 0;
  #nearDots = 0;
  #lastDot = -1;

  constructor(text: string) {
    this.#text = text;
  }

  run(): WordSignals {
    const text = codes.of(this.#text);
    const length = this.#text.length;
    const { leet } = this.#counts;
    let token = 0;
    let runStart = 0;
    let isLeet = false;
    let leetStart = 0;
    let isCode = false;
    let before: number = classes.none;
    for (let at = 0; at <= length; at++) {
      // Behind the text stands 0, which is nothing.
      const unit = text[at] as number;
      const kind = classTable[unit] as number;
      if (kind === classes.letter) {
        if (before === classes.digit || before === classes.leet) isLeet = true;
        const end = this.#letters(text, at);
        token += end - at;
        at = end - 1;
      } else if (kind === classes.digit) {
        // Bytes of letters begin with a digit in every code.
        if (token === 0) isCode = true;
        if (before === classes.letter) isLeet = true;
        token++;
      } else {
        if (token > 0) this.#token(isCode || token === 1 ? token : 0);
        token = 0;
        isCode = false;
        if (unit !== 32) this.#sign(unit, at);
        if (kind === classes.leet && before === classes.letter && unit !== 33) isLeet = true;
        if (kind === classes.none) {
          if (isLeet && leet.length < maxLeet * 2) leet.push(leetStart, at);
          isLeet = false;
          leetStart = at + 1;
        }
        if (isBase64[unit] === 0) {
          if (at - runStart >= minLongRun) this.#longRun(runStart, at);
          runStart = at + 1;
        }
      }
      before = kind;
    }
    return this.#counts;
  }

  /** Reads letters in a row; gives where they end. */
  #letters(text: Uint16Array, start: number): number {
    const first = text[start] as number;
    let [hash, sum, last] = [0, 0, first];
    let at = start;
    for (let unit = first; classTable[unit] === classes.letter; unit = text[at] as number) {
      hash = nextHash(hash, unit);
      sum = (sum + (mix[unit & 31] as number)) | 0;
      last = unit;
      at++;
    }
    const letters = at - start;
    if (letters >= 3) this.#word(hash, letters, at, keyOf(sum, first, last, letters));
    return at;
  }

  /** Letters and digits in a row. */
  #token(length: number): void {
    const counts = this.#counts;
    if (length === 1) {
      if (++this.#singles > counts.singles) counts.singles = this.#singles;
    } else this.#singles = 0;
    if (isCodeLength[length] === 1) {
      if (++this.#codes > counts.codes) counts.codes = this.#codes;
    } else this.#codes = 0;
  }

  #longRun(start: number, end: number): void {
    const runs = this.#counts.longRuns;
    if (runs.length < maxLongRuns * 2) runs.push(start, end);
  }

  #word(hash: number, letters: number, end: number, key: number): void {
    const counts = this.#counts;
    // Few words get past this; a branch for each of what it asks could not be foreseen.
    const mayTell = mayBeOdd[byteOf(hash)] as number;
    const mayBeScrambled = (mayBeCanonical[byteOf(key)] as number) & (hasAnagrams[letters] as number);
    if ((mayTell | mayBeScrambled) !== 0) {
      const known = knownAs(hash);
      if ((known & bits.plain) === 0) {
        if (known & bits.reversed) counts.reversed++;
        if (known & bits.rot13) counts.rot13++;
        if (mayBeScrambled !== 0 && canonical.has(key)) counts.scrambled++;
      }
    }
    if (letters >= minLongWord && letters <= 200 && counts.longWords.length < maxLongWords * 2) {
      counts.longWords.push(end - letters, end);
    }
  }

  #sign(unit: number, at: number): void {
    const counts = this.#counts;
    if (unit === 46 || unit === 45) this.#dot(at);
    else if (unit === 37) counts.percents++;
    else if (unit === 38) counts.ampersands++;
    else if (unit < 128) {
      if (unit === 92) counts.backslashes++;
      if (classTable[unit] === classes.joint && this.#joins(at)) counts.broken++;
    } else if (flippedLetters.has(unit)) counts.flipped++;
  }

  #dot(at: number): void {
    const counts = this.#counts;
    counts.dots++;
    this.#nearDots = at - this.#lastDot <= dotReach ? this.#nearDots + 1 : 1;
    this.#lastDot = at;
    if (this.#nearDots > counts.nearDots) counts.nearDots = this.#nearDots;
  }

  /** A sign with a letter before it and another soon after. An apostrophe between letters belongs to the word. */
  #joins(at: number): boolean {
    const text = this.#text;
    if (at === 0 || !isLetterAt(text, at - 1)) return false;
    for (let next = at + 1; next < at + 4; next++) {
      if (isLetterAt(text, next)) return next > at + 1 || text[at] !== "'";
      if (text[next] === ' ' && text[at] !== '"' && text[at] !== "'") return false;
    }
    return false;
  }
}

const isLetterAt = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at);
  return unit < 128 && classTable[unit] === classes.letter;
};

/** A number a letter, so that their sum knows letters without their order. */
const mix = Int32Array.from({ length: 32 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) ^ (at * 0x85ebca6b));

const keyOf = (sum: number, first: number, last: number, letters: number): number =>
  (sum ^ Math.imul(first, 0x27d4eb2f) ^ Math.imul(last, 0x165667b1) ^ (letters << 26)) | 0;

/** The same number for words with the same letters, first, last and length. */
export const anagramKey = (word: string): number => {
  let sum = 0;
  for (let at = 0; at < word.length; at++) sum = (sum + (mix[word.charCodeAt(at) & 31] as number)) | 0;
  return keyOf(sum, word.charCodeAt(0), word.charCodeAt(word.length - 1), word.length);
};

/** The vocabulary word of a key, or `word` when it is one itself or none is known. */
export const canonicalOf = (key: number, word: string): string =>
  vocabulary.has(word) ? word : (canonical.get(key) ?? word);

const hashOf = (word: string): number => {
  let hash = 0;
  for (let at = 0; at < word.length; at++) hash = nextHash(hash, word.charCodeAt(at));
  return hash;
};

/** Open addressing: the whole hash, and how the word is known. */
const hashes = new Int32Array(tableSize);
const knownBits = new Uint8Array(tableSize);
const canonical = new Map<number, string>();
/** Most words are none of those: bytes by hash say so more quickly. */
const mayBeCanonical = new Uint8Array(1 << 14);
const mayBeOdd = new Uint8Array(1 << 14);
const byteOf = (hash: number): number => Math.imul(hash, 0x9e3779b1) >>> 18;

const slotOf = (hash: number): number => {
  let slot = (hash ^ (hash >>> 15)) & (tableSize - 1);
  while (knownBits[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) & (tableSize - 1);
  return slot;
};

const knownAs = (hash: number): number => knownBits[slotOf(hash)] as number;

const learn = (word: string, bit: number): void => {
  const hash = hashOf(word);
  const slot = slotOf(hash);
  hashes[slot] = hash;
  knownBits[slot] = (knownBits[slot] ?? 0) | bit;
  if (bit !== bits.plain) mayBeOdd[byteOf(hash)] = 1;
};

/** Short words that are no words when they are read backwards or in rot13. */
const tellingWords = new Set(['the', 'and', 'you', 'for', 'your', 'this', 'with', 'all', 'tell', 'that']);

for (const word of vocabulary) {
  if (word.length < 3) continue;
  learn(word, bits.plain);
  if (word.length >= 5 || tellingWords.has(word)) learn([...word].reverse().join(''), bits.reversed);
  if (word.length >= 4 || tellingWords.has(word)) {
    learn(
      word.replaceAll(/[a-z]/g, (it) => String.fromCharCode(((it.charCodeAt(0) - 84) % 26) + 97)),
      bits.rot13,
    );
  }
  const key = anagramKey(word);
  if (word.length < 5 || canonical.has(key)) continue;
  canonical.set(key, word);
  mayBeCanonical[byteOf(key)] = 1;
}

const leetLetters: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '6': 'g',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'i',
  '+': 't',
  '€': 'e',
  '£': 'l',
};

/** `1gn0r3` → `ignore`; a word without a letter or without a sign stays. `1` and `!` are read as l where that gives a word. */
export const unleet = (word: string): string => {
  if (!/[a-z]/.test(word) || !/[^a-z]/.test(word)) return word;
  const bare = word.replace(/[!+|]+$/, (end) => (word.length - end.length > 1 ? '' : end));
  const read = readAs(bare, 'i');
  if (vocabulary.has(read) || !/[1!|]/.test(bare)) return read;
  const other = readAs(bare, 'l');
  return vocabulary.has(other) ? other : (mixedLeet(bare) ?? read);
};

const readAs = (word: string, one: 'i' | 'l'): string => {
  let read = '';
  for (const it of word) read += it === '1' || it === '!' || it === '|' ? one : (leetLetters[it] ?? it);
  return read;
};

/** Each `1` alone as i or l, for words with two of them: `i11egal`, `wi1l1ng`. */
const mixedLeet = (word: string): string | undefined => {
  const places = [...word].flatMap((it, at) => ('1!|'.includes(it) ? [at] : []));
  if (places.length < 2 || places.length > 4) return undefined;
  for (let choice = 0; choice < 1 << places.length; choice++) {
    const read = [...word]
      .map((it, at) => {
        const place = places.indexOf(at);
        return place === -1 ? (leetLetters[it] ?? it) : (choice >> place) & 1 ? 'l' : 'i';
      })
      .join('');
    if (vocabulary.has(read)) return read;
  }
  return undefined;
};

/** Is a part of a run, of which the hash is known, a word of the vocabulary? */
const isWord = (run: string, start: number, end: number, hash: number): boolean => {
  if (end - start === 1) return run[start] === 'a' || run[start] === 'i';
  if (end - start > 2 && (knownAs(hash) & bits.plain) === 0) return false;
  return vocabulary.has(run.slice(start, end));
};

/** A run of letters as words of the vocabulary, the fewest that cover nearly all of it; undefined when none do. */
export const splitWords = (run: string): string | undefined => {
  if (vocabulary.has(run)) return undefined;
  // cost[i]: of the best split of the first i letters; a letter outside of words costs as much as three words.
  const cost = new Float64Array(run.length + 1).fill(Number.POSITIVE_INFINITY);
  const from = new Int32Array(run.length + 1);
  cost[0] = 0;
  for (let start = 0; start < run.length; start++) {
    const before = cost[start] as number;
    const last = Math.min(run.length, start + longestWord);
    let hash = 0;
    for (let end = start + 1; end <= last; end++) {
      hash = nextHash(hash, run.charCodeAt(end - 1));
      const length = end - start;
      const isOutside = length === 1 && before + 3 <= (cost[end] as number);
      if (isOutside) {
        cost[end] = before + 3;
        from[end] = start;
      }
      if (!isWord(run, start, end, hash)) continue;
      const total = before + (length <= 2 ? 1.5 : 1);
      if (total >= (cost[end] as number)) continue;
      cost[end] = total;
      from[end] = start;
    }
  }
  if ((cost[run.length] ?? 0) > run.length * 0.45 + 1) return undefined;
  const parts: string[] = [];
  for (let end = run.length; end > 0; end = from[end] ?? 0) parts.unshift(run.slice(from[end] ?? 0, end));
  return parts.length < 3 ? undefined : parts.join(' ');
};
