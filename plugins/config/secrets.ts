import type { Config, ProviderConfig, StoreConfig } from './schema.ts';

/** Where secrets come from; the way to read files is the caller's. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file. Throws when it cannot be read. */
  readonly readFile: (path: string) => string;
}

/** A secret that cannot be had. */
export interface MissingSecret {
  /** Its place in nexus.yaml. */
  readonly path: readonly string[];
  /** Names the variable or file and says what is wrong with it; never holds its content. */
  readonly reason: string;
}

/**
 * All secrets, those of providers by `secretName`, others by their place. The only place where references become secrets. Throws an Error that
 * names every variable or file at fault.
 */
export const resolveSecrets = (config: Config, sources: SecretSources): ReadonlyMap<string, string> => {
  const lookups = lookUpSecrets(config, sources);
  const missing = lookups.flatMap(missingOf);
  if (missing.length > 0) {
    throw new Error(missing.map(({ path, reason }) => `${path.join('.')}: ${reason}`).join('; '));
  }
  return new Map(
    lookups.flatMap(({ name, found }) => ('secret' in found ? [[name, found.secret] as const] : [])),
  );
};

/** Under what a secret is known: the provider's name for its `key`, `provider/auth/sessionToken` for others. */
export const secretName = (provider: string, path: readonly string[] = ['key']): string =>
  path.length === 1 ? provider : [provider, ...path].join('/');

/** The secrets that `resolveSecrets` would not find. */
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
    const found = readReference(reference, { sources, form: 'word' });
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
  readonly name: string;
  readonly path: readonly string[];
  readonly found: Found;
}

const lookUpSecrets = (config: Config, sources: SecretSources): Lookup[] =>
  allReferences(config).map(({ name, path, reference, form }) => ({
    name,
    path,
    found: readReference(reference, { sources, form }),
  }));

const allReferences = ({ providers, pii }: Config): (Reference & { readonly name: string })[] => [
  ...Object.entries(providers).flatMap(([provider, config]) =>
    referencesOf(config).map((it) => ({
      ...it,
      name: secretName(provider, it.path),
      path: ['providers', provider, ...it.path],
    })),
  ),
  ...(pii?.hashKey === undefined
    ? []
    : [{ name: piiKeyName, path: ['pii', 'hashKey'], reference: pii.hashKey, form: 'document' } as const]),
];

/** Under what the key of `pii` is known. */
export const piiKeyName = 'pii/hashKey';

/** Files that secrets are read from. */
export const secretFiles = (config: Config): string[] =>
  allReferences(config).flatMap(({ reference }) => /^\$\{file:(.*)\}$/s.exec(reference)?.[1] ?? []);

/** A secret goes into a header or a signature, or it is a document that holds one. */
type Form = 'word' | 'document';

interface Reference {
  readonly path: readonly string[];
  readonly reference: string;
  readonly form: Form;
}

const referencesOf = ({ key, auth }: ProviderConfig): Reference[] => {
  const form = auth?.kind === 'google' ? 'document' : 'word';
  const own = key === undefined ? [] : [{ path: ['key'], reference: key, form } as const];
  if (auth?.kind !== 'aws') return own;
  const parts = (['accessKeyId', 'secretAccessKey', 'sessionToken'] as const).flatMap((part) => {
    const reference = auth[part];
    return reference === undefined ? [] : [{ path: ['auth', part], reference, form: 'word' } as const];
  });
  return [...own, ...parts];
};

const missingOf = ({ path, found }: Lookup): MissingSecret[] =>
  'reason' in found ? [{ path, reason: found.reason }] : [];

interface Reading {
  readonly sources: SecretSources;
  readonly form: Form;
}

/** `reference` is `${env:NAME}` or `${file:PATH}`: the schema lets nothing else through. */
const readReference = (reference: string, reading: Reading): Found => {
  const [kind, place = ''] = reference.slice(2, -1).split(/:(.*)/s);
  return kind === 'env' ? fromVariable(place, reading) : fromFile(place, reading);
};

const fromVariable = (name: string, { sources: { env }, form }: Reading): Found => {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return value === undefined || value === ''
    ? { reason: `the environment variable ${name} is not set` }
    : usable(value, { form, place: `the environment variable ${name}` });
};

const fromFile = (path: string, { sources: { readFile }, form }: Reading): Found => {
  let text: string;
  try {
    text = readFile(path);
  } catch {
    return { reason: `the file ${path} cannot be read` };
  }
  const value = text.replace(/\r?\n$/, ''); // editors and `echo` end a file with a newline that is not the secret's
  return value === ''
    ? { reason: `the file ${path} is empty` }
    : usable(value, { form, place: `the file ${path}` });
};

/** In a header a blank or a newline would end a secret or begin another. */
const usable = (secret: string, { form, place }: { readonly form: Form; readonly place: string }): Found =>
  form === 'document' || /^[\x21-\x7e]+$/.test(secret)
    ? { secret }
    : { reason: `${place} holds blanks or other characters that no key has` };
