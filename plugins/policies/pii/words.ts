import { type ContextKind, contextWords } from './finders/context-words.ts';
import { type Sign, signOf } from './names/features.ts';
import { type TokenKind, tokenKinds } from './token-kinds.ts';

/** What a token says wherever it stands. Worked out once for words that come again. */
export interface Word {
  /** As it is written. */
  readonly raw: string;
  readonly kind: TokenKind;
  /** In lower case. */
  readonly lower: string;
  /** Begins with a capital letter. */
  readonly capital: boolean;
  /** The kind of value that may stand behind it. */
  readonly announces: ContextKind | undefined;
  /** What it says to the tagger. */
  readonly sign: Sign;
  /** Its place among the words that are kept, below `keptWords`; -1: it is not kept. */
  readonly slot: number;
}

/** Most words that are kept, a power of two: some 5 MB. */
export const keptWords = 1 << 14;
/** Longer words come once. */
const longestKept = 24;

/** First value of the hash by which words are found, and the next with one more code unit (FNV-1a). */
export const emptyHash = 0x811c9dc5;
export const nextHash = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193);

/** A piece of a text, what it is made of, and the hash of its code units. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly kind: TokenKind;
  readonly hash: number;
}

/**
 * The words that came last. Each has two places by its hash and takes them in turn, so memory is bounded and nothing
 * has to be kept in order; whoever sends words that nobody has seen pays for no more than working them out.
 */
class Words {
  readonly #kept: (Word | undefined)[] = new Array(keptWords).fill(undefined);
  #turn = 0;

  at(text: string, cut: Cut): Word {
    const { start, end, hash } = cut;
    if (end - start > longestKept) return wordOf(text.slice(start, end), cut.kind, -1);
    const place = (hash ^ (hash >>> 15)) & (keptWords - 2);
    const one = this.#kept[place];
    if (one !== undefined && isAt(one.raw, text, start, end)) return one;
    const other = this.#kept[place + 1];
    if (other !== undefined && isAt(other.raw, text, start, end)) return other;
    this.#turn ^= 1;
    const slot = place + this.#turn;
    const word = wordOf(ownCopy(text, start, end), cut.kind, slot);
    this.#kept[slot] = word;
    return word;
  }
}

export const words = new Words();

const isAt = (raw: string, text: string, start: number, end: number): boolean => {
  if (raw.length !== end - start) return false;
  for (let at = 0; at < raw.length; at++)
    if (raw.charCodeAt(at) !== text.charCodeAt(start + at)) return false;
  return true;
};

/** A slice would keep the whole text in memory for as long as its word is kept. */
const ownCopy = (text: string, start: number, end: number): string => {
  const codes: number[] = [];
  for (let at = start; at < end; at++) codes.push(text.charCodeAt(at));
  return String.fromCharCode(...codes);
};

const wordOf = (raw: string, kind: TokenKind, slot: number): Word => {
  const hasLetters = kind === tokenKinds.word || kind === tokenKinds.mixed;
  const lower = hasLetters ? raw.toLowerCase() : raw;
  const capital = lower[0] !== raw[0];
  const announces = hasLetters ? contextWords.get(lower) : undefined;
  return { raw, kind, lower, capital, announces, sign: signOf({ raw, kind, lower, capital }), slot };
};
