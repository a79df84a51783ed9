import { Codes } from '../../text/codes.ts';
import { emptyHash, hashOf, nextHash } from '../../text/hash.ts';
import type { ContextKind } from './finders/context-words.ts';
import { endBits } from './names/gazetteer.ts';
import { type TokenKind, tokenKinds } from './token-kinds.ts';
import { vocabulary } from './vocabulary.ts';

/** A word, a number, one punctuation mark or one line break. Offsets are UTF-16 code units. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly kind: TokenKind;
  /** In lower case. */
  readonly lower: string;
  /** Begins with a capital letter. */
  readonly capital: boolean;
  /** Of `lower`. */
  readonly hash: number;
  /** The lists of names, places, … that it stands in. */
  readonly lists: number;
  /** The kind of value that may stand behind it. */
  readonly announces: ContextKind | undefined;
}

const classes = { blank: 0, line: 1, letter: 2, digit: 3, mark: 4, joiner: 5, underscore: 6 } as const;

/** Letters are what is left of a block when its signs are taken out; exact enough to cut words. */
const wideClass = (code: number): number => {
  if (code === 0x2028 || code === 0x2029) return classes.line;
  if (code === 0xa0 || (code >= 0x2000 && code <= 0x200b) || code === 0x3000) return classes.blank;
  if (code === 0x2019 || code === 0x2010 || code === 0x2011) return classes.joiner;
  if (code < 0xc0) return code === 0xaa || code === 0xb5 || code === 0xba ? classes.letter : classes.mark;
  if (code === 0xd7 || code === 0xf7) return classes.mark;
  if (code < 0x2000 || (code >= 0x2c00 && code < 0x2e00)) return classes.letter;
  return code >= 0x3040 && code < 0xfe00 && (code < 0xd800 || code > 0xf8ff) ? classes.letter : classes.mark;
};

const asciiClass = (code: number): number => {
  const char = String.fromCharCode(code);
  if (char === '\n' || char === '\r') return classes.line;
  if (code <= 32) return classes.blank;
  if (char === '_') return classes.underscore;
  if (char === "'" || char === '-') return classes.joiner;
  if (/[0-9]/.test(char)) return classes.digit;
  return /[A-Za-z]/.test(char) ? classes.letter : classes.mark;
};

const classTable = new Uint8Array(0x10000);
for (let code = 0; code < 0x10000; code++) classTable[code] = code < 128 ? asciiClass(code) : wideClass(code);

const classOf = (code: number): number => classTable[code] as number;

const buffer = new Codes();

/** The code units of a text: quicker to read one by one than the text. Valid until the next call. */
export const codesOf = (text: string): Uint16Array => buffer.of(text).subarray(0, text.length);

/** Cuts a text into tokens. Apostrophes and hyphens between letters belong to their word: O'Neill, Hans-Ludwig. */
export const tokenize = (text: string, codes: Uint16Array = codesOf(text)): Token[] => {
  const tokens: Token[] = [];
  for (let at = 0; at < codes.length; ) {
    const kind = classOf(codes[at] ?? 0);
    if (kind === classes.blank) at++;
    else if (kind === classes.letter || kind === classes.digit || kind === classes.underscore)
      at = pushWord(tokens, text, codes, at);
    else at = pushSign(tokens, text, at, kind === classes.line ? tokenKinds.line : tokenKinds.mark);
  }
  return tokens;
};

const pushSign = (tokens: Token[], text: string, start: number, kind: TokenKind): number => {
  const end = start + 1;
  const hash = nextHash(emptyHash, text.charCodeAt(start));
  const lower = text[start] ?? '';
  tokens.push({ start, end, kind, lower, capital: false, hash, lists: 0, announces: undefined });
  return end;
};

/** What was seen in a word. */
const seenLetter = 1;
const seenDigit = 2;
const seenUnderscore = 4;
const seenCapital = 8;
const seenWide = 16;

const pushWord = (tokens: Token[], text: string, codes: Uint16Array, start: number): number => {
  let end = start;
  let seen = 0;
  let hash = emptyHash;
  for (; end < codes.length; end++) {
    const code = codes[end] ?? 0;
    const kind = classOf(code);
    let small = code;
    if (kind === classes.letter) {
      seen |= seenLetter;
      if (code > 127) seen |= seenWide;
      else if (code < 97) {
        seen |= seenCapital;
        small = code + 32;
      }
    } else if (kind === classes.digit) seen |= seenDigit;
    else if (kind === classes.underscore) seen |= seenUnderscore;
    else if (kind !== classes.joiner || !isLetterAt(codes, end - 1) || !isLetterAt(codes, end + 1)) break;
    hash = nextHash(hash, small);
  }
  const raw = text.slice(start, end);
  tokens.push(wordOf(raw, start, seen, hash));
  return end;
};

const isLetterAt = (codes: Uint16Array, at: number): boolean => classOf(codes[at] ?? 0) === classes.letter;

const wordOf = (raw: string, start: number, seen: number, asciiHash: number): Token => {
  const end = start + raw.length;
  const lower = (seen & (seenCapital | seenWide)) === 0 ? raw : raw.toLowerCase();
  const hash = (seen & seenWide) === 0 ? asciiHash : hashOf(lower);
  const kind = kindOf(seen);
  if (kind === tokenKinds.number)
    return { start, end, kind, lower, capital: false, hash, lists: 0, announces: undefined };
  const known = vocabulary.at(lower, hash);
  const lists = lower.length > 1 ? (known?.lists ?? 0) | endBits(lower) : 0;
  return { start, end, kind, lower, capital: lower[0] !== raw[0], hash, lists, announces: known?.announces };
};

const kindOf = (seen: number): TokenKind => {
  const made = seen & (seenLetter | seenDigit | seenUnderscore);
  return made === seenLetter ? tokenKinds.word : made === seenDigit ? tokenKinds.number : tokenKinds.mixed;
};
