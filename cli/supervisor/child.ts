import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface ChildOptions {
  /** What messages call it: `worker 0`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** File that takes what it prints; absent: our own stdout and stderr. */
  readonly logFile?: string | undefined;
  /** `ipc` for a Node program that talks with us. */
  readonly channel: 'ipc' | 'none';
}

/** A process that we started and that we end. */
export interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  /** How it ended, in words: `exit code 1`, `SIGKILL`. Never rejects. */
  readonly ended: Promise<string>;
  /** The last lines that it printed; none when it prints to our own terminal. */
  lastLines(count: number): readonly string[];
  /** Asks it to end; ends it by force after `graceMs`. Resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts a process in a group of its own, so that Ctrl-C in a terminal reaches only us and we decide the order.
 * A program that cannot be started is a child that has ended.
 */
export const startChild = ({ name, command, args, logFile, channel }: ChildOptions): Child => {
  const output = logFile === undefined ? 'inherit' : openSync(logFile, 'a', 0o600);
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', output, output, ...(channel === 'ipc' ? (['ipc'] as const) : [])],
  });
  if (typeof output === 'number') closeSync(output);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (cause) => resolve(cause.message));
  });
  return {
    name,
    process: child,
    ended,
    lastLines: (count) => (logFile === undefined ? [] : lastLines(logFile, count)),
    stop: async (graceMs) => {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(force);
    },
  };
};

/** Starts a TypeScript program of this repository with our Node and its flags. */
export const startNode = (
  script: string,
  { args, ...options }: Omit<ChildOptions, 'command' | 'channel'>,
): Child =>
  startChild({
    ...options,
    command: process.execPath,
    args: [...process.execArgv, script, ...args],
    channel: 'ipc',
  });

const lastLines = (file: string, count: number): string[] =>
  readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count);
