import { mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pino from 'pino';
import { Gateway, type GatewayConfig } from '../plugins/gateway.ts';
import { systemClock } from '../plugins/io/clock.ts';
import { systemRandom } from '../plugins/io/random.ts';
import { stackOf } from '../plugins/io/stack.ts';
import { prometheusMeter } from '../plugins/io/telemetry.ts';
import { faultExit, nexusModule } from './plugin.ts';
import type { FaultListener } from './pluginserver/connection.ts';
import { startPluginServer } from './pluginserver/server.ts';
import type { EgressOptions } from './relay/egress.ts';
import { startRelay } from './relay/relay.ts';
import { Tickets } from './ticket.ts';

export interface KongHostOptions {
  readonly config: GatewayConfig;
  /** Where our sockets are. Made when it is missing; must be closed to other users, Kong's excepted: it is ours, too. */
  readonly socketDirectory: string;
  /** How the relay reaches providers. */
  readonly egress: EgressOptions;
}

/** This process as a part of Kong. */
export interface KongHost {
  /** What Kong's `pluginserver_nexus_socket` names. */
  readonly pluginSocket: string;
  /** New calls follow `next`. */
  replaceConfig(next: GatewayConfig): void;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  /** Lets calls under way finish. */
  stop(): Promise<void>;
}

/** Ours and Kong's to say why it may not be used; needs no stack. */
class SocketDirectoryError extends Error {
  override readonly name = 'Failure';
}

/** Kong waits for 60 s, on every request. A healthy phase takes under a millisecond. */
const phaseTimeoutMs = 1500;
/** Longer than any phase may take. */
const graceMs = 2000;
/** How long a stopping relay lets answers finish. */
const relayGraceMs = 30_000;

/** Starts everything that Kong needs of us. Throws what the file system throws, and on a directory that others can enter. */
export const startKongHost = async ({
  config,
  socketDirectory,
  egress,
}: KongHostOptions): Promise<KongHost> => {
  const directory = openSocketDirectory(socketDirectory);
  const pluginSocket = join(directory, 'plugin.sock');
  const { meter, registry } = prometheusMeter();
  const ports = { clock: systemClock, random: systemRandom, meter };
  const gateway = new Gateway(config, ports);
  const tickets = new Tickets(ports);
  const onFault: FaultListener = (fault) => {
    meter.count('nexus_policy_faults_total', { policy: 'kong', hook: fault.at, result: 'refused' });
    logFault(fault);
  };
  const relay = await startRelay({
    gateway,
    tickets,
    socketDirectory: directory,
    egress,
    clock: systemClock,
    onFault,
  });
  const server = await startPluginServer({
    module: nexusModule,
    world: { gateway, tickets, relaySocket: relay.socketPath },
    socketPath: pluginSocket,
    faultExit: () => faultExit(systemRandom),
    onFault,
    clock: systemClock,
    phaseTimeoutMs,
  });
  return {
    pluginSocket,
    replaceConfig: (next) => gateway.replaceConfig(next),
    metrics: () => registry.metrics(),
    stop: async () => {
      await server.close(graceMs); // whoever has a ticket still gets through
      await relay.close(relayGraceMs);
    },
  };
};

const log = pino({ name: 'nexus', base: { pid: process.pid } });

/** What is wrong with the plugin's settings the operator must read; other messages may hold a value of a request. */
const logFault: FaultListener = ({ at, cause }) =>
  log.error(
    at === 'start-instance' ? { at, problem: String(cause) } : { at, stack: stackOf(cause) },
    'fault in the plugin for Kong',
  );

const openSocketDirectory = (path: string): string => {
  const directory = resolve(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const mode = statSync(directory).mode & 0o777;
  if ((mode & 0o077) === 0) return directory;
  throw new SocketDirectoryError(
    `${directory} is open to other users (mode ${mode.toString(8)}): chmod 700 it, or name another --socket-dir`,
  );
};
