import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The process that a running Kong hangs on: `kong start` makes a daemon of it and names it in a file of the prefix.
 * Undefined when there is none.
 */
export const kongMaster = (prefix: string): number | undefined => {
  try {
    const pid = Number(readFileSync(join(prefix, 'pids/nginx.pid'), 'utf8'));
    return pid > 0 && process.kill(pid, 0) ? pid : undefined;
  } catch {
    return undefined;
  }
};
