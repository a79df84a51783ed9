import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadGatewayConfig } from '../plugins/io/config-file.ts';
import { type KongHost, startKongHost } from './main.ts';
import { kongMaster } from './master.ts';
import { readEgressSecret } from './relay/secret.ts';

/** What `nexus kong-server` says to its standby; `alive` again and again. */
export interface ToStandby {
  readonly type: 'alive' | 'reload';
}

/** Silence of the one that serves after which it is taken for hung. */
const silenceMs = 3000;
const checkMs = 500;
/** A connection that lives this long is served. */
const keptMs = 200;
/** How long the standby serves in its place: until it is started again, which takes Kong a second and it one more. */
const interimMs = 15_000;

/**
 * Waits, with everything in memory, beside the process that serves Kong. When that one ends, however it ends, it takes
 * over at once, until another one does; when that one hangs, it ends it. A Kong that was started by that one, for itself,
 * is ended with it: nobody would start a plugin server for it again.
 */
const main = async (): Promise<void> => {
  const { config, socketDirectory, egressSocket, kongPrefix, countersPath } = options();
  const loaded = loadGatewayConfig(config);
  if ('problems' in loaded) {
    console.error(loaded.problems.join('\n'));
    process.exit(1);
  }
  const egress = { socketPath: egressSocket, secret: readEgressSecret(process.env) };
  const host = await startKongHost({ config: loaded, socketDirectory, egress, countersPath });
  let isStopping = false;
  const stop = () => {
    if (!isStopping) void host.stop().then(() => process.exit(0));
    isStopping = true;
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; who started us decides the order
  const heard = watchParent();
  process.on('message', ({ type }: ToStandby) => {
    heard();
    if (type === 'reload') follow(host, config);
  });
  const succeed = () => {
    if (isStopping) return;
    if (kongPrefix === '') void serveInterim(host).then(stop);
    else void endKong(kongPrefix).then(stop);
  };
  process.once('exit', () => {
    if (kongPrefix !== '' && !process.connected) rmSync(socketDirectory, { recursive: true, force: true });
  });
  if (!process.connected) return succeed(); // it has died while we started
  process.once('disconnect', succeed);
  process.send?.({ type: 'ready' });
};

const options = () => {
  const { values } = parseArgs({
    options: {
      config: { type: 'string', default: '' },
      'socket-dir': { type: 'string', default: '' },
      'egress-socket': { type: 'string', default: '' },
      'kong-prefix': { type: 'string', default: '' },
      counters: { type: 'string' },
    },
  });
  const { config, 'socket-dir': socketDirectory, 'egress-socket': egressSocket, counters } = values;
  return { config, socketDirectory, egressSocket, kongPrefix: values['kong-prefix'], countersPath: counters };
};

/** A version that may not be used is told of by the one that serves; here the last good one stays. */
const follow = (host: KongHost, config: string): void => {
  const next = loadGatewayConfig(config);
  if (!('problems' in next)) host.replaceConfig(next);
};

/** Ends our parent when it is silent too long. Returns what to call at each sign of life. */
const watchParent = (): (() => void) => {
  const parent = process.ppid;
  let heardMs = performance.now();
  let isLate = false;
  const timer = setInterval(() => {
    const wasLate = isLate;
    isLate = performance.now() - heardMs > silenceMs;
    // Late twice: had this process or the whole machine slept, the first check would come before waiting messages.
    if (isLate && wasLate && process.ppid === parent) process.kill(parent, 'SIGKILL');
  }, checkMs);
  process.once('disconnect', () => clearInterval(timer));
  return () => {
    heardMs = performance.now();
  };
};

/** Ends the Kong of this prefix, which is a daemon: its master process takes its workers along. */
const endKong = async (prefix: string): Promise<void> => {
  const pid = kongMaster(prefix);
  if (pid !== undefined) process.kill(pid, 'SIGTERM');
  while (kongMaster(prefix) !== undefined) await sleep(20);
};

/** Serves until another does. One that serves already has taken over before our parent ended, as after a reload of Kong. */
const serveInterim = async (host: KongHost): Promise<void> => {
  if (await isServed(host.pluginSocket)) return;
  host.takeOver();
  const endMs = performance.now() + interimMs;
  while (!host.isReplaced() && performance.now() < endMs) await sleep(50);
};

/** True when a connection is taken and kept: that of a process which is just ending is taken, too, and dropped. */
const isServed = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(socketPath);
    const kept = setTimeout(() => {
      resolve(true);
      socket.destroy();
    }, keptMs);
    socket.on('error', () => {}); // 'close' follows
    socket.once('close', () => {
      clearTimeout(kept);
      resolve(false);
    });
  });

await main();
