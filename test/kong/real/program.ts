import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Kong's command, `kong start -c FILE -p PREFIX` and so on; it must be 3.9 or newer. */
export interface KongProgram {
  run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void>;
}

const execute = promisify(execFile);

/** `KONG_BIN`, else `kong` on PATH; undefined when there is neither. */
export const findKong = (): KongProgram | undefined => {
  const path = process.env.KONG_BIN ?? onPath('kong');
  if (path === undefined) return undefined;
  return {
    run: async (args, env) => {
      await execute(path, args, { env, timeout: 60_000 });
    },
  };
};

/** Why tests with a real Kong are skipped. */
export const noKong = 'no Kong here: set KONG_BIN to its command, or put kong on PATH';

const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable);

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
