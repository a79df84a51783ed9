import { defineCommand } from 'citty';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { run, UsageError } from './run.ts';

const called: unknown[] = [];

const greet = defineCommand({
  meta: { description: 'Greet someone' },
  args: {
    name: { type: 'positional', required: true, description: 'Whom' },
    loud: { type: 'boolean', alias: 'l', description: 'Louder' },
    'admin-port': { type: 'string', description: 'A number' },
  },
  run: ({ args }) => {
    called.push({ name: args.name, loud: args.loud, port: args['admin-port'] });
    if (args.name === 'nobody') return 1;
    if (args.name === 'usage') throw new UsageError('not like this');
    if (args.name === 'busy') throw Object.assign(new Error('port 1 is taken'), { syscall: 'listen' });
    if (args.name === 'bug') throw new Error('a bug');
    return undefined;
  },
});

const program = defineCommand({
  meta: { description: 'A program' },
  subCommands: {
    greet: () => Promise.resolve(greet),
    more: defineCommand({ meta: { description: 'More' }, subCommands: { greet } }),
    broken: () => Promise.reject(new Error('cannot be loaded')),
  },
});

const printed = { out: '', err: '' };

beforeEach(() => {
  called.length = 0;
  Object.assign(printed, { out: '', err: '' });
  vi.spyOn(console, 'log').mockImplementation((...parts) => {
    printed.out += `${parts.join(' ')}\n`;
  });
  vi.spyOn(console, 'error').mockImplementation((...parts) => {
    printed.err += `${parts.join(' ')}\n`;
  });
});

afterEach(() => vi.restoreAllMocks());

describe('exit codes', () => {
  test.each([
    ['done', ['greet', 'ann'], 0],
    ['the answer is no', ['greet', 'nobody'], 1],
    ['the system refuses', ['greet', 'busy'], 1],
    ['wrong use, says the command', ['greet', 'usage'], 2],
    ['an argument too few', ['greet'], 2],
    ['an argument too many', ['greet', 'ann', 'bob'], 2],
    ['an unknown option', ['greet', 'ann', '--lud'], 2],
    ['an argument written as an option', ['greet', 'ann', '--name', 'bob'], 2],
    ['an option that every object has', ['greet', 'ann', '--constructor'], 2],
    ['an unknown command', ['grete'], 2],
    ['an unknown command further down', ['more', 'grete'], 2],
    ['a name that every object has', ['constructor'], 2],
    ['no command', [], 2],
    ['no command further down', ['more'], 2],
    ['help', ['--help'], 0],
  ])('%s', async (_, argv, code) => {
    expect(await run(program, argv)).toBe(code);
  });
});

test('options come as names, aliases and with values; a nested command gets its own', async () => {
  await run(program, ['greet', 'ann', '-l', '--admin-port', '80']);
  await run(program, ['more', 'greet', '--admin-port=81', '--no-loud', 'bob']);
  await run(program, ['greet', '--adminPort', '82', 'cy']);
  expect(called).toEqual([
    { name: 'ann', loud: true, port: '80' },
    { name: 'bob', loud: false, port: '81' },
    { name: 'cy', loud: undefined, port: '82' },
  ]);
});

test('wrong use is told on stderr with the way to the help, and nothing runs', async () => {
  await run(program, ['greet', 'ann', '--lud']);
  await run(program, ['more', 'grete']);
  expect(printed).toEqual({
    out: '',
    err: [
      'nexus greet: unknown option --lud, did you mean "loud"?',
      'See nexus greet --help.',
      'nexus more: unknown command grete, did you mean "greet"?',
      'See nexus more --help.',
      '',
    ].join('\n'),
  });
  expect(called).toEqual([]);
});

test('what the system refuses comes without a stack, a bug with one', async () => {
  await run(program, ['greet', 'busy']);
  expect(printed.err).toBe('nexus greet: port 1 is taken\n');
  await run(program, ['greet', 'bug']);
  expect(printed.err).toMatch(/Error: a bug/);
});

test('help goes to stdout and names the whole command', async () => {
  expect(await run(program, ['more', 'greet', '--help'])).toBe(0);
  expect(printed.out).toContain('USAGE nexus more greet');
  expect(printed.out).toContain('--admin-port');
  expect(called).toEqual([]);
});

test('a command that cannot be loaded does not stop the others', async () => {
  expect(await run(program, ['broken'])).toBe(1);
  expect(await run(program, ['greet', 'ann'])).toBe(0);
  await run(program, ['--help']);
  expect(printed.out).toMatch(/greet +Greet someone/);
  expect(printed.out).toMatch(/broken +\(cannot be loaded\)/);
});
