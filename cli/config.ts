import type { LoadedConfig } from '../plugins/config/load.ts';
import { formatProblem } from '../plugins/config/problem.ts';
import { loadConfigFile } from '../plugins/io/config-file.ts';
import { UsageError } from './run.ts';

/** `loadConfigFile` for commands. Throws a `UsageError` when the file cannot be read. */
export const readConfig = (file: string): ReturnType<typeof loadConfigFile> => {
  try {
    return loadConfigFile(file);
  } catch (cause) {
    if (cause instanceof Error && 'syscall' in cause)
      throw new UsageError(`cannot read ${file} (${cause.message})`);
    throw cause;
  }
};

/**
 * The configuration in `file`, for a command that needs one. Problems and warnings go to stderr; with problems the
 * result is undefined, and the command should end with 1.
 */
export const openConfig = (file: string): LoadedConfig | undefined => {
  const loaded = readConfig(file);
  for (const problem of 'problems' in loaded ? loaded.problems : loaded.warnings) {
    console.error(formatProblem(problem));
  }
  return 'problems' in loaded ? undefined : loaded;
};
