import { parseJson } from './json.ts';

/** A member of a JSON text, at whatever depth: its name and its value. */
export type Member = readonly [name: string, value: string | number];

/** What the example of a likeness holds for the text that differs, and for padding that is a text or a number. */
export const marks = { told: '\u0000told', padding: '\u0000padding', number: -0.123456789 } as const;

type Kind = keyof typeof marks;

/** A place where texts differ. */
interface Slot {
  readonly kind: Kind;
  /** What stands between the slot before and this one, with the quote that opens a string. */
  readonly before: string;
}

/**
 * What a JSON text has in common with those that differ from it in one string and in padding: the chunks of a stream,
 * which repeat all but the words that they bring. Such texts need not be parsed.
 *
 * Whoever makes one has to parse its `example`: a mark that stands there in the place of a member shows that the slot
 * is the value of that member, whole and alone.
 */
export class Likeness {
  /** The text with `marks` in its slots. */
  readonly example: string;
  readonly #slots: readonly Slot[];
  readonly #after: string;

  private constructor(example: string, slots: readonly Slot[], after: string) {
    this.example = example;
    this.#slots = slots;
    this.#after = after;
  }

  /** Of the texts like `text`; undefined where a member is not found in it, or more than once. */
  static of(text: string, told: Member, padding: readonly Member[]): Likeness | undefined {
    const places = [placeOf(text, told, 'told')];
    for (const member of padding)
      places.push(placeOf(text, member, typeof member[1] === 'number' ? 'number' : 'padding'));
    const found = places.filter((place) => place !== undefined).sort((a, b) => a.start - b.start);
    if (found.length < places.length) return undefined;
    let example = '';
    let at = 0;
    const slots = found.map(({ kind, start, end }): Slot => {
      const before = text.slice(at, start);
      example += before + written(marks[kind]);
      at = end;
      return { kind, before };
    });
    const after = text.slice(at);
    return new Likeness(example + after, slots, after);
  }

  /** The string in which `text` differs; undefined when it is not alike. */
  read(text: string): string | undefined {
    let told: string | undefined;
    let at = 0;
    for (const { kind, before } of this.#slots) {
      const start = at + before.length;
      if (text.slice(at, start) !== before) return undefined;
      at = kind === 'number' ? endOfNumber(text, start) : endOfString(text, start);
      if (at === -1) return undefined;
      if (kind === 'number') continue;
      const string = unescaped(text.slice(start, at));
      if (string === undefined) return undefined;
      if (kind === 'told') told = string;
    }
    return text.slice(at) === this.#after ? told : undefined;
  }
}

/** A value as it stands in a JSON text, without the quotes around a string. */
const written = (value: string | number): string =>
  typeof value === 'number' ? String(value) : JSON.stringify(value).slice(1, -1);

const placeOf = (text: string, [name, value]: Member, kind: Kind) => {
  const quote = kind === 'number' ? '' : '"';
  for (const colon of [':', ': ']) {
    const before = `"${name}"${colon}${quote}`;
    const member = `${before}${written(value)}${quote}`;
    const at = text.indexOf(member);
    if (at === -1 || text.includes(member, at + 1)) continue;
    return { kind, start: at + before.length, end: at + member.length - quote.length };
  }
  return undefined;
};

/** The place of the quote that ends a string which goes on at `from`; -1 when there is none. */
const endOfString = (text: string, from: number): number => {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at;
    if (code < 0x20) return -1;
    if (code === 0x5c) at++;
  }
  return -1;
};

/** Where a number of at most 15 digits ends; -1 when there is none. */
const endOfNumber = (text: string, from: number): number => {
  let at = from;
  while (at < from + 15 && isDigit(text.charCodeAt(at))) at++;
  const isWritten = at === from + 1 || (at > from && text[from] !== '0');
  return isWritten ? at : -1;
};

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** What stands between the quotes of a string says this; undefined when it is no JSON. */
const unescaped = (string: string): string | undefined => {
  if (!string.includes('\\')) return string;
  const value = parseJson(`"${string}"`);
  return typeof value === 'string' ? value : undefined;
};

/**
 * Texts that are alike, to write: `write` gives the text that says something, and is asked once, for a mark. What is said
 * then stands wherever the mark stood in a JSON string.
 */
export class LikeTexts {
  readonly #first: string;
  readonly #others: readonly string[];

  constructor(write: (said: string) => string) {
    const [first = '', ...others] = write(marks.told).split(written(marks.told));
    this.#first = first;
    this.#others = others;
  }

  with(said: string): string {
    const string = odd.test(said) ? written(said) : said;
    let text = this.#first;
    for (const piece of this.#others) text += string + piece;
    return text;
  }
}

/** Of what stands otherwise in a JSON string than it is. To look for it takes half the time of writing a string as JSON. */
const odd = /["\\\u0000-\u001f\ud800-\udfff]/;
