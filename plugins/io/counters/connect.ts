import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Clock } from '../../ports/clock.ts';
import { systemClock } from '../clock.ts';
import { type ConnectedCounters, type GuardOptions, guarded } from './guard.ts';
import { redisStore } from './redis.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

interface Login {
  readonly username?: string;
  readonly password?: string;
}

interface Tls {
  /** Certificates of the authorities to trust instead of the system's, PEM. */
  readonly ca?: string;
}

/** Where Redis is. */
export type RedisPlace =
  /** `redis://user:password@host:port/db`, `rediss://…`, `unix:///path` or a path. */
  | { readonly url: string; readonly tls?: Tls }
  /** The primary that these sentinels name. */
  | ({
      readonly sentinels: readonly Address[];
      readonly name: string;
      readonly sentinelPassword?: string;
      readonly db?: number;
      readonly tls?: Tls;
    } & Login)
  /** Some nodes of a cluster. */
  | ({ readonly cluster: readonly Address[]; readonly tls?: Tls } & Login);

export interface CountersSettings extends Omit<GuardOptions, 'clock'> {
  readonly redis: RedisPlace;
  /** Whose counts: all gateways of one organisation share them, those of others do not. No braces. */
  readonly organisation: string;
  readonly clock?: Clock;
}

/**
 * Counts in Redis. Connects in the background, and again whenever the connection is lost; until there is one, every
 * call is `lost`. Throws for a place that cannot be.
 */
export const connectCounters = (settings: CountersSettings): ConnectedCounters => {
  const { redis, organisation, clock = systemClock, ...options } = settings;
  const client = connectRedis(redis);
  return guarded(redisStore({ client, organisation, clock }), { ...options, clock });
};

/**
 * What is asked is never queued or sent for a second time: the guard knows what to do about it. Errors of the
 * connection come with the call that meets them.
 */
const common = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableReadyCheck: false, // LOADING comes as the answer that it is
  connectTimeout: 1000,
  keepAlive: 10_000,
  retryStrategy: (times: number) => Math.min(50 * times, 500),
  reconnectOnError: ({ message }: Error) => /READONLY/.test(message), // a primary that was demoted: ask for the new one
} satisfies RedisOptions;

/** A client of ioredis that never waits and never retries. */
export const connectRedis = (place: RedisPlace): Redis | Cluster => {
  const client = 'cluster' in place ? clusterClient(place) : oneClient(place);
  client.on('error', () => {});
  return client;
};

const oneClient = (place: Exclude<RedisPlace, { cluster: unknown }>): Redis => {
  const tls = place.tls ? { tls: place.tls } : {};
  if ('url' in place) {
    return new Redis(place.url.replace(/^unix:\/\//, ''), { ...common, ...tls });
  }
  const { sentinels, name, sentinelPassword, db, username, password } = place;
  return new Redis({
    ...common,
    ...tls,
    sentinels: [...sentinels],
    name,
    role: 'master',
    sentinelRetryStrategy: (times) => Math.min(50 * times, 500),
    ...present({ sentinelPassword, db, username, password }),
  });
};

const clusterClient = ({ cluster, tls, username, password }: Extract<RedisPlace, { cluster: unknown }>) =>
  new Cluster([...cluster], {
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRedirections: 3,
    retryDelayOnFailover: 50,
    retryDelayOnClusterDown: 50,
    slotsRefreshTimeout: 1000,
    slotsRefreshInterval: 5000,
    clusterRetryStrategy: (times) => Math.min(50 * times, 500),
    redisOptions: {
      connectTimeout: common.connectTimeout,
      keepAlive: common.keepAlive,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      ...(tls ? { tls } : {}),
      ...present({ username, password }),
    },
  });

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only what is there: ioredis takes `undefined` for a value. */
const present = <T extends object>(fields: T): Present<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
