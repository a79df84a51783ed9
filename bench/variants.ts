import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
import { pidOf, startWorker } from './children.ts';
import { configs, provider } from './configs.ts';

/**
 * `plain`: Envoy with the same listener and no external processor. `nexus-none`: no policy beyond routing.
 * `nexus`: every policy that there is.
 */
export const envoyVariantNames = ['plain', 'nexus-none', 'nexus'] as const;
export type EnvoyVariantName = (typeof envoyVariantNames)[number];

/** The same in Kong; `kong-plain` has one route to the upstream and no plugin. */
export const kongVariantNames = ['kong-plain', 'kong-nexus-none', 'kong-nexus'] as const;
export type KongVariantName = (typeof kongVariantNames)[number];

export type VariantName = EnvoyVariantName | KongVariantName;

/** The variant without Nexus in the same proxy, which the others are compared with. */
export const plainOf = (name: VariantName): VariantName =>
  name.startsWith('kong-') ? 'kong-plain' : 'plain';

/** One way from client to upstream, running. */
export interface Variant {
  readonly name: VariantName;
  readonly port: number;
  /** Processes of the proxy. */
  readonly hostPids: readonly number[];
  readonly workerPids: readonly number[];
}

export interface VariantOptions {
  /** Takes a directory of its own for each variant. */
  readonly directory: string;
  readonly upstreamPort: number;
  readonly workers: number;
  /** Where workers leave their CPU profiles; absent: no profiles. */
  readonly profileDirectory?: string | undefined;
}

const envoyThreads = 1;

/** Starts Envoy, and the workers of all but `plain`. */
export const startVariant = async (
  name: EnvoyVariantName,
  {
    directory,
    envoyBinary,
    upstreamPort,
    workers,
    profileDirectory,
  }: VariantOptions & { readonly envoyBinary: string },
  scope: Scope,
): Promise<Variant> => {
  const home = join(directory, name);
  mkdirSync(home);
  const configFile = join(home, 'nexus.yaml');
  const port = await freePort(0, 'port');
  const sockets = workerSockets(home, workers);
  const options: RenderOptions = {
    config: writeConfig(configFile, configs[name === 'plain' ? 'nexus-none' : name](upstreamPort)),
    listen: { host: loopback, port },
    workers: sockets.map((socketPath) => ({ socketPath })),
    accessLog: 'off',
    baseDirectory: home,
    systemCaFile: '', // no upstream of ours speaks TLS
  };
  const launch = (socketPath: string, index: number) =>
    startWorker({ name: `${name} worker ${index}`, configFile, socketPath, profileDirectory }, scope);
  const children = await Promise.all(name === 'plain' ? [] : sockets.map(launch));
  const config = name === 'plain' ? plainEnvoy(options) : renderEnvoy(options);
  const envoy = await startEnvoy(
    { binary: envoyBinary, config, directory: home, port, concurrency: envoyThreads },
    scope,
  );
  return { name, port, hostPids: [pidOf(envoy)], workerPids: children.map(pidOf) };
};

/** Writes a nexus.yaml and reads it as Nexus does. Throws a `Failure` with what is wrong. */
export const writeConfig = (file: string, content: object): RenderOptions['config'] => {
  const text = JSON.stringify(content, null, 2); // JSON is YAML
  writeFileSync(file, text);
  const loaded = loadConfig(text, { file, ...machineSecrets });
  if ('problems' in loaded) throw new Failure(loaded.problems.map(formatProblem).join('\n'));
  return loaded.config;
};

/** All of Nexus' settings without its filter, and one route that always leads to the upstream. */
const plainEnvoy = (options: RenderOptions): Message => {
  const cluster = directCluster(provider);
  const route = {
    name: 'plain',
    match: { prefix: '/' },
    route: { cluster, auto_host_rewrite: true, timeout: '0s' },
  };
  return {
    ...renderEnvoy(options),
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
