import { type Finder, type Finding, isAlnum, standsFree } from '../finding.ts';
import { matchesIn, type Window, windows } from '../runs.ts';
import { luhn } from './checksums.ts';

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
  luhn(number) && // first: nine of ten go no further
  cardRanges.some(([prefix, lengths]) => prefix.test(number) && lengths.includes(number.length)) &&
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
export const findCards: Finder = ({ text, runs }) => {
  const found: Finding[] = [];
  for (const it of runs) {
    if (it.end - it.start < 12) continue;
    for (const window of windows(text, it, { least: 12, most: 19 })) {
      const { start, end } = window;
      if (!isCard(window.digits) || !isCardShape(text, window) || !standsFree(text, start, end)) continue;
      if (text[start - 1] === '.' || text[start - 1] === '_') continue;
      const confidence = maestroOnly.test(window.digits) && window.digits.length !== 16 ? 0.7 : 0.99;
      found.push({ start, end, type: 'card', confidence: confidence + window.digits.length / 10_000 });
    }
  }
  return found;
};

/** US social security numbers `NNN-NN-NNNN` in the ranges that are issued (SSA, "Randomization", 2011). */
const ssn = /\d{3}([- ])\d{2}[- ]\d{4}/g;

export const findSsns: Finder = ({ text, spans }) => {
  const found: Finding[] = [];
  for (const { start, match } of matchesIn(text, spans, ssn, 11)) {
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
