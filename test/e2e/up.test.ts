import { type ChildProcess, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { findKong } from '../../cli/kong-binary.ts';
import { httpCall } from '../contract/http.ts';

const root = join(import.meta.dirname, '../..');

/** A `./nexus` that runs. */
interface Running {
  readonly process: ChildProcess;
  /** All that it has printed, on both outputs. */
  printed(): string;
  /** Waits for a line that matches, or for its end. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal and waits for its end. */
  stop(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly tookMs: number }>;
}

const running = new Set<ChildProcess>();

const nexus = (args: readonly string[], env: NodeJS.ProcessEnv = process.env): Running => {
  const child = spawn(join(root, 'nexus'), args, { env, cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let text = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (text += chunk));
  const ended = once(child, 'close').finally(() => running.delete(child));
  const over = () => child.exitCode !== null || child.signalCode !== null;
  return {
    process: child,
    printed: () => text,
    says: async (pattern) => {
      for (;;) {
        const found = pattern.exec(text);
        if (found) return found;
        if (over()) throw new Error(`ended (${child.exitCode}) without ${pattern}:\n${text}`);
        await sleep(10);
      }
    },
    stop: async (signal) => {
      const startedMs = performance.now();
      child.kill(signal);
      await ended;
      return { code: child.exitCode, tookMs: performance.now() - startedMs };
    },
  };
};

/** A `nexus up` on free ports that is ready, and where its things are. */
const up = async (...args: readonly string[]) => {
  const it = nexus(['up', '--port', '0', '--admin-port', '0', '--workers', '2', ...args]);
  await it.says(/Ctrl-C stops everything/);
  const [, directory = ''] = await it.says(/Logs +(\S+)/);
  const [, url = ''] = await it.says(/Anthropic base URL +(\S+)/);
  const [, admin = ''] = await it.says(/(http\S+)\/metrics/);
  return { ...it, url, admin, directory };
};

/** Processes that belong to a run: each is started with a file of its directory. Linux only. */
const processesOf = (directory: string): number[] =>
  globSync('/proc/[0-9]*/cmdline')
    .filter((file) => read(file).includes(directory))
    .map((file) => Number(file.split('/')[2]));

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // a process that has just ended
  }
};

const killHard = (pid: number | undefined): void => {
  if (pid === undefined) throw new Error('the process to kill was not found');
  process.kill(pid, 'SIGKILL');
};

const onLinux = process.platform === 'linux';

const expectNothingLeft = ({ directory, url }: { directory: string; url: string }) => {
  expect(processesOf(directory)).toEqual([]);
  expect(existsSync(directory)).toBe(false);
  expect(globSync(`/dev/shm/envoy_shared_memory_${new URL(url).port}*`)).toEqual([]);
};

const hello = [{ role: 'user', content: 'Hello' }];
const json = { 'content-type': 'application/json' };

const chat = (url: string, model = 'support') =>
  httpCall(url, {
    path: '/v1/chat/completions',
    headers: { ...json, authorization: 'Bearer nx-demo-alice' },
    body: JSON.stringify({ model, messages: hello }),
  });

const messages = (url: string) =>
  httpCall(url, {
    path: '/v1/messages',
    headers: { ...json, 'x-api-key': 'nx-demo-alice', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model: 'support', max_tokens: 50, messages: hello }),
  });

const get = (url: string, path: string) => httpCall(url, { method: 'GET', path });

/** The pids and restarts of all workers, once every one answers. */
const readyWorkers = async (admin: string): Promise<{ pid: number; restarts: number }[]> => {
  for (;;) {
    const { status, text } = await get(admin, '/readyz');
    if (status === 200) return JSON.parse(text).workers;
    await sleep(20);
  }
};

const requestsCounted = async (admin: string): Promise<number> => {
  const { text } = await get(admin, '/metrics');
  const values = [...text.matchAll(/^nexus_requests_total\{.*\} (\d+)$/gm)].map(([, value]) => Number(value));
  return values.reduce((sum, value) => sum + value, 0);
};

/** A nexus.yaml with one model, which the key `nx-test` may use. */
const writeNexusYaml = (file: string, model = 'any'): void =>
  writeFileSync(
    file,
    JSON.stringify({
      version: 1,
      providers: { a: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1' } },
      models: { [model]: { candidates: [{ provider: 'a', model: 'x' }] } },
      keys: [{ hash: `sha256:${hash('sha256', 'nx-test')}`, user: 'alice' }],
    }),
  );

afterEach(async () => {
  for (const child of running) child.kill('SIGTERM'); // a test that failed leaves its run
  while (running.size > 0) await sleep(20);
});

describe('nexus up, the demo', () => {
  test('answers both dialects, shows its state, and goes without a trace', async () => {
    const demo = await up();
    expect(demo.printed()).toMatch(/✓ first request: answered by \S+\/\S+/);
    const answers = [await chat(demo.url), await messages(demo.url)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ text }) => JSON.parse(text))).toEqual([
      expect.objectContaining({ object: 'chat.completion' }),
      expect.objectContaining({ type: 'message' }),
    ]);

    expect((await get(demo.admin, '/healthz')).status).toBe(200);
    expect(await readyWorkers(demo.admin)).toHaveLength(2);
    expect(await requestsCounted(demo.admin)).toBe(3);

    if (onLinux) expect(processesOf(demo.directory)).toHaveLength(4); // Envoy, two workers, the providers
    const { code, tookMs } = await demo.stop('SIGINT');
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(3000);
    expectNothingLeft(demo);
  });

  test('two demos run side by side; a killed worker is replaced and no request fails', async () => {
    const [demo, other] = await Promise.all([up(), up()]);
    expect((await chat(other.url)).status).toBe(200);
    expect((await other.stop('SIGTERM')).code).toBe(0);
    expectNothingLeft(other);

    const before = await requestsCounted(demo.admin);
    const [first] = await readyWorkers(demo.admin);
    killHard(first?.pid);
    const answers = await Promise.all([chat(demo.url), chat(demo.url), messages(demo.url)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await demo.says(/worker 0 ended \(SIGKILL\), starting it again now/);
    const [again] = await readyWorkers(demo.admin);
    expect(again?.restarts).toBe(1);
    expect(again?.pid).not.toBe(first?.pid);
    expect(await requestsCounted(demo.admin)).toBe(before + 3);
    expect((await demo.stop('SIGTERM')).code).toBe(0);
    expectNothingLeft(demo);
  });

  test('stops half-way, too', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'nexus-up-test-'));
    const it = nexus(['up', '--port', '0', '--admin-port', '0'], { ...process.env, TMPDIR: directory });
    await it.says(/✓ Envoy/); // workers and providers are starting
    expect((await it.stop('SIGTERM')).code).toBe(0);
    expect(processesOf(directory)).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
    rmSync(directory, { recursive: true });
  });

  test('takes its processes along when it is killed itself', async ({ skip }) => {
    skip(!onLinux, 'only Linux ends a child with its parent');
    const demo = await up();
    await demo.stop('SIGKILL');
    while (processesOf(demo.directory).length > 0) await sleep(20);
    rmSync(demo.directory, { recursive: true });
  });

  test('ends with 1 and the reason when Envoy dies', async ({ skip }) => {
    skip(!onLinux, 'Envoy is found in /proc');
    const demo = await up();
    const envoy = processesOf(demo.directory).find((pid) =>
      read(`/proc/${pid}/cmdline`).includes('envoy.json'),
    );
    const ended = once(demo.process, 'close');
    killHard(envoy);
    expect(await ended).toEqual([1, null]);
    expect(demo.printed()).toContain('Envoy ended (SIGKILL)');
    expectNothingLeft(demo);
  });
});

describe('nexus up', () => {
  test.each(['port', 'admin-port'])('says which --%s is taken', async (option) => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const it = nexus(['up', '--port', '0', '--admin-port', '0', `--${option}`, String(port)]);
    await once(it.process, 'close');
    holder.close();
    expect(it.process.exitCode).toBe(1);
    expect(it.printed()).toContain(
      `nexus up: port ${port} is taken by another program; choose another with --${option}`,
    );
  });

  test('does not pretend to have a Kong', async (context) => {
    const env = { ...process.env, KONG_BIN: '' };
    if (findKong(env) !== undefined) context.skip('there is a Kong on PATH');
    const it = nexus(['up', '--host', 'kong'], env);
    await once(it.process, 'close');
    expect(it.process.exitCode).toBe(2);
    expect(it.printed()).toContain('No Kong found');
  });

  test('serves a nexus.yaml and follows its changes', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'nexus-up-test-'));
    const file = join(directory, 'nexus.yaml');
    const models = async (url: string) => {
      const authorization = 'Bearer nx-test';
      const { text } = await httpCall(url, { method: 'GET', path: '/v1/models', headers: { authorization } });
      return text;
    };

    writeNexusYaml(file, 'first');
    const it = await up('--config', file);
    expect(await models(it.url)).toContain('"first"');

    writeNexusYaml(file, 'second');
    await it.says(/2 of 2 workers follow the new version/);
    expect(await models(it.url)).toContain('"second"');

    writeFileSync(file, '{"version": 2}');
    await it.says(/is not used, the last good version stays:/);
    expect(await models(it.url)).toContain('"second"');

    expect((await it.stop('SIGTERM')).code).toBe(0);
    rmSync(directory, { recursive: true });
  });
});

test('nexus serve listens where nexus envoy render sends Envoy', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-up-test-'));
  const file = join(directory, 'nexus.yaml');
  const socket = join(directory, 'workers', 'worker-0.sock');
  writeNexusYaml(file);
  const it = nexus([
    'serve',
    '--config',
    file,
    '--workers-dir',
    dirname(socket),
    '--workers',
    '1',
    '--admin-port',
    '0',
  ]);
  const [, command = ''] = await it.says(/nexus (envoy render .*)/);
  const [, admin = ''] = await it.says(/(http:\S+)/);
  expect(await readyWorkers(admin)).toHaveLength(1);
  expect(existsSync(socket)).toBe(true);

  const render = nexus(command.split(' '));
  await once(render.process, 'close');
  expect(render.printed()).toContain(`path: ${socket}`);

  expect((await it.stop('SIGTERM')).code).toBe(0);
  expect(existsSync(socket)).toBe(false);
  rmSync(directory, { recursive: true });
});
