import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { formatYaml } from '../../envoy/yaml.ts';
import { kongMaster } from '../../kong/master.ts';
import type { Entity } from '../../kong/render/entities.ts';
import { takesConnections } from '../../kong/socket.ts';
import { Failure } from './failure.ts';
import { loopback } from './ports.ts';
import type { Scope } from './supervise.ts';

export interface KongOptions {
  /** Path of its command. */
  readonly command: string;
  /** What `renderKong` made. */
  readonly kongYml: Entity;
  /** Lines of kong.conf beside those that are the same for everybody here. */
  readonly settings: Readonly<Record<string, string>>;
  /** Takes its configuration and its prefix. */
  readonly directory: string;
  /** Where clients connect. */
  readonly port: number;
  /** Processes. */
  readonly workers: number;
}

const run = promisify(execFile);

/** Kong's own files in such a directory. */
export const kongPrefix = (directory: string): string => join(directory, 'kong');

/** A second or two; in Docker the image may have to be fetched first. */
const startTimeoutMs = 180_000;
const pollMs = 500;

/** Starts Kong and waits until it takes connections. Its death later ends `scope`. Throws a `Failure` with its last words. */
export const startKong = async (options: KongOptions, scope: Scope): Promise<void> => {
  const { command, directory, port } = options;
  const prefix = kongPrefix(directory);
  const confFile = writeConfiguration(options);
  const kong = async (...args: readonly string[]) => {
    await run(command, [...args, '-p', prefix], { timeout: startTimeoutMs });
  };
  scope.defer(() => stop(kong, prefix));
  try {
    await kong('start', '-c', confFile);
  } catch (cause) {
    throw new Failure(`Kong did not start:\n${cause instanceof Error ? cause.message : String(cause)}`);
  }
  while (!(await takesConnections(port))) await sleep(20, undefined, { signal: scope.signal });
  watch(prefix, scope);
};

const writeConfiguration = ({ kongYml, settings, directory, port, workers }: KongOptions): string => {
  const ymlFile = join(directory, 'kong.yml');
  const confFile = join(directory, 'kong.conf');
  const lines = {
    database: 'off',
    declarative_config: ymlFile,
    proxy_listen: `${loopback}:${port}`,
    admin_listen: 'off',
    status_listen: 'off',
    nginx_worker_processes: String(workers),
    // Root's Kong would give its workers to another user, who may not enter our directory.
    ...(process.getuid?.() === 0 ? { nginx_user: 'root root' } : {}),
    ...settings,
  };
  writeFileSync(ymlFile, formatYaml(kongYml, []), { mode: 0o600 });
  writeFileSync(
    confFile,
    Object.entries(lines)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join(''),
    { mode: 0o600 },
  );
  return confFile;
};

const watch = (prefix: string, scope: Scope): void => {
  const timer = setInterval(() => {
    if (kongMaster(prefix) !== undefined) return;
    const lastLines = readFileSync(join(prefix, 'logs/error.log'), 'utf8').trimEnd().split('\n').slice(-20);
    scope.abort(new Failure(['Kong ended; its last words:', ...lastLines].join('\n')));
  }, pollMs);
  scope.defer(() => clearInterval(timer));
};

const stop = async (kong: (...args: readonly string[]) => Promise<void>, prefix: string): Promise<void> => {
  if (kongMaster(prefix) === undefined) return;
  await kong('stop').catch(() => {}); // it has just ended by itself
  while (kongMaster(prefix) !== undefined) await sleep(20);
};
