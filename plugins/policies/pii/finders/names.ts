import type { Finding, Page } from '../finding.ts';
import type { Sign } from '../names/features.ts';
import { listBits, lists } from '../names/gazetteer.ts';
import { beginOf, begunBy, tagged } from '../names/labels.ts';
import { unpackWeights } from '../names/pack.ts';
import { segmentsOf, signsOf, stepTokens, Tagger } from '../names/tagger.ts';
import { weights as packed } from '../names/weights.ts';
import { tokenKinds } from '../token-kinds.ts';
import type { Token } from '../tokens.ts';

let loaded: Tagger | undefined;

/** Unpacks the tagger's weights, about 12 ms, so that no request has to wait for it. */
export const loadTagger = (): void => void shipped();

const shipped = (): Tagger => {
  loaded ??= new Tagger(unpackWeights(packed));
  return loaded;
};

/**
 * Persons, places, companies, postal addresses and postcodes by the tagger; titles before names and ages behind them. A
 * name that was found once is found again where it stands alone: "Torvald Nyquist (chair) … Nyquist opened". In steps:
 * yields how many tokens one read.
 */
export function* findNames(page: Page): Generator<number, readonly Finding[], void> {
  const found = yield* findTagged(page);
  return found.length === 0 ? found : [...found, ...findAgain(page, found)];
}

/** Persons are looked for again by each of their names of at least this many letters. */
const leastAgain = 3;

const findAgain = ({ tokens }: Page, found: readonly Finding[]): Finding[] => {
  const persons = found.filter((it) => it.type === 'person' && it.confidence >= 0.6);
  const names = new Set<string>();
  for (const { start, end } of persons) {
    const from = lowerBound(tokens, start);
    const parts = tokens
      .slice(from, from + 6)
      .filter((it) => it.start < end && it.kind === tokenKinds.word && it.capital);
    if (parts.length >= 2)
      for (const { lower } of parts)
        if (lower.length >= leastAgain && !lists.other.words.has(lower)) names.add(lower);
  }
  if (names.size === 0) return [];
  return tokens
    .filter(({ kind, capital, lower }) => kind === tokenKinds.word && capital && names.has(lower))
    .map(({ start, end }) => ({ start, end, type: 'person', confidence: 0.55 }));
};

/** The first token that does not begin before `start`. */
const lowerBound = (tokens: readonly Token[], start: number): number => {
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.start ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return low;
};

function* findTagged(page: Page): Generator<number, Finding[], void> {
  const { text, tokens } = page;
  const found: Finding[] = [];
  const tagger = shipped();
  const known: (Sign | undefined)[] = new Array(tokens.length);
  for (const segment of segmentsOf(tokens)) {
    const signs = signsOf(text, tokens, segment, known);
    const isLong = segment.to - segment.from > stepTokens;
    const { labels, margins, length } = isLong ? yield* tagger.tagInSteps(signs) : tagger.tag(signs);
    for (let at = 0; at < length; at++) {
      const entity = begunBy(labels[at] ?? 0);
      const type = entity === undefined ? undefined : tagged[entity];
      if (entity === undefined || type === undefined) continue;
      let last = at;
      let margin = margins[at] ?? 0;
      while (last + 1 < length && labels[last + 1] === beginOf(entity) + 1) margin += margins[++last] ?? 0;
      const span = trim(text, tokens.slice(segment.from + at, segment.from + last + 1));
      if (!span) continue;
      const confidence = confidenceOf(margin / (last - at + 1));
      const part = tokens.slice(segment.from + at, segment.from + last + 1);
      if (!isLike(type, part)) {
        at = last;
        continue;
      }
      if (confidence >= leastConfidence) found.push({ ...span, type, confidence });
      if (type === 'person') found.push(...around(page, segment.from + at, segment.from + last));
      at = last;
    }
  }
  return found;
}

/** What a name of its kind cannot do without, whatever its context says. */
const isLike = (type: (typeof tagged)[number], tokens: readonly Token[]): boolean => {
  const words = tokens.filter(({ kind }) => kind === tokenKinds.word);
  const length = (tokens.at(-1)?.end ?? 0) - (tokens[0]?.start ?? 0);
  const hasDigit = tokens.some(({ kind }) => kind === tokenKinds.number || kind === tokenKinds.mixed);
  switch (type) {
    case 'person':
      return words.some(
        ({ capital, lower }) => capital || lists.first.words.has(lower) || lists.last.words.has(lower),
      );
    case 'zip':
      return hasDigit && length >= 3 && length <= 10;
    case 'address':
      return (
        words.length + tokens.length > 1 &&
        (hasDigit || words.some(({ lower }) => (listBits(lower) & lists.street.bit) !== 0)) &&
        length > 3
      );
    case 'organization':
      return words.some(({ lower }) => !lists.company.words.has(lower)) || tokens.length > 2;
    default:
      return words.length > 0;
  }
};

/** What the tagger is less sure of is left out. */
const leastConfidence = 0.5;

/** 0.5 where the names only just beat "none", towards 0.95. */
const confidenceOf = (margin: number): number =>
  Math.min(0.95, Math.max(0.3, 0.5 + 0.45 * Math.tanh(margin / 6)));

/** Without marks at its ends; undefined when nothing but marks is left. */
const trim = (text: string, tokens: readonly Token[]): { start: number; end: number } | undefined => {
  const isMark = (token: Token): boolean =>
    token.kind === tokenKinds.line ||
    (token.kind === tokenKinds.mark && !'()#'.includes(text[token.start] ?? ''));
  const first = tokens.find((token) => !isMark(token));
  const last = tokens.findLast((token) => !isMark(token));
  if (!first || !last) return undefined;
  // "Inc.", "S.A.", "Jr.", "str.": a full stop inside of an abbreviation is part of it.
  const abbreviated =
    tokens.at(-1) !== last &&
    text[last.end] === '.' &&
    /\.(?:\p{L}{1,3})$|\b(?:Inc|Ltd|Corp|Co|Jr|Sr|Bros|Ltda|Şti|Ş|str|St|Ave|Rd|Sp)$/u.test(
      text.slice(Math.max(0, last.end - 6), last.end),
    );
  return { start: first.start, end: last.end + (abbreviated ? 1 : 0) };
};

/** A title right before a person, and an age right behind one: `Dr. Dias`, `Tonc, 76, of`, `Tonc (76)`. */
const around = ({ text, tokens }: Page, first: number, last: number): Finding[] => {
  const found: Finding[] = [];
  const isDot = tokens[first - 1]?.lower === '.';
  const title = tokens[first - (isDot ? 2 : 1)];
  const dot = tokens[first - 1];
  if (title && lists.title.words.has(title.lower) && title.capital)
    found.push({
      start: title.start,
      end: isDot && dot ? dot.end : title.end,
      type: 'title',
      confidence: 0.85,
    });
  const number = tokens[last + 2];
  const opens = tokens[last + 1]?.lower;
  const closes = tokens[last + 3]?.lower;
  const isAge =
    number?.kind === tokenKinds.number &&
    number.lower.length <= 3 &&
    Number(number.lower) >= 1 &&
    Number(number.lower) <= 119;
  if (
    number &&
    isAge &&
    ((opens === ',' && (closes === ',' || closes === 'and' || closes === 'from')) ||
      (opens === '(' && closes === ')')) &&
    text[number.end] !== '.'
  )
    found.push({ start: number.start, end: number.end, type: 'age', confidence: 0.8 });
  return found;
};
