import { type DigitRun, type Group, isDigit } from './finding.ts';
import { tokenKinds } from './token-kinds.ts';
import type { Token } from './tokens.ts';

/** Longest run that is read as one; the digits of longer ones are no number of a person. */
const maxRun = 400;
/** Shorter runs are no number of a person. */
const leastRun = 4;

/** The digits of a text. */
export interface Digits {
  /** Digits without a sign between them. */
  readonly groups: readonly Group[];
  /** Runs of at least `leastRun` signs, whatever their length. */
  readonly spans: readonly Group[];
  /** The same, the long ones cut. */
  readonly runs: readonly DigitRun[];
}

/** All digits of a text; `tokens` tell where there are any. */
export const digitsOf = (text: string, tokens: readonly Token[]): Digits => {
  const found = { groups: [] as Group[], spans: [] as Group[], runs: [] as DigitRun[] };
  let at = 0;
  for (const { kind, start, end } of tokens) {
    if (kind !== tokenKinds.number && kind !== tokenKinds.mixed) continue;
    for (at = Math.max(at, start); at < end; )
      if (isDigit(text.charCodeAt(at))) at = readRun(text, at, found);
      else at++;
  }
  return found;
};

interface Reading {
  readonly groups: Group[];
  readonly spans: Group[];
  readonly runs: DigitRun[];
}

/** Reads the run that begins at `start`, and gives its end. */
const readRun = (text: string, start: number, { groups, spans, runs }: Reading): number => {
  const first = groups.length;
  let end = start;
  for (let next = start; next !== -1; next = afterSign(text, end)) {
    end = next;
    while (isDigit(text.charCodeAt(end))) end++;
    groups.push({ start: next, end });
  }
  if (end - start < leastRun) return end;
  spans.push({ start, end });
  if (end - start <= maxRun) runs.push({ start, end, groups: groups.slice(first) });
  else runs.push(...piecesOf({ start, end, groups: groups.slice(first) }));
  return end;
};

/** A long run in pieces of `maxRun`. */
const piecesOf = ({ start, end, groups }: DigitRun): DigitRun[] => {
  const pieces: DigitRun[] = [];
  let next = 0;
  for (let from = start; from < end; from += maxRun) {
    const to = Math.min(end, from + maxRun);
    const inside: Group[] = [];
    for (let group = groups[next]; group && group.start < to; group = groups[next]) {
      inside.push({ start: Math.max(from, group.start), end: Math.min(to, group.end) });
      if (group.end > to) break;
      next++;
    }
    pieces.push({ start: from, end: to, groups: inside });
  }
  return pieces;
};

/** Where digits go on behind the sign at `at`: a blank, a mark, a bracket, or a mark or bracket with blanks; -1: they do not. */
const afterSign = (text: string, at: number): number => {
  const digitAt = (place: number): number => (isDigit(text.charCodeAt(place)) ? place : -1);
  const code = text.charCodeAt(at);
  if (code === space || isJoint(code)) {
    if (digitAt(at + 1) !== -1 || code !== space) return digitAt(at + 1);
    const next = text.charCodeAt(at + 1);
    if (next === opening) return digitAt(at + 2);
    const isSpaced = (next === hyphen || next === slash) && text.charCodeAt(at + 2) === space;
    return isSpaced ? digitAt(at + 3) : -1;
  }
  if (code === opening) return digitAt(at + 1);
  if (code !== closing) return -1;
  const next = text.charCodeAt(at + 1);
  return digitAt(next === space || isJoint(next) ? at + 2 : at + 1);
};

const [space, opening, closing, hyphen, dot, slash] = [32, 40, 41, 45, 46, 47];
const isJoint = (code: number): boolean => code === hyphen || code === dot || code === slash;

/** How many digits a run has. */
export const digitsIn = ({ groups }: DigitRun): number =>
  groups.reduce((sum, it) => sum + it.end - it.start, 0);

/** Consecutive groups of a run, and their digits joined. */
export interface Window {
  readonly start: number;
  readonly end: number;
  readonly digits: string;
  readonly groups: readonly Group[];
}

const sizeOf = (group: Group | undefined): number => (group ? group.end - group.start : 0);

/**
 * Windows of whole groups with `least` to `most` digits: one group, or several of at least three digits, of which the last
 * may have two. Bounded for each group, so linear in the run.
 */
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
      if (!group || (last > first && (sizeOf(groups[last - 1]) < 3 || sizeOf(group) < 2))) break;
      joined += text.slice(group.start, group.end);
      if (joined.length >= least && joined.length <= most)
        found.push({ start, end: group.end, digits: joined, groups: groups.slice(first, last + 1) });
    }
    return found;
  });

/** The runs without the groups inside of `spans`, cut where those stood: a phone may stand right beside a card. */
export const runsWithout = (
  runs: readonly DigitRun[],
  spans: readonly { readonly start: number; readonly end: number }[],
): readonly DigitRun[] =>
  spans.length === 0
    ? runs
    : runs.flatMap((run) => {
        const inside = spans.filter(({ start, end }) => start < run.end && end > run.start);
        if (inside.length === 0) return [run];
        const parts: Group[][] = [[]];
        for (const group of run.groups) {
          if (inside.some(({ start, end }) => start < group.end && end > group.start)) parts.push([]);
          else parts.at(-1)?.push(group);
        }
        return parts.flatMap((groups) => {
          const [first, last] = [groups[0], groups.at(-1)];
          return first && last ? [{ start: first.start, end: last.end, groups }] : [];
        });
      });

/** Where a pattern of digits and the signs between them (global) fits: in spans of at least `least` signs, nowhere else. */
export const matchesIn = (
  text: string,
  spans: readonly Group[],
  pattern: RegExp,
  least: number,
): { start: number; match: RegExpExecArray }[] => {
  const found: { start: number; match: RegExpExecArray }[] = [];
  for (const { start, end } of spans) {
    if (end - start < least) continue;
    const span = text.slice(start, end);
    pattern.lastIndex = 0;
    for (let match = pattern.exec(span); match; match = pattern.exec(span))
      found.push({ start: start + match.index, match });
  }
  return found;
};
