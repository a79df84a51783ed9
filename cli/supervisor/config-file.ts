import { readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type LoadedConfig, loadConfig } from '../../plugins/config/load.ts';
import { formatProblem } from '../../plugins/config/problem.ts';
import { missingSecrets } from '../../plugins/config/secrets.ts';
import { machineSecrets } from '../../plugins/io/config-file.ts';
import { Failure } from './failure.ts';

/** A nexus.yaml that may be served. */
export interface UsableConfig extends LoadedConfig {
  readonly text: string;
}

/** Why a nexus.yaml may not be served, one line a problem. */
export interface UnusableConfig {
  readonly problems: readonly string[];
}

/**
 * Reads and checks a nexus.yaml, after `adapt` has changed its text for this machine. Serving needs its secrets, so one
 * that is not there is a problem here.
 */
export const readConfigFile = (
  file: string,
  adapt: (text: string) => string = String,
): UsableConfig | UnusableConfig => {
  try {
    return checkConfig(adapt(readFileSync(file, 'utf8')), file);
  } catch (cause) {
    if (cause instanceof Error && 'syscall' in cause)
      return { problems: [`cannot read ${file} (${cause.message})`] };
    throw cause;
  }
};

/** The configuration to start with; its warnings go to stderr. Throws a `Failure` that lists every problem. */
export const usable = (
  config: UsableConfig | UnusableConfig,
  { file, note }: { file: string; note: (text: string) => void },
): UsableConfig => {
  const nearby = relative('', file);
  note(nearby.startsWith('..') ? file : nearby);
  if ('problems' in config) throw new Failure([`${file} cannot be served:`, ...config.problems].join('\n  '));
  for (const warning of config.warnings) console.error(formatProblem(warning));
  return config;
};

const checkConfig = (text: string, file: string): UsableConfig | UnusableConfig => {
  const loaded = loadConfig(text, { file, ...machineSecrets });
  if ('problems' in loaded) return { problems: loaded.problems.map(formatProblem) };
  const missing = missingSecrets(loaded.config, machineSecrets);
  if (missing.length === 0) return { ...loaded, text };
  return { problems: missing.map(({ path, reason }) => `${file}: ${path.join('.')}: ${reason}`) };
};

/**
 * The copy in `directory` that workers read: always the last good version, so that one that is started again in the
 * middle of an edit begins with the same policy as the others.
 */
export const workersConfig = (directory: string): string => join(directory, 'nexus.yaml');

/** Replaces the workers' copy in one step. */
export const publishConfig = (text: string, directory: string): void => {
  const file = workersConfig(directory);
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
};

const settleMs = 150;

/**
 * Calls back when the content of a file may have changed. Watches its directory: editors and Kubernetes replace a file
 * instead of writing into it. Returns the way to stop.
 */
export const watchFile = (file: string, onChange: () => void): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(dirname(file), () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs);
  });
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
};
