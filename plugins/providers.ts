import type { Config, ProviderConfig } from './config/schema.ts';
import type { HeaderList, PlatformName } from './dialects/dialect.ts';
import { type ServerName, serverAt } from './dialects/servers.ts';
import type { UpstreamDialectName } from './model/request.ts';
import type { Authorize } from './ports/credentials.ts';
import { present } from './wire/present.ts';

/** A configured provider, made ready for calls. */
export interface Provider {
  readonly name: string;
  readonly dialect: UpstreamDialectName;
  /** For the `:authority` of calls: `api.openai.com`, `127.0.0.1:8000`. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  /** Path of the base URL without its last slash: `/v1` or empty. */
  readonly pathPrefix: string;
  /** Headers that hold the provider's key; none for a server that needs none. */
  readonly credential: HeaderList;
  /** Makes the headers that hold the credential instead, where each call needs its own. */
  readonly authorize?: Authorize;
  /** Its kind among the servers that speak OpenAI's Chat: as configured, else by its host. */
  readonly server?: ServerName;
  /** The cloud that hosts it, where its path says so. */
  readonly platform?: PlatformName;
  readonly region?: string;
  /** Of Azure OpenAI, when its paths hold the deployment. */
  readonly azureApiVersion?: string;
  /** Most calls at the same time. */
  readonly maxConcurrent?: number;
}

const dialects = {
  openai: 'openai-chat',
  'openai-responses': 'openai-responses',
  anthropic: 'anthropic-messages',
  gemini: 'gemini',
  'anthropic-vertex': 'anthropic-vertex',
  'anthropic-bedrock': 'anthropic-bedrock',
  cohere: 'cohere-chat',
  bedrock: 'bedrock-converse',
} as const satisfies Record<ProviderConfig['dialect'], UpstreamDialectName>;

/** How each dialect's providers want to be shown the key. */
const credentials: Record<UpstreamDialectName, { readonly header: string; readonly prefix: string }> = {
  'openai-chat': { header: 'authorization', prefix: 'Bearer ' },
  'openai-responses': { header: 'authorization', prefix: 'Bearer ' },
  'anthropic-messages': { header: 'x-api-key', prefix: '' },
  gemini: { header: 'x-goog-api-key', prefix: '' },
  'anthropic-vertex': { header: 'authorization', prefix: 'Bearer ' },
  'anthropic-bedrock': { header: 'authorization', prefix: 'Bearer ' },
  'cohere-chat': { header: 'authorization', prefix: 'Bearer ' },
  'bedrock-converse': { header: 'authorization', prefix: 'Bearer ' },
};

/** Headers that hold a provider's key when nothing else is configured. */
const usualHeaders = [...new Set(Object.values(credentials).map(({ header }) => header))];

/** Every header that may hold a provider's credential under `config`. */
export const credentialHeaders = ({ providers }: Config): readonly string[] => [
  ...new Set([
    ...usualHeaders,
    'x-amz-security-token',
    ...Object.values(providers).flatMap(({ auth }) => (auth?.kind === 'header' ? [auth.name] : [])),
  ]),
];

/** All providers of a config by name, with what `GatewayConfig` holds of their secrets. */
export const readyProviders = (
  config: Config,
  { secrets, authorizers = new Map() }: ProviderSecrets,
): Map<string, Provider> =>
  new Map(
    Object.entries(config.providers).map(([name, it]) => [
      name,
      readyProvider(name, it, { key: secrets.get(name), authorize: authorizers.get(name) }),
    ]),
  );

export interface ProviderSecrets {
  /** By `secretName`. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Of the providers whose credential must be made for each call or renewed, by name. */
  readonly authorizers?: ReadonlyMap<string, Authorize>;
}

const readyProvider = (
  name: string,
  config: ProviderConfig,
  { key, authorize }: { readonly key: string | undefined; readonly authorize: Authorize | undefined },
): Provider => {
  const url = new URL(config.baseUrl);
  const dialect = dialects[config.dialect];
  const { header, prefix } = headerOf(config, dialect);
  return {
    name,
    dialect,
    authority: url.host,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    pathPrefix: url.pathname.replace(/\/+$/, ''),
    credential: key === undefined || authorize ? [] : [[header, prefix + key]],
    ...(authorize ? { authorize } : {}),
    ...present({
      server: dialect === 'openai-chat' ? (config.server ?? serverAt(url.hostname)) : undefined,
      platform: dialect === 'gemini' ? platformAt(url.pathname) : undefined,
      region: config.region,
      azureApiVersion: config.azureApiVersion,
      maxConcurrent: config.maxConcurrent,
    }),
  };
};

/** Vertex AI keeps Google's models below their publisher, at whatever host it is reached. */
const platformAt = (path: string): PlatformName | undefined =>
  /\/publishers\/google\/?$/.test(path) ? 'vertex' : undefined;

const headerOf = (
  { auth }: ProviderConfig,
  dialect: UpstreamDialectName,
): { header: string; prefix: string } =>
  auth?.kind === 'header' ? { header: auth.name, prefix: auth.prefix } : credentials[dialect];
