import { parseArgs } from 'node:util';
import { type ArgsDef, type CommandDef, renderUsage, runCommand, type SubCommandsDef } from 'citty';

/** A command with whatever arguments, as citty's own tables hold it. */
export type Command = Exclude<Awaited<SubCommandsDef[string]>, () => unknown>;

/** 0: done. 1: the answer is no, or it failed. 2: wrong use. */
export type ExitCode = 0 | 1 | 2;

/** Thrown by a command that was called wrongly; its message is for the caller. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
