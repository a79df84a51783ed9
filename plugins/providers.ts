import type { Config, ProviderConfig } from './config/schema.ts';
import type { HeaderList } from './dialects/dialect.ts';
import type { DialectName } from './model/request.ts';

/** A configured provider, made ready for calls. */
export interface Provider {
  readonly name: string;
  readonly dialect: DialectName;
  /** For the `:authority` of calls: `api.openai.com`, `127.0.0.1:8000`. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  /** Path of the base URL without its last slash: `/v1` or empty. */
  readonly pathPrefix: string;
  /** Headers that hold the provider's key; none for a server that needs none. */
  readonly credential: HeaderList;
  readonly region?: string;
}

const dialects = {
  openai: 'openai-chat',
  'openai-responses': 'openai-responses',
  anthropic: 'anthropic-messages',
} as const satisfies Record<ProviderConfig['dialect'], DialectName>;

/** How each dialect's providers want to be shown the key. */
const credentials: Record<DialectName, { readonly header: string; readonly prefix: string }> = {
  'openai-chat': { header: 'authorization', prefix: 'Bearer ' },
  'openai-responses': { header: 'authorization', prefix: 'Bearer ' },
  'anthropic-messages': { header: 'x-api-key', prefix: '' },
};

/** Every header that may hold a provider's key. */
export const credentialHeaders: readonly string[] = Object.values(credentials).map(({ header }) => header);

/** All providers of a config by name. `secrets` holds the resolved key of each provider that has one. */
export const readyProviders = (config: Config, secrets: ReadonlyMap<string, string>): Map<string, Provider> =>
  new Map(
    Object.entries(config.providers).map(([name, it]) => [name, readyProvider(name, it, secrets.get(name))]),
  );

const readyProvider = (name: string, config: ProviderConfig, key: string | undefined): Provider => {
  const url = new URL(config.baseUrl);
  const dialect = dialects[config.dialect];
  const { header, prefix } = credentials[dialect];
  return {
    name,
    dialect,
    authority: url.host,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    pathPrefix: url.pathname.replace(/\/+$/, ''),
    credential: key === undefined ? [] : [[header, prefix + key]],
    ...(config.region === undefined ? {} : { region: config.region }),
  };
};
