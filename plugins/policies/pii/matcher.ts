import type { Entry } from './vault.ts';

/** How text is written: as it is, or inside of JSON strings, where signs may be escaped. */
export type Writing = 'plain' | 'json';

/** What stands at a place of a text that begins like a placeholder. */
export type Match =
  /** One of ours, up to `end`. */
  | { readonly kind: 'found'; readonly end: number; readonly value: string }
  | { readonly kind: 'none' }
  /** The text ends before it can be said. */
  | { readonly kind: 'open' };

const none: Match = { kind: 'none' };
const open: Match = { kind: 'open' };

/** Blanks and marks of emphasis that models put between the parts; at most this many at one place. */
const maxLoose = 4;

/**
 * Recognises the placeholders of one exchange, also where a model wrote them a little differently: in other letter case,
 * with blanks or emphasis inside of the brackets, with `\` before brackets and underscores, and in JSON as escapes.
 */
export class Matcher {
  readonly #values = new Map<string, string>();
  readonly #prefixes = new Set<string>();
  /** Most characters that a placeholder can take, escapes and loose signs included. */
  readonly longest: number;

  constructor(entries: readonly Entry[]) {
    let longest = 0;
    for (const { placeholder, value, canRestore } of entries) {
      if (!canRestore) continue;
      const key = placeholder.slice(1, -1).toUpperCase();
      this.#values.set(key, value);
      for (let length = 0; length <= key.length; length++) this.#prefixes.add(key.slice(0, length));
      longest = Math.max(longest, placeholder.length);
    }
    this.longest = longest;
  }

  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  /** Where the next placeholder could begin, from `from` on; -1: nowhere. */
  static nextStart(text: string, from: number): number {
    const bracket = text.indexOf('[', from);
    const slash = text.indexOf('\\', from);
    if (bracket === -1) return slash;
    return slash === -1 ? bracket : Math.min(bracket, slash);
  }

  at(text: string, start: number, writing: Writing): Match {
    const read = writing === 'json' ? readJson : readPlain;
    let at = start;
    let key = '';
    let loose = 0;
    let isInside = false;
    for (let steps = 0; steps < 6 * this.longest + 16; steps++) {
      const sign = read(text, at);
      if (sign === undefined) return open;
      const { char, end } = sign;
      if (!isInside) {
        if (char === '[') isInside = true;
        else if (char !== '\\' || loose++ >= 1) return none;
      } else if (char === ']' && this.#values.has(key)) {
        return { kind: 'found', end, value: this.#values.get(key) ?? '' };
      } else if (isPart(char) && this.#prefixes.has(key + char.toUpperCase())) {
        key += char.toUpperCase();
        loose = 0;
      } else if (isLoose(char) && loose < maxLoose) {
        loose++;
        // A blank or a mark in the place of an underscore counts as one.
        if (char !== '\\' && this.#prefixes.has(`${key}_`) && !key.endsWith('_') && loose === 1) key += '_';
      } else return none;
      at = end;
    }
    return none;
  }
}

const isPart = (char: string): boolean => /^[A-Za-z0-9_]$/.test(char);
const isLoose = (char: string): boolean =>
  char === ' ' || char === '*' || char === '_' || char === '\\' || char === '`';

interface Sign {
  readonly char: string;
  readonly end: number;
}

const readPlain = (text: string, at: number): Sign | undefined =>
  at < text.length ? { char: text[at] ?? '', end: at + 1 } : undefined;

/** One sign of a JSON string: `\\` is a backslash, `\u005b` a bracket. Undefined: the text ends inside of it. */
const readJson = (text: string, at: number): Sign | undefined => {
  if (text[at] !== '\\') return readPlain(text, at);
  const next = text[at + 1];
  if (next === undefined) return undefined;
  if (next !== 'u') return { char: next === 'n' || next === 't' ? '\n' : next, end: at + 2 };
  if (text.length < at + 6)
    return /^[0-9a-f]*$/i.test(text.slice(at + 2)) ? undefined : { char: '\0', end: at + 2 };
  const code = Number.parseInt(text.slice(at + 2, at + 6), 16);
  return { char: Number.isNaN(code) ? '\0' : String.fromCharCode(code), end: at + 6 };
};
