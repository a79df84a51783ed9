import type { StoreTarget } from '../../config/secrets.ts';
import { slices } from '../../counters/slices.ts';
import { systemClock } from '../clock.ts';
import { systemRandom } from '../random.ts';
import type { StoreState } from './breaker.ts';
import { connectSocketCounters } from './client.ts';
import { connectCounters, type RedisPlace } from './connect.ts';
import type { ConnectedCounters } from './guard.ts';
import { callsOf, keepCounters, type OpenedCounters } from './keep.ts';

export interface CountersPlace {
  readonly target: StoreTarget;
  readonly organisation: string;
  /** Socket of the process that counts for all of this machine; absent: this process counts alone. */
  readonly socketPath?: string | undefined;
  /** Host and worker, under whose name slices are drawn; absent: every call asks the store. */
  readonly slicesFor?: string | undefined;
  /** Told of each change: when the store is lost, when it is ready again, and when it forgot what it had counted. */
  readonly onState?: (state: StoreState) => void;
}

/** The process that counts is on this machine: it may be busy for a moment, and when it dies its socket says so at once. */
const neighbourTimeoutMs = 1000;

/** Where this process counts: in Redis, in another process of this machine, or by itself. */
export const openCounters = (place: CountersPlace): OpenedCounters => {
  const { target, organisation, socketPath, slicesFor, onState } = place;
  const told = onState ? { onState } : {};
  const redis = target.kind === 'memory' ? undefined : redisPlaceOf(target);
  if (redis) return opened(connectCounters({ redis, organisation, ...told }), slicesFor);
  if (socketPath !== undefined)
    return opened(
      connectSocketCounters({ path: socketPath, timeoutMs: neighbourTimeoutMs, ...told }),
      slicesFor,
    );
  return keepCounters({});
};

const opened = (store: ConnectedCounters, slicesFor: string | undefined): OpenedCounters => {
  const ready = (withinMs: number) => awake(() => store.ready(withinMs));
  if (slicesFor === undefined) return { ...callsOf(store), ready, close: async () => store.close() };
  const sliced = slices(store, { clock: systemClock, random: systemRandom, owner: slicesFor });
  return {
    ...callsOf(sliced),
    ready,
    close: async () => {
      await sliced.close();
      store.close();
    },
  };
};

/** Timers and sockets of the store keep no process alive; one that waits for it at its start has nothing else yet. */
const awake = async <T>(wait: () => Promise<T>): Promise<T> => {
  const timer = setInterval(() => {}, 1000);
  return wait().finally(() => clearInterval(timer));
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
