import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nexusModule } from '../../kong/plugin.ts';
import { pluginInfo } from '../../kong/pluginserver/module.ts';
import { ticketHeader } from '../../kong/ticket.ts';
import { hashKey } from '../../plugins/config/keys.ts';
import { httpCall } from '../contract/http.ts';
import { KongWorker } from './standin/worker.ts';

const program = join(import.meta.dirname, '../../cli/main.ts');
const key = 'nx-of-the-process';
const configText = (keys: readonly object[]): string =>
  JSON.stringify({
    version: 1,
    providers: { p: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1' } },
    models: { m: { candidates: [{ provider: 'p', model: 'x' }] } },
    keys,
  });
const aliceOnly = configText([{ hash: hashKey(key), user: 'alice' }]);

let directory: string;
let config: string;
let socketDirectory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-kong-'));
  config = join(directory, 'nexus.yaml');
  socketDirectory = join(directory, 'sockets');
  writeFileSync(config, aliceOnly);
});

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await stop(child);
  rmSync(directory, { recursive: true });
});

const stop = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode !== null) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return ended;
};

const serveArguments = () => [
  'kong-server',
  '--config',
  config,
  '--socket-dir',
  socketDirectory,
  '--admin-port',
  '0',
];

const env = { ...process.env, NEXUS_KONG_EGRESS_SECRET: 'e'.repeat(64) };

/** Starts it as a process of its own; resolves when it says where it is. */
const start = async (): Promise<{ readonly child: ChildProcess; readonly said: () => string }> => {
  const child = spawn(process.execPath, [program, ...serveArguments()], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  for (const output of [child.stdout, child.stderr]) output?.on('data', (chunk) => (said += chunk));
  await expect.poll(() => said, { timeout: 15_000 }).toMatch(/Metrics and health/);
  return { child, said: () => said };
};

const access = (kong: KongWorker) =>
  kong.run({ id: 'r', seq: 1 }, 'access', {
    method: 'POST',
    path: '/v1/messages',
    headers: { 'x-api-key': key },
  });

/** What a client with the key gets for a page of ours, through the plugin and the relay. */
const modelsStatus = async (kong: KongWorker): Promise<number> => {
  const { target, headers } = (await access(kong)).proxied;
  const [, socketPath = ''] = /^unix:(.*)/.exec(String(target?.host)) ?? [];
  const ticket = { [ticketHeader]: String(headers.get(ticketHeader)) };
  const call = { method: 'GET', path: '/v1/models', headers: { ...ticket, 'x-api-key': key } };
  return (await httpCall('http://localhost', call, { socketPath })).status;
};

test('--dump prints what Kong reads and nothing else', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, 'kong-server', '--dump']);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(pluginInfo(nexusModule))));
  expect(stderr).toBe('');
});

test('without a nexus.yaml it is wrong use', async () => {
  const call = promisify(execFile)(process.execPath, [program, 'kong-server']);
  await expect(call).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('missing --config FILE'),
  });
});

test('serves where only its own user comes in, with metrics, until it is told to stop', async () => {
  const { child, said } = await start();
  expect(statSync(socketDirectory).mode & 0o777).toBe(0o700);
  const socketPath = join(socketDirectory, 'plugin.sock');
  expect(said()).toContain(`Kong finds the plugin at ${socketPath}`);
  const kong = new KongWorker({ socketPath, pluginName: 'nexus' });
  const { target } = (await access(kong)).proxied;
  const [, relaySocket = ''] = /^unix:(.*)/.exec(String(target?.host)) ?? [];
  expect(dirname(relaySocket)).toBe(socketDirectory);
  expect(statSync(relaySocket).mode & 0o777).toBe(0o600);
  const [, admin] = /Metrics and health: (\S+)/.exec(said()) ?? [];
  expect(await (await fetch(`${admin}metrics`)).text()).toContain('nexus_policy_faults_total');
  expect(await (await fetch(`${admin}readyz`)).json()).toMatchObject({ ready: true });
  expect(await stop(child)).toBe(0);
  expect(await access(kong)).toMatchObject({ kind: 'failed' });
  kong.stop();
});

test('follows a change of its nexus.yaml, and keeps the last good one', async () => {
  const { said } = await start();
  const kong = new KongWorker({ socketPath: join(socketDirectory, 'plugin.sock'), pluginName: 'nexus' });
  expect(await modelsStatus(kong)).toBe(200);
  writeFileSync(config, '{"version": 2}');
  await expect.poll(said, { timeout: 5000 }).toContain('is not used, the last good version stays');
  expect(await modelsStatus(kong)).toBe(200);
  writeFileSync(config, configText([]));
  await expect.poll(said, { timeout: 5000 }).toContain('follow the new version');
  expect(await modelsStatus(kong)).toBe(401);
  kong.stop();
});

describe('a directory that others can enter', () => {
  test('is refused, and says what to do', async () => {
    socketDirectory = directory;
    chmodSync(directory, 0o755);
    const call = promisify(execFile)(process.execPath, [program, ...serveArguments()], { env });
    await expect(call).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is open to other users \(mode 755\): chmod 700/),
    });
  });
});
