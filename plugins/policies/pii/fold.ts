/** A text with its disguises taken off, and the way back to the offsets of the original. */
export interface Folded {
  readonly text: string;
  /** Offset in the original of each UTF-16 code unit of `text`, and of its end; absent when they are the same. */
  readonly origin?: Uint32Array;
}

/** Zero-width signs, joiners, bidi controls, soft hyphens, variation selectors and tag characters. */
const isInvisible = (code: number): boolean =>
  code === 0xad ||
  (code >= 0x200b && code <= 0x200f) ||
  (code >= 0x202a && code <= 0x202e) ||
  (code >= 0x2060 && code <= 0x2064) ||
  (code >= 0x2066 && code <= 0x206f) ||
  code === 0xfeff ||
  (code >= 0xfe00 && code <= 0xfe0f) ||
  (code >= 0xe0000 && code <= 0xe0fff);

/** First code points of the decimal digits of other scripts (Unicode 17, Nd), and of the styled digits. */
const zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xff10];

const plainOf = (code: number): number => {
  if (code >= 0xff01 && code <= 0xff5e) return code - 0xfee0; // full width
  if (
    code === 0xa0 ||
    code === 0x202f ||
    code === 0x2007 ||
    code === 0x3000 ||
    (code >= 0x2000 && code <= 0x200a)
  )
    return 32;
  if (code >= 0x2010 && code <= 0x2015) return 45;
  if (code === 0x2212) return 45;
  if (code === 0x2024 || code === 0x3002) return 46;
  if (code >= 0x1d7ce && code <= 0x1d7ff) return 48 + ((code - 0x1d7ce) % 10); // bold, double-struck, … digits
  if (code >= 0x1d400 && code <= 0x1d6a3) return plainLetter(code - 0x1d400);
  const zero = code < 0x660 ? undefined : zeros.find((it) => code >= it && code <= it + 9);
  return zero === undefined ? code : 48 + code - zero;
};

/** Mathematical letters: thirteen alphabets of 26 capitals and 26 small letters. */
const plainLetter = (offset: number): number => {
  const at = offset % 52;
  return at < 26 ? 65 + at : 97 + at - 26;
};

/** What folding does with a code unit. Halves of pairs are looked at by code point, where the pair may change. */
const stays = 0;
const changes = 1;
const isHalf = 2;

const unitKinds = new Uint8Array(0x10000);
for (let code = 0xa0; code < 0x10000; code++) {
  if (code === 0xd835 || (code >= 0xdb40 && code <= 0xdb43)) unitKinds[code] = isHalf;
  else if (isInvisible(code) || plainOf(code) !== code) unitKinds[code] = changes;
}

/** Where the first sign stands from `from` on that folding may change; the end of the text: nowhere. */
const nextChange = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && unitKinds[text.charCodeAt(at)] === stays) at++;
  return at;
};

/** Folds what finders must not be misled by: invisible signs, full-width and styled signs, digits of other scripts, odd blanks. */
export const fold = (text: string): Folded => {
  if (Buffer.byteLength(text) === text.length) return { text }; // nothing but ASCII, and counted far faster than looked at
  let at = nextChange(text, 0);
  if (at === text.length) return { text };
  let folded = '';
  const moved: number[] = []; // pairs: an offset in the folded text, and where it stood
  let copied = 0;
  while (at < text.length) {
    const code =
      unitKinds[text.charCodeAt(at)] === isHalf ? (text.codePointAt(at) ?? 0) : text.charCodeAt(at);
    const size = code > 0xffff ? 2 : 1;
    const now = signFor(code);
    if (now !== undefined) {
      folded += text.slice(copied, at) + now;
      copied = at + size;
      if (now.length !== size) moved.push(folded.length, copied);
    }
    at = nextChange(text, at + size);
  }
  folded += text.slice(copied);
  return moved.length === 0 ? { text: folded } : { text: folded, origin: originOf(folded.length, moved) };
};

/** What is put in the place of a sign; undefined when it stays. */
const signFor = (code: number): string | undefined => {
  if (isInvisible(code)) return '';
  const now = plainOf(code);
  return now === code ? undefined : String.fromCodePoint(now);
};

const originOf = (length: number, moved: readonly number[]): Uint32Array => {
  const origin = new Uint32Array(length + 1);
  let shift = 0;
  let next = 0;
  for (let at = 0; at <= length; at++) {
    while (next < moved.length && moved[next] === at) {
      shift = (moved[next + 1] ?? 0) - at;
      next += 2;
    }
    origin[at] = at + shift;
  }
  return origin;
};
