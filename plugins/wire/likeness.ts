import { parseExactly } from './exact-json.ts';
import { type JsonValue, parseJson } from './json.ts';

/** A member of a JSON text, at whatever depth: its name and its value. */
export type Member<Value extends JsonValue = string | number> = readonly [name: string, value: Value];

/** The members in which a JSON text differs from those that are like it. */
export interface Differing {
  /** The string that is read. */
  readonly told: Member;
  /** Strings and numbers that mean nothing. */
  readonly padding: readonly Member[];
  /** An object, which is parsed by itself. */
  readonly inner?: Member<JsonValue>;
}

/** What a JSON text says that is like another one. */
export interface Told {
  readonly text: string;
  /** Undefined where no object differs. */
  readonly inner: JsonValue | undefined;
  /** Where it ends. */
  readonly end: number;
}

/** What the example of a likeness holds in place of the members that differ; padding is a string or a number. */
export const marks = {
  told: '\u0000told',
  padding: '\u0000padding',
  number: -0.123456789,
  inner: '\u0000inner',
} as const;

type Kind = keyof typeof marks;

/** A place where texts differ: a number, an object, or what stands between the quotes of a string. */
interface Slot {
  readonly kind: Kind;
  /** What stands between the slot before and this one. */
  readonly before: string;
}

/**
 * What a JSON text has in common with those that differ from it in one string, in padding, and perhaps in one object:
 * the chunks of a stream, which repeat all but the words that they bring. Such texts need not be parsed.
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
  static of(text: string, { told, padding, inner }: Differing): Likeness | undefined {
    const places = [placeOf(text, told, 'told')];
    for (const member of padding)
      places.push(placeOf(text, member, typeof member[1] === 'number' ? 'number' : 'padding'));
    if (inner) places.push(placeOf(text, inner, 'inner'));
    const found = places.filter((place) => place !== undefined).sort((a, b) => a.start - b.start);
    if (found.length < places.length) return undefined;
    let example = '';
    let at = 0;
    const slots = found.map(({ kind, start, end }): Slot => {
      const before = text.slice(at, start);
      const mark = JSON.stringify(marks[kind]);
      example += before + (isString(kind) ? mark.slice(1, -1) : mark);
      at = end;
      return { kind, before };
    });
    const after = text.slice(at);
    return new Likeness(example + after, slots, after);
  }

  /** What `text` says in its slots; undefined when it is not alike. */
  read(text: string, from: number): Told | undefined {
    let told: string | undefined;
    let inner: JsonValue | undefined;
    let at = from;
    for (const { kind, before } of this.#slots) {
      const start = at + before.length;
      if (text.slice(at, start) !== before) return undefined;
      at = endOf(kind, text, start);
      if (at === -1) return undefined;
      if (kind === 'number') continue;
      const json = text.slice(start, at);
      if (kind === 'inner') {
        inner = parseExactly(json);
        if (inner === undefined) return undefined;
        continue;
      }
      const string = unescaped(json);
      if (string === undefined) return undefined;
      if (kind === 'told') told = string;
    }
    const end = at + this.#after.length;
    return told !== undefined && text.slice(at, end) === this.#after ? { text: told, inner, end } : undefined;
  }
}

const isString = (kind: Kind): boolean => kind === 'told' || kind === 'padding';

/** Where the value of a member stands in `text`, without the quotes of a string. */
const placeOf = (text: string, [name, value]: Member<JsonValue>, kind: Kind) => {
  const begun = kind === 'inner' ? '{' : JSON.stringify(value);
  const quotes = isString(kind) ? 1 : 0;
  for (const colon of [':', ': ']) {
    const key = `"${name}"${colon}`;
    const at = text.indexOf(key + begun);
    if (at === -1 || text.includes(key + begun, at + 1)) continue;
    const start = at + key.length + quotes;
    const end = endOf(kind, text, start);
    return end === -1 ? undefined : { kind, start, end };
  }
  return undefined;
};

/** Where the quote stands that ends a string which goes on at `from`; -1 when there is none. */
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

/** Where an object ends that stands in one line: its braces are counted, no more. -1 when it is none, or has no end. */
const endOfObject = (text: string, from: number): number => {
  if (text.charCodeAt(from) !== 0x7b) return -1;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x7b) depth++;
    else if (code === 0x7d && --depth === 0) return at + 1;
    else if (code === 0x22) at = endOfString(text, at + 1);
    if (at === -1 || code < 0x20) return -1;
  }
  return -1;
};

/** Where the value in a slot ends; -1 when there is none. */
const endOf = (kind: Kind, text: string, from: number): number => {
  switch (kind) {
    case 'number':
      return endOfNumber(text, from);
    case 'inner':
      return endOfObject(text, from);
    default:
      return endOfString(text, from);
  }
};

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
    const [first = '', ...others] = write(marks.told).split(inString(marks.told));
    this.#first = first;
    this.#others = others;
  }

  with(said: string): string {
    const string = odd.test(said) ? inString(said) : said;
    let text = this.#first;
    for (const piece of this.#others) text += string + piece;
    return text;
  }
}

const inString = (said: string): string => JSON.stringify(said).slice(1, -1);

/** What does not stand in a JSON string as it is. To look for it takes half the time of writing a string as JSON. */
const odd = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;
