import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../cli/supervisor/ports.ts';
import { formatYaml } from '../../../envoy/yaml.ts';
import { egressSecretVariable } from '../../../kong/relay/names.ts';
import { formatConf, kongConf } from '../../../kong/render/conf.ts';
import type { Entity } from '../../../kong/render/entities.ts';
import { type KongRenderOptions, renderKong } from '../../../kong/render/render.ts';
import { loadConfig } from '../../../plugins/config/load.ts';
import type { KongProgram } from './program.ts';

const root = join(import.meta.dirname, '../../..');

export const egressSecret = 'egress-secret-of-the-kong-tests-1234';

export interface KongOptions {
  /** The nexus.yaml. */
  readonly configText: string;
  /** Values for the variables that it names. */
  readonly env: Readonly<Record<string, string>>;
  /** Settings of the plugin. */
  readonly settings?: KongRenderOptions['settings'];
  /** Changes the kong.yml before Kong reads it. */
  readonly reshape?: (kongYml: Entity) => Entity;
  readonly workers?: number;
}

/** Process ids; undefined while there is no such process. */
export interface Servers {
  readonly serving: number | undefined;
  readonly waiting: number | undefined;
}

/** A Kong that runs as `nexus kong render` says, and starts the plugin server itself. */
export interface RunningKong {
  readonly url: string;
  readonly egressSocket: string;
  /** Where it looks for the plugin. */
  readonly pluginSocket: string;
  /** The process that is Kong's plugin server now, and the one that waits to take over. */
  servers(): Servers;
  /** Reads its configuration again and replaces its workers. */
  reload(): Promise<void>;
  /** What it has logged. */
  log(): string;
  stop(): Promise<void>;
}

export const startKong = async (kong: KongProgram, options: KongOptions): Promise<RunningKong> => {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-kong-'));
  const port = await freePort(0, 'port');
  const place = { directory, port, prefix: join(directory, 'prefix'), sockets: join(directory, 'sockets') };
  const egressSocket = join(directory, 'egress.sock');
  const confFile = join(directory, 'kong.conf');
  writeFileSync(join(directory, 'nexus.yaml'), options.configText);
  writeConfiguration(confFile, { ...place, egressSocket }, options);
  const env = { ...process.env, ...options.env, [egressSecretVariable]: egressSecret };
  await kong.run(['start', '-c', confFile, '-p', place.prefix], env);
  const log = () => readFileSync(join(place.prefix, 'logs/error.log'), 'utf8');
  const stop = async () => {
    const master = Number(readFileSync(join(place.prefix, 'pids/nginx.pid'), 'utf8'));
    await kong.run(['stop', '-p', place.prefix], env);
    while (isAlive(master)) await sleep(20);
    rmSync(directory, { recursive: true });
  };
  const ready = until(() => takesConnections(join(place.sockets, 'plugin.sock')), log);
  await ready.catch(async (cause: unknown) => {
    await stop();
    throw cause;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    egressSocket,
    pluginSocket: join(place.sockets, 'plugin.sock'),
    servers: () => serversIn(place.sockets),
    reload: () => kong.run(['reload', '-c', confFile, '-p', place.prefix], env),
    log,
    stop,
  };
};

interface Place {
  readonly directory: string;
  readonly port: number;
  readonly sockets: string;
  readonly egressSocket: string;
}

const writeConfiguration = (
  confFile: string,
  { directory, port, sockets, egressSocket }: Place,
  { configText, env, settings: pluginSettings = {}, reshape = (it) => it, workers = 1 }: KongOptions,
): void => {
  const loaded = loadConfig(configText, { file: 'nexus.yaml', env, readFile: () => '' });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const { config } = loaded;
  const rendered = renderKong({
    config,
    egressSecret,
    baseDirectory: directory,
    readFile: (path) => readFileSync(path, 'utf8'),
    settings: pluginSettings,
  });
  const kongYml = join(directory, 'kong.yml');
  writeFileSync(kongYml, formatYaml(reshape(rendered), []));
  const settings = kongConf({
    config,
    socketDirectory: sockets,
    egressSocket,
    command: `${process.execPath} ${join(root, 'cli/main.ts')}`,
    serverArgs: `--config ${join(directory, 'nexus.yaml')} --socket-dir ${sockets} --egress-socket ${egressSocket} --admin-port 0`,
  });
  const own = {
    database: 'off',
    declarative_config: kongYml,
    proxy_listen: `127.0.0.1:${port}`,
    admin_listen: 'off',
    status_listen: 'off',
    proxy_access_log: 'off',
    nginx_worker_processes: workers,
    // Workers of a Kong that root starts are somebody else, who may not enter our directory.
    ...(process.getuid?.() === 0 ? { nginx_user: 'root root' } : {}),
  };
  const lines = Object.entries(own).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(confFile, lines.join('') + formatConf(settings));
};

/**
 * Each process has a relay. The one that waits has not yet given its plugin's socket the name that Kong knows; of several
 * that have, the youngest serves.
 */
const serversIn = (sockets: string): Servers => {
  const names = readdirSync(sockets);
  const processes = names
    .flatMap((name) => /^relay-(\d+)\.sock$/.exec(name)?.[1] ?? [])
    .map((pid) => ({ pid: Number(pid), bornMs: bornMs(join(sockets, `relay-${pid}.sock`)) }))
    .filter(({ pid }) => isAlive(pid))
    .sort((a, b) => b.bornMs - a.bornMs);
  const waits = (pid: number) => names.includes(`plugin-${pid}.sock`);
  return {
    serving: processes.find(({ pid }) => !waits(pid))?.pid,
    waiting: processes.find(({ pid }) => waits(pid))?.pid,
  };
};

const bornMs = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const until = async (reached: () => Promise<boolean>, log: () => string): Promise<void> => {
  const deadlineMs = performance.now() + 30_000;
  while (!(await reached())) {
    if (performance.now() > deadlineMs) throw new Error(`Kong is not ready:\n${log().slice(-4000)}`);
    await sleep(20);
  }
};

const takesConnections = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(socketPath, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
