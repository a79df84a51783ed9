import type { ExitCode } from '../run.ts';

/** What a command that runs until it is stopped may ask of its frame. */
export interface Scope {
  /** Leaves something to be undone at the end, last thing first; at once when the end has already begun. */
  defer(undo: () => unknown): void;
  /** Ends everything because of `cause`. */
  abort(cause: Error): void;
  /** Ends everything because all is done. */
  finish(): void;
  /** Aborted when the end begins. */
  readonly signal: AbortSignal;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `start`, then waits for a signal or a `finish` (exit code 0) or for an `abort`, and undoes whatever was deferred:
 * also when `start` fails or is interrupted half-way. Throws what `start` threw or what `abort` was given.
 */
export const supervise = async (start: (scope: Scope) => Promise<void>): Promise<ExitCode> => {
  const { promise: end, resolve: endWith } = Promise.withResolvers<Error | undefined>();
  const finish = () => endWith(undefined);
  for (const name of signals) process.on(name, finish);
  const ending = new AbortController();
  const undos: (() => unknown)[] = [];
  const defer = (undo: () => unknown) => void (ending.signal.aborted ? undo() : undos.push(undo));
  start({ defer, abort: endWith, finish, signal: ending.signal }).catch(endWith);
  const cause = await end;
  ending.abort();
  for (const undo of undos.reverse()) await undo();
  for (const name of signals) process.off(name, finish);
  if (cause) throw cause;
  return 0;
};
