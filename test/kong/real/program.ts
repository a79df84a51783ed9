import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findKong } from '../../../cli/kong-binary.ts';

/** Kong's command: `kong start -c FILE -p PREFIX` and so on. */
export interface KongProgram {
  run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void>;
}

const execute = promisify(execFile);
const path = findKong(process.env);

/** Kong on this machine: `KONG_BIN`, else `kong` on PATH, else its image in Docker. */
export const kongProgram: KongProgram | undefined =
  path === undefined
    ? undefined
    : {
        run: async (args, env) => {
          await execute(path, args, { env, timeout: 60_000 });
        },
      };

/** Why tests with a real Kong are skipped. */
export const noKong = 'no Kong here: set KONG_BIN to its command, put kong on PATH, or start Docker';
