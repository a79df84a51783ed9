import { dirname } from 'node:path';
import { directCluster, egressListener, egressProviderHeader, egressSocket } from '../extproc/names.ts';
import type { Config } from '../plugins/config/schema.ts';
import { connectionBuffer } from './connections.ts';
import { router } from './listener.ts';
import { extension, type Message } from './proto.ts';

export interface EgressOptions {
  readonly config: Config;
  readonly workers: readonly { readonly socketPath: string }[];
}

/**
 * The listener through which workers send copies for mirrors; none when no model has a mirror. It is no way around the
 * policies: it listens on a unix socket that only Envoy's own user can open, it leads to the providers of mirrors and
 * nowhere else, and it brings no credential.
 */
export const egressListeners = ({ config, workers }: EgressOptions): readonly Message[] => {
  const providers = mirrorProviders(config);
  const directory = dirname(workers[0]?.socketPath ?? '');
  return providers.length === 0 ? [] : [egress(egressSocket(directory), providers)];
};

const mirrorProviders = ({ models }: Config): readonly string[] => [
  ...new Set(Object.values(models).flatMap(({ mirror }) => mirror?.use.provider ?? [])),
];

const egress = (path: string, providers: readonly string[]): Message => ({
  name: egressListener,
  address: { pipe: { path, mode: 0o600 } },
  ...connectionBuffer,
  filter_chains: [
    {
      filters: [
        extension(
          'envoy.filters.network.http_connection_manager',
          'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
          {
            stat_prefix: 'nexus_egress',
            generate_request_id: false,
            http_filters: [router],
            route_config: {
              name: egressListener,
              virtual_hosts: [{ name: egressListener, domains: ['*'], routes: providers.map(routeTo) }],
            },
          },
        ),
      ],
    },
  ],
});

/** No retry and no timeout: the worker gives a copy up when it takes too long. */
const routeTo = (provider: string): Message => ({
  match: {
    prefix: '/',
    headers: [{ name: egressProviderHeader, string_match: { exact: provider } }],
  },
  request_headers_to_remove: [egressProviderHeader, 'x-forwarded-proto'],
  route: { cluster: directCluster(provider), auto_host_rewrite: true, timeout: '0s' },
});
