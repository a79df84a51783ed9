import { Buffer } from 'node:buffer';
import { type Folded, fold } from './fold.ts';
import { vocabulary } from './vocabulary.ts';
import { anagramKey, canonicalOf, signalsOf, splitWords, unleet, type WordSignals } from './word-signals.ts';

/** The ways of hiding words that are undone. */
export type ViewName =
  | 'hidden'
  | 'base64'
  | 'hex'
  | 'binary'
  | 'decimal'
  | 'percent'
  | 'entities'
  | 'escapes'
  | 'morse'
  | 'rot13'
  | 'reversed'
  | 'upside-down'
  | 'spaced'
  | 'joined'
  | 'unbroken'
  | 'leet'
  | 'scrambled';

/** Another reading of a text, or of a part of it. */
export interface View {
  readonly name: ViewName;
  /** 1: found in the text itself; 2: found inside another view. */
  readonly depth: 1 | 2;
  readonly folded: Folded;
}

export interface ViewLimits {
  /** Most characters that all views of one text have together; what is longer is cut. */
  readonly maxChars: number;
}

const usualLimits: ViewLimits = { maxChars: 65_536 };

/** Other readings of a text, where a cheap test says that there is one. Linear in the length of the text. */
export const viewsOf = (folded: Folded, { maxChars }: ViewLimits = usualLimits): View[] => {
  const found: View[] = [];
  const seen = new Set([folded.text]);
  let left = maxChars;
  const add = (name: ViewName, depth: 1 | 2, decoded: string): void => {
    const text = decoded.slice(0, left);
    if (text.length < 6) return;
    const view = fold(text);
    if (seen.has(view.text)) return;
    seen.add(view.text);
    left -= text.length;
    found.push({ name, depth, folded: view });
  };
  decodeInto(folded, (name, text) => add(name, 1, text));
  for (const view of [...found]) {
    if (left > 0 && mayHoldMore.has(view.name))
      decodeInto(view.folded, (name, text) => add(name, 2, text), view.name);
  }
  return found;
};

/** Codes inside codes are meant; words put together from pieces hold none. */
const mayHoldMore: ReadonlySet<ViewName> = new Set([
  'hidden',
  'base64',
  'hex',
  'binary',
  'decimal',
  'percent',
  'entities',
  'escapes',
  'rot13',
  'reversed',
]);

type Add = (name: ViewName, text: string) => void;

/** `inside`: the view that the text is, when it is one. What is turned around twice is as it was. */
const decodeInto = (folded: Folded, add: Add, inside?: ViewName): void => {
  const { text, cased, signs, original } = folded;
  if (signs.hidden !== '') add('hidden', signs.hidden);
  const signals = signalsOf(text);
  for (const run of longRunsOf(cased, signals.longRuns)) addRun(add, run);
  if (signals.codes >= 7) {
    each(text, spacedHexRun, 16, (run) => addIfText(add, 'hex', fromHex(run)));
    each(text, binaryRun, 16, (run) => addIfText(add, 'binary', fromBinary(run)));
    each(text, decimalRun, 16, (run) => addIfText(add, 'decimal', fromDecimal(run)));
  }
  if (signals.percents >= fewest && hasFew(cased, percentCode)) addIfText(add, 'percent', fromPercent(cased));
  if (signals.ampersands >= fewest && hasFew(cased, entity))
    add('entities', cased.replaceAll(entity, fromEntity));
  if (signals.backslashes >= fewest && hasFew(cased, escaped))
    add('escapes', cased.replaceAll(escaped, fromEscape));
  if (signals.dots >= 12 && signals.nearDots >= 6)
    each(text, morseRun, 16, (run) => addIfText(add, 'morse', fromMorse(run)));
  if (signals.flipped >= 3) add('upside-down', turned(original));
  if (signals.reversed >= 2 && inside !== 'reversed') {
    add('reversed', reverse(text));
    add('reversed', text.replaceAll(/\S+/g, reverse));
  }
  addWordViews(folded, signals, add);
};

/** One sign of a code, or two, hides nothing: a text is read again where there are as many as this. */
const fewest = 3;

const hasFew = (text: string, code: RegExp): boolean => {
  code.lastIndex = 0;
  for (let count = 0; count < fewest; count++) if (!code.test(text)) return false;
  return true;
};

/** One run of base64 characters in one of the three codes that consist of them. */
const addRun = (add: Add, run: string): void => {
  const lower = run.toLowerCase();
  if (/^[01]+$/.test(run)) addIfText(add, 'binary', fromBinary(run));
  else if (/^[0-9a-f]+$/.test(lower)) addIfText(add, 'hex', fromHex(lower));
  else addIfText(add, 'base64', fromBase64(run));
};

/** The runs of a text; those that follow each other line by line are one. */
const longRunsOf = (text: string, bounds: readonly number[]): string[] => {
  const runs: string[] = [];
  let lastEnd = -1;
  for (let at = 0; at < bounds.length; at += 2) {
    const start = bounds[at] ?? 0;
    const end = bounds[at + 1] ?? 0;
    const tail = /^\n[A-Za-z0-9+/_-]{1,15}={0,2}(?=\s|$)/.exec(text.slice(end, end + 20))?.[0].trim() ?? '';
    const run = text.slice(start, end) + tail;
    if (start === lastEnd + 1 && text[lastEnd] === '\n') runs.push((runs.pop() ?? '') + run);
    else runs.push(run);
    lastEnd = end;
  }
  return runs;
};

const addWordViews = ({ text }: Folded, signals: WordSignals, add: Add): void => {
  if (signals.rot13 >= 2) add('rot13', rot13(text));
  if (signals.singles >= 5) each(text, spacedRun, 16, (run) => addLetters(add, unspaced(run)));
  if (signals.broken >= fewest && hasFew(text, joint)) add('joined', text.replaceAll(joint, ''));
  if (signals.longWords.length > 0) add('unbroken', longWordsOf(text, signals.longWords));
  if (signals.leet.length >= 4) addIfWords(add, text, signals.leet);
  // In a long text two slips of the keyboard are no surprise.
  if (signals.scrambled >= (text.length > 2048 ? 3 : 2))
    add('scrambled', text.replaceAll(/[a-z]{4,}/g, unscramble));
};

/** At most `most` matches, so that a text full of them costs no more than its length. */
const each = (text: string, pattern: RegExp, most: number, take: (match: string) => void): void => {
  let count = 0;
  for (const [match] of text.matchAll(pattern)) {
    take(match);
    if (++count >= most) return;
  }
};

/** Decoded bytes count as text when nearly all of them print and some are letters. */
const addIfText = (add: Add, name: ViewName, text: string): void => {
  if (text.length < 6) return;
  let odd = 0;
  let letters = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0xfffd || (unit < 0x20 && unit !== 9 && unit !== 10 && unit !== 13)) odd++;
    else if ((unit | 32) >= 97 && (unit | 32) <= 122) letters++;
    else if (unit > 0x2ff) letters++;
  }
  if (odd * 12 <= text.length && letters * 2 >= text.length) add(name, text);
};

/** Digits read as letters count when that shows words that were not there before. */
const addIfWords = (add: Add, text: string, bounds: readonly number[]): void => {
  let shown = 0;
  for (let at = 0; at < bounds.length && shown < 2; at += 2) {
    const word = text.slice(bounds[at], bounds[at + 1]);
    const read = unleet(word);
    // `size++` is a word with signs behind it.
    if (vocabulary.has(read) && !word.startsWith(read)) shown++;
  }
  if (shown >= 2) add('leet', withoutLeet(text, bounds));
};

const fromBase64 = (run: string): string => Buffer.from(run, 'base64').toString('utf8');

const spacedHexRun = /(?:(?:0x|\\x)?[0-9a-f]{2}[ ,:;-]{1,2}){7,}(?:0x|\\x)?[0-9a-f]{2}/g;
const fromHex = (run: string): string =>
  Buffer.from(run.replaceAll(/0x|[^0-9a-f]/g, ''), 'hex').toString('utf8');

const binaryRun = /(?:[01]{7,8}[ ,]{0,2}){6,}/g;
const fromBinary = (run: string): string => {
  const groups = run.includes(' ') || run.includes(',') ? run.split(/[ ,]+/) : (run.match(/.{8}/g) ?? []);
  return groups.map((it) => (it === '' ? '' : String.fromCharCode(Number.parseInt(it, 2)))).join('');
};

const decimalRun = /(?:\d{2,3}[ ,;-]{1,2}){7,}\d{2,3}/g;
const fromDecimal = (run: string): string => {
  const codes = run.split(/[ ,;-]+/).map(Number);
  return codes.every((it) => it < 127) ? String.fromCharCode(...codes.slice(0, 4096)) : '';
};

const percentCode = /%[0-9a-fA-F]{2}/g;
const fromPercent = (text: string): string =>
  text.replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );

const entity = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));?/g;
const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};
const fromEntity = (whole: string, decimal?: string, hex?: string, name?: string): string => {
  if (name !== undefined) return named[name] ?? whole;
  return fromCode(decimal ? Number(decimal) : Number.parseInt(hex ?? '', 16), whole);
};

const escaped = /\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3}))/g;
const fromEscape = (whole: string, braced?: string, four?: string, two?: string, octal?: string): string =>
  fromCode(octal ? Number.parseInt(octal, 8) : Number.parseInt(braced ?? four ?? two ?? '', 16), whole);

const fromCode = (code: number, otherwise: string): string =>
  code > 0x10ffff || Number.isNaN(code) ? otherwise : String.fromCodePoint(code);

const morseRun = /(?:[.-]{1,6}[ /|]{1,3}){6,}[.-]{0,6}/g;
const morseLetters = new Map(
  '.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..'
    .split(' ')
    .map((code, at) => [code, String.fromCharCode(97 + at)]),
);
const fromMorse = (run: string): string =>
  run
    .split(/\s*[/|]\s*| {2,}/)
    .map((word) =>
      word
        .split(' ')
        .map((code) => morseLetters.get(code) ?? '')
        .join(''),
    )
    .join(' ');

const rot13 = (text: string): string =>
  text.replaceAll(/[a-z]/g, (it) => String.fromCharCode(((it.charCodeAt(0) - 84) % 26) + 97));

const reverse = (text: string): string => [...text].reverse().join('');

const upsideDown = new Map(
  [...'ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎzıɓɘ'].map((it, at) => [it, 'abcdefghijklmnopqrstuvwxyziga'[at] ?? '']),
);
const turned = (text: string): string =>
  [...text.toLowerCase()]
    .reverse()
    .map((it) => upsideDown.get(it) ?? it)
    .join('');

const spacedRun = /[a-z0-9](?:[^a-z0-9]{1,4}[a-z0-9](?![a-z0-9])){5,}/g;

/** `i g n o r e   a l l` → `ignore all`: the separator seen most joins letters, any other parts words. */
const unspaced = (run: string): string => {
  const separators = run.match(/[^a-z0-9]+/g) ?? [];
  const counts = new Map<string, number>();
  for (const it of separators) counts.set(it, (counts.get(it) ?? 0) + 1);
  const joins = separators.reduce((most, it) =>
    (counts.get(it) ?? 0) > (counts.get(most) ?? 0) ? it : most,
  );
  // Many different separators (emoji, say): all of them join.
  if (counts.size > 6) return run.replaceAll(/[^a-z0-9]+/g, '');
  return run.replaceAll(/[^a-z0-9]+/g, (it) => (it === joins ? '' : ' '));
};

/** Something between letters that is no part of a word: emphasis, a concatenation. */
const joint =
  /(?<=[a-z])(?:\*{1,3}|~{2}|`|\\|["'] ?[+.] ?["']|<\/?[a-z]{1,6}>|<!--[a-z ]{0,20}-->)(?=[a-z])/g;

/** Only the words that fall apart: the rest of the text is judged as it stands. */
const longWordsOf = (text: string, bounds: readonly number[]): string => {
  const parts: string[] = [];
  for (let at = 0; at < bounds.length; at += 2) {
    const split = splitWords(text.slice(bounds[at], bounds[at + 1]));
    if (split !== undefined) parts.push(split);
  }
  return parts.join(' ');
};

/** Lists of numbers are spaced out too, but spell nothing. */
const addLetters = (add: Add, text: string): void => {
  if ((text.match(/[a-z]/g)?.length ?? 0) >= text.length * 0.7) add('spaced', splitLongWords(text));
};

const splitLongWords = (text: string): string =>
  text.replaceAll(/[a-z]{12,200}/g, (word) => splitWords(word) ?? word);

const withoutLeet = (text: string, bounds: readonly number[]): string => {
  const parts: string[] = [];
  let done = 0;
  for (let at = 0; at < bounds.length; at += 2) {
    const start = bounds[at] ?? 0;
    const end = bounds[at + 1] ?? 0;
    parts.push(text.slice(done, start), unleet(text.slice(start, end)));
    done = end;
  }
  return parts.join('') + text.slice(done);
};

const unscramble = (word: string): string => canonicalOf(anagramKey(word), word);
