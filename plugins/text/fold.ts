import { Buffer } from 'node:buffer';
import { isLooseMark, kindOf, kinds, kindTable, lookAlikeOf, mappingOf } from './characters.ts';

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
  /** UTF-16 index of the first hidden character in the original; -1 without. */
  readonly hiddenAt: number;
}

/**
 * A text as it reads, whatever it was written with. `cased` and `text` have the same length, so that an offset in one
 * is an offset in the other; `originalStart` and `originalEnd` lead back.
 */
export interface Folded {
  readonly original: string;
  /** NFKC, invisible characters out, marks off Latin letters, look-alikes in mixed words read as Latin. */
  readonly cased: string;
  /** The same in lower case. */
  readonly text: string;
  /** UTF-16 index in the original for each unit of `text`, and its length at the end. Absent: the same offsets. */
  readonly offsets?: Uint32Array;
  readonly signs: FoldSigns;
}

const noSigns: FoldSigns = {
  invisible: 0,
  bidi: 0,
  overrides: 0,
  homoglyphs: 0,
  stackedMarks: 0,
  hidden: '',
  hiddenAt: -1,
};

const unusual = /[^\t\n\r\x20-\x7e]/;

/** Folds a text. Linear in its length; ASCII costs one test and one lower case. */
export const fold = (original: string): Folded => {
  const first = original.search(unusual);
  if (first === -1) return { original, cased: original, text: original.toLowerCase(), signs: noSigns };
  return new Folding(original).run(first);
};

/** Where in the original the unit at `at` of the folded text begins (UTF-16). */
export const originalStart = ({ offsets }: Folded, at: number): number => offsets?.[at] ?? at;

/** Where in the original a span ends whose end (exclusive) in the folded text is `at` (UTF-16). */
export const originalEnd = ({ offsets }: Folded, at: number): number => {
  if (!offsets || at === 0) return at;
  const last = offsets[at - 1] ?? 0;
  let next = at;
  while (next < offsets.length - 1 && offsets[next] === last) next++;
  return offsets[next] ?? at;
};

/**
 * UTF-16 indices of a text as indices of its code points. `at` must not go down from one index to the next; an index
 * inside a pair counts as its beginning.
 */
export const codePointOffsets = (text: string, at: readonly number[]): number[] => {
  let unit = 0;
  let point = 0;
  return at.map((index) => {
    while (unit < index) {
      const wide = isPair(text, unit);
      if (wide && unit + 2 > index) break;
      unit += wide ? 2 : 1;
      point++;
    }
    return point;
  });
};

const isPair = (text: string, at: number): boolean => {
  const high = text.charCodeAt(at);
  const low = text.charCodeAt(at + 1);
  return high >= 0xd800 && high <= 0xdbff && low >= 0xdc00 && low <= 0xdfff;
};

/** Marks kept on one letter; more only serve to hide it. */
const maxMarks = 4;

class Folding {
  readonly #original: string;
  #units: Uint16Array;
  #offsets: Uint32Array;
  #length = 0;
  #invisible = 0;
  #bidi = 0;
  #overrides = 0;
  #homoglyphs = 0;
  #stackedMarks = 0;
  #hidden = '';
  #hiddenAt = -1;
  #latin = 0;
  #letters = 0;

  constructor(original: string) {
    this.#original = original;
    this.#units = new Uint16Array(original.length + 16);
    this.#offsets = new Uint32Array(original.length + 17);
  }

  run(firstUnusual: number): Folded {
    // A mark may belong to the character before it.
    for (let at = this.#copyAscii(Math.max(0, firstUnusual - 1)); at < this.#original.length; ) {
      const next = this.#copyPlain(at);
      at = next < this.#original.length ? this.#step(next) : next;
    }
    this.#readLookAlikes();
    return this.#result();
  }

  #copyAscii(end: number): number {
    for (let at = 0; at < end; at++) {
      const unit = this.#original.charCodeAt(at);
      this.#units[at] = unit;
      this.#offsets[at] = at;
      if ((unit | 32) >= 97 && (unit | 32) <= 122) this.#latin++;
    }
    this.#length = end;
    return end;
  }

  /** The hot loop: characters that stay as they are and carry no mark. Gives the index of the first that is none. */
  #copyPlain(start: number): number {
    const original = this.#original;
    if (this.#length + original.length - start + 2 > this.#units.length) this.#grow();
    const units = this.#units;
    const offsets = this.#offsets;
    const room = units.length - 2;
    let length = this.#length;
    let latin = 0;
    let letters = 0;
    let at = start;
    let kind: number = kindTable[original.charCodeAt(at)] ?? 0;
    for (; at < original.length && length < room; at++) {
      if (kind === kinds.unknown || kind > kinds.other) break;
      const next = at + 1 < original.length ? (kindTable[original.charCodeAt(at + 1)] ?? 0) : kinds.other;
      if (next === kinds.unknown || next === kinds.mark) break;
      units[length] = original.charCodeAt(at);
      offsets[length++] = at;
      if (kind === kinds.latin) latin++;
      else if (kind === kinds.letter) letters++;
      kind = next;
    }
    this.#length = length;
    this.#latin += latin;
    this.#letters += letters;
    return at;
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
        return this.#takeMarks({ base: '', at, from: at });
      case kinds.mapped:
        return this.#takeMarks({ base: mappingOf(code), at, from: next });
      default:
        if (!this.#isMarkAt(next)) {
          this.#put(code, at);
          return next;
        }
        return this.#takeMarks({ base: String.fromCodePoint(code), at, from: next });
    }
  }

  #isMarkAt(at: number): boolean {
    const unit = this.#original.charCodeAt(at);
    if (unit < 0x300 || Number.isNaN(unit)) return false;
    return kindOf(this.#original.codePointAt(at) ?? 0) === kinds.mark;
  }

  /** Puts a base with the marks that stay on it: none on Latin, few on others. */
  #takeMarks({ base, at, from }: { base: string; at: number; from: number }): number {
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
    this.#putAll(count === 0 ? base : withMarks(base, marks), at);
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
    if (!isFlag) this.#hide(spelt, at);
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
    if (bytes.length >= 4) this.#hide(Buffer.from(bytes).toString('utf8'), at);
    return next;
  }

  #hide(spelt: string, at: number): void {
    this.#hidden += spelt;
    if (this.#hiddenAt === -1) this.#hiddenAt = at;
  }

  #putAll(text: string, at: number): void {
    for (const character of text) this.#put(character.codePointAt(0) ?? 0, at);
  }

  #put(code: number, at: number): void {
    if (this.#length + 2 > this.#units.length) this.#grow();
    if (code > 0xffff) {
      this.#offsets[this.#length] = at;
      this.#units[this.#length++] = 0xd800 + ((code - 0x10000) >> 10);
      this.#offsets[this.#length] = at;
      this.#units[this.#length++] = 0xdc00 + ((code - 0x10000) & 0x3ff);
      return;
    }
    this.#offsets[this.#length] = at;
    this.#units[this.#length++] = code;
    const kind = kindOf(code);
    if (kind === kinds.latin) this.#latin++;
    else if (kind === kinds.letter) this.#letters++;
  }

  #grow(): void {
    const units = new Uint16Array(this.#units.length * 2);
    units.set(this.#units);
    this.#units = units;
    const offsets = new Uint32Array(units.length + 1);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }

  /**
   * Words that mix ASCII with letters that look like ASCII first; then, in a text that is mostly Latin, words that
   * consist of look-alikes only.
   */
  #readLookAlikes(): void {
    if (this.#letters === 0) return;
    if (this.#latin > 0) this.#eachWord((start, end, latin) => latin > 0 && this.#readWord(start, end));
    if (this.#latin > this.#letters) this.#eachWord((start, end) => this.#readWord(start, end));
  }

  /** Runs of letters that hold at least one outside of ASCII. */
  #eachWord(read: (start: number, end: number, latin: number) => void): void {
    const units = this.#units;
    const length = this.#length;
    for (let at = 0; at < length; at++) {
      if ((units[at] ?? 0) < 0x80 || kindTable[units[at] ?? 0] !== kinds.letter) continue;
      let start = at;
      while (start > 0 && kindTable[units[start - 1] ?? 0] === kinds.latin) start--;
      let latin = at - start;
      let kind: number = kinds.letter;
      for (at++; at < length; at++) {
        kind = kindTable[units[at] ?? 0] ?? 0;
        if (kind === kinds.latin) latin++;
        else if (kind !== kinds.letter) break;
      }
      read(start, at, latin);
    }
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
    const cased = Buffer.from(this.#units.buffer, 0, this.#length * 2).toString('utf16le');
    const offsets = this.#offsets.subarray(0, this.#length + 1);
    offsets[this.#length] = this.#original.length;
    return {
      original: this.#original,
      cased,
      text: lowered(cased),
      offsets,
      signs: {
        invisible: this.#invisible,
        bidi: this.#bidi,
        overrides: this.#overrides,
        homoglyphs: this.#homoglyphs,
        stackedMarks: this.#stackedMarks,
        hidden: this.#hidden,
        hiddenAt: this.#hiddenAt,
      },
    };
  }
}

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
