import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pluginReadTimeoutMs } from '../../kong/patience.ts';
import { hashKey } from '../../plugins/config/keys.ts';
import { KongWorker } from './standin/worker.ts';

const program = join(import.meta.dirname, '../../cli/main.ts');
const key = 'nx-of-the-standby';

let directory: string;
let sockets: string;
let kong: KongWorker;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-kong-'));
  sockets = join(directory, 'sockets');
  const config = {
    version: 1,
    providers: { p: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1' } },
    models: { m: { candidates: [{ provider: 'p', model: 'x' }] } },
    keys: [{ hash: hashKey(key), user: 'alice' }],
  };
  writeFileSync(join(directory, 'nexus.yaml'), JSON.stringify(config));
  kong = new KongWorker({
    socketPath: join(sockets, 'plugin.sock'),
    pluginName: 'nexus',
    readTimeoutMs: pluginReadTimeoutMs,
  });
});

afterEach(async () => {
  kong.stop();
  for (const child of children.splice(0)) child.kill('SIGTERM');
  while (ours().length > 0) {
    for (const pid of ours()) killed(pid); // also standbys that serve, and a process that counts, started once more
    await sleep(100);
  }
  rmSync(directory, { recursive: true });
});

/** Processes with a file of this test on their command line, but the one that counts, which stays for a while. Linux only. */
const processes = (): number[] => ours().filter((pid) => !commandOf(pid).includes('counters-process.ts'));

const killed = (pid: number): void => {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // it has just ended
  }
};

const ours = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && commandOf(pid).includes(directory));

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has just ended
  }
};

/** The sockets of plugins that wait to take over. */
const waiting = () =>
  existsSync(sockets) ? readdirSync(sockets).filter((name) => /^plugin-\d+\.sock$/.test(name)) : [];

const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await sleep(10);
};

/** A `nexus kong-server`; resolves when its standby waits, too. */
const start = async (...flags: readonly string[]): Promise<ChildProcess> => {
  const before = waiting();
  const paths = ['--config', join(directory, 'nexus.yaml'), '--socket-dir', sockets];
  const ways = ['--egress-socket', join(directory, 'egress.sock'), '--admin-port', '0'];
  const child = spawn(process.execPath, [program, 'kong-server', ...paths, ...ways, ...flags], {
    env: { ...process.env, NEXUS_KONG_EGRESS_SECRET: 'e'.repeat(64) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  await until(() => said.includes('Metrics and health'));
  await until(() => waiting().some((name) => !before.includes(name) && !name.includes(String(child.pid))));
  return child;
};

const access = () =>
  kong.run({ id: 'r', seq: 1 }, 'access', {
    method: 'POST',
    path: '/v1/messages',
    headers: { 'x-api-key': key },
  });

const onLinux = process.platform === 'linux';

test.skipIf(!onLinux)('takes over at once when the one that serves is killed', async () => {
  const child = await start();
  expect((await access()).kind).toBe('proxied');
  child.kill('SIGKILL');
  const killedMs = performance.now();
  while ((await access()).kind !== 'proxied') await sleep(5);
  expect(performance.now() - killedMs).toBeLessThan(1000);
});

test.skipIf(!onLinux)(
  'ends the one that serves and hangs, and takes over; until then nobody waits for 2 s',
  async () => {
    const child = await start();
    expect((await access()).kind).toBe('proxied');
    const ended = once(child, 'exit');
    child.kill('SIGSTOP');
    const stoppedMs = performance.now();
    expect(await access()).toMatchObject({ kind: 'failed', reason: 'timeout' });
    expect(performance.now() - stoppedMs).toBeLessThan(2000);
    const [, signal] = await ended;
    expect(signal).toBe('SIGKILL');
    while ((await access()).kind !== 'proxied') await sleep(5);
  },
);

test.skipIf(!onLinux)('leaves a successor alone, and so does the one that has one', async () => {
  const first = await start();
  const firstEnded = once(first, 'exit');
  const second = await start();
  expect(await firstEnded).toEqual([0, null]);
  await until(() => waiting().length === 1);
  expect((await access()).kind).toBe('proxied');
  expect(second.exitCode).toBeNull();
});

test.skipIf(!onLinux)('told to end by Kong, which reloads, it serves until its successor does', async () => {
  const egress = createServer().listen(join(directory, 'egress.sock')); // Kong is there
  const first = await start('--started-by-kong');
  const firstEnded = once(first, 'exit');
  first.kill('SIGTERM');
  await until(() => waiting().length === 0); // its standby has gone
  expect((await access()).kind).toBe('proxied');
  await start('--started-by-kong');
  expect(await firstEnded).toEqual([0, null]);
  expect((await access()).kind).toBe('proxied');
  egress.close();
});

test.skipIf(!onLinux)('does not stand in for one that was told to stop', async () => {
  const child = await start();
  child.kill('SIGTERM');
  await once(child, 'exit');
  await until(() => processes().length === 0);
  const left = () => readdirSync(sockets).filter((name) => name.endsWith('.sock'));
  await expect.poll(left, { timeout: 5000 }).toEqual(['counters.sock']);
});
