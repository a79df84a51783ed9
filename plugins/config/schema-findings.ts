import type { z } from 'zod';
import { configJsonSchema, schemaAt } from './json-schema.ts';
import { expectedAny, expectedOneOf, type Finding, type Path } from './problem.ts';

type Issue = z.core.$ZodIssue;

/** Says in our words what zod found. The issues must carry their input (`reportInput`). */
export const schemaFindings = (issues: readonly Issue[]): Finding[] => issues.flatMap(findingsOf);

const findingsOf = (issue: Issue): Finding[] => {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'invalid_union') {
    // One of the ways to write it has the right shape, and something wrong further down: that is what was meant.
    const meant = issue.errors.find((issues) => issues.every((it) => it.path.length > 0));
    if (meant) return schemaFindings(meant.map((it) => ({ ...it, path: [...issue.path, ...it.path] })));
  }
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
  if (issue.code === 'invalid_key') {
    return [error(path, 'key', `is no valid name, ${issue.issues[0]?.message ?? issue.message}`)];
  }
  return [error(path, 'value', `${found(issue)}, ${expected(issue)}`)];
};

const error = (path: Path, part: Finding['part'], message: string): Finding => ({
  severity: 'error',
  path,
  part,
  message,
});

const unknownKey = (parent: Path, key: string): Finding => {
  const schema = schemaAt(configJsonSchema(), parent);
  const ways = [schema, ...(schema?.anyOf ?? [])];
  const known = Object.keys(ways.find((it) => it?.properties)?.properties ?? {});
  return error([...parent, key], 'key', `unknown key, ${expectedOneOf(key, known)}`);
};

/** What is there; of a text never the text. */
const found = ({ code, input }: Issue): string => {
  if (input === undefined) return 'missing';
  if (input === null || input === '') return 'empty';
  if (Array.isArray(input) && code === 'too_small') return `has ${input.length} items`;
  if (typeof input === 'number' || typeof input === 'boolean') return `is ${input}`;
  return code === 'invalid_type' ? `is ${kindOf(input)}` : 'not valid';
};

const kindOf = (input: unknown): string =>
  (Array.isArray(input) ? kinds.array : kinds[typeof input]) ?? 'something else';

/** What people call the types of zod and JavaScript. */
const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

const expected = (issue: Issue): string => {
  if (issue.message.startsWith('expected ')) return issue.message; // the schema's own words
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return expectedValue(issue.input, issue.values.map(String));
    case 'invalid_union':
      return `expected ${issue.errors.flatMap(wantedKind).join(' or ')}`;
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'invalid_format':
      return issue.format === 'date'
        ? 'expected a date such as 2027-01-01'
        : `expected a valid ${issue.format}`;
    default:
      return `expected otherwise (${issue.code})`;
  }
};

/** Which kind of thing one branch of a union wants. */
const wantedKind = ([issue]: readonly Issue[]): string[] =>
  issue?.code === 'invalid_type' ? [kinds[issue.expected] ?? issue.expected] : [];

const expectedValue = (input: unknown, values: readonly string[]): string =>
  typeof input === 'string' ? expectedOneOf(input, values) : expectedAny(values);
