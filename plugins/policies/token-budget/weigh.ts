/** How large a text is. */
export interface Weight {
  /** A high estimate of its tokens. */
  readonly tokens: number;
  /** UTF-8 bytes. No byte-level tokenizer makes more tokens of a text than it has bytes. */
  readonly bytes: number;
}

const kinds = { blank: 0, newline: 1, lower: 2, upper: 3, digit: 4, mark: 5, other: 6 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];
const kindCount = 7;

const kindOf = Uint8Array.from({ length: 128 }, (_, code): Kind => {
  const letter = String.fromCharCode(code);
  if (letter === '\n' || letter === '\r') return kinds.newline;
  if (letter === ' ' || letter === '\t') return kinds.blank;
  if (letter >= 'a' && letter <= 'z') return kinds.lower;
  if (letter >= 'A' && letter <= 'Z') return kinds.upper;
  return letter >= '0' && letter <= '9' ? kinds.digit : kinds.mark;
});

/** Hundredths of a token, so that the sum is one of integers: the same character again and again (rulers, indentation). */
const repeated = 34;

const asciiWeight = (kind: Kind, before: Kind): number => {
  switch (kind) {
    case kinds.lower:
      return before === kinds.lower || before === kinds.upper ? 25 : 100;
    case kinds.upper:
      return before === kinds.upper ? 50 : 100;
    case kinds.digit:
      return before === kinds.digit ? 70 : 130;
    case kinds.mark:
      return before === kinds.mark ? 85 : 90;
    case kinds.newline:
      return 60;
    default:
      return 10; // a blank goes with the word after it
  }
};

/** `asciiWeight` of each kind behind each other one. */
const asciiWeights = Uint8Array.from({ length: kindCount * kindCount }, (_, at) =>
  asciiWeight((at % kindCount) as Kind, Math.floor(at / kindCount) as Kind),
);

/**
 * Weighs a text in one pass, about two nanoseconds for each character. Tokenizers cut where the kind of character
 * changes, so words weigh little for each of their bytes and random letters and digits much: a plain ratio of bytes to
 * tokens is wrong by a factor of three between prose and base64.
 */
export const weigh = (text: string): Weight => {
  const { length } = text;
  let hundredths = 0;
  let bytes = length;
  let before: number = kinds.blank;
  let last = 0;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code < 128) {
      const kind = kindOf[code] as number;
      hundredths += code === last ? repeated : (asciiWeights[before * kindCount + kind] as number);
      before = kind;
    } else {
      hundredths += otherWeight(code);
      bytes += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2; // a surrogate is half of four bytes
      before = kinds.other;
    }
    last = code;
  }
  return { tokens: hundredths / 100, bytes };
};

/** Greek and Cyrillic are well known to tokenizers, CJK is one token a sign at most, rarer scripts are nearly bytes. */
const otherWeight = (code: number): number => {
  if (code < 0x0590) return 70;
  if (code >= 0x3000 && code < 0xd7b0) return 120;
  return code >= 0xd800 && code < 0xe000 ? 130 : 240;
};
