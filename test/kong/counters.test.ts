import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pluginReadTimeoutMs } from '../../kong/patience.ts';
import { ticketHeader } from '../../kong/ticket.ts';
import { hashKey } from '../../plugins/config/keys.ts';
import { connectSocketCounters } from '../../plugins/io/counters/client.ts';
import { httpCall } from '../contract/http.ts';
import { askOf, claimOf } from '../redis/conformance.ts';
import { KongWorker } from './standin/worker.ts';

const root = join(import.meta.dirname, '../..');
const key = 'nx-of-the-counts';

let directory: string;
let sockets: string;
let kong: KongWorker;

const configure = (store: object): void => {
  const config = {
    version: 1,
    providers: { p: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1' } },
    models: { m: { candidates: [{ provider: 'p', model: 'x' }] } },
    keys: [{ hash: hashKey(key), user: 'alice' }],
    budgets: [{ id: 'calls', user: '*', per: 'month', requests: 1 }],
    store,
  };
  writeFileSync(join(directory, 'nexus.yaml'), JSON.stringify(config));
};

beforeEach(({ skip }) => {
  skip(process.platform !== 'linux', 'finds processes in /proc');
  directory = mkdtempSync(join(tmpdir(), 'nexus-kong-'));
  sockets = join(directory, 'sockets');
  const socketPath = join(sockets, 'plugin.sock');
  kong = new KongWorker({ socketPath, pluginName: 'nexus', readTimeoutMs: pluginReadTimeoutMs });
});

afterEach(async () => {
  kong?.stop();
  if (!directory) return;
  while (processes('').length > 0) {
    for (const pid of processes('')) killed(pid, 'SIGTERM');
    await sleep(50);
  }
  rmSync(directory, { recursive: true });
});

/** Processes of this test that run `program`. */
const processes = (program: string): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && commandOf(pid).includes(directory) && commandOf(pid).includes(program));

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has just ended
  }
};

const killed = (pid: number | undefined, signal: NodeJS.Signals): void => {
  try {
    if (pid) process.kill(pid, signal);
  } catch {
    // it has just ended
  }
};

const until = async (reached: () => boolean): Promise<void> => {
  const endMs = performance.now() + 20_000;
  while (!reached()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${reached}`);
    await sleep(10);
  }
};

const waitsForTurn = (pid: number | undefined) =>
  existsSync(sockets) &&
  readdirSync(sockets).some((name) => /^plugin-\d+\.sock$/.test(name) && name !== `plugin-${pid}.sock`);

/** A `nexus kong-server`; resolves when its standby waits, too. */
const start = async (): Promise<{ child: ChildProcess; admin: string; said: () => string }> => {
  const paths = ['--config', join(directory, 'nexus.yaml'), '--socket-dir', sockets];
  const ways = ['--egress-socket', join(directory, 'egress.sock'), '--admin-port', '0'];
  const child = spawn(process.execPath, [join(root, 'cli/main.ts'), 'kong-server', ...paths, ...ways], {
    env: { ...process.env, NEXUS_KONG_EGRESS_SECRET: 'e'.repeat(64) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (said += chunk));
  await until(() => said.includes('Metrics and health') || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${said}`);
  await until(() => waitsForTurn(child.pid));
  const [, admin = ''] = /Metrics and health: (\S+)/.exec(said) ?? [];
  return { child, admin, said: () => said };
};

/** Status of a client's call, through the plugin and the relay; undefined when nobody serves. No provider answers. */
const call = async (): Promise<number | undefined> => {
  const head = { method: 'POST', path: '/v1/chat/completions', headers: { authorization: `Bearer ${key}` } };
  const result = await kong.run({ id: 'r', seq: 1 }, 'access', head);
  if (result.kind !== 'proxied') return undefined;
  const { target, headers } = result.proxied;
  const [, socketPath = ''] = /^unix:(.*)/.exec(String(target?.host)) ?? [];
  const ticket = { [ticketHeader]: String(headers.get(ticketHeader)) };
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] });
  const request = { ...head, headers: { ...head.headers, ...ticket, ...json }, body };
  return (await httpCall('http://localhost', request, { socketPath })).status;
};

/** As soon as somebody serves. */
const callAgain = async (): Promise<number> => {
  for (;;) {
    const status = await call().catch(() => undefined);
    if (status !== undefined) return status;
    await sleep(10);
  }
};

const usedAt = async (admin: string): Promise<number | undefined> => {
  const listed = (await (await fetch(`${admin}api/budgets`)).json()) as { budgets?: { used: number }[] };
  return listed.budgets?.[0]?.used;
};

describe('nexus kong-server and its standby', () => {
  test('share one count, which outlives the one that is killed', async () => {
    configure({ dir: false });
    const { child, admin } = await start();
    expect(await call()).toBe(503); // no provider is there, but the request counts
    await until(() => processes('counters-process.ts').length === 1);
    expect(await call()).toBe(429);
    expect(await usedAt(admin)).toBe(1);
    child.kill('SIGKILL');
    expect(await callAgain()).toBe(429);
    const next = await start();
    expect(await callAgain()).toBe(429);
    expect(await usedAt(next.admin)).toBe(1);
    expect(processes('counters-process.ts')).toHaveLength(1);
  });

  test('start the process that counts again, which has its counts from its journal', async () => {
    configure({ dir: './counts' });
    const { admin, said } = await start();
    await call();
    expect(statSync(join(directory, 'counts')).mode & 0o777).toBe(0o700);
    const [before] = processes('counters-process.ts');
    killed(before, 'SIGKILL');
    await until(() => processes('counters-process.ts').some((pid) => pid !== before));
    await expect.poll(() => usedAt(admin), { timeout: 5000 }).toBe(1);
    await expect.poll(call, { timeout: 5000 }).toBe(429);
    expect(said()).toContain('the process that keeps the counts of budgets has ended; it is started again');
  });

  test('say that it forgot where there is no journal, and put back what they saw', async () => {
    configure({ dir: false });
    const { admin, said } = await start();
    await call();
    killed(processes('counters-process.ts')[0], 'SIGKILL');
    const listed = async () => (await fetch(`${admin}api/budgets`)).json();
    const forgotten = { forgottenAt: expect.stringMatching(/^\d{4}-/), budgets: [{ used: 1 }] };
    await expect.poll(listed, { timeout: 15_000 }).toMatchObject(forgotten);
    const told = 'had forgotten what it had counted; counts put back to what was last seen here: 1';
    await expect.poll(said, { timeout: 5000 }).toContain(told);
    await expect.poll(call, { timeout: 5000 }).toBe(429);
    const metrics = async () => (await fetch(`${admin}metrics`)).text();
    await expect.poll(metrics, { timeout: 5000 }).toMatch(/store_changes_total\{state="forgotten"/);
  });

  test('end with the reason when the journal cannot be used', async () => {
    configure({ dir: './nexus.yaml' });
    await expect(start()).rejects.toThrow(
      /ended with 1: [\s\S]*counts of budgets did not start:\s+\S+ EEXIST/,
    ); // it is a file
    expect(processes('')).toEqual([]);
  });
});

describe('the process that counts', () => {
  const launch = (socketPath: string, ...more: string[]) => {
    const script = join(root, 'cli/supervisor/counters-process.ts');
    return spawn(process.execPath, [script, '--socket', socketPath, '--idle-ms', '600', ...more], {
      stdio: 'ignore',
    });
  };

  test('ends when nobody has been there for a while, not before', async () => {
    const socketPath = join(directory, 'c.sock');
    const child = launch(socketPath);
    await until(() => existsSync(socketPath));
    const client = connectSocketCounters({ path: socketPath });
    expect(await client.ready(5000)).toBe(true);
    await sleep(1500);
    expect(child.exitCode).toBeNull();
    client.close();
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(existsSync(socketPath)).toBe(false);
  });

  test('leaves its place to the first one', async () => {
    const socketPath = join(directory, 'c.sock');
    const first = launch(socketPath);
    await until(() => existsSync(socketPath));
    const client = connectSocketCounters({ path: socketPath, timeoutMs: 1000 });
    await client.ready(5000);
    await client.reserve(askOf('1', [claimOf()]));
    expect(await once(launch(socketPath), 'exit')).toEqual([0, null]);
    expect(await client.read([claimOf()])).toMatchObject([{ open: 10 }]);
    client.close();
    await once(first, 'exit');
  });

  test('ends when its directory is gone', async () => {
    const socketPath = join(directory, 'c.sock');
    const child = launch(socketPath, '--idle-ms', '60000');
    await until(() => existsSync(socketPath));
    rmSync(socketPath);
    await once(child, 'exit');
  });
});
