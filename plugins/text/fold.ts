import { Buffer } from 'node:buffer';
import { isLooseMark, kindOf, kinds, kindTable, lookAlikeOf, mappingOf } from './characters.ts';
import { Codes } from './codes.ts';

/** What folding took out or replaced, counted in characters. */
export interface FoldSigns {
  /** Invisible characters between or beside visible ones; those inside emoji and scripts that need them included. */
  readonly invisible: number;
  readonly bidi: number;
  /** Overrides and isolates that turn the reading order around, part of `bidi`. */
  readonly overrides: number;
  /** Letters of other scripts read as the ASCII letters that they look like. */
  readonly homoglyphs: number;
  /** Marks stacked on letters beyond what any language writes. */
  readonly stackedMarks: number;
  /** What tag characters and long runs of variation selectors spell; flags of regions are left out. */
  readonly hidden: string;
}

/** A text as it reads, whatever it was written with. `cased` and `text` have the same length. */
export interface Folded {
  readonly original: string;
  /** NFKC, invisible characters out, marks off Latin letters, look-alikes in mixed words read as Latin. */
  readonly cased: string;
  /** The same in lower case. */
  readonly text: string;
  readonly signs: FoldSigns;
}

const noSigns: FoldSigns = {
  invisible: 0,
  bidi: 0,
  overrides: 0,
  homoglyphs: 0,
  stackedMarks: 0,
  hidden: '',
};

const unusual = /[^\t\n\r\x20-\x7e]/;

/** Folds a text. Linear in its length; ASCII costs one test and one lower case. */
export const fold = (original: string): Folded =>
  unusual.test(original)
    ? new Folding(original).run()
    : { original, cased: original, text: original.toLowerCase(), signs: noSigns };

/** Marks kept on one letter; more only serve to hide it. */
const maxMarks = 4;

const codes = new Codes();
/** What is being folded is written here; no text is folded while another is. */
let written = new Uint16Array(1 << 13);

class Folding {
  readonly #original: string;
  readonly #codes: Uint16Array;
  #units = written;
  #length = 0;
  /** Letters of ASCII, and others; where the first and the last of these stand. */
  #latin = 0;
  #letters = 0;
  #firstLetter = 0;
  #lastLetter = 0;
  #invisible = 0;
  #bidi = 0;
  #overrides = 0;
  #homoglyphs = 0;
  #stackedMarks = 0;
  #hidden = '';

  constructor(original: string) {
    this.#original = original;
    this.#codes = codes.of(original);
  }

  run(): Folded {
    const length = this.#original.length;
    for (let at = this.#copyPlain(0); at < length; ) at = this.#copyPlain(this.#step(at));
    this.#readLookAlikes();
    return this.#result();
  }

  /** The hot loop: characters that stay as they are and carry no mark. Gives the index of the first that is none. */
  #copyPlain(start: number): number {
    const length = this.#original.length;
    this.#makeRoom(length - start);
    const from = this.#codes;
    const to = this.#units;
    let put = this.#length;
    let [letters, first, last] = [0, 0, 0];
    let at = start;
    for (; at < length; at++) {
      const unit = from[at] as number;
      const kind = kindTable[unit] as number;
      if (kind === kinds.unknown || kind > kinds.other) break;
      if (kind === kinds.letter) {
        if (letters++ === 0) first = put;
        last = put;
      }
      to[put++] = unit;
    }
    if (letters > 0) this.#sawLetters(letters, first, last);
    this.#length = put;
    // A mark belongs to the character before it.
    if (at === start || !this.#isMarkAt(at)) return at;
    this.#length--;
    if (kindTable[from[at - 1] as number] === kinds.letter) this.#letters--;
    return at - 1;
  }

  #sawLetters(count: number, first: number, last: number): void {
    if (this.#letters === 0) this.#firstLetter = first;
    this.#lastLetter = last;
    this.#letters += count;
  }

  /** Takes one character with the marks after it; gives the index behind them. */
  #step(at: number): number {
    const code = this.#original.codePointAt(at) ?? 0;
    const next = at + (code > 0xffff ? 2 : 1);
    switch (kindOf(code)) {
      case kinds.invisible:
        this.#invisible++;
        return next;
      case kinds.bidi:
        this.#bidi++;
        if ((code >= 0x202d && code <= 0x202e) || (code >= 0x2066 && code <= 0x2068)) this.#overrides++;
        return next;
      case kinds.tag:
        return this.#takeTags(at);
      case kinds.selector:
        return this.#takeSelectors(at);
      case kinds.mark:
        return this.#takeMarks('', at);
      case kinds.mapped:
        return this.#takeMarks(mappingOf(code), next);
      default:
        if (!this.#isMarkAt(next)) {
          this.#put(code);
          return next;
        }
        return this.#takeMarks(String.fromCodePoint(code), next);
    }
  }

  #isMarkAt(at: number): boolean {
    const unit = this.#original.charCodeAt(at);
    if (unit < 0x300 || Number.isNaN(unit)) return false;
    return kindOf(this.#original.codePointAt(at) ?? 0) === kinds.mark;
  }

  /** Puts a base with the marks that stay on it: none on Latin, few on others. */
  #takeMarks(base: string, from: number): number {
    let next = from;
    let marks = '';
    let count = 0;
    while (this.#isMarkAt(next)) {
      const mark = String.fromCodePoint(this.#original.codePointAt(next) ?? 0);
      next += mark.length;
      count++;
      if (count <= maxMarks) marks += mark;
    }
    if (count > maxMarks) this.#stackedMarks += count - maxMarks;
    for (const it of count === 0 ? base : withMarks(base, marks)) this.#put(it.codePointAt(0) ?? 0);
    return next;
  }

  #takeTags(at: number): number {
    let next = at;
    let spelt = '';
    while (kindAt(this.#original, next) === kinds.tag) {
      const ascii = (this.#original.codePointAt(next) ?? 0) - 0xe0000;
      if (ascii >= 0x20 && ascii < 0x7f) spelt += String.fromCharCode(ascii);
      next += 2;
    }
    const isFlag = spelt.length <= 6 && this.#original.codePointAt(at - 2) === 0x1f3f4;
    if (!isFlag) this.#hidden += spelt;
    return next;
  }

  /** One selector chooses a glyph; a run of them carries bytes (0–15 in the first block, 16–255 in the second). */
  #takeSelectors(at: number): number {
    let next = at;
    const bytes: number[] = [];
    while (kindAt(this.#original, next) === kinds.selector) {
      const code = this.#original.codePointAt(next) ?? 0;
      bytes.push(code > 0xffff ? code - 0xe0100 + 16 : code - 0xfe00);
      next += code > 0xffff ? 2 : 1;
    }
    if (bytes.length >= 4) this.#hidden += Buffer.from(bytes).toString('utf8');
    return next;
  }

  #put(code: number): void {
    this.#makeRoom(2);
    if (code > 0xffff) {
      this.#units[this.#length++] = 0xd800 + ((code - 0x10000) >> 10);
      this.#units[this.#length++] = 0xdc00 + ((code - 0x10000) & 0x3ff);
      return;
    }
    this.#units[this.#length++] = code;
    if (kindOf(code) === kinds.letter) this.#sawLetters(1, this.#length - 1, this.#length - 1);
  }

  #makeRoom(units: number): void {
    if (this.#length + units <= this.#units.length) return;
    written = new Uint16Array(2 * (this.#length + units));
    written.set(this.#units.subarray(0, this.#length));
    this.#units = written;
  }

  /**
   * Words that mix ASCII with letters that look like ASCII first; then, in a text that is mostly Latin, words that
   * consist of look-alikes only.
   */
  #readLookAlikes(): void {
    if (this.#letters === 0) return;
    this.#latin = countOf(kinds.latin, this.#units, this.#length);
    if (this.#latin === 0) return;
    const pure = this.#readMixedWords();
    if (this.#latin <= this.#letters) return;
    for (let at = 0; at < pure.length; at += 2) this.#readWord(pure[at] as number, pure[at + 1] as number);
  }

  /** Reads words that hold letters of ASCII and others; gives where those are that hold others only: start, end. */
  #readMixedWords(): number[] {
    const units = this.#units;
    const length = this.#length;
    const end = this.#lastLetter;
    const pure: number[] = [];
    for (let at = this.#firstLetter; at <= end; at++) {
      if ((units[at] as number) < 0x80 || kindTable[units[at] as number] !== kinds.letter) continue;
      let start = at;
      while (start > 0 && kindTable[units[start - 1] as number] === kinds.latin) start--;
      let latin = at - start;
      for (at++; at < length; at++) {
        const kind = kindTable[units[at] as number] as number;
        if (kind === kinds.latin) latin++;
        else if (kind !== kinds.letter) break;
      }
      if (latin > 0) this.#readWord(start, at);
      else pure.push(start, at);
    }
    return pure;
  }

  #readWord(start: number, end: number): void {
    for (let at = start; at < end; at++) {
      const unit = this.#units[at] ?? 0;
      if (unit > 0x7f && lookAlikeOf(unit) === 0) return;
    }
    for (let at = start; at < end; at++) {
      const unit = this.#units[at] ?? 0;
      if (unit <= 0x7f) continue;
      this.#units[at] = lookAlikeOf(unit);
      this.#homoglyphs++;
      this.#latin++;
      this.#letters--;
    }
  }

  #result(): Folded {
    const cased = textOf(this.#units, this.#length);
    return {
      original: this.#original,
      cased,
      text: lowered(cased),
      signs: {
        invisible: this.#invisible,
        bidi: this.#bidi,
        overrides: this.#overrides,
        homoglyphs: this.#homoglyphs,
        stackedMarks: this.#stackedMarks,
        hidden: this.#hidden,
      },
    };
  }
}

/** How many units are of a kind; without branches, as none could be foreseen. */
const countOf = (kind: number, units: Uint16Array, length: number): number => {
  let count = 0;
  for (let at = 0; at < length; at++)
    count += (((kindTable[units[at] as number] as number) ^ kind) - 1) >>> 31;
  return count;
};

/** Code units as a text; of one byte each where they can be, which is quicker to search and to lower. */
const textOf = (units: Uint16Array, length: number): string => {
  let all = 0;
  for (let at = 0; at < length; at++) all |= units[at] as number;
  if (all > 0x7f) return Buffer.from(units.buffer, 0, length * 2).toString('utf16le');
  return Buffer.from(units.subarray(0, length)).toString('latin1');
};

const kindAt = (text: string, at: number): number =>
  at < text.length ? kindOf(text.codePointAt(at) ?? 0) : kinds.unknown;

const withMarks = (base: string, marks: string): string => {
  if (base === '' || /[\p{Script=Latin}\p{N}\p{P}\p{S}\p{Z}\s]$/u.test(base)) {
    return base + withoutLooseMarks(marks);
  }
  return withoutLooseMarks((base + marks).normalize('NFKC'));
};

const withoutLooseMarks = (text: string): string =>
  [...text].filter((it) => !isLooseMark(it.codePointAt(0) ?? 0)).join('');

/** Lower case of the same length: the few letters whose lower case is longer stay as they are. */
const lowered = (cased: string): string => {
  const lower = cased.toLowerCase();
  if (lower.length === cased.length) return lower;
  return cased.replaceAll(/./gsu, (it) => (it.toLowerCase().length === it.length ? it.toLowerCase() : it));
};
