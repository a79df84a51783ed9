import { formatPath, type Path } from '../../plugins/config/problem.ts';
import type { Config } from '../../plugins/config/schema.ts';

/**
 * What differs between two configurations, one line a place: `changed models.support.candidates[0].weight`.
 * Names places, never values.
 */
export const configDiff = (before: Config, after: Config): string[] => {
  const [old, now] = [leaves(before), leaves(after)];
  const removed = [...old.keys()].filter((path) => !now.has(path)).map((path) => `removed ${path}`);
  const rest = [...now].flatMap(([path, value]) => {
    if (!old.has(path)) return [`added ${path}`];
    return old.get(path) === value ? [] : [`changed ${path}`];
  });
  return [...removed, ...rest];
};

/** Every scalar by its path; an empty list or mapping counts as one. */
const leaves = (value: unknown, path: Path = []): Map<string, unknown> => {
  if (typeof value !== 'object' || value === null) return new Map([[formatPath(path), value]]);
  const steps = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  if (steps.length === 0) return new Map([[formatPath(path), JSON.stringify(value)]]);
  return new Map(steps.flatMap(([step, member]) => [...leaves(member, [...path, step])]));
};
