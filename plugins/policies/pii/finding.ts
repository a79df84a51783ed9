import type { EntityName } from './config.ts';
import type { Token } from './tokens.ts';

/** One place of a text. Offsets are UTF-16 code units, `end` exclusive. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly type: EntityName;
  /** 0 to 1. A checksum gives 0.95 and more, a form in its context 0.8 and more, a tagger 0.5 to 0.95. */
  readonly confidence: number;
  /** Of `custom`: the name that the operator gave it. */
  readonly label?: string;
}

/** Groups of digits with at most two signs between them: what cards, phones and national numbers are written as. */
export interface DigitRun {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly Group[];
}

export interface Group {
  readonly start: number;
  readonly end: number;
}

/** A text as finders read it: folded, not longer than a slice, and its tokens. */
export interface Page {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Digits without a sign between them. */
  readonly groups: readonly Group[];
  /** Runs of digits with signs between them, whatever their length. */
  readonly spans: readonly Group[];
  /** The same, the long ones cut, without those that a checksum has claimed. */
  readonly runs: readonly DigitRun[];
  /** Long runs of signs that keys, hashes and addresses are made of. */
  readonly keys: readonly KeyRun[];
}

export interface KeyRun {
  readonly start: number;
  readonly raw: string;
}

/** Finds things of one kind in time linear in the length of the page. May report the same place twice, in any order. */
export type Finder = (page: Page) => readonly Finding[];

/** Is the character a letter or digit of ASCII? What ends a number or a key. */
export const isAlnum = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

export const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Does `start` to `end` stand free, no letter or digit touching it? */
export const standsFree = (text: string, start: number, end: number): boolean =>
  !isAlnum(text.charCodeAt(start - 1)) && !isAlnum(text.charCodeAt(end));
