import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { type DigitRun, type Finder, type Finding, type Group, isAlnum } from '../finding.ts';
import { digitsIn, type Window } from '../runs.ts';

/** Words that say that a number is a phone's. */
const context =
  /(?:phone|tel(?:[eé]f|\b|\.|:)|mobile|mobil|cell|call|fax|whatsapp|sms|ring|dial|text me|hotline|contact|reach|numer|num[eé]ro|n[uú]mero|numarası|handy|anruf|rufen|appel|llam|chiam|ligu|ligar|bel |bel\b|ring|zadzwo|dzwoni|\bara\b|tlf|tel\b|puhelin|nummer|telefon|kontakt|celular|portable|cellulare|móvil|fono|電話|电话)/i;

const contextAfter =
  /^.{0,24}?\b(?:phone number|the number of|is my number|number\?|numarası|helpline|hotline|on whatsapp)/i;

/** What looks like a phone and is none. */
const isDate = /^(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d{2}|(?:19|20)\d{2}[./-]\d{1,2}[./-]\d{1,2})$/;
const otherContext =
  /(?:isbn|issn|ean|upc|doi|order|invoice|ticket|version|build|rev(?:ision)?|serial|tracking|sku|part|account|konto|ref(?:erence)?|id|#|№|\$|€|£|passport|license|licence|coordinates?)[\s:.#-]{0,3}(?:(?:no|nr|number|id|is)[\s:.#]{0,3})?$/i;

/** Countries whose national form is tried, without context, where a number has a form that only phones have. */
const homes: readonly CountryCode[] = [
  'US',
  'GB',
  'DE',
  'FR',
  'IT',
  'ES',
  'NL',
  'PL',
  'SE',
  'BR',
  'TR',
  'IN',
  'AU',
];

const extension = /^\s?(?:x|ext\.?|extension|#)\s?\d{1,6}/i;

/**
 * Phone numbers: international ones by their country's plan, national ones by their form or by the words around them.
 * One that matches a plan only in its length still counts where the words say so: people mistype.
 */
export const findPhones: Finder = ({ text, runs }) => {
  const found: Finding[] = [];
  for (const run of runs) {
    if (digitsIn(run) < leastDigits) continue;
    for (const part of partsOf(text, run)) {
      const best = candidates(text, part)
        .flatMap((window) => findingOf(text, window) ?? [])
        .reduce<Finding | undefined>((kept, it) => (kept && !isBetter(it, kept) ? kept : it), undefined);
      if (best) found.push(best);
    }
  }
  return found;
};

/** Fewer digits are no phone number. */
const leastDigits = 6;
/** Most digits of a phone number (E.164), with two for `00` before it. */
const maxDigits = 17;

/** A run with too many digits for one number, cut where its signs are widest. */
const partsOf = (text: string, run: DigitRun): DigitRun[] => {
  if (digitsIn(run) <= maxDigits) return [run];
  const parts: Group[][] = [[]];
  for (const group of run.groups) {
    const last = parts.at(-1)?.at(-1);
    const isWide = last && (group.start - last.end >= 3 || text[group.start - 1] === '+');
    if (isWide) parts.push([group]);
    else parts.at(-1)?.push(group);
  }
  return parts.flatMap((groups) => {
    const part = { start: groups[0]?.start ?? 0, end: groups.at(-1)?.end ?? 0, groups };
    return digitsIn(part) <= maxDigits ? [part] : [];
  });
};

/** All groups, or all but the last or the first: a number may stand beside another. */
const candidates = (text: string, { groups }: DigitRun): Window[] =>
  [groups, groups.slice(0, -1), groups.slice(1)].flatMap((kept) => {
    const digits = kept.map((it) => text.slice(it.start, it.end)).join('');
    const [first, last] = [kept[0], kept.at(-1)];
    if (!first || !last || digits.length < leastDigits || kept.length > 8) return [];
    return [{ start: first.start, end: last.end, digits, groups: kept }];
  });

const isBetter = (one: Finding, other: Finding): boolean =>
  one.end - one.start > other.end - other.start ||
  (one.end - one.start === other.end - other.start && one.confidence > other.confidence);

const findingOf = (text: string, window: Window): Finding | undefined => {
  const start = opening(text, window.start);
  const [, tail = ''] = /^(\))/.exec(text.slice(window.end)) ?? [];
  const closed = text.slice(start, window.end).includes('(') && !text.slice(start, window.end).includes(')');
  const bare = closed ? window.end + tail.length : window.end;
  const end = bare + (extension.exec(text.slice(bare, bare + 16))?.[0].length ?? 0);
  if (touches(text, start, end)) return undefined;
  const raw = text.slice(start, bare);
  const confidence = confidenceOf(text, { raw, start, window });
  return confidence === 0 ? undefined : { start, end, type: 'phone', confidence };
};

/** With the plus and the bracket before it. */
const opening = (text: string, start: number): number => {
  let at = start;
  if (text[at - 1] === '(') at--;
  if (text[at - 1] === '+') at--;
  if (text[at - 1] === '(' && text[at] === '+') at--;
  return at;
};

const touches = (text: string, start: number, end: number): boolean => {
  const before = text.charCodeAt(start - 1);
  const after = text.charCodeAt(end);
  if (isAlnum(before) || isAlnum(after) || '_$€£%'.includes(text[start - 1] || ' ')) return true;
  if (/[.,/-]\d$|\d[,]$|[A-Za-z]-$/.test(text.slice(Math.max(0, start - 2), start))) return true;
  return /^(?:[.,:]\d|[%€$£]|-[A-Za-z0-9]|\/\d)/.test(text.slice(end, end + 2));
};

interface Candidate {
  readonly raw: string;
  readonly start: number;
  readonly window: Window;
}

const confidenceOf = (text: string, { raw, start, window: { digits, groups, end } }: Candidate): number => {
  if (isDate.test(raw) || /^(\d)\1+$/.test(digits) || signs(raw) > 3) return 0;
  const before = text.slice(Math.max(0, start - 40), start);
  if (raw.startsWith('+') || raw.startsWith('(+')) return plan(raw) ? 0.97 : digits.length >= 8 ? 0.85 : 0;
  if (digits.startsWith('00') && digits.length >= 10 && plan(`+${digits.slice(2)}`)) return 0.93;
  if (otherContext.test(before) || /^\d{5}-\d{3}$/.test(raw)) return 0;
  const named = context.test(before) || contextAfter.test(text.slice(end, end + 40));
  if (named && digits.length >= 7 && digits.length <= 15) return 0.9;
  if (digits.length < 7 || digits.length > 14) return 0;
  if (formed(raw, groups)) return 0.7;
  return standsAlone(text, start, raw) &&
    (isContactLine(text, start) || (isField(text, start) && national(digits)))
    ? 0.65
    : 0;
};

const signs = (raw: string): number => new Set(raw.replace(/[\d()+]/g, '')).size;

/** `(020) 7946 0000`, `555-123-4567`, `06 12 34 56 78`: groups as phones have them. */
const formed = (raw: string, groups: readonly Group[]): boolean => {
  const form = groups.map((it) => it.end - it.start).join('-');
  if (raw.startsWith('(') && raw.includes(')')) return true;
  if (/^(?:1-)?3-3-4$/.test(form)) return /^(?:1[-. ])?[2-9]/.test(raw);
  if (/^2-[45]-4$/.test(form)) return raw.includes('-');
  return raw.startsWith('0') && /^(?:[2-6]-[2-8]|[2-5](?:-[2-4]){2,4})$/.test(form) && digitsCount(raw) >= 8;
};

const digitsCount = (raw: string): number => raw.replace(/\D/g, '').length;

/** A line of a contact: an address beside the number, or nothing but the number. */
const isContactLine = (text: string, at: number): boolean => {
  const before = text.slice(Math.max(0, at - 200), at);
  const after = text.slice(at, at + 200);
  const next = after.indexOf('\n');
  const line = before.slice(before.lastIndexOf('\n') + 1) + (next === -1 ? after : after.slice(0, next));
  const isFirst = at <= before.length && !before.includes('\n');
  return line.includes('@') || (!isFirst && /^[+\d(][\d ().\-/]{8,18}$/.test(line));
};

/** In a field, a cell or a line of its own, as `0612345678` in a table or below a name. */
const standsAlone = (text: string, start: number, raw: string): boolean =>
  /(?:^|["',;|\t\n]\s?|\s)$/.test(text.slice(Math.max(0, start - 2), start)) &&
  /^(?:$|\s?["',;|\t\n]|\s)/.test(text.slice(start + raw.length, start + raw.length + 2));

const isField = (text: string, start: number): boolean =>
  /(?:^|["',;|\t\n]\s?)$/.test(text.slice(Math.max(0, start - 2), start));

const national = (digits: string): boolean =>
  homes.some((country) => parsePhoneNumberFromString(digits, country)?.isValid() ?? false);

const plan = (raw: string): boolean => parsePhoneNumberFromString(raw)?.isPossible() ?? false;
