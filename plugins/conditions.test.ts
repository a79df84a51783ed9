import { describe, expect, it, test } from 'vitest';
import { cpuMs } from '../test/fakes/cpu.ts';
import { type ConditionFacts, compileCondition, conditionVariables } from './conditions.ts';

const facts: ConditionFacts = {
  model: 'support',
  user: 'alice',
  team: 'legal',
  application: 'helpdesk',
  dialect: 'openai-chat',
  inputTokens: 5000,
  maxOutputTokens: 0,
  turns: 3,
  stream: true,
  images: false,
  tools: true,
  jsonSchema: false,
  dataClasses: ['pii'],
  epochMs: Date.parse('2026-11-28T08:30:00Z'),
};

const holds = (source: string, change: Partial<ConditionFacts> = {}): boolean => {
  const condition = compileCondition(source);
  if ('problem' in condition) throw new Error(condition.problem);
  return condition({ ...facts, ...change });
};

test.each([
  ['team == "legal" && inputTokens > 4000', true],
  ['team in ["sales", "legal"]', true],
  ['"pii" in dataClasses', true],
  ['tools && !images && stream', true],
  ['maxOutputTokens > 0', false],
  ['now.getHours("Europe/Berlin") >= 9', true],
  ['now.getHours() >= 9', false],
  ['user.matches("^a.*e$")', true],
  ['["bob", "alice"].exists(it, it.matches("^bob$"))', true],
])('%s', (source, expected) => {
  expect(holds(source)).toBe(expected);
});

test.each([
  ['team ==', 'Unexpected token: EOF', 7],
  ['team == "a" && foo', 'Unknown variable: foo', 15],
  ['true && team == 3', 'no such overload: string == int', 8],
  ['inputTokens', 'is int, expected true or false', 0],
  ['team.matches("(a")', 'no pattern that RE2 takes', 13],
  ['team.matches(user)', 'matches() takes a pattern written out', 13],
  ['dataClasses.exists(it, user.matches(it))', 'matches() takes a pattern written out', 36],
])('%s is no condition', (source, problem, offset) => {
  expect(compileCondition(source)).toEqual({ problem, offset });
});

describe('a hostile pattern', () => {
  const hostile = 'a'.repeat(40);

  it.each([
    'user.matches("^(a+)+$")',
    'dyn(user).matches("^(a+)+$")',
    '[user].all(it, it.matches("^(a+)+$"))',
    'true ? user.matches("^(a+)+$") : false',
    'cel.bind(it, user, it.matches("^(a+)+$"))',
    '{"k": [user.matches("^(a+)+$")]}["k"][0]',
  ])('takes linear time in %s', (source) => {
    const both = () => [holds(source, { user: `${hostile}!` }), holds(source, { user: hostile })];
    expect(both()).toEqual([false, true]);
    expect(cpuMs(both)).toBeLessThan(500);
  });
});

test('a fault that only values show is thrown, not taken for false', () => {
  expect(() => holds('1 / maxOutputTokens > 0')).toThrow('division by zero');
});

test('every fact has a name', () => {
  expect([...conditionVariables].sort()).toEqual(
    Object.keys({ ...facts, now: 0 })
      .filter((name) => name !== 'epochMs')
      .sort(),
  );
});
