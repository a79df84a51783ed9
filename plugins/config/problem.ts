/** Steps from the top of nexus.yaml to one place in it. */
export type Path = readonly (string | number)[];

/** What is wrong or doubtful at one path, before it is known where in the file that is. */
export interface Finding {
  /** A `warning` does not keep the configuration from being used. */
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  /** Whether the key at `path` is meant, or what stands under it. */
  readonly part: 'key' | 'value';
  /** What is there, and what was expected. Never holds a text from the file: it may be a secret. */
  readonly message: string;
}

/** A finding with its place. */
export interface Problem {
  readonly severity: Finding['severity'];
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `models.support.candidates[0].provider`; empty for the whole document. */
  readonly path: string;
  readonly message: string;
}

/** `file:line:column: path: message`, which editors and terminals turn into a link. */
export const formatProblem = ({ severity, file, line, column, path, message }: Problem): string =>
  [
    `${file}:${line}:${column}`,
    ...(severity === 'warning' ? ['warning'] : []),
    ...(path ? [path] : []),
    message,
  ].join(': ');

/** `models.support.candidates[0].provider` */
export const formatPath = (path: Path): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );

/** How a message about an unknown `word` ends: the one of `known` that was probably meant, or all of them. */
export const expectedOneOf = (word: string, known: readonly string[]): string => {
  const [closest] = known
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= closeness(name))
    .sort((a, b) => a.distance - b.distance);
  return closest ? `did you mean "${closest.name}"?` : expectedAny(known);
};

/** How a message ends that asks for one of `known`. */
export const expectedAny = (known: readonly string[]): string =>
  known.length < 2 ? `expected ${known[0] ?? 'none'}` : `expected one of ${known.join(', ')}`;

/** Two swapped letters are two edits; of a name like `us` that would leave nothing. */
const closeness = (name: string): number => (name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3)));

/** Least number of letters to insert, delete or replace (Levenshtein, 1965). */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};
