import { type Finder, type Finding, isAlnum, standsFree } from '../finding.ts';
import { luhn } from './checksums.ts';

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

const run = /\d(?:(?:[ .\-/]|\)[ .\-/]?| ?\(| [-/] )?\d)*/g;
const digits = /\d+/g;

/** Longest run that is read as one; the digits of longer ones are no number of a person. */
const maxRun = 400;

/** Every run of digits of a text. */
export const digitRuns = (text: string): DigitRun[] => {
  const runs: DigitRun[] = [];
  for (const match of text.matchAll(run)) {
    if (match[0].length < 4) continue;
    const start = match.index;
    for (let at = 0; at < match[0].length; at += maxRun)
      runs.push(runOf(match[0].slice(at, at + maxRun), start + at));
  }
  return runs;
};

const runOf = (raw: string, start: number): DigitRun => ({
  start,
  end: start + raw.length,
  groups: [...raw.matchAll(digits)].map(({ index, 0: { length } }) => ({
    start: start + index,
    end: start + index + length,
  })),
});

/** Consecutive groups of a run, and their digits joined. */
export interface Window {
  readonly start: number;
  readonly end: number;
  readonly digits: string;
  readonly groups: readonly Group[];
}

/** Windows of whole groups with `least` to `most` digits. Bounded for each group, so linear in the run. */
export const windows = (
  text: string,
  { groups }: DigitRun,
  { least, most }: { readonly least: number; readonly most: number },
): Window[] =>
  groups.flatMap(({ start }, first) => {
    const found: Window[] = [];
    let joined = '';
    for (let last = first; last < groups.length && joined.length <= most; last++) {
      const group = groups[last];
      if (!group) break;
      joined += text.slice(group.start, group.end);
      if (joined.length >= least && joined.length <= most)
        found.push({ start, end: group.end, digits: joined, groups: groups.slice(first, last + 1) });
    }
    return found;
  });

/** First digits and lengths of the card networks (ISO/IEC 7812 issuer ranges, as the networks publish them). */
const cardRanges: readonly (readonly [prefix: RegExp, lengths: readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|095|[689])/, [14, 16, 19]],
  [/^(?:6011|64[4-9]|65|622)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^(?:50|5[6-9]|6)/, [12, 13, 14, 15, 16, 17, 18, 19]],
  [/^(?:2131|1800)/, [15]],
  [/^220[0-4]/, [16, 19]],
];

const isCard = (number: string): boolean =>
  cardRanges.some(([prefix, lengths]) => prefix.test(number) && lengths.includes(number.length)) &&
  luhn(number) &&
  !/^(\d)\1+$/.test(number);

/** Cards are written in one piece or in groups of three to seven digits (the last may be short) with one kind of sign between. */
const isCardShape = (text: string, { start, end, groups }: Window): boolean => {
  if (groups.length === 1) return true;
  const sizes = groups.map((it) => it.end - it.start);
  const signs = new Set(text.slice(start, end).replace(/\d/g, ''));
  return (
    signs.size === 1 &&
    (signs.has(' ') || signs.has('-')) &&
    sizes.slice(0, -1).every((it) => it >= 3) &&
    (sizes.at(-1) ?? 0) >= 2
  );
};

const maestroOnly = /^(?:5[06-9]|6)/;

/** Payment cards: the ranges of the networks, their lengths and Luhn. */
export const findCards: Finder = ({ text }) => {
  const found: Finding[] = [];
  for (const it of digitRuns(text)) {
    for (const window of windows(text, it, { least: 12, most: 19 })) {
      const { start, end } = window;
      if (!isCardShape(text, window) || !standsFree(text, start, end) || !isCard(window.digits)) continue;
      if (text[start - 1] === '.' || text[start - 1] === '_') continue;
      const confidence = maestroOnly.test(window.digits) && window.digits.length !== 16 ? 0.7 : 0.99;
      found.push({ start, end, type: 'card', confidence: confidence + window.digits.length / 10_000 });
    }
  }
  return found;
};

/** US social security numbers `NNN-NN-NNNN` in the ranges that are issued (SSA, "Randomization", 2011). */
const ssn = /\d{3}([- ])\d{2}[- ]\d{4}/g;

export const findSsns: Finder = ({ text }) => {
  const found: Finding[] = [];
  for (const match of text.matchAll(ssn)) {
    const start = match.index;
    const end = start + match[0].length;
    const [, sign] = match;
    if (match[0][6] !== sign || !isSsn(match[0].replace(/[- ]/g, ''))) continue;
    const touched = isAlnum(text.charCodeAt(start - 1)) || isAlnum(text.charCodeAt(end));
    const goesOn = /[-.+]/.test(text[start - 1] ?? '') || /^[-.]\d/.test(text.slice(end, end + 2));
    if (touched || goesOn) continue;
    found.push({ start, end, type: 'ssn', confidence: sign === '-' ? 0.97 : 0.75 });
  }
  return found;
};

/** 219-09-9999 and 078-05-1120 stood in advertisements; 9xx belongs to tax numbers (ITIN), which count as well. */
export const isSsn = (number: string): boolean =>
  !/^(?:000|666)|^\d{3}00|0000$|^(?:219099999|078051120|123456789|111111111)$/.test(number);
