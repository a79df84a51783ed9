import confusables from 'unicode-confusables';

/** What folding does with a character. Numbers, because they live in a table of bytes. */
export const kinds = {
  unknown: 0,
  /** A Latin letter that stays. */
  latin: 1,
  /** A letter of another script, or a Latin one outside of ASCII: may stand for an ASCII letter that it looks like. */
  letter: 2,
  /** Anything else that stays: digits, punctuation, signs. */
  other: 3,
  /** Becomes the characters of `mapped`. */
  mapped: 4,
  invisible: 5,
  bidi: 6,
  /** Unicode tag characters: an invisible copy of ASCII. */
  tag: 7,
  /** Variation selectors: 256 invisible characters that can carry bytes. */
  selector: 8,
  /** Changes the character before it. */
  mark: 9,
} as const;

/** Kinds of the first 65,536 code points as far as they were asked for; surrogates stay unknown. */
export const kindTable = new Uint8Array(0x10000);
const astral = new Map<number, number>();
const mappings = new Map<number, string>();
const lookAlikes = new Map<number, number>();

/** The kind of a code point: one of `kinds`. */
export const kindOf = (code: number): number => {
  if (code < 0x10000) {
    const known = kindTable[code] as number;
    if (known !== kinds.unknown) return known;
    const kind = classify(code);
    if (code < 0xd800 || code > 0xdfff) kindTable[code] = kind;
    return kind;
  }
  let kind = astral.get(code);
  if (kind === undefined) {
    kind = classify(code);
    if (astral.size < 20_000) astral.set(code, kind);
  }
  return kind;
};

/** What a code point of kind `mapped` becomes. Its characters stay when they are folded again. */
export const mappingOf = (code: number): string => mappings.get(code) ?? mapOf(code);

/** The ASCII letter (as code) that a letter looks like, in the same case where there is one; 0 for none. */
export const lookAlikeOf = (code: number): number => {
  let target = lookAlikes.get(code);
  if (target === undefined) {
    target = lookAlike(code);
    lookAlikes.set(code, target);
  }
  return target;
};

/** Marks of no script of their own, and those that Arabic and Hebrew are written without. */
export const isLooseMark = (code: number): boolean =>
  (code >= 0x300 && code <= 0x36f) ||
  (code >= 0x1ab0 && code <= 0x1aff) ||
  (code >= 0x1dc0 && code <= 0x1dff) ||
  (code >= 0x20d0 && code <= 0x20ff) ||
  (code >= 0xfe20 && code <= 0xfe2f) ||
  (code >= 0x591 && code <= 0x5c7) ||
  (code >= 0x64b && code <= 0x65f) ||
  code === 0x670;

const isInvisible = (code: number): boolean =>
  (code < 0x20 && code !== 9 && code !== 10 && code !== 13) ||
  (code >= 0x7f && code <= 0x9f && code !== 0x85) ||
  code === 0xad ||
  code === 0x34f ||
  code === 0x115f ||
  code === 0x1160 ||
  code === 0x17b4 ||
  code === 0x17b5 ||
  (code >= 0x180b && code <= 0x180f) ||
  (code >= 0x200b && code <= 0x200d) ||
  (code >= 0x2060 && code <= 0x2065) ||
  (code >= 0x206a && code <= 0x206f) ||
  code === 0x3164 ||
  code === 0xfeff ||
  code === 0xffa0 ||
  (code >= 0xfff9 && code <= 0xfffb) ||
  (code >= 0x1d173 && code <= 0x1d17a);

const isBidi = (code: number): boolean =>
  code === 0x61c ||
  code === 0x200e ||
  code === 0x200f ||
  (code >= 0x202a && code <= 0x202e) ||
  (code >= 0x2066 && code <= 0x2069);

const isSelector = (code: number): boolean =>
  (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef);

const classify = (code: number): number => {
  if (code >= 0x20 && code < 0x7f) return isAsciiLetter(code) ? kinds.latin : kinds.other;
  if (isInvisible(code)) return kinds.invisible;
  if (isBidi(code)) return kinds.bidi;
  if (code >= 0xe0000 && code <= 0xe007f) return kinds.tag;
  if (isSelector(code)) return kinds.selector;
  const character = String.fromCodePoint(code);
  // Vowels and finals of conjoining Hangul compose with what stands before them, as marks do.
  if (/\p{M}/u.test(character) || (code >= 0x1161 && code <= 0x11ff)) return kinds.mark;
  const mapped = mapOf(code);
  if (mapped !== character) {
    mappings.set(code, mapped);
    return kinds.mapped;
  }
  if (!/\p{L}/u.test(character)) return kinds.other;
  return kinds.letter;
};

const isAsciiLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122;

const mapOf = (code: number): string => {
  const own = ownMapping(code);
  if (own !== undefined) return own;
  const character = String.fromCodePoint(code);
  // Compatibility jamo would compose with their neighbours only the second time.
  if ((code >= 0x3131 && code <= 0x318e) || (code >= 0xffa1 && code <= 0xffdc)) return character;
  const normal = character.normalize('NFKC');
  const bare = withoutLatinMarks(normal);
  return bare === character ? character : [...bare].map((it) => again(it, character)).join('');
};

const again = (part: string, whole: string): string => {
  const code = part.codePointAt(0) ?? 0;
  if (part === whole || code < 0x80) return part;
  if (isInvisible(code) || isBidi(code) || isLooseMark(code)) return '';
  return mapOf(code);
};

/** `é` → `e`, `й` as it is: marks come off Latin letters only. */
const withoutLatinMarks = (text: string): string =>
  text
    .normalize('NFD')
    .replaceAll(/([\p{Script=Latin}\p{N}\p{P}\p{S}\p{Z}])[\u0300-\u036f\u20d0-\u20ff]+/gu, '$1')
    .normalize('NFC');

const ownMapping = (code: number): string | undefined => {
  if (code >= 0x1f150 && code <= 0x1f169) return String.fromCharCode(65 + code - 0x1f150);
  if (code >= 0x1f170 && code <= 0x1f189) return String.fromCharCode(65 + code - 0x1f170);
  if (code >= 0x1f1e6 && code <= 0x1f1ff) return String.fromCharCode(65 + code - 0x1f1e6);
  return ownMappings.get(code) ?? smallCapitals.get(String.fromCodePoint(code));
};

/** Latin letters that Unicode does not decompose, line ends, and a blank that has a glyph of its own. */
const ownMappings: ReadonlyMap<number, string> = new Map(
  (
    [
      ['ø', 'o'],
      ['Ø', 'O'],
      ['ł', 'l'],
      ['Ł', 'L'],
      ['đ', 'd'],
      ['Đ', 'D'],
      ['ħ', 'h'],
      ['Ħ', 'H'],
      ['ŧ', 't'],
      ['Ŧ', 'T'],
      ['ı', 'i'],
      ['İ', 'I'],
      ['æ', 'ae'],
      ['Æ', 'AE'],
      ['œ', 'oe'],
      ['Œ', 'OE'],
      ['ß', 'ss'],
      ['ẞ', 'SS'],
      ['\u0085', '\n'],
      ['\u2028', '\n'],
      ['\u2029', '\n'],
      ['\u2800', ' '],
      ['‘', "'"],
      ['’', "'"],
      ['‛', "'"],
      ['“', '"'],
      ['”', '"'],
      ['„', '"'],
      ['‐', '-'],
      ['‑', '-'],
      ['‒', '-'],
      ['–', '-'],
      ['—', '-'],
      ['−', '-'],
    ] as const
  ).map(([from, to]) => [from.codePointAt(0) ?? 0, to]),
);

/** Small capitals, as they are read; Unicode neither decomposes them nor counts them all as look-alikes. Two have capitals. */
const smallCapitals: ReadonlyMap<string, string> = new Map(
  [...'ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢƦꞮ'].map((it, at) => [it, 'abcdefghijklmnopqrstuvwyzRI'[at] ?? '']),
);

const lookAlike = (code: number): number => {
  const character = String.fromCodePoint(code);
  const isUpper = character !== character.toLowerCase();
  const prototype = confusables.rectifyConfusion(character);
  if (prototype.length !== 1 || !isAsciiLetter(prototype.charCodeAt(0))) return lowerLookAlike(character);
  // The prototype of I, l, 1 and | is l.
  if (prototype === 'l') return isUpper ? 73 : 105 + (looksLikeL(character) ? 3 : 0);
  return (isUpper ? prototype.toUpperCase() : prototype.toLowerCase()).charCodeAt(0);
};

const looksLikeL = (character: string): boolean => /[\u0627\u05d5\u05df\u07ca\u2d4f]/.test(character);

const lowerLookAlike = (character: string): number => {
  const lower = character.toLowerCase();
  if (lower === character || lower.length !== 1) return 0;
  const target = lookAlike(lower.charCodeAt(0));
  return target === 0 ? 0 : target - 32;
};
