import { type DigitRun, type Finder, type Finding, isAlnum, isDigit } from '../finding.ts';
import { digitsIn } from '../runs.ts';
import { tokenKinds } from '../token-kinds.ts';
import {
  belgian,
  bsn,
  codiceFiscale,
  cpf,
  dni,
  fodselsnummer,
  hetu,
  insee,
  isDayAndMonth,
  luhn,
  mod11and10,
  nhs,
  nif,
  personnummer,
  pesel,
  tfn,
  turkish,
  verhoeff,
} from './checksums.ts';
import { isSsn } from './numbers.ts';

/** One kind of number that a state gives a person. */
interface Kind {
  /** Global; begins with a fixed class and has no open repetition. */
  readonly pattern: RegExp;
  /** How many digits it has at least. */
  readonly digits: number;
  /** Takes the number without separators, letters in upper case. */
  readonly check: (compact: string) => boolean;
  /** Confidence without a word of `near` before it; 0: only with one. */
  readonly alone: number;
  readonly near?: RegExp;
  readonly type?: 'ssn';
}

const chinese = (text: string): boolean => {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, at) => total + weight * Number(text[at]), 0);
  return (
    '10X98765432'[sum % 11] === text[17] &&
    isDayAndMonth(Number(text.slice(12, 14)), Number(text.slice(10, 12)))
  );
};

const singapore = (text: string): boolean => {
  const weights = [2, 7, 6, 5, 4, 3, 2];
  const offset = text.startsWith('T') || text.startsWith('G') ? 4 : text.startsWith('M') ? 3 : 0;
  const sum = weights.reduce((total, weight, at) => total + weight * Number(text[at + 1]), offset);
  const letters = /^[ST]/.test(text) ? 'JZIHGFEDCBA' : text.startsWith('M') ? 'KLJNPQRTUWX' : 'XWUTRQPNMLK';
  return letters[sum % 11] === text[8];
};

const chilean = (text: string): boolean => {
  const sum = [...text.slice(0, -1)]
    .reverse()
    .reduce((total, digit, at) => total + Number(digit) * (2 + (at % 6)), 0);
  return '0K987654321'[sum % 11] === text.at(-1);
};

/** One digit two or three times, one not at all (Bundeszentralamt für Steuern, "Steuer-ID", 2016). */
const steuerId = (text: string): boolean =>
  mod11and10(text) && text[0] !== '0' && [6, 7, 8, 9].includes(new Set(text.slice(0, 10)).size);

const danish = (text: string): boolean => isDayAndMonth(Number(text.slice(0, 2)), Number(text.slice(2, 4)));
const southAfrican = (text: string): boolean =>
  luhn(text) && isDayAndMonth(Number(text.slice(4, 6)), Number(text.slice(2, 4)));
const anything = (): boolean => true;

const idWords =
  /(?:national|identi|citizen|personal|ssn|social|tax|steuer|fiscal|\bid\b|\bid[:#]|insurance|cpr|pesel|cpf|kimlik|personnummer|fødselsnummer|f[oø]dsels|nif|bsn|sofi|aadhaar|aadhar|uid|dni|nie\b|nir\b|sécurité|nhs|ni number|nino|henkilö)/i;

/** Forms and checksums as the issuing offices publish them; each is short, so that a scan stays linear. */
const kinds: readonly Kind[] = [
  { pattern: /\d{9}/g, digits: 9, check: isSsn, alone: 0, near: /(?:\bssn\b|social security)/i, type: 'ssn' },
  // United Kingdom
  {
    pattern: /[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]/g,
    digits: 6,
    check: (it) => !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/.test(it),
    alone: 0.85,
    near: /\bnino\b|national insurance|\bni\b/i,
  },
  { pattern: /\d{3}[ -]?\d{3}[ -]?\d{4}/g, digits: 10, check: nhs, alone: 0, near: /\bnhs\b/i },
  // France
  {
    pattern: /[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}/g,
    digits: 14,
    check: insee,
    alone: 0.96,
  },
  // Spain
  { pattern: /\d{8}[- ]?[A-HJ-NP-TV-Z]/g, digits: 8, check: dni, alone: 0.9 },
  { pattern: /[XYZ][- ]?\d{7}[- ]?[A-HJ-NP-TV-Z]/g, digits: 7, check: dni, alone: 0.93 },
  // Germany
  {
    pattern: /\d{2} ?\d{3} ?\d{3} ?\d{3}/g,
    digits: 11,
    check: steuerId,
    alone: 0,
    near: /steuer|tax|\bid\b|idnr|tin\b/i,
  },
  // Netherlands
  {
    pattern: /\d{4}[. ]?\d{2}[. ]?\d{3}/g,
    digits: 9,
    check: bsn,
    alone: 0,
    near: /\bbsn\b|burgerservice|sofi|citizen service/i,
  },
  // Poland, Norway, Turkey, Brazil: eleven digits with their own sums
  { pattern: /\d{11}/g, digits: 11, check: pesel, alone: 0.72, near: /pesel/i },
  {
    pattern: /\d{6} ?\d{5}/g,
    digits: 11,
    check: fodselsnummer,
    alone: 0.85,
    near: /f[øo]dsels|personnummer|national|\bid\b/i,
  },
  { pattern: /\d{11}/g, digits: 11, check: turkish, alone: 0.72, near: /kimlik|\btc\b|t\.c\./i },
  { pattern: /\d{3}\.\d{3}\.\d{3}-\d{2}/g, digits: 11, check: cpf, alone: 0.97 },
  { pattern: /\d{11}/g, digits: 11, check: cpf, alone: 0.72, near: /\bcpf\b/i },
  { pattern: /\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}/g, digits: 11, check: belgian, alone: 0.95 },
  // Sweden, Denmark, Finland
  { pattern: /\d{6}[-+]\d{4}/g, digits: 10, check: personnummer, alone: 0.9 },
  { pattern: /(?:19|20)\d{6}-?\d{4}/g, digits: 12, check: (it) => personnummer(it.slice(2)), alone: 0.88 },
  { pattern: /\d{6}-\d{4}/g, digits: 10, check: danish, alone: 0.7, near: /\bcpr\b|personnummer/i },
  {
    pattern: /\d{10}/g,
    digits: 10,
    check: personnummer,
    alone: 0,
    near: /personnummer|personal (?:identity )?number|\bpnr\b/i,
  },
  { pattern: /\d{10}/g, digits: 10, check: danish, alone: 0, near: /\bcpr\b/i },
  { pattern: /\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]/g, digits: 9, check: hetu, alone: 0.95 },
  // India
  {
    pattern: /[2-9]\d{3}[ -]\d{4}[ -]\d{4}/g,
    digits: 12,
    check: verhoeff,
    alone: 0.85,
    near: /aadha?ar|uid/i,
  },
  { pattern: /[2-9]\d{11}/g, digits: 12, check: verhoeff, alone: 0, near: /aadha?ar|\buid/i },
  // Others
  {
    pattern: /\d{3}[ -]?\d{3}[ -]?\d{3}/g,
    digits: 9,
    check: (it) => luhn(it) && !/^[08]/.test(it),
    alone: 0,
    near: /\bsin\b|social insurance/i,
  },
  { pattern: /\d{3} ?\d{3} ?\d{3}/g, digits: 9, check: nif, alone: 0, near: /\bnif\b|contribuinte/i },
  { pattern: /\d{3} ?\d{3} ?\d{3}/g, digits: 9, check: tfn, alone: 0, near: /\btfn\b|tax file/i },
  { pattern: /[1-9]\d{5}(?:19|20)\d{9}[0-9Xx]/g, digits: 17, check: chinese, alone: 0.97 },
  {
    pattern: /\d{6}-[1-8]\d{6}/g,
    digits: 13,
    check: (it) => isDayAndMonth(Number(it.slice(4, 6)), Number(it.slice(2, 4))),
    alone: 0.85,
  },
  { pattern: /[STFGM]\d{7}[A-Z]/g, digits: 7, check: singapore, alone: 0.9 },
  { pattern: /\d{1,2}\.\d{3}\.\d{3}-[\dkK]/g, digits: 7, check: chilean, alone: 0.93 },
  { pattern: /\d{7,8}-[\dkK]/g, digits: 7, check: chilean, alone: 0, near: /\brut\b|\brun\b/i },
  {
    pattern: /\d{13}/g,
    digits: 13,
    check: southAfrican,
    alone: 0,
    near: /id(?:entity)? (?:number|no)|\bid\b|rsa/i,
  },
];

/** Kinds that are known without their name. */
const strongKinds = kinds.filter(({ alone }) => alone > 0);
/** The names of all the others. */
const anyName = new RegExp(
  kinds.flatMap(({ alone, near }) => (alone === 0 && near ? [near.source] : [])).join('|'),
  'i',
);

/** Numbers of letters and digits mixed, in one piece. */
const codes: readonly Omit<Kind, 'digits'>[] = [
  // Italy
  {
    pattern: /^[A-Za-z]{6}\d{2}[A-EHLMPR-Ta-ehlmpr-t]\d{2}[A-Za-z]\d{3}[A-Za-z]$/,
    check: codiceFiscale,
    alone: 0.98,
  },
  { pattern: /^[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]$/, check: anything, alone: 0.85, near: /\bpan\b/i },
  { pattern: /^[A-Z][AEIOUX][A-Z]{2}\d{6}[HM][A-Z]{5}[0-9A-Z]\d$/, check: anything, alone: 0.95 },
];
const codeLengths = new Set([10, 16, 18]);

/** How far before a number its name may stand. */
const reach = 40;
/** Least digits of the numbers of `kinds`; how far their letters stand around their digits. */
const leastDigits = 6;
const around = 4;

/**
 * Numbers of states for persons: by form and checksum, those of weak form only after their name. Only what stands around
 * enough digits is read.
 */
export const findNationalIds: Finder = ({ text, tokens, runs }) => {
  const found: Finding[] = [];
  for (const region of regionsOf(runs)) {
    const start = Math.max(0, region.start - around);
    const slice = text.slice(start, region.end + around);
    const digits = countDigits(slice);
    const isNamed = anyName.test(text.slice(Math.max(0, region.start - reach), region.end));
    for (const kind of isNamed ? kinds : strongKinds) {
      if (digits < kind.digits) continue;
      kind.pattern.lastIndex = 0;
      for (let match = kind.pattern.exec(slice); match; match = kind.pattern.exec(slice))
        check(text, start + match.index, match[0], kind, found);
    }
  }
  for (const { kind, start, end } of tokens) {
    if (kind !== tokenKinds.mixed || !codeLengths.has(end - start)) continue;
    for (const it of codes)
      if (it.pattern.test(text.slice(start, end))) check(text, start, text.slice(start, end), it, found);
  }
  return found;
};

const countDigits = (text: string): number => {
  let count = 0;
  for (let at = 0; at < text.length; at++) if (isDigit(text.charCodeAt(at))) count++;
  return count;
};

/** Runs with enough digits, those that nearly touch as one. */
const regionsOf = (runs: readonly DigitRun[]): { start: number; end: number }[] => {
  const regions: { start: number; end: number }[] = [];
  for (const run of runs) {
    if (digitsIn(run) < leastDigits) continue;
    const { start, end } = run;
    const last = regions.at(-1);
    if (last && start - last.end <= 2 * around) last.end = end;
    else regions.push({ start, end });
  }
  return regions;
};

const check = (
  text: string,
  start: number,
  raw: string,
  { check: fits, alone, near, type }: Omit<Kind, 'digits'>,
  found: Finding[],
): void => {
  const end = start + raw.length;
  if (goesOn(text, start, end) || !fits(raw.replace(/[ .+-]/g, '').toUpperCase())) return;
  const before = text.slice(Math.max(0, start - reach), start);
  const confidence = near?.test(before)
    ? 0.97
    : alone > 0 && idWords.test(before)
      ? Math.max(alone, 0.92)
      : alone;
  if (confidence > 0) found.push({ start, end, type: type ?? 'national_id', confidence });
};

const goesOn = (text: string, start: number, end: number): boolean => {
  if (isAlnum(text.charCodeAt(start - 1)) || isAlnum(text.charCodeAt(end))) return true;
  return '-.+/_$'.includes(text[start - 1] || ' ') || /^[-.,/_]\w/.test(text.slice(end, end + 2));
};
