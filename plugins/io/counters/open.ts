import type { StoreTarget } from '../../config/secrets.ts';
import { memoryCounters } from '../../counters/memory.ts';
import { type SlicedCounters, slices } from '../../counters/slices.ts';
import type { CounterStore } from '../../ports/counter-store.ts';
import { systemClock } from '../clock.ts';
import { systemRandom } from '../random.ts';
import type { StoreState } from './breaker.ts';
import { connectSocketCounters } from './client.ts';
import { connectCounters, type RedisPlace } from './connect.ts';
import type { ConnectedCounters } from './guard.ts';

export interface CountersPlace {
  readonly target: StoreTarget;
  readonly organisation: string;
  /** Socket of the process that counts for all of this machine; absent: this process counts alone. */
  readonly socketPath?: string | undefined;
  /** Host and worker, under whose name slices are drawn; absent: every call asks the store. */
  readonly slicesFor?: string | undefined;
  /** Told of each change: when the store is lost, and when it is ready again. */
  readonly onState?: (state: StoreState) => void;
}

/** Counts of this process, or those beyond a wire, which are to be closed. */
export type OpenedCounters = CounterStore | ConnectedCounters | SlicedCounters;

/** The process that counts is on this machine: it may be busy for a moment, and when it dies its socket says so at once. */
const neighbourTimeoutMs = 1000;

/** Where this process counts: in Redis, in another process of this machine, or by itself. */
export const openCounters = (place: CountersPlace): OpenedCounters => {
  const { target, organisation, socketPath, slicesFor, onState } = place;
  const told = onState ? { onState } : {};
  const sliced = (store: ConnectedCounters) => (slicesFor === undefined ? store : slicesOf(store, slicesFor));
  if (target.kind !== 'memory')
    return sliced(connectCounters({ redis: redisPlaceOf(target), organisation, ...told }));
  if (socketPath !== undefined)
    return sliced(connectSocketCounters({ path: socketPath, timeoutMs: neighbourTimeoutMs, ...told }));
  return memoryCounters({ clock: systemClock });
};

const slicesOf = (store: ConnectedCounters, owner: string): SlicedCounters => {
  const sliced = slices(store, { clock: systemClock, random: systemRandom, owner });
  return {
    reserve: (ask) => sliced.reserve(ask),
    settle: (id, amounts) => sliced.settle(id, amounts),
    renew: (id, leaseMs) => sliced.renew(id, leaseMs),
    read: (claims) => sliced.read(claims),
    holds: () => sliced.holds(),
    adjust: (claim, amount) => sliced.adjust(claim, amount),
    close: async () => {
      await sliced.close();
      store.close();
    },
  };
};

/** Where Redis is, as nexus.yaml says it. */
export const redisPlaceOf = (target: Exclude<StoreTarget, { kind: 'memory' }>): RedisPlace => {
  if (target.kind === 'single') return { url: target.url };
  const { nodes, username, password, tls } = target;
  const login = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
  };
  if (target.kind === 'cluster') return { cluster: nodes.map(addressOf), ...login };
  const { master, database, sentinelPassword } = target;
  return {
    sentinels: nodes.map(addressOf),
    name: master,
    db: database,
    ...login,
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
  };
};

/** `host:port`; the configuration has checked it. */
const addressOf = (node: string): { readonly host: string; readonly port: number } => {
  const at = node.lastIndexOf(':');
  return { host: node.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(node.slice(at + 1)) };
};
