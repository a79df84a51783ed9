import { configDiff } from './config-diff.ts';
import { publishConfig, type UnusableConfig, type UsableConfig } from './config-file.ts';
import type { ReloadResult } from './worker.ts';

export interface ReloaderOptions {
  readonly file: string;
  /** Where the workers' copy lies. */
  readonly directory: string;
  readonly current: UsableConfig;
  /** Reads and checks the file as it is now. */
  readonly read: () => UsableConfig | UnusableConfig;
  /** Has all workers read their copy. */
  readonly reload: () => Promise<readonly ReloadResult[]>;
  /** Envoy's configuration for a version of ours, to see whether it has to change too. */
  readonly renderHost: (config: UsableConfig['config']) => unknown;
  /** What becomes of a version that needs another Envoy configuration, and what is said then. */
  readonly onHostChange: { readonly apply: 'yes' | 'no'; readonly say: string };
  /** Told of a version that is followed from now on. */
  readonly onApplied?: (config: UsableConfig['config']) => void;
  readonly say: (text: string) => void;
}

/**
 * Takes over changes of a nexus.yaml: checks it, says what changed, has the workers follow. A version that may not be
 * used changes nothing and is explained. Returns what to call whenever the file may have changed.
 */
export const reloader = (options: ReloaderOptions): (() => Promise<void>) => {
  const { file, directory, read, reload, renderHost, onHostChange, onApplied, say } = options;
  let current = options.current;
  let seen = current.digest;
  return async () => {
    const next = read();
    const version = 'problems' in next ? next.problems.join('\n') : next.digest;
    if (version === seen) return;
    seen = version;
    if ('problems' in next)
      return say(lines(`${file} is not used, the last good version stays:`, next.problems));
    if (next.digest === current.digest) return say(`${file} is the version in use again`);
    if (JSON.stringify(current.config.store) !== JSON.stringify(next.config.store)) {
      return say(
        `${file} is not used yet: \`store\` is opened once, at the start. Stop this and start it again.`,
      );
    }
    const differences = configDiff(current.config, next.config);
    const hostChanges =
      JSON.stringify(renderHost(current.config)) !== JSON.stringify(renderHost(next.config));
    if (hostChanges) say(onHostChange.say);
    if (hostChanges && onHostChange.apply === 'no') return;
    publishConfig(next.text, directory);
    current = next;
    onApplied?.(next.config);
    say(lines(summary(file, await reload()), differences));
  };
};

const summary = (file: string, results: readonly ReloadResult[]): string => {
  const followed = results.filter(({ type }) => type === 'reloaded').length;
  const refusals = results.flatMap((result) => (result.type === 'refused' ? result.problems : []));
  return [`${file}: ${followed} of ${results.length} workers follow the new version`, ...refusals].join(
    '\n  ',
  );
};

const lines = (first: string, rest: readonly string[]): string => [first, ...rest].join('\n  ');
