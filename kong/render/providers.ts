import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Config, ProviderConfig } from '../../plugins/config/schema.ts';
import { keyHeaders } from '../../plugins/identity.ts';
import { everyoneOf } from '../../plugins/policies/upstream/config.ts';
import { egressHeader, egressPrefix, sourceHeader } from '../relay/names.ts';
import { type Entity, type KongConfig, marginMs, ours, unbuffered } from './entities.ts';
import { keepFromLogs, keepHeadersFromLogs, luaString, onlyFromSocket } from './lua.ts';

export interface EgressRenderOptions {
  readonly config: Config;
  /** Opens the routes to providers. */
  readonly egressSecret: string;
  /** Where a relative `tls.caFile` starts: the directory of nexus.yaml. */
  readonly baseDirectory: string;
  readonly readFile: (path: string) => string;
}

/** The ways to the providers, which only the relay may go. They hold no credential: the relay sends it with each call. */
export const providerRoutes = (options: EgressRenderOptions): KongConfig => {
  const parts = Object.entries(options.config.providers).map(([name, provider]) => {
    const authorities = caCertificates(provider, options);
    return {
      service: service(name, provider, options.config, authorities),
      route: route(name, options.egressSecret),
      guard: guard(name),
      upstream: upstream(name, provider),
      authorities,
    };
  });
  const byId = new Map(parts.flatMap(({ authorities }) => authorities).map((it) => [it.id, it]));
  return {
    services: parts.map(({ service }) => service),
    routes: parts.map(({ route }) => route),
    plugins: parts.map(({ guard }) => guard),
    upstreams: parts.map(({ upstream }) => upstream),
    ca_certificates: [...byId.values()],
  };
};

/**
 * Name of the entities that stand for a provider; also the host name by which Kong's Service finds its Upstream. A name
 * that cannot be part of a host name is written in hexadecimal digits, behind a sign with which no name begins.
 */
export const entityName = (provider: string): string =>
  `nexus.${isHostname(provider) ? provider : `_${Buffer.from(provider).toString('hex')}`}`;

/** Labels as Kong 3.9 takes them: not empty, and no hyphen at an end. */
const isHostname = (name: string): boolean => /^\w([\w-]*\w)?(\.\w([\w-]*\w)?)*$/.test(name);

const service = (
  name: string,
  { baseUrl }: ProviderConfig,
  config: Config,
  authorities: readonly CaCertificate[],
): Entity => {
  const url = new URL(baseUrl);
  const trusted = authorities.length > 0 ? { ca_certificates: authorities.map(({ id }) => id) } : {};
  return {
    name: entityName(name),
    host: entityName(name),
    port: portOf(url),
    ...(url.protocol === 'https:'
      ? { protocol: 'https', tls_verify: true, ...trusted }
      : { protocol: 'http' }),
    retries: 1, // of a connection that could not be made; Kong sends no request twice
    connect_timeout: 5000,
    write_timeout: 60_000,
    read_timeout: longestSilenceMs(name, config) + marginMs,
    ...ours,
  };
};

const route = (name: string, secret: string): Entity => ({
  name: entityName(name),
  service: entityName(name),
  protocols: ['http'],
  paths: [`${egressPrefix(name)}/`],
  headers: { [egressHeader]: [secret] },
  ...unbuffered,
  ...ours,
});

/** Everything that Kong would add to a request by a variable of nginx. */
const addedByKong = [
  'via',
  'x_forwarded_for',
  'x_forwarded_proto',
  'x_forwarded_host',
  'x_forwarded_port',
  'x_forwarded_path',
  'x_forwarded_prefix',
];

/**
 * The second lock: only the socket leads here. Takes off what is no provider's business, and marks each answer with who
 * made it.
 */
const guard = (name: string): Entity => ({
  name: 'pre-function',
  route: entityName(name),
  config: {
    access: [
      [
        onlyFromSocket,
        `kong.service.request.clear_header(${luaString(egressHeader)})`,
        ...addedByKong.map((variable) => `ngx.var.upstream_${variable} = ""`),
        '',
      ].join('\n'),
    ],
    header_filter: [`kong.response.set_header(${luaString(sourceHeader)}, kong.response.get_source())\n`],
    log: [keepHeadersFromLogs([...keyHeaders, egressHeader]) + keepFromLogs('route.headers')],
  },
  ...ours,
});

/**
 * A name without TLS is one of our own network: Kong looks whether each address behind it takes connections, and sends
 * a request to the one with the fewest. Whoever has several servers adds them as targets.
 */
const upstream = (name: string, { baseUrl }: ProviderConfig): Entity => {
  const url = new URL(baseUrl);
  return {
    name: entityName(name),
    ...(url.protocol === 'https:'
      ? {}
      : { algorithm: 'least-connections', healthchecks: { active: probes } }),
    targets: [{ target: `${url.hostname}:${portOf(url)}`, ...ours }],
    ...ours,
  };
};

const probes: Entity = {
  type: 'tcp',
  timeout: 2,
  healthy: { interval: 5, successes: 1 },
  unhealthy: { interval: 2, tcp_failures: 2, timeouts: 2 },
};

const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80);

const longestSilenceMs = (provider: string, { models, limits }: Config): number =>
  Math.max(
    limits.streamIdleTimeoutMs,
    ...Object.values(models)
      .filter((model) => everyoneOf(model).some((it) => it.provider === provider))
      .map(({ firstByteTimeoutMs }) => firstByteTimeoutMs),
  );

interface CaCertificate extends Entity {
  readonly id: string;
}

/** The authorities of a provider's `tls.caFile`, one entity each, with an id that follows from its text. */
const caCertificates = (
  { tls }: ProviderConfig,
  { baseDirectory, readFile }: EgressRenderOptions,
): readonly CaCertificate[] => {
  if (!tls?.caFile) return [];
  const pem = readFile(resolve(baseDirectory, tls.caFile));
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return certificates.map((cert) => ({ id: uuidOf(cert), cert, ...ours }));
};

const uuidOf = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
