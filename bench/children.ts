import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild, startNode } from '../cli/supervisor/child.ts';
import { Failure } from '../cli/supervisor/failure.ts';
import type { Scope } from '../cli/supervisor/supervise.ts';

/** Starts one of the bench's own programs. Its end is the end of `scope`, and the other way round. */
export const startPart = (name: 'upstream' | 'load', directory: string, scope: Scope): Child => {
  const script = join(import.meta.dirname, `${name}.ts`);
  const child = startNode(script, { name, args: [], logFile: join(directory, `${name}.log`) });
  tie(child, { graceMs: 500 }, scope);
  return child;
};

export interface BenchWorkerOptions {
  readonly name: string;
  readonly configFile: string;
  readonly socketPath: string;
  /** Where it leaves a CPU profile; absent: none. */
  readonly profileDirectory?: string | undefined;
}

/** Starts a worker of Nexus; resolves when it is ready. Its end is the end of `scope`, and the other way round. */
export const startWorker = async (
  { name, configFile, socketPath, profileDirectory }: BenchWorkerOptions,
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
  tie(worker, { graceMs: 5000 }, scope); // enough to write a profile
  await nextMessage(worker);
  return worker;
};

export interface BenchPluginServerOptions {
  readonly name: string;
  readonly configFile: string;
  readonly socketDirectory: string;
  readonly egressSocket: string;
  /** Where it leaves a CPU profile; absent: none. */
  readonly profileDirectory?: string | undefined;
}

/** Starts a plugin server for Kong; resolves with its process id when it is ready. Its end is the end of `scope`, and the other way round. */
export const startPluginServer = async (
  { name, configFile, socketDirectory, egressSocket, profileDirectory }: BenchPluginServerOptions,
  scope: Scope,
): Promise<number> => {
  const script = join(import.meta.dirname, '../cli/main.ts');
  const profile = profileDirectory === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDirectory];
  const server = startChild({
    name: `${name} plugin server`,
    command: process.execPath,
    args: [
      ...[...process.execArgv, ...profile, script, 'kong-server', '--config', configFile],
      ...['--socket-dir', socketDirectory, '--egress-socket', egressSocket, '--admin-port', '0'],
    ],
    logFile: join(socketDirectory, 'kong-server.log'),
    channel: 'none',
  });
  tie(server, { graceMs: 5000 }, scope);
  const ready = join(socketDirectory, 'plugin.sock');
  while (!existsSync(ready) && !scope.signal.aborted) await sleep(20);
  return pidOf(server);
};

export const nextMessage = (child: Child): Promise<unknown> =>
  new Promise((resolve) => child.process.once('message', resolve));

/** The process of a child that was started. Throws a `Failure` when there is none. */
export const pidOf = ({ process: { pid }, name }: Child): number => {
  if (pid === undefined) throw new Failure(`${name} does not run`);
  return pid;
};

const tie = (child: Child, { graceMs }: { graceMs: number }, scope: Scope): void => {
  scope.defer(() => child.stop(graceMs));
  void child.ended.then((how) =>
    scope.abort(new Failure([`${child.name} ended (${how})`, ...child.lastLines(10)].join('\n'))),
  );
};
