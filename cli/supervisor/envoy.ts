import { rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../envoy/proto.ts';
import { type Child, startChild } from './child.ts';
import { Failure } from './failure.ts';
import type { Scope } from './supervise.ts';

export interface EnvoyOptions {
  /** Path of the program. */
  readonly binary: string;
  /** What `renderEnvoy` made; its admin interface is put on a socket of ours, where no other user gets at it. */
  readonly config: Message;
  /** Takes its configuration, socket and log. */
  readonly directory: string;
  /** Where it listens; no other Envoy on this machine may listen there. */
  readonly port: number;
  /** Threads. */
  readonly concurrency: number;
}

const startTimeoutMs = 10_000;
const graceMs = 500;

/** Starts Envoy and waits until it serves. Its death later ends `scope`. Throws a `Failure` with its last words. */
export const startEnvoy = async (options: EnvoyOptions, scope: Scope): Promise<Child> => {
  const { binary, config, directory, port, concurrency } = options;
  const configFile = join(directory, 'envoy.json');
  const adminSocket = join(directory, 'envoy-admin.sock');
  const admin: Message = { address: { pipe: { path: adminSocket, mode: 0o600 } } };
  writeFileSync(configFile, JSON.stringify({ ...config, admin }, null, 2), { mode: 0o600 });
  const envoy = startChild({
    name: 'Envoy',
    command: binary,
    // Hot restart stays on, though unused: with it Envoy ends when its parent does (on Linux), so that it never
    // outlives us, killed or not. It needs an id that no other Envoy here has, and leaves a file of that name behind.
    args: [
      ...['-c', configFile, '--log-level', 'warning'],
      ...['--base-id', String(port), '--concurrency', String(concurrency)],
    ],
    logFile: join(directory, 'envoy.log'),
    channel: 'none',
  });
  scope.defer(async () => {
    await envoy.stop(graceMs);
    rmSync(`/dev/shm/envoy_shared_memory_${port}0`, { force: true });
  });
  void envoy.ended.then((how) => scope.abort(lastWords(envoy, how)));
  await ready(envoy, adminSocket, scope.signal);
  return envoy;
};

const lastWords = (envoy: Child, how: string): Failure =>
  new Failure([`Envoy ended (${how}); its last words:`, ...envoy.lastLines(20)].join('\n'));

const ready = async (envoy: Child, adminSocket: string, signal: AbortSignal): Promise<void> => {
  const deadlineMs = performance.now() + startTimeoutMs;
  while (!(await answersReady(adminSocket))) {
    if (performance.now() > deadlineMs) throw lastWords(envoy, `not ready after ${startTimeoutMs / 1000} s`);
    await sleep(10, undefined, { signal });
  }
};

/** Whether Envoy has loaded its configuration and takes connections (its `/ready`: LIVE). */
const answersReady = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = request({ socketPath, path: '/ready', headers: { host: 'localhost' } }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.once('error', () => resolve(false));
    probe.end();
  });
