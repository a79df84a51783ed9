import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Message } from '../../envoy/proto.ts';
import { type RenderOptions, renderEnvoy } from '../../envoy/render.ts';
import { findSystemCaFile } from '../../envoy/system-ca.ts';
import { workerSocket } from '../../extproc/names.ts';
import { loadConfig } from '../../plugins/config/load.ts';
import { serveCounters } from '../../plugins/io/counters/serve.ts';
import type { CounterStore } from '../../plugins/ports/counter-store.ts';
import { type RunningEnvoy, startEnvoy } from './envoy.ts';

/** One worker process. */
export interface RunningWorker {
  readonly process: ChildProcess;
  readonly socketPath: string;
  /** All that it wrote to stdout and stderr. */
  log(): string;
  /** Its counters, as prom-client's JSON. */
  metrics(): Promise<readonly { readonly name: string; readonly values: readonly MetricValue[] }[]>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface MetricValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A real Envoy, rendered from a nexus.yaml, over real workers. */
export interface Stack {
  readonly envoy: RunningEnvoy;
  readonly url: string;
  readonly workers: RunningWorker[];
  readonly configText: string;
  /** Where Envoy looks for the workers, each in its place; one for `workers: 0`. */
  readonly sockets: readonly string[];
  readonly accessLog: string;
  /** Starts a new worker in the place of a stopped one. */
  restart(index: number): Promise<void>;
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly configText: string;
  readonly env?: Readonly<Record<string, string>>;
  /** 1 when absent; 0 for an Envoy without anyone to ask. */
  readonly workers?: number;
  readonly messageTimeoutMs?: number;
  /** Where workers count; absent: each by itself. */
  readonly counters?: CounterStore;
  /** Changes Envoy's configuration, to see what holds when a part of it is missing. */
  readonly reshape?: (configuration: Message) => Message;
}

const script = join(import.meta.dirname, '../../extproc/main.ts');

export const startStack = async (options: StackOptions): Promise<Stack> => {
  const { configText, env = {}, workers = 1, reshape = (configuration: Message) => configuration } = options;
  const directory = mkdtempSync(join(tmpdir(), 'nexus-stack-'));
  const configFile = join(directory, 'nexus.yaml');
  writeFileSync(configFile, configText);
  const sockets = Array.from({ length: Math.max(1, workers) }, (_, index) => workerSocket(directory, index));
  const counters = options.counters && (await serve(options.counters, join(directory, 'counters.sock')));
  const launch = (socketPath: string) =>
    startWorker({ configFile, socketPath, env, countersPath: counters?.path });
  const running = await Promise.all(sockets.slice(0, workers).map(launch));
  const accessLog = join(directory, 'access.log');
  const rendered = renderEnvoy(renderOptions(options, { directory, sockets, accessLog }));
  const envoy = await startEnvoy(reshape(rendered));
  return {
    envoy,
    url: envoy.url,
    workers: running,
    configText,
    sockets,
    accessLog,
    restart: async (index) => {
      running[index] = await launch(sockets[index] ?? '');
    },
    stop: async () => {
      await envoy.stop();
      await Promise.all(running.map((worker) => worker.stop()));
      counters?.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const renderOptions = (
  { configText, env = {}, messageTimeoutMs }: StackOptions,
  { directory, sockets, accessLog }: { directory: string; sockets: readonly string[]; accessLog: string },
): RenderOptions => {
  const loaded = loadConfig(configText, { file: 'nexus.yaml', env, readFile: () => '' });
  if ('problems' in loaded)
    throw new Error(loaded.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  const loopback = { host: '127.0.0.1', port: 0 };
  return {
    config: loaded.config,
    baseDirectory: directory,
    listen: loopback,
    admin: loopback,
    workers: sockets.map((socketPath) => ({ socketPath })),
    accessLog: { filePath: accessLog },
    systemCaFile: findSystemCaFile(process.env),
    ...(messageTimeoutMs === undefined ? {} : { messageTimeoutMs }),
  };
};

interface WorkerSetup {
  readonly configFile: string;
  readonly socketPath: string;
  readonly countersPath: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

const serve = async (store: CounterStore, path: string) => ({ path, ...(await serveCounters(store, path)) });

const startWorker = async ({
  configFile,
  socketPath,
  countersPath,
  env,
}: WorkerSetup): Promise<RunningWorker> => {
  const counters = countersPath === undefined ? [] : ['--counters', countersPath];
  const child = fork(script, ['--config', configFile, '--socket', socketPath, ...counters], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      words += chunk;
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = new Promise<boolean>((resolve) => child.once('message', () => resolve(true)));
  if (!(await Promise.race([ready, ended.then(() => false)]))) throw new Error(`the worker ended:\n${words}`);
  let asked = 0;
  return {
    process: child,
    socketPath,
    log: () => words,
    metrics: () =>
      new Promise((resolve) => {
        const id = ++asked;
        const hear = (message: { type: string; id?: number; metrics?: unknown }) => {
          if (message.type !== 'metrics' || message.id !== id) return;
          child.off('message', hear);
          resolve(message.metrics as Awaited<ReturnType<RunningWorker['metrics']>>); // prom-client wrote it
        };
        child.on('message', hear);
        child.send({ type: 'metrics', id });
      }),
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
};
