import { formatPath, type Path } from '../../plugins/config/problem.ts';
import type { Config } from '../../plugins/config/schema.ts';

/**
 * What differs between two configurations, one line a place: `changed models.support.candidates[0].weight`.
 * Names places, never values.
 */
export const configDiff = (before: Config, after: Config): string[] => {
  const [old, now] = [leaves(before), leaves(after)];
  const changed = [...now.keys()].filter((path) => old.has(path) && old.get(path) !== now.get(path));
  return [
    ...missingIn(now, old).map((path) => `removed ${path}`),
    ...changed.map((path) => `changed ${path}`),
    ...missingIn(old, now).map((path) => `added ${path}`),
  ];
};

/** Paths of `from` that `leaves` lacks. An empty list that was filled is not missing: its items speak for it. */
const missingIn = (leaves: ReadonlyMap<string, unknown>, from: ReadonlyMap<string, unknown>): string[] =>
  [...from.keys()].filter(
    (path) => !leaves.has(path) && ![...leaves.keys()].some((other) => isInside(other, path)),
  );

const isInside = (path: string, outer: string): boolean =>
  path.startsWith(outer) && '.['.includes(path.charAt(outer.length));

/** Every scalar by its path; an empty list or mapping counts as one. */
const leaves = (value: unknown, path: Path = []): Map<string, unknown> => {
  if (typeof value !== 'object' || value === null) return new Map([[formatPath(path), value]]);
  const steps = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  if (steps.length === 0) return new Map([[formatPath(path), JSON.stringify(value)]]);
  return new Map(steps.flatMap(([step, member]) => [...leaves(member, [...path, step])]));
};
