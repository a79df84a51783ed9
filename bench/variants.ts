import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startChild } from '../cli/supervisor/child.ts';
import { startEnvoy } from '../cli/supervisor/envoy.ts';
import { Failure } from '../cli/supervisor/failure.ts';
import { freePort, loopback } from '../cli/supervisor/ports.ts';
import type { Scope } from '../cli/supervisor/supervise.ts';
import { workerSockets } from '../cli/supervisor/worker-pool.ts';
import { clusters } from '../envoy/clusters.ts';
import { listener } from '../envoy/listener.ts';
import type { Message } from '../envoy/proto.ts';
import { type RenderOptions, renderEnvoy } from '../envoy/render.ts';
import { directCluster, routerFilter } from '../extproc/names.ts';
import { loadConfig } from '../plugins/config/load.ts';
import { formatProblem } from '../plugins/config/problem.ts';
import { machineSecrets } from '../plugins/io/config-file.ts';
import { configs, provider } from './configs.ts';

/**
 * `plain`: Envoy with the same listener and no external processor. `nexus-none`: no policy beyond routing.
 * `nexus`: every policy that there is.
 */
export const variantNames = ['plain', 'nexus-none', 'nexus'] as const;
export type VariantName = (typeof variantNames)[number];

/** One way from client to upstream, running. */
export interface Variant {
  readonly name: VariantName;
  readonly port: number;
  readonly envoyPid: number;
  readonly workerPids: readonly number[];
}

export interface VariantOptions {
  /** Takes a directory of its own for each variant. */
  readonly directory: string;
  readonly envoyBinary: string;
  readonly upstreamPort: number;
  readonly workers: number;
  /** Where workers leave their CPU profiles; absent: no profiles. */
  readonly profileDirectory?: string | undefined;
}

const envoyThreads = 1;
/** Time to write a profile. */
const graceMs = 5000;

/** Starts Envoy, and the workers of all but `plain`. */
export const startVariant = async (
  name: VariantName,
  { directory, envoyBinary, upstreamPort, workers, profileDirectory }: VariantOptions,
  scope: Scope,
): Promise<Variant> => {
  const home = join(directory, name);
  mkdirSync(home);
  const port = await freePort(0, 'port');
  const sockets = workerSockets(home, workers);
  const configFile = join(home, 'nexus.yaml');
  const options = {
    config: writeConfig(configFile, configs[name === 'plain' ? 'nexus-none' : name](upstreamPort)),
    listen: { host: loopback, port },
    workers: sockets.map((socketPath) => ({ socketPath })),
    accessLog: 'off',
    baseDirectory: home,
    systemCaFile: '',
  } as const;
  const processes =
    name === 'plain'
      ? []
      : sockets.map((socketPath, index) =>
          startWorker(`${name} worker ${index}`, { configFile, socketPath, profileDirectory }, scope),
        );
  const children = await Promise.all(processes);
  const config = name === 'plain' ? plainEnvoy(options) : renderEnvoy(options);
  const envoy = await startEnvoy(
    { binary: envoyBinary, config, directory: home, port, concurrency: envoyThreads },
    scope,
  );
  return { name, port, envoyPid: pidOf(envoy), workerPids: children.map(pidOf) };
};

const pidOf = ({ process: { pid }, name }: Child): number => {
  if (pid === undefined) throw new Failure(`${name} does not run`);
  return pid;
};

const writeConfig = (file: string, content: object): RenderOptions['config'] => {
  const text = JSON.stringify(content, null, 2); // JSON is YAML
  writeFileSync(file, text);
  const loaded = loadConfig(text, { file, ...machineSecrets });
  if ('problems' in loaded) throw new Failure(loaded.problems.map(formatProblem).join('\n'));
  return loaded.config;
};

/** The listener of Nexus without its filter, and one route that always leads to the upstream. */
const plainEnvoy = (options: RenderOptions): Message => {
  const cluster = directCluster(provider);
  const route = {
    name: 'plain',
    match: { prefix: '/' },
    route: { cluster, auto_host_rewrite: true, timeout: '0s' },
  };
  return {
    static_resources: {
      listeners: [withoutFilter(listener(options, [route]), routerFilter)],
      clusters: clusters(options).filter(({ name }) => name === cluster),
    },
  };
};

/** A configuration without the filters of that name, wherever they stand. */
const withoutFilter = (value: unknown, name: string): unknown => {
  if (Array.isArray(value)) {
    return value.filter((entry) => entry?.name !== name).map((entry) => withoutFilter(entry, name));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, withoutFilter(of, name)]));
};

interface WorkerOptions extends Pick<VariantOptions, 'profileDirectory'> {
  readonly configFile: string;
  readonly socketPath: string;
}

const startWorker = async (
  name: string,
  { configFile, socketPath, profileDirectory }: WorkerOptions,
  scope: Scope,
): Promise<Child> => {
  const script = join(import.meta.dirname, '../extproc/main.ts');
  const profile = profileDirectory === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDirectory];
  const worker = startChild({
    name,
    command: process.execPath,
    args: [...process.execArgv, ...profile, script, '--config', configFile, '--socket', socketPath],
    logFile: `${socketPath}.log`,
    channel: 'ipc',
  });
  scope.defer(() => worker.stop(graceMs));
  mustLive(worker, scope);
  await nextMessage(worker);
  return worker;
};

/** The end of `child` ends `scope`, with its last words. */
export const mustLive = (child: Child, scope: Scope): void => {
  void child.ended.then((how) =>
    scope.abort(new Failure([`${child.name} ended (${how})`, ...child.lastLines(10)].join('\n'))),
  );
};

export const nextMessage = (child: Child): Promise<unknown> =>
  new Promise((resolve) => child.process.once('message', resolve));
