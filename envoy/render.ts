import { type ClusterOptions, clusters } from './clusters.ts';
import { type EgressOptions, egressListeners } from './egress.ts';
import {
  connectionManagerParts,
  type ListenerOptions,
  listener,
  type SocketAddress,
  socketAddress,
} from './listener.ts';
import { duration, extension, type Message } from './proto.ts';
import { routes } from './routes.ts';

/** All that a configuration depends on. */
export interface RenderOptions extends ClusterOptions, ListenerOptions {
  /** Where Envoy's own admin interface listens; absent: nowhere. */
  readonly admin?: SocketAddress;
}

/**
 * The whole configuration (bootstrap) of Envoy 1.40 for a nexus.yaml. Holds no credential: those are the service's,
 * and travel with each attempt.
 */
export const renderEnvoy = (options: RenderOptions): Message => ({
  ...(options.admin === undefined ? {} : { admin: { address: socketAddress(options.admin) } }),
  ...bootstrapFields,
  overload_manager: overloadManager,
  static_resources: {
    listeners: [
      listener(options, routes({ config: options.config, pathPrefixes: ['/'] })),
      ...egressListeners(options),
    ],
    clusters: clusters(options),
  },
});

/** The parts that go into an Envoy which already exists; see docs/envoy.md for the place of each. */
export const parts = {
  /** Fields of its HTTP connection manager; the filters stand before its router filter. */
  filters: connectionManagerParts,
  clusters: (options: ClusterOptions) => ({ clusters: clusters(options) }),
  /** Beside that for clients; none where no model has a mirror. */
  listeners: (options: EgressOptions) => ({ listeners: egressListeners(options) }),
  /** Routes of the virtual host that serves LLM clients. */
  routes: ({ config }: Pick<ClusterOptions, 'config'>) => ({
    routes: routes({ config, pathPrefixes: ['/v1/', '/v1beta/'] }),
  }),
} satisfies Record<string, (options: RenderOptions) => Message>;

export type Part = keyof typeof parts;

/**
 * Runtime flag: half-close a gRPC stream instead of resetting it. Node's
 * HTTP/2 server takes more than 33 resets a second for an attack and answers with GOAWAY (measured without the flag: up
 * to 1.4 % of requests failed).
 */
const gracefulClose = 'envoy.reloadable_features.ext_proc_graceful_grpc_close';

/**
 * What a bootstrap must say wherever the filters are. Envoy drops the client of a gRPC service that no new stream has used
 * for a while, by default 50 s. The last exchange that still used it then takes the client along, and with it the memory
 * of its own half-closed stream: Envoy 1.40.0 crashes at the end of an answer of 50 s or more when no other request came
 * meanwhile (measured; with a day, no more). The services never change here, so their clients may stay.
 */
export const bootstrapFields = {
  layered_runtime: { layers: [{ name: 'nexus', static_layer: { [gracefulClose]: true } }] },
  grpc_async_client_manager_config: { max_cached_entry_idle_duration: duration(86_400_000) },
} satisfies Message;

/** More connections than this are closed as they come, so that those that exist go on. */
const overloadManager: Message = {
  resource_monitors: [
    extension(
      'envoy.resource_monitors.global_downstream_max_connections',
      'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
      { max_active_downstream_connections: 50_000 },
    ),
  ],
};
