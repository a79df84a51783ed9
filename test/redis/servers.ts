import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort as anyFreePort } from '../../cli/supervisor/ports.ts';

/** Why there is no Redis to test with; undefined when there is one. */
export const noRedis =
  spawnSync('redis-server', ['--version']).status === 0 ? undefined : 'no redis-server on PATH';

/** Whatever was started; `stop` ends all of it. */
export class Servers {
  readonly directory = mkdtempSync(join(tmpdir(), 'nexus-redis-'));
  readonly #children: ChildProcess[] = [];

  /** A Redis on a unix socket alone, or on a port as well. Resolves when it answers. */
  async start(name: string, args: readonly string[] = [], port = 0): Promise<RedisProcess> {
    const socket = join(this.directory, `${name}.sock`);
    const settings = [
      '--dir',
      this.directory,
      '--dbfilename',
      `${name}.rdb`,
      '--save',
      '',
      '--unixsocket',
      socket,
    ];
    const child = this.#spawn([...settings, '--bind', '127.0.0.1', '--port', String(port), ...args]);
    await waitUntil(() => pong({ path: socket }));
    return { socket, port, child };
  }

  /** A sentinel: its settings are a file that it writes to itself. */
  async startSentinel(name: string, primaryPort: number): Promise<number> {
    const port = await freePort();
    const file = join(this.directory, `${name}.conf`);
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `sentinel monitor main 127.0.0.1 ${primaryPort} 2`,
      'sentinel down-after-milliseconds main 1000',
      'sentinel failover-timeout main 1000',
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    this.#spawn([file, '--sentinel', '--dir', this.directory]);
    await waitUntil(() => pong({ host: '127.0.0.1', port }));
    return port;
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(
      this.#children.map(
        (child) => child.exitCode === null && child.signalCode === null && once(child, 'exit'),
      ),
    );
    rmSync(this.directory, { recursive: true, force: true });
  }

  #spawn(args: readonly string[]): ChildProcess {
    const child = spawn('redis-server', [...args], { stdio: 'ignore' });
    this.#children.push(child);
    return child;
  }
}

export interface RedisProcess {
  readonly socket: string;
  readonly port: number;
  readonly child: ChildProcess;
}

/** A port on loopback that nobody uses now. */
export const freePort = (): Promise<number> => anyFreePort(0, 'port');

/** Sends one command in RESP; the answer as it comes. */
export const ask = (where: NetConnectOpts, ...words: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(where);
    const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
    socket.setTimeout(1000, () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
    socket.once('data', (bytes) => {
      resolve(bytes.toString());
      socket.destroy();
    });
    socket.write(`*${words.length}\r\n${bulk}`);
  });

const pong = (where: NetConnectOpts): Promise<boolean> =>
  ask(where, 'PING').then(
    (answer) => answer.startsWith('+PONG'),
    () => false,
  );

/** Throws when it takes longer. */
export const waitUntil = async (
  holds: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> => {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(10)) {
    if (await holds()) return;
  }
  throw new Error(`it did not become so in ${withinMs} ms`);
};

/** Three primaries that share all slots. The ports of the nodes. */
export const startCluster = async (servers: Servers): Promise<number[]> => {
  const nodes: RedisProcess[] = [];
  for (const index of [0, 1, 2]) {
    const name = `node-${index}`;
    const own = ['--cluster-enabled', 'yes', '--cluster-config-file', `${name}.conf`];
    const timing = ['--cluster-node-timeout', '1000', '--cluster-port', String(await freePort())];
    nodes.push(await servers.start(name, [...own, ...timing], await freePort()));
  }
  const [first] = nodes;
  if (!first) throw new Error('no node');
  for (const [index, { socket }] of nodes.entries()) {
    const slots = [Math.floor((index * 16_384) / 3), Math.floor(((index + 1) * 16_384) / 3) - 1];
    await ask({ path: socket }, 'CLUSTER', 'ADDSLOTSRANGE', ...slots.map(String));
    const config = await ask({ path: first.socket }, 'CONFIG', 'GET', 'cluster-port');
    const bus = /\r\n(\d+)\r\n$/.exec(config)?.[1] ?? '';
    await ask({ path: socket }, 'CLUSTER', 'MEET', '127.0.0.1', String(first.port), bus);
  }
  for (const { socket } of nodes) {
    await waitUntil(async () =>
      (await ask({ path: socket }, 'CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
  }
  return nodes.map(({ port }) => port);
};

/** One primary with two replicas, and three sentinels. */
export const startSentinels = async (servers: Servers) => {
  const primary = await servers.start('primary', ['--repl-diskless-sync-delay', '0'], await freePort());
  const replicaOf = ['--replicaof', '127.0.0.1', String(primary.port)];
  for (const name of ['replica-1', 'replica-2']) await servers.start(name, replicaOf, await freePort());
  const sentinels: number[] = [];
  for (const name of ['s1', 's2', 's3']) sentinels.push(await servers.startSentinel(name, primary.port));
  return { primary, sentinels };
};
