import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { directCluster, filteredCluster, gateCluster } from '../extproc/names.ts';
import type { Config, ProviderConfig } from '../plugins/config/schema.ts';
import { longestPlan } from '../plugins/policies/upstream/config.ts';
import { connectionBuffer, http2Windows, openCircuit } from './connections.ts';
import {
  directHttpFilters,
  filteredHttpFilters,
  type ProcessorOptions,
  workersCluster,
} from './processor.ts';
import { duration, extension, httpProtocol, type Message } from './proto.ts';

export interface ClusterOptions extends ProcessorOptions {
  readonly config: Config;
  readonly workers: readonly { readonly socketPath: string }[];
  /** Where a relative `tls.caFile` starts: the directory of nexus.yaml. */
  readonly baseDirectory: string;
  /** PEM file of the authorities for https providers without a `tls.caFile` of their own. */
  readonly systemCaFile: string;
}

/** All clusters: the workers, the one that leads nowhere, and two for each provider. */
export const clusters = (options: ClusterOptions): readonly Message[] => [
  workersCluster(options.workers, options),
  { name: gateCluster, type: 'STATIC', connect_timeout: duration(250) },
  ...Object.entries(options.config.providers).flatMap(([name, provider]) => [
    providerCluster(filteredCluster(name), provider, options, filteredHttpFilters(options)),
    providerCluster(directCluster(name), provider, options, mayGoOn(options) ? directHttpFilters : []),
  ]),
];

/** Has any request a second upstream, before which the first one may fail? */
const mayGoOn = ({ config }: ClusterOptions): boolean =>
  Object.values(config.models).some((model) => longestPlan(model) > 1);

const providerCluster = (
  name: string,
  provider: ProviderConfig,
  { baseDirectory, systemCaFile }: ClusterOptions,
  httpFilters: readonly Message[],
): Message => {
  const url = new URL(provider.baseUrl);
  const secure = url.protocol === 'https:';
  const caFile = provider.tls?.caFile ? resolve(baseDirectory, provider.tls.caFile) : systemCaFile;
  return {
    name,
    ...discovery(url),
    connect_timeout: duration(5000),
    ...connectionBuffer,
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: endpoint(url) }] }] },
    circuit_breakers: openCircuit(provider.maxConcurrent),
    upstream_connection_options: {
      tcp_keepalive: { keepalive_probes: 3, keepalive_time: 30, keepalive_interval: 10 },
    },
    typed_extension_protocol_options: httpProtocol({
      ...(secure ? negotiatedHttp : plainHttp),
      ...(httpFilters.length > 0 ? { http_filters: httpFilters } : {}),
    }),
    ...(secure ? { transport_socket: tls(url, caFile) } : {}),
  };
};

/** `[::1]` → `::1`. */
const hostname = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/** Host and port as clients of this URL name them; becomes the `:authority` of every attempt. */
const endpoint = (url: URL): Message => ({
  hostname: url.host,
  address: {
    socket_address: {
      address: hostname(url),
      port_value: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
    },
  },
});

/**
 * How the address is found. Behind a public https name stands a balancer with changing addresses: one connection pool,
 * kept when they change. A plain http name is one of our own network: every address behind it is a server of its own.
 */
const discovery = (url: URL): Message => {
  if (isIP(hostname(url))) return { type: 'STATIC' };
  return {
    type: url.protocol === 'https:' ? 'LOGICAL_DNS' : 'STRICT_DNS',
    dns_lookup_family: 'V4_PREFERRED',
  };
};

const plainHttp: Message = { explicit_http_config: { http_protocol_options: {} } };

/** HTTP/2 where the provider offers it in the TLS handshake. */
const negotiatedHttp: Message = {
  auto_config: { http_protocol_options: {}, http2_protocol_options: http2Windows },
};

const tls = (url: URL, caFile: string): Message => {
  const host = hostname(url);
  const literal = isIP(host) !== 0;
  return extension(
    'envoy.transport_sockets.tls',
    'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    {
      ...(literal ? {} : { sni: host }),
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
        validation_context: {
          trusted_ca: { filename: caFile },
          match_typed_subject_alt_names: [
            { san_type: literal ? 'IP_ADDRESS' : 'DNS', matcher: { exact: host } },
          ],
        },
      },
    },
  );
};
