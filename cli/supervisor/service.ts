import { startAdmin } from '../admin.ts';
import { budgetPages, budgetsApp } from '../admin-budgets.ts';
import { type UsableConfig, watchFile, workersConfig } from './config-file.ts';
import { startCounters } from './counters.ts';
import { type ReloaderOptions, reloader } from './reload.ts';
import { SecretFiles } from './secret-files.ts';
import type { Steps } from './steps.ts';
import type { Scope } from './supervise.ts';
import { WorkerPool } from './worker-pool.ts';

export interface ServiceOptions extends Pick<ReloaderOptions, 'renderHost' | 'onHostChange' | 'read'> {
  /** The nexus.yaml, which is watched. */
  readonly file: string;
  /** What it holds now. */
  readonly config: UsableConfig;
  /** Of our own; holds the published copy that workers read. */
  readonly directory: string;
  readonly sockets: readonly string[];
  /** Where the workers' logs go; absent: our own stdout and stderr. */
  readonly logDirectory?: string;
  readonly adminPort: number;
  /** How long workers may take to end. */
  readonly graceMs: number;
}

/** Starts workers and admin pages, and follows changes of the nexus.yaml. Resolves with the admin port. */
export const startService = async (options: ServiceOptions, steps: Steps, scope: Scope): Promise<number> => {
  const { file, directory, sockets, logDirectory } = options;
  const onEvent = (text: string) => console.error(`nexus: ${text}`);
  const counters = await startCounters({ config: options.config.config, file, directory, onEvent }, scope);
  const workers = new WorkerPool({
    config: workersConfig(directory),
    countersPath: counters.socketPath,
    sockets,
    logDirectory,
    onEvent,
  });
  scope.defer(() => workers.stop(options.graceMs));
  await steps.run(sockets.length === 1 ? '1 worker' : `${sockets.length} workers`, () => workers.start());
  let inUse = options.config.config;
  const budgets = budgetsApp({
    store: counters.store,
    config: () => inUse,
    epochMs: () => Date.now(),
    forgottenEpochMs: counters.forgottenEpochMs,
    audit: (change) => onEvent(`budget adjusted: ${JSON.stringify(change)}`),
  });
  const parts = [{ app: budgets, pages: budgetPages }];
  const admin = await startAdmin(workers, { port: options.adminPort, parts });
  scope.defer(() => admin.close());
  const secrets = new SecretFiles(async () => {
    const results = await workers.reload();
    const problems = results.flatMap((result) => (result.type === 'refused' ? result.problems : []));
    onEvent(['a file of secrets was read again', ...problems].join('\n  '));
  });
  secrets.follow(inUse);
  scope.defer(() => secrets.stop());
  const { config: current, renderHost, onHostChange, read } = options;
  const what = { file, directory, current, read, renderHost, onHostChange };
  const onChange = reloader({
    ...what,
    reload: () => workers.reload(),
    onApplied: (config) => {
      inUse = config;
      secrets.follow(config);
    },
    say: onEvent,
  });
  const failed = (cause: unknown) => onEvent(`${file} could not be taken over: ${String(cause)}`);
  scope.defer(watchFile(file, () => void onChange().catch(failed)));
  return admin.port;
};
