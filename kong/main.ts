import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { storeTarget } from '../plugins/config/secrets.ts';
import { Gateway, type GatewayConfig, type Ports } from '../plugins/gateway.ts';
import { systemClock } from '../plugins/io/clock.ts';
import { machineSecrets } from '../plugins/io/config-file.ts';
import type { OpenedCounters } from '../plugins/io/counters/keep.ts';
import { openCounters } from '../plugins/io/counters/open.ts';
import { tellStore } from '../plugins/io/counters/telling.ts';
import { machinePorts, processName } from '../plugins/io/ports.ts';
import { stackOf } from '../plugins/io/stack.ts';
import { prometheusMeter } from '../plugins/io/telemetry.ts';
import type { Meter } from '../plugins/ports/meter.ts';
import { phaseTimeoutMs } from './patience.ts';
import { faultExit, nexusModule } from './plugin.ts';
import type { FaultListener } from './pluginserver/connection.ts';
import { startPluginServer } from './pluginserver/server.ts';
import { egressCopies } from './relay/copies.ts';
import { Egress, type EgressOptions } from './relay/egress.ts';
import { startRelay } from './relay/relay.ts';
import { ownSocket, removeLeftovers } from './socket.ts';
import { Tickets } from './ticket.ts';

export interface KongHostOptions {
  readonly config: GatewayConfig;
  /** Where our sockets are. Made when it is missing; must be closed to other users, Kong's excepted: it is ours, too. */
  readonly socketDirectory: string;
  /** How the relay reaches providers. */
  readonly egress: EgressOptions;
  /** Socket of the process that counts for all of this machine; absent: Redis, or this process counts alone. */
  readonly countersPath?: string | undefined;
}

/** This process as a part of Kong. */
export interface KongHost {
  /** What Kong's `pluginserver_nexus_socket` names. */
  readonly pluginSocket: string;
  /** From now on Kong connects to us, and no longer to another process that it was before. */
  takeOver(): void;
  /** True when another process has taken over since. */
  isReplaced(): boolean;
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

/** How long the store of budgets may take to answer for the first time. */
const storeReadyMs = 2000;
/** Longer than any phase may take. */
const graceMs = 2000;
/**
 * Longer than we need to take in who had connected before another process took our place: a connection that waits to be
 * accepted while its listener closes is reset, and Kong does not try again.
 */
const arrivalMs = 200;
/** Longer than Kong needs to bring a ticket from the plugin to the relay. */
const ticketTravelMs = 1000;
/** How long a stopping relay lets answers finish: another may serve already, so there is no hurry. */
const relayGraceMs = 120_000;

/**
 * Starts everything that Kong needs of us; Kong uses it once `takeOver` is called. Throws what the file system throws,
 * and on a directory that others can enter.
 */
export const startKongHost = async ({
  config,
  socketDirectory,
  egress: egressOptions,
  countersPath,
}: KongHostOptions): Promise<KongHost> => {
  const directory = openSocketDirectory(socketDirectory);
  removeLeftovers(directory);
  const socketPath = ownSocket(directory, 'plugin');
  const { meter, registry } = prometheusMeter();
  const counters = await openStore(config, countersPath, meter);
  const egress = new Egress(egressOptions, systemClock);
  const ports: Ports = {
    ...machinePorts({ meter, counters }),
    sendCopy: egressCopies(egress, systemClock),
    onCopy: (facts) => log.info(facts, 'copy for a mirror'),
  };
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
    world: { tickets, relaySocket: relay.socketPath },
    socketPath,
    faultExit,
    onFault,
    clock: systemClock,
    phaseTimeoutMs,
  });
  const place = new PluginPlace(join(directory, 'plugin.sock'));
  return {
    pluginSocket: place.path,
    takeOver: () => place.take(socketPath),
    isReplaced: () => !place.isOurs(),
    replaceConfig: (next) => gateway.replaceConfig(next),
    metrics: () => registry.metrics(),
    stop: async () => {
      place.leave();
      if (place.wasOurs) await sleep(arrivalMs);
      await server.close(graceMs);
      if (place.wasOurs) await sleep(ticketTravelMs);
      await relay.close(relayGraceMs);
      await gateway.told(); // every exchange is settled by then, and every copy
      await counters.close();
    },
  };
};

/** Resolves when it answers, or with a warning when it does not in time. */
const openStore = async (
  { config: { store } }: GatewayConfig,
  socketPath: string | undefined,
  meter: Meter,
): Promise<OpenedCounters> => {
  const counters = openCounters({
    target: storeTarget(store, machineSecrets),
    organisation: store.organisation,
    socketPath,
    slicesFor: store.slices ? processName : undefined,
    onState: tellStore(log, meter),
  });
  if (!(await counters.ready(storeReadyMs))) {
    log.warn('the store of budgets does not answer; until it does, calls meet `onLoss`');
  }
  return counters;
};

/** The name under which Kong finds its plugin. Processes take it from one another in one step. */
class PluginPlace {
  readonly path: string;
  #inode: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  take(socketPath: string): void {
    renameSync(socketPath, this.path);
    this.#inode = this.#current();
  }

  /** We have taken it once. */
  get wasOurs(): boolean {
    return this.#inode !== undefined;
  }

  isOurs(): boolean {
    return this.wasOurs && this.#inode === this.#current();
  }

  leave(): void {
    if (this.isOurs()) rmSync(this.path, { force: true });
  }

  #current(): number | undefined {
    return statSync(this.path, { throwIfNoEntry: false })?.ino;
  }
}

const log = pino({ name: 'nexus', base: { pid: process.pid } });

/** What is wrong with the plugin's settings the operator must read; other messages may hold a value of a request. */
const logFault: FaultListener = ({ at, cause }) =>
  log.error(
    at === 'start-instance' ? { at, problem: String(cause) } : { at, stack: stackOf(cause) },
    'fault in the plugin for Kong',
  );

/** Makes the directory of our sockets, if it is missing. Throws when others can enter it. */
export const openSocketDirectory = (path: string): string => {
  const directory = resolve(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const mode = statSync(directory).mode & 0o777;
  if ((mode & 0o077) === 0) return directory;
  throw new SocketDirectoryError(
    `${directory} is open to other users (mode ${mode.toString(8)}): chmod 700 it, or name another --socket-dir`,
  );
};
