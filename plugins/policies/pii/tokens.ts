import { type TokenKind, tokenKinds } from './token-kinds.ts';
import { type Cut, emptyHash, nextHash, type Word, words } from './words.ts';

/** A word, a number, one punctuation mark or one line break. Offsets are UTF-16 code units. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly kind: TokenKind;
  /** In lower case. */
  readonly lower: string;
  /** Begins with a capital letter. */
  readonly capital: boolean;
  readonly word: Word;
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

const asciiClasses = Uint8Array.from({ length: 128 }, (_, code) => asciiClass(code));

const classOf = (code: number): number => (code < 128 ? (asciiClasses[code] ?? 0) : wideClass(code));

/** Cuts a text into tokens. Apostrophes and hyphens between letters belong to their word: O'Neill, Hans-Ludwig. */
export const tokenize = (text: string): Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const kind = classOf(code);
    if (kind === classes.blank) at++;
    else if (kind === classes.line) at = push(tokens, text, signAt(at, code, tokenKinds.line));
    else if (kind === classes.mark || kind === classes.joiner)
      at = push(tokens, text, signAt(at, code, tokenKinds.mark));
    else at = push(tokens, text, wordAt(text, at));
  }
  return tokens;
};

const push = (tokens: Token[], text: string, cut: Cut): number => {
  const { start, end } = cut;
  const word = words.at(text, cut);
  tokens.push({ start, end, kind: word.kind, lower: word.lower, capital: word.capital, word });
  return end;
};

const signAt = (start: number, code: number, kind: TokenKind): Cut => ({
  start,
  end: start + 1,
  kind,
  hash: nextHash(emptyHash, code),
});

const wordAt = (text: string, start: number): Cut => {
  let end = start;
  let seen = 0;
  let hash = emptyHash;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    const kind = classOf(code);
    if (kind === classes.letter) seen |= 1;
    else if (kind === classes.digit) seen |= 2;
    else if (kind === classes.underscore) seen |= 4;
    else if (kind !== classes.joiner || !joinsLetters(text, end)) break;
    hash = nextHash(hash, code);
  }
  const kind = seen === 1 ? tokenKinds.word : seen === 2 ? tokenKinds.number : tokenKinds.mixed;
  return { start, end, kind, hash };
};

const joinsLetters = (text: string, at: number): boolean =>
  classOf(text.charCodeAt(at - 1)) === classes.letter && classOf(text.charCodeAt(at + 1)) === classes.letter;
