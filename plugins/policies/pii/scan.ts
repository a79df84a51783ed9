import type { EntityName } from './config.ts';
import { findIbans } from './finders/banking.ts';
import { findInContext } from './finders/context.ts';
import { findCrypto } from './finders/crypto.ts';
import { findDates } from './finders/dates.ts';
import { findNames } from './finders/names.ts';
import { findNationalIds } from './finders/national.ts';
import { findCards, findSsns } from './finders/numbers.ts';
import { findPhones } from './finders/phone.ts';
import { findSecrets } from './finders/secrets.ts';
import { findAddressesOfHosts, findCoordinates, findEmails, findMacs } from './finders/web.ts';
import type { Finder, Finding, Page } from './finding.ts';
import { fold } from './fold.ts';
import { keyRuns } from './keys.ts';
import { withoutPlaceholders } from './placeholder.ts';
import { digitsOf, runsWithout } from './runs.ts';
import { codesOf, tokenize } from './tokens.ts';

/** What a checksum makes certain is found first; its digits belong to nothing else. */
const checkedFinders: readonly Finder[] = [findCards, findIbans, findSsns];
/** Finders that look for digits have nothing to find in a text without any. */
const digitFinders: readonly Finder[] = [
  findNationalIds,
  findPhones,
  findDates,
  findAddressesOfHosts,
  findMacs,
  findCoordinates,
];
const otherFinders: readonly Finder[] = [findEmails, findSecrets, findCrypto, findInContext];

/** Longest piece of a text that is read as one, and how far it reaches into those before and after it. */
const pageSize = 32_768;
const overlapBefore = 1024;
const overlapAfter = 4096;

/**
 * Everything found in a text, in order, without overlaps. `extra` are an operator's own finders. Linear in the length
 * of the text; long ones are read in overlapping pages. What looks like a placeholder holds nothing.
 */
export const findPii = (text: string, extra: readonly Finder[] = []): Finding[] => {
  const steps = scanSteps(text, extra);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

/** The same in small steps, for callers that let other work go on between them. Yields how many characters a step read. */
export function* scanSteps(text: string, extra: readonly Finder[] = []): Generator<number, Finding[], void> {
  const findings: Finding[] = [];
  for (const part of pagesOf(text)) appendPage(findings, yield* scanPart(text, part, extra));
  return findings;
}

/** Adds what the next page holds; what reached into it from the page before goes first. */
const appendPage = (findings: Finding[], page: readonly Finding[]): void => {
  const reached = findings.at(-1)?.end ?? 0;
  for (const it of page) if (it.start >= reached) findings.push(it);
};

/** One step of a long scan. */
interface PagePart {
  readonly start: number;
  readonly end: number;
  /** What begins before it belongs to the page before. */
  readonly from: number;
  /** What begins from it on belongs to the next page. */
  readonly to: number;
}

const pagesOf = (text: string): PagePart[] => {
  if (text.length <= pageSize) return [{ start: 0, end: text.length, from: 0, to: text.length }];
  const parts: PagePart[] = [];
  const step = pageSize - overlapBefore - overlapAfter;
  for (let from = 0; from < text.length; from += step) {
    const start = Math.max(0, from - overlapBefore);
    const to = Math.min(text.length, from + step);
    parts.push({ start, end: Math.min(text.length, to + overlapAfter), from, to });
  }
  return parts;
};

/** What one page holds of its own, at offsets of the whole text. */
function* scanPart(
  text: string,
  { start, end, from, to }: PagePart,
  extra: readonly Finder[],
): Generator<number, Finding[], void> {
  const found = yield* scanPage(text.slice(start, end), extra);
  if (start === 0 && to === text.length) return found;
  return found
    .map((it) => ({ ...it, start: it.start + start, end: it.end + start }))
    .filter((it) => it.start >= from && it.start < to);
}

/** A text, read once for all finders. */
const pageOf = (text: string): Page => {
  const codes = codesOf(text);
  const tokens = tokenize(text, codes);
  return { text, tokens, ...digitsOf(text, tokens), keys: keyRuns(text, codes) };
};

function* findAll(page: Page, extra: readonly Finder[]): Generator<number, Finding[], void> {
  const others: Finding[] = [];
  yield* runAll([...otherFinders, ...extra], page, others);
  for (const it of yield* findNames(page)) others.push(it);
  yield page.text.length;
  if (page.groups.length === 0) return others;
  const checked: Finding[] = [];
  yield* runAll(checkedFinders, page, checked);
  const claimed = checked.filter(({ confidence }) => confidence > 0.95);
  const rest: Finding[] = [];
  yield* runAll(digitFinders, { ...page, runs: runsWithout(page.runs, claimed) }, rest);
  return [...checked, ...rest, ...others];
}

function* runAll(finders: readonly Finder[], page: Page, found: Finding[]): Generator<number, void, void> {
  for (const find of finders) {
    for (const it of find(page)) found.push(it);
    yield page.text.length;
  }
}

/** Where the sign ends that begins at `at`: some take two units. */
const signEnd = (text: string, at: number): number => at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

function* scanPage(raw: string, extra: readonly Finder[]): Generator<number, Finding[], void> {
  const { text, origin } = fold(withoutPlaceholders(raw));
  const page = pageOf(text);
  yield text.length;
  const findings = merge(text, resolve(yield* findAll(page, extra), text.length));
  if (!origin) return findings;
  return findings.map((it) => ({
    ...it,
    start: origin[it.start] ?? it.start,
    end: signEnd(raw, origin[it.end - 1] ?? it.end - 1),
  }));
}

/** Addresses hold places, postcodes and names; as a whole they say more than their parts. */
const weight = ({ type, confidence }: Finding): number =>
  type === 'address' ? confidence + 0.15 : confidence;

/** A byte for each unit of a page that belongs to a finding; wiped before each use. */
let taken = new Uint8Array(pageSize);

const isFree = (start: number, end: number): boolean => {
  for (let at = start; at < end; at++) if (taken[at] === 1) return false;
  return true;
};

/** The most confident of those that overlap; the longest of equals. */
const resolve = (findings: readonly Finding[], length: number): Finding[] => {
  if (findings.length === 0) return [];
  if (length > taken.length) taken = new Uint8Array(length);
  else taken.fill(0, 0, length);
  const kept: Finding[] = [];
  const order = findings.toSorted(
    (a, b) => weight(b) - weight(a) || b.end - b.start - (a.end - a.start) || a.start - b.start,
  );
  for (const it of order) {
    if (!isFree(it.start, it.end)) continue;
    taken.fill(1, it.start, it.end);
    kept.push(it);
  }
  return kept.sort((a, b) => a.start - b.start);
};

/** What may stand between two parts of one thing. */
const joints: Partial<Record<EntityName, RegExp>> = {
  address: /^(?:,? |,?\s?\n ?|, )$/,
  person: /^ $/,
};

const merge = (text: string, findings: readonly Finding[]): Finding[] => {
  const merged: Finding[] = [];
  for (const it of findings) {
    const last = merged.at(-1);
    const joint = last && joints[last.type];
    const fits =
      last &&
      joint &&
      (it.type === last.type || (last.type === 'address' && it.type === 'zip')) &&
      joint.test(text.slice(last.end, it.start));
    if (last && fits)
      merged[merged.length - 1] = {
        ...last,
        end: it.end,
        confidence: Math.max(last.confidence, it.confidence),
      };
    else merged.push(it);
  }
  return merged;
};

/** A finding as `nexus scan` prints it: offsets in Unicode code points, the type in capitals, confidence to two places. */
export interface ScannedSpan {
  readonly start: number;
  readonly end: number;
  readonly type: string;
  readonly confidence: number;
}

/** The type of a finding as records, placeholders and `nexus scan` write it. */
export const labelOf = ({ type, label }: Pick<Finding, 'type' | 'label'>): string =>
  label ?? (type === 'birth_date' ? 'DATE' : type.toUpperCase());

/** Everything found in a text, in code points of it. */
export const scanPii = (text: string): ScannedSpan[] => {
  const findings = findPii(text);
  let units = 0;
  let points = 0;
  const pointAt = (unit: number): number => {
    while (units < unit) {
      units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
      points++;
    }
    return points;
  };
  return findings.map((it) => ({
    start: pointAt(it.start),
    end: pointAt(it.end),
    type: labelOf(it),
    confidence: Math.round(100 * it.confidence) / 100,
  }));
};
