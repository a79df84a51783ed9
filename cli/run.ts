import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, parseArgs, renderUsage, runCommand, type SubCommandsDef } from 'citty';
import { expectedOneOf } from '../plugins/config/problem.ts';

/** A command with whatever arguments, as citty's own tables hold it. Its `run` returns an exit code, or nothing for 0. */
export type Command = Exclude<Awaited<SubCommandsDef[string]>, () => unknown>;

/** 0: done. 1: the answer is no, or it failed. 2: wrong use. */
export type ExitCode = 0 | 1 | 2;

/** Thrown by a command that was called wrongly. Its message is for the caller. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command on the line, the words that led to it, and what follows them. */
interface Call {
  readonly command: Command;
  readonly words: readonly string[];
  readonly args: readonly string[];
}

/** Runs the command that `argv` names under `program`, stricter than citty: what no command asked for is wrong use. */
export const run = async (program: Command, argv: readonly string[]): Promise<ExitCode> => {
  let call: Call = { command: program, words: ['nexus'], args: argv[0] === '--version' ? ['version'] : argv };
  try {
    for (let next: Call | undefined = call; next; next = await nextCall(call)) call = next;
    return await runCall(call);
  } catch (fault) {
    return report(fault, call.words.join(' '));
  }
};

/** One word further down: `nexus keys` → `nexus keys create`; undefined at the end. */
const nextCall = async ({ command, words, args: [word, ...args] }: Call): Promise<Call | undefined> => {
  const table = await resolved(command.subCommands);
  if (!table || word === undefined || word.startsWith('-')) return undefined;
  const entry = Object.hasOwn(table, word) ? await resolved(table[word]) : undefined;
  if (!entry) throw new UsageError(`unknown command ${word}, ${expectedOneOf(word, Object.keys(table))}`);
  return { command: entry, words: [...words, word], args };
};

const runCall = async (call: Call): Promise<ExitCode> => {
  if (call.args.includes('--help') || call.args.includes('-h')) {
    console.log(await usageOf(call));
    return 0;
  }
  if (call.command.subCommands) {
    console.error(await usageOf(call));
    return 2;
  }
  refuseSurplus(call.args, (await resolved(call.command.args)) ?? {});
  const { result } = await runCommand(call.command, { rawArgs: [...call.args] });
  return result === 1 || result === 2 ? result : 0;
};

/** citty takes any option and any number of words; a misspelt `--jsno` must not go unseen. */
const refuseSurplus = (args: readonly string[], defined: ArgsDef): void => {
  const { _: words, ...given } = parseArgs([...args], defined);
  const known = Object.entries(defined).flatMap(([name, option]) => [name, ...aliasesOf(option)]);
  const unknown = Object.keys(given).find((name) => !known.map(bare).includes(bare(name)));
  if (unknown !== undefined) {
    throw new UsageError(`unknown option --${unknown}, ${expectedOneOf(unknown, known)}`);
  }
  const positionals = Object.values(defined).filter(({ type }) => type === 'positional');
  const surplus = words[positionals.length];
  if (surplus !== undefined) throw new UsageError(`unexpected argument ${surplus}`);
};

const aliasesOf = (option: ArgsDef[string]): string[] =>
  'alias' in option ? [option.alias ?? []].flat() : [];

/** citty takes `--admin-port` and `--adminPort` alike. */
const bare = (name: string): string => name.replaceAll('-', '').toLowerCase();

const usageOf = async ({ command, words }: Call): Promise<string> => {
  const meta = { ...(await resolved(command.meta)), name: words.at(-1) ?? '' };
  const table = await resolved(command.subCommands);
  const shown = { ...command, meta, ...(table && { subCommands: await loaded(table) }) };
  const text = await renderUsage(shown, { meta: { name: words.slice(0, -1).join(' ') } });
  return process.stdout.isTTY ? text : stripVTControlCharacters(text); // citty colours pipes, too
};

/** All commands of a table. One that cannot be loaded says so and leaves the help of the others alone. */
const loaded = async (table: SubCommandsDef): Promise<SubCommandsDef> => {
  const broken = { meta: { description: '(cannot be loaded)' } };
  const entries = Object.entries(table).map(
    async ([name, entry]) => [name, (await resolved(entry).catch(() => undefined)) ?? broken] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
};

const resolved = async <T extends object>(lazy: T | Promise<T> | (() => T | Promise<T>) | undefined) =>
  typeof lazy === 'function' ? lazy() : lazy;

const report = (fault: unknown, words: string): ExitCode => {
  if (!(fault instanceof Error)) throw fault;
  if (fault.name === 'UsageError' || fault.name === 'CLIError') {
    console.error(`${words}: ${fault.message}\nSee ${words} --help.`);
    return 2;
  }
  // What the system refuses (a port, a file) and what explains itself needs no stack; a bug does.
  console.error('syscall' in fault || fault.name === 'Failure' ? `${words}: ${fault.message}` : fault);
  return 1;
};
