import { setTimeout as sleep } from 'node:timers/promises';
import { type KongHost, openSocketDirectory, startKongHost } from '../../kong/main.ts';
import type { EgressOptions } from '../../kong/relay/egress.ts';
import { takesConnections } from '../../kong/socket.ts';
import { loadGatewayConfig } from '../../plugins/io/config-file.ts';
import { type Fleet, startAdmin } from '../admin.ts';
import { budgetPages, budgetsApp } from '../admin-budgets.ts';
import { publishConfig, type UsableConfig, watchFile, workersConfig } from './config-file.ts';
import { startSharedCounters } from './counters.ts';
import { Failure } from './failure.ts';
import { KongStandby } from './kong-standby.ts';
import { type ReloaderOptions, reloader } from './reload.ts';
import type { Steps } from './steps.ts';
import type { Scope } from './supervise.ts';
import type { ReloadResult } from './worker.ts';

export interface KongServiceOptions extends Pick<ReloaderOptions, 'read' | 'onHostChange'> {
  /** The nexus.yaml, which is watched. */
  readonly file: string;
  /** What it holds now. */
  readonly config: UsableConfig;
  /** Of our sockets and of the copy that the standby reads; absolute. */
  readonly socketDirectory: string;
  readonly egress: EgressOptions;
  readonly adminPort: number;
  /**
   * What to do when told to end. Kong tells the plugin server of a worker that a reload has replaced, which may be long
   * before the next one is ready.
   */
  readonly end: 'at once' | 'after a successor';
  /** Of a Kong that this process starts, and that must not outlive it. */
  readonly kongPrefix?: string;
}

export interface KongService {
  /** Where Kong finds the plugin. */
  readonly pluginSocket: string;
  readonly adminPort: number;
}

/** Starts the plugin server, its standby and the admin pages in this process, and follows changes of the nexus.yaml. */
export const startKongService = async (
  options: KongServiceOptions,
  steps: Steps,
  scope: Scope,
): Promise<KongService> => {
  const { file, read, config: current, socketDirectory: directory, egress, onHostChange } = options;
  const say = (text: string) => console.error(`nexus: ${text}`);
  openSocketDirectory(directory);
  publishConfig(current.text, directory);
  const ends = options.kongPrefix === undefined ? 'idle' : 'with-us';
  const counting = { config: current.config, file, directory, ends, onEvent: say } as const;
  const counters = await steps.run('counts of budgets', () => startSharedCounters(counting, scope));
  const { socketPath: countersPath } = counters;
  const host = await steps.run('plugin server', () =>
    startKongHost({ config: published(directory), socketDirectory: directory, egress, countersPath }),
  );
  scope.defer(async () => {
    if (options.end === 'after a successor') await successor(host, egress.socketPath);
    await host.stop();
  });
  host.takeOver();
  const standby = new KongStandby({
    config: workersConfig(directory),
    socketDirectory: directory,
    egressSocket: egress.socketPath,
    countersPath,
    kongPrefix: options.kongPrefix,
    onEvent: say,
  });
  scope.defer(() => standby.stop());
  scope.defer(
    watchPlace(host, () => {
      say('another process has taken over, so this one ends');
      scope.finish();
    }),
  );
  let inUse = current.config;
  const app = budgetsApp({
    store: counters.store,
    config: () => inUse,
    epochMs: () => Date.now(),
    forgottenEpochMs: counters.forgottenEpochMs,
    audit: (change) => say(`budget adjusted: ${JSON.stringify(change)}`),
  });
  const parts = [{ app, pages: budgetPages }];
  const admin = await startAdmin(fleetOf(host), { port: options.adminPort, parts });
  scope.defer(() => admin.close());
  const reload = async () => {
    standby.reload();
    return [follow(host, directory)];
  };
  const renderHost: ReloaderOptions['renderHost'] = ({ providers }) => providers;
  const onApplied: ReloaderOptions['onApplied'] = (config) => {
    inUse = config;
  };
  const what = { file, directory, current, read, renderHost, onHostChange };
  const onChange = reloader({ ...what, reload, onApplied, say });
  scope.defer(watchFile(file, () => void onChange()));
  return { pluginSocket: host.pluginSocket, adminPort: admin.port };
};

/** A start takes a second or two, on a busy machine several. */
const successorMs = 30_000;

/** Waits until another process has taken over, as after a reload, or until there is no Kong any more, as after a stop. */
const successor = async (host: KongHost, egressSocket: string): Promise<void> => {
  const endMs = performance.now() + successorMs;
  while (!host.isReplaced() && performance.now() < endMs && (await takesConnections(egressSocket)))
    await sleep(50);
};

const placeCheckMs = 500;

/** Calls back once when another process has taken over. Kong starts one on a reload, and ends us some time later. */
const watchPlace = (host: KongHost, onReplaced: () => void): (() => void) => {
  const timer = setInterval(() => {
    if (!host.isReplaced()) return;
    clearInterval(timer);
    onReplaced();
  }, placeCheckMs);
  return () => clearInterval(timer);
};

const published = (directory: string) => {
  const loaded = loadGatewayConfig(workersConfig(directory));
  if ('problems' in loaded) throw new Failure(loaded.problems.join('\n'));
  return loaded;
};

const follow = (host: KongHost, directory: string): ReloadResult => {
  const next = loadGatewayConfig(workersConfig(directory));
  if ('problems' in next) return { type: 'refused', problems: next.problems };
  host.replaceConfig(next);
  return { type: 'reloaded', digest: next.digest };
};

/** This one process, for the admin pages. */
const fleetOf = (host: KongHost): Fleet => ({
  probe: async () => [{ worker: 0, state: 'ready', pid: process.pid, restarts: 0 }],
  metrics: () => host.metrics(),
});
