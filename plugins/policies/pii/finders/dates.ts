import { type Finder, type Finding, isAlnum, isDigit } from '../finding.ts';
import { matchesIn } from '../runs.ts';
import { isDayAndMonth } from './checksums.ts';

/** Names of months by their first three letters (four where three are not enough), in the languages of Europe. */
const months =
  /^(?:jan|feb|fév|fev|fev|mar|mär|maa|mrt|apr|avr|abr|kwi|mai|may|maj|mag|mei|jun|jui|giu|cze|haz|jul|lug|lip|tem|aug|aoû|aou|ago|sie|ağu|sep|set|eyl|wrz|okt|oct|ott|out|paź|eki|nov|lis|kas|dec|dez|déc|dic|gru|ara|sty|lut|şub|nis|ene|gen|oca|tou|kes|hei|elo|syy|lok|mar|jou|tam|hel|huh)/;

const numeric = /\d{1,4}([./-])\d{1,2}[./-]\d{2,4}/g;
const year = /(?:19|20)\d{2}/g;
/** How far before its year a date can begin. */
const reach = 28;
const dayFirst =
  /\d{1,2}(?:st|nd|rd|th|\.|er|º|°)?[ -](?:de |of )?[^\s\d,.:;/()"]{3,10}\.?,?(?: de | del |[ -]| of )\d{4}$/;
const monthFirst = /[A-Za-z]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}$/;
const eastern = /(?:19|20)\d{2}年\d{1,2}月\d{1,2}日/g;

/** Words before a date that make it a date of birth. */
const birth =
  /(?:\bborn|\bbirth|\bdob\b|d\.o\.b|birthday|geboren|geburt|\bgeb\.|né[e(]?|naissance|nacid|nacimiento|nat[oa]\b|nascita|nascid|nascimento|urodz|geboortedatum|född|født|syntyn|doğum|生日|出生|b-day)/i;
const birthAfter =
  /^.{0,24}(?:is|was|ist|war|=|:)? ?(?:my|mein|his|her)? ?(?:birthday|date of birth|birth date|dob\b|geburts|geboren|born\b|doğum)/i;

/** Dates with a year. Those in the context of a birth are `birth_date`. */
export const findDates: Finder = ({ text, spans }) => {
  const found: Finding[] = [];
  const add = (start: number, end: number): void => {
    if (isAlnum(text.charCodeAt(start - 1)) || isAlnum(text.charCodeAt(end))) return;
    const before = text.slice(Math.max(0, start - 48), start);
    const isBirth = birth.test(before) || birthAfter.test(text.slice(end, end + 40));
    found.push({ start, end, type: isBirth ? 'birth_date' : 'date', confidence: isBirth ? 0.93 : 0.85 });
  };
  for (const { start, match } of matchesIn(text, spans, numeric, 6)) {
    const end = start + match[0].length;
    if (isNumericDate(match[0]) && !goesOn(text, start, end)) add(start, end);
  }
  for (const { start } of matchesIn(text, spans, year, 4)) {
    const from = Math.max(0, start - reach);
    const before = text.slice(from, start + 4);
    if (!mayEndDate(before)) continue;
    const match = dayFirst.exec(before) ?? monthFirst.exec(before);
    if (match && namesMonth(match[0])) add(from + match.index, start + 4);
  }
  if (text.includes('年'))
    for (const match of text.matchAll(eastern)) add(match.index, match.index + match[0].length);
  return found;
};

/** Does a blank or hyphen stand before the year at the end, and a digit before that? */
const mayEndDate = (text: string): boolean => {
  const year = text.length - 4;
  if (text[year - 1] !== ' ' && text[year - 1] !== '-') return false;
  for (let at = year - 2; at >= 0; at--) if (isDigit(text.charCodeAt(at))) return true;
  return false;
};

const isNumericDate = (raw: string): boolean => {
  const [first = '', second = '', third = ''] = raw.split(/[./-]/);
  if (new Set(raw.replace(/\d/g, '')).size !== 1) return false;
  if (first.length === 4)
    return isYear(first) && third.length <= 2 && isDayAndMonth(Number(third), Number(second));
  if (first.length > 2 || third.length === 3 || (third.length === 4 && !isYear(third))) return false;
  if (third.length === 2 && raw.includes('.') && (first.length < 2 || second.length < 2)) return false;
  const [a, b] = [Number(first), Number(second)];
  return isDayAndMonth(a, b) || isDayAndMonth(b, a);
};

const isYear = (text: string): boolean => /^(?:1[89]|20)\d{2}$/.test(text);

const goesOn = (text: string, start: number, end: number): boolean =>
  '-./:'.includes(text[start - 1] || ' ') || /^[-./]\w/.test(text.slice(end, end + 2));

const namesMonth = (raw: string): boolean =>
  raw
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .some((word) => word.length >= 3 && months.test(word));
