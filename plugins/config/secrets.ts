import type { Config, StoreConfig } from './schema.ts';

/** Where secrets come from; the way to read files is the caller's. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file. Throws when it cannot be read. */
  readonly readFile: (path: string) => string;
}

/** A provider whose key cannot be had. */
export interface MissingSecret {
  readonly provider: string;
  /** Names the variable or file and says what is wrong with it; never holds its content. */
  readonly reason: string;
}

/**
 * The key of each provider that has one, by the provider's name. The only place where references become secrets.
 * Throws an Error that names every variable or file at fault.
 */
export const resolveSecrets = (config: Config, sources: SecretSources): ReadonlyMap<string, string> => {
  const lookups = lookUpSecrets(config, sources);
  const missing = lookups.flatMap(missingOf);
  if (missing.length > 0) {
    throw new Error(
      missing.map(({ provider, reason }) => `key of provider ${provider}: ${reason}`).join('; '),
    );
  }
  return new Map(
    lookups.flatMap(({ provider, found }) => ('secret' in found ? [[provider, found.secret]] : [])),
  );
};

/** The providers whose keys `resolveSecrets` would not find. */
export const missingSecrets = (config: Config, sources: SecretSources): MissingSecret[] =>
  lookUpSecrets(config, sources).flatMap(missingOf);

/** The store of counts with its secrets: how to reach it. */
export type StoreTarget =
  | { readonly kind: 'memory' }
  /** A URL, or the path of a socket. */
  | { readonly kind: 'single'; readonly url: string }
  | ({
      readonly kind: 'sentinel';
      readonly master: string;
      readonly database: number;
      readonly sentinelPassword?: string;
    } & RedisNodes)
  | ({ readonly kind: 'cluster' } & RedisNodes);

interface RedisNodes {
  /** `host:port` of each. */
  readonly nodes: readonly string[];
  readonly username?: string;
  readonly password?: string;
  readonly tls: boolean;
}

/** How to reach the store. Throws an Error that names the first variable or file at fault. */
export const storeTarget = (
  { redis, sentinel, cluster }: StoreConfig,
  sources: SecretSources,
): StoreTarget => {
  const secret = (name: string, reference: string): string => {
    const found = readReference(reference, sources);
    if ('reason' in found) throw new Error(`${name}: ${found.reason}`);
    return found.secret;
  };
  if (redis !== undefined)
    return { kind: 'single', url: isReference(redis) ? secret('store.redis', redis) : redis };
  const nodes = sentinel ?? cluster;
  if (!nodes) return { kind: 'memory' };
  const common: RedisNodes = {
    nodes: nodes.nodes,
    tls: nodes.tls,
    ...(nodes.username === undefined ? {} : { username: nodes.username }),
    ...(nodes.password === undefined ? {} : { password: secret('store password', nodes.password) }),
  };
  if (!sentinel) return { kind: 'cluster', ...common };
  const { master, database, sentinelPassword } = sentinel;
  return {
    kind: 'sentinel',
    master,
    database,
    ...(sentinelPassword === undefined
      ? {}
      : { sentinelPassword: secret('store.sentinel.sentinelPassword', sentinelPassword) }),
    ...common,
  };
};

/** What is wrong with the secrets of the store; undefined when nothing is. */
export const missingStoreSecret = (store: StoreConfig, sources: SecretSources): string | undefined => {
  try {
    storeTarget(store, sources);
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
};

const isReference = (text: string): boolean => text.startsWith('${');

type Found = { readonly secret: string } | { readonly reason: string };

interface Lookup {
  readonly provider: string;
  readonly found: Found;
}

const lookUpSecrets = ({ providers }: Config, sources: SecretSources): Lookup[] =>
  Object.entries(providers).flatMap(([provider, { key }]) =>
    key === undefined ? [] : [{ provider, found: readReference(key, sources) }],
  );

const missingOf = ({ provider, found }: Lookup): MissingSecret[] =>
  'reason' in found ? [{ provider, reason: found.reason }] : [];

/** `reference` is `${env:NAME}` or `${file:PATH}`: the schema lets nothing else through. */
const readReference = (reference: string, sources: SecretSources): Found => {
  const [kind, place = ''] = reference.slice(2, -1).split(/:(.*)/s);
  return kind === 'env' ? fromVariable(place, sources) : fromFile(place, sources);
};

const fromVariable = (name: string, { env }: SecretSources): Found => {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return value === undefined || value === ''
    ? { reason: `the environment variable ${name} is not set` }
    : usable(value, `the environment variable ${name}`);
};

const fromFile = (path: string, { readFile }: SecretSources): Found => {
  let text: string;
  try {
    text = readFile(path);
  } catch {
    return { reason: `the file ${path} cannot be read` };
  }
  const value = text.replace(/\r?\n$/, ''); // editors and `echo` end a file with a newline that is not the secret's
  return value === '' ? { reason: `the file ${path} is empty` } : usable(value, `the file ${path}`);
};

/** A secret goes into a header, where a blank or a newline would end it or begin another. */
const usable = (secret: string, place: string): Found =>
  /^[\x21-\x7e]+$/.test(secret)
    ? { secret }
    : { reason: `${place} holds blanks or other characters that no key has` };
