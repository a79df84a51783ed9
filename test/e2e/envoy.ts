import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { findEnvoy } from '../../cli/envoy-binary.ts';

const run = promisify(execFile);

/** The Envoy to test with; undefined, and the reason printed, when none can be had here. */
export const envoyBinary: string | undefined = await findEnvoy({
  cacheDir: join(import.meta.dirname, '../../.cache'),
  env: process.env,
  log: console.log,
}).catch((cause: Error) => {
  console.log(`skipped, for want of an Envoy: ${cause.message}`);
  return undefined;
});

const binary = (): string => {
  if (envoyBinary === undefined) throw new Error('no Envoy');
  return envoyBinary;
};

/** What `envoy --mode validate` says to a configuration: empty when it takes it. */
export const validate = async (configuration: object): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-validate-'));
  try {
    const file = join(directory, 'envoy.yaml');
    writeFileSync(file, stringify(configuration, { aliasDuplicateObjects: false }));
    await run(binary(), ['--mode', 'validate', '-c', file, '-l', 'warning', '--use-dynamic-base-id']);
    return '';
  } catch (cause) {
    return cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** An Envoy that runs. */
export interface RunningEnvoy {
  /** Where its first listener takes clients: `http://127.0.0.1:34567`. */
  readonly url: string;
  readonly pid: number;
  /** All that it wrote to stderr: warnings and errors. */
  log(): string;
  /** Value of a counter or gauge; undefined for one that it does not have. */
  stat(name: string): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** Runs a configuration whose listener and admin interface have port 0. Throws with Envoy's last words when it ends. */
export const startEnvoy = async (configuration: object): Promise<RunningEnvoy> => {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-envoy-'));
  const [file, adminFile] = [join(directory, 'envoy.yaml'), join(directory, 'admin')];
  writeFileSync(file, stringify(configuration, { aliasDuplicateObjects: false }));
  const child = spawn(
    binary(),
    [
      '-c',
      file,
      '--use-dynamic-base-id',
      '--admin-address-path',
      adminFile,
      '-l',
      'warning',
      '--concurrency',
      '1',
      '--file-flush-interval-msec',
      '200',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let words = '';
  child.stderr.on('data', (chunk) => {
    words += chunk;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  const isUp = async () =>
    existsSync(adminFile) && (await ready(`http://${readFileSync(adminFile, 'utf8')}`));
  for (let waited = 0; !(await isUp()); waited++) {
    if (child.exitCode === null && waited < 300) await sleep(50);
    else {
      await stop();
      throw new Error(`Envoy is not ready:\n${words}`);
    }
  }
  const admin = `http://${readFileSync(adminFile, 'utf8')}`;
  return {
    url: await firstListener(admin),
    pid: child.pid ?? 0, // it runs, so it has one
    log: () => words,
    stat: (name) => statOf(admin, name),
    stop,
  };
};

const ready = (admin: string): Promise<boolean> =>
  fetch(`${admin}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

const firstListener = async (admin: string): Promise<string> => {
  const text = await (await fetch(`${admin}/listeners`)).text();
  return `http://${/::(127\.0\.0\.1:\d+)/.exec(text)?.[1]}`;
};

const statOf = async (admin: string, name: string): Promise<number | undefined> => {
  const text = await (await fetch(`${admin}/stats?filter=${encodeURIComponent(`^${name}$`)}`)).text();
  const value = text.trim().split(': ')[1];
  return value === undefined ? undefined : Number(value);
};

/** A plain HTTP server that counts its requests and answers 200 with `body`. */
export const startCountingServer = async (body: string) => {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
};
