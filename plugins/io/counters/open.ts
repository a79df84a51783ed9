import type { StoreTarget } from '../../config/secrets.ts';
import { memoryCounters } from '../../counters/memory.ts';
import { slices } from '../../counters/slices.ts';
import type { CounterStore } from '../../ports/counter-store.ts';
import { systemClock } from '../clock.ts';
import { systemRandom } from '../random.ts';
import type { StoreState } from './breaker.ts';
import { connectSocketCounters } from './client.ts';
import { connectCounters, type RedisPlace } from './connect.ts';
import type { ConnectedCounters } from './guard.ts';
import { openJournalPlace } from './journal-place.ts';
import { journaledCounters } from './journaled.ts';
import type { ServedCounters } from './serve.ts';

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

/** Counts, wherever they are kept. */
export interface OpenedCounters extends ServedCounters {
  /** Whether the store answers, at the latest after `withinMs`. Before that, calls are `lost`. */
  ready(withinMs: number): Promise<boolean>;
  /** Gives back what was drawn ahead. What is open is left to its leases. */
  close(): Promise<void>;
}

/** Where this process counts: in Redis, in another process of this machine, or by itself. */
export const openCounters = (place: CountersPlace): OpenedCounters => {
  const { target, organisation, socketPath, slicesFor, onState } = place;
  const told = onState ? { onState } : {};
  const redis = target.kind === 'memory' ? undefined : placeOf(target);
  if (redis) return opened(connectCounters({ redis, organisation, ...told }), slicesFor);
  if (socketPath !== undefined)
    return opened(connectSocketCounters({ path: socketPath, ...told }), slicesFor);
  return keepCounters({});
};

export interface KeptCounters {
  /** Where a journal of them is kept, closed to other users; absent: they are gone with this process. */
  readonly directory?: string | undefined;
  /** Told when the journal cannot be written, and when it can again. */
  readonly onState?: (state: StoreState) => void;
  /** Told, in words, what was found in the directory. */
  readonly onFound?: (text: string) => void;
}

/**
 * Counts that this process keeps. Throws when the directory cannot be used: a `LockedError` when another process does, a
 * `JournalError` when its journal was changed by somebody else, or what the file system throws.
 */
export const keepCounters = ({ directory, onState, onFound }: KeptCounters): OpenedCounters => {
  if (directory === undefined) {
    return { ...memoryCounters({ clock: systemClock }), ready: async () => true, close: async () => {} };
  }
  const place = openJournalPlace(directory);
  const told = onState ? { onState } : {};
  const store = journaledCounters({ clock: systemClock, place, ...told });
  if (store.tornBytes > 0) {
    onFound?.(`${store.tornBytes} bytes at the end of the journal of counts were never finished: left out`);
  }
  const isReady = async () => (await store.probe?.()) !== undefined;
  return {
    ...callsOf(store),
    probe: async () => store.probe?.(),
    ready: isReady,
    close: () => store.close(),
  };
};

const opened = (store: ConnectedCounters, slicesFor: string | undefined): OpenedCounters => {
  const ready = (withinMs: number) => store.ready(withinMs);
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

/** Its calls as properties of their own. */
const callsOf = (store: CounterStore): CounterStore => ({
  reserve: (ask) => store.reserve(ask),
  settle: (id, amounts) => store.settle(id, amounts),
  renew: (id, leaseMs) => store.renew(id, leaseMs),
  read: (claims) => store.read(claims),
  holds: () => store.holds(),
  adjust: (claim, amount) => store.adjust(claim, amount),
});
const placeOf = (target: Exclude<StoreTarget, { kind: 'memory' }>): RedisPlace => {
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
