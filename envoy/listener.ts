import { type AccessLogTarget, accessLog } from './access-log.ts';
import { connectionBuffer, http2Windows } from './connections.ts';
import { localReplies } from './local-replies.ts';
import { type ProcessorOptions, routerHttpFilter } from './processor.ts';
import { duration, extension, type Message } from './proto.ts';

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

export interface ListenerOptions extends ProcessorOptions {
  /** Where clients connect. */
  readonly listen: SocketAddress;
  readonly accessLog: AccessLogTarget;
}

/** An `address` field. */
export const socketAddress = ({ host, port }: SocketAddress): Message => ({
  socket_address: { address: host, port_value: port },
});

/**
 * What the service needs of the HTTP connection manager that it sits in, beside its filter: the fields that also go
 * into an existing one.
 */
export const connectionManagerParts = (options: ProcessorOptions) => ({
  early_header_mutation_extensions: [forgeable],
  local_reply_config: localReplies(),
  http_filters: [routerHttpFilter(options)],
});

/** Headers that steer Nexus or Envoy's router (retries, timeouts) are ours; a client's are taken off before routing. */
const forgeable: Message = extension(
  'envoy.http.early_header_mutation.header_mutation',
  'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation',
  {
    mutations: ['x-nexus-', 'x-envoy-'].map((prefix) => ({
      remove_on_match: { key_matcher: { prefix } },
    })),
  },
);

/** The listener for clients. `routeList` are the routes of its only virtual host. */
export const listener = (options: ListenerOptions, routeList: readonly Message[]): Message => ({
  name: 'nexus',
  address: socketAddress(options.listen),
  ...connectionBuffer,
  filter_chains: [{ filters: [connectionManager(options, routeList)] }],
});

const connectionManager = (options: ListenerOptions, routeList: readonly Message[]): Message => {
  const { http_filters, ...parts } = connectionManagerParts(options);
  return extension(
    'envoy.filters.network.http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: 'nexus',
      ...hardening,
      ...parts,
      access_log: accessLog(options.accessLog),
      http_filters: [...http_filters, router],
      route_config: {
        name: 'nexus',
        virtual_hosts: [{ name: 'nexus', domains: ['*'], routes: routeList }],
      },
    },
  );
};

/** Timeouts here hold until the service has decided; then the route's own idle timeout takes over. */
const hardening: Message = {
  use_remote_address: true,
  generate_request_id: true,
  normalize_path: true,
  merge_slashes: true,
  path_with_escaped_slashes_action: 'REJECT_REQUEST',
  request_headers_timeout: duration(10_000),
  request_timeout: duration(120_000),
  stream_idle_timeout: duration(30_000),
  max_request_headers_kb: 60,
  common_http_protocol_options: {
    headers_with_underscores_action: 'REJECT_REQUEST',
    max_headers_count: 100,
    idle_timeout: duration(600_000),
  },
  http2_protocol_options: { ...http2Windows, max_concurrent_streams: 100 },
};

/** The last filter of every connection manager. */
export const router = extension(
  'envoy.filters.http.router',
  'envoy.extensions.filters.http.router.v3.Router',
  // Neither upstreams nor clients are told of our retries and timings.
  { suppress_envoy_headers: true },
);
