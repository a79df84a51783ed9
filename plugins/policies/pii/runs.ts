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
