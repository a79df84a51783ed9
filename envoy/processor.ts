import {
  attemptKeys,
  namespaces,
  processorCluster,
  type Role,
  roleHeader,
  routerFilter,
  routingKeys,
  upstreamFilter,
  workerHeader,
} from '../extproc/names.ts';
import type { Config } from '../plugins/config/schema.ts';
import { credentialHeaders } from '../plugins/providers.ts';
import { http2Windows, openCircuit } from './connections.ts';
import { failureHttpFilter } from './failure.ts';
import { duration, extension, httpProtocol, type Message, typed } from './proto.ts';

/** How the filters call the workers. */
export interface ProcessorOptions {
  /** Longest wait for an answer of the service, 3000 when absent; then the client gets `policy_unavailable`. */
  readonly messageTimeoutMs?: number;
}

/** Long enough to move a request from a frozen worker to another one after a stall of 2 s was sat out (see `liveness`). */
const defaultMessageTimeoutMs = 3000;

/**
 * A stream that did not reach a worker goes to another one. Only `GrpcService.retry_policy` does this:
 * Envoy ignores the one inside `envoy_grpc` (measured on 1.40.0).
 */
const retryElsewhere: Message = {
  num_retries: 3,
  retry_on: 'connect-failure,refused-stream,reset,reset-before-request,unavailable',
  retry_back_off: { base_interval: duration(2), max_interval: duration(10) },
  host_selection_retry_max_attempts: 3,
  retry_host_predicate: [
    extension(
      'envoy.retry_host_predicates.previous_hosts',
      'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
    ),
  ],
};

const service = (role: Role, metadata: readonly Message[] = []): Message => ({
  envoy_grpc: { cluster_name: processorCluster },
  timeout: '0s',
  initial_metadata: [{ key: roleHeader, value: role }, ...metadata],
  retry_policy: retryElsewhere,
});

const externalProcessor = (name: string, fields: Message): Message =>
  extension(name, 'envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor', fields);

/** No answer, or a broken stream, is a refusal; never a request that goes on without its policies. */
const failClosed = ({ messageTimeoutMs = defaultMessageTimeoutMs }: ProcessorOptions): Message => ({
  failure_mode_allow: false,
  status_on_error: { code: 'ServiceUnavailable' },
  message_timeout: duration(messageTimeoutMs),
  mutation_rules: { allow_all_routing: true, allow_envoy: true },
});

/**
 * The filter of the HTTP connection manager. It is off where no route turns it on (`routerFilterOn`): not only for other
 * traffic, also where Envoy refuses a request before it has a route, since an answer that is held for the service comes
 * too late when the connection is being closed. Request bodies come whole, since every policy needs the whole JSON.
 * Answers are full duplex: the service may hold text back, insert events, end a stream early, and no message timer
 * of Envoy runs while an upstream is slow.
 */
export const routerHttpFilter = (options: ProcessorOptions): Message => ({
  name: routerFilter,
  disabled: true, // stands here, where people who paste it see it
  ...externalProcessor(routerFilter, {
    grpc_service: service('router'),
    ...failClosed(options),
    stat_prefix: 'router',
    processing_mode: {
      request_header_mode: 'SEND',
      request_body_mode: 'BUFFERED',
      request_trailer_mode: 'SEND', // to be taken off
      response_header_mode: 'SEND',
      response_body_mode: 'FULL_DUPLEX_STREAMED',
      response_trailer_mode: 'SEND',
    },
    response_attributes: ['upstream.request_attempt_count', 'response.code_details'],
    metadata_options: {
      forwarding_namespaces: { untyped: [namespaces.failure] },
      receiving_namespaces: { untyped: [namespaces.routing, namespaces.log] },
    },
  }),
});

/** The `typed_per_filter_config` of a route whose requests go through the service. */
export const routerFilterOn: Message = {
  [routerFilter]: typed('envoy.config.route.v3.FilterConfig', { config: {} }),
};

/** The filter of a provider's cluster: sees the headers of each attempt, and replaces headers and body. */
const upstreamHttpFilter = (options: ProcessorOptions): Message =>
  externalProcessor(upstreamFilter, {
    grpc_service: service('upstream', [
      { key: workerHeader, value: `%DYNAMIC_METADATA(${namespaces.routing}:${routingKeys.worker})%` },
    ]),
    ...failClosed(options),
    stat_prefix: 'upstream',
    // A worker that lost the exchange may ask for the body and translate from it.
    allow_mode_override: true,
    processing_mode: {
      request_header_mode: 'SEND',
      request_body_mode: 'NONE',
      response_header_mode: 'SKIP',
      response_body_mode: 'NONE',
    },
    request_attributes: ['xds.cluster_name', 'upstream.request_attempt_count'],
    metadata_options: {
      forwarding_namespaces: { untyped: [namespaces.routing, namespaces.failure] },
      receiving_namespaces: { untyped: [namespaces.attempt] },
    },
  });

/**
 * Takes off what an attempt before was sent with, before the service is asked. Should the service be passed over, no
 * provider is shown the key of another one.
 */
const withoutCredentials = (config: Config): Message =>
  extension('nexus.without_credentials', 'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
    mutations: { request_mutations: credentialHeaders(config).map((name) => ({ remove: name })) },
  });

/** ext_proc drops content-length with the body that it replaces; this puts the new one back. */
const contentLength: Message = extension(
  'envoy.filters.http.header_mutation',
  'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation',
  {
    mutations: {
      request_mutations: [
        {
          append: {
            append_action: 'ADD_IF_ABSENT',
            header: {
              key: 'content-length',
              value: `%DYNAMIC_METADATA(${namespaces.attempt}:${attemptKeys.contentLength})%`,
            },
          },
        },
      ],
    },
  },
);

/** The last filter of every provider cluster. */
const upstreamCodec: Message = extension(
  'envoy.filters.http.upstream_codec',
  'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec',
);

/** The filters of a filtered provider cluster, in order. */
export const filteredHttpFilters = (
  options: ProcessorOptions & { readonly config: Config },
): readonly Message[] => [
  withoutCredentials(options.config),
  upstreamHttpFilter(options),
  contentLength,
  failureHttpFilter,
  upstreamCodec,
];

/** The filters of a direct provider cluster. */
export const directHttpFilters: readonly Message[] = [failureHttpFilter, upstreamCodec];

const loadBalancing: Message = {
  policies: [
    {
      typed_extension_config: extension(
        'envoy.load_balancing_policies.override_host',
        'envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost',
        {
          override_host_sources: [{ header: workerHeader }],
          fallback_policy: {
            policies: [
              {
                typed_extension_config: extension(
                  'envoy.load_balancing_policies.least_request',
                  'envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest',
                ),
              },
            ],
          },
        },
      ),
    },
  ],
};

/**
 * How soon a worker that does not answer is given up. Health checks take new streams away from it in half a second and
 * leave its connections alone, so that a short stall loses no stream. Only when a ping stays unanswered is the
 * connection cut; that is before the message timeout, so that waiting requests are moved to another worker.
 */
const liveness = ({ messageTimeoutMs = defaultMessageTimeoutMs }: ProcessorOptions) => {
  const pingIntervalMs = 250;
  return {
    healthCheck: {
      timeout: duration(250),
      interval: duration(250),
      no_traffic_interval: duration(250),
      unhealthy_threshold: 2,
      healthy_threshold: 1,
      grpc_health_check: {},
    },
    keepalive: {
      interval: duration(pingIntervalMs),
      timeout: duration(Math.max(pingIntervalMs, messageTimeoutMs - 3 * pingIntervalMs)),
    },
  };
};

/** The workers, each on its socket. A dead one is left at its first connect error. */
export const workersCluster = (
  workers: readonly { readonly socketPath: string }[],
  options: ProcessorOptions,
): Message => {
  const { healthCheck, keepalive } = liveness(options);
  return {
    name: processorCluster,
    type: 'STATIC',
    // A unix socket takes or refuses at once. A shorter time would run out when Envoy itself is late, and eject a worker.
    connect_timeout: duration(1000),
    load_balancing_policy: loadBalancing,
    // Below this share of healthy workers Envoy would send to all: with Envoy's 50 %, two dead of three spoil the third.
    common_lb_config: { healthy_panic_threshold: { value: 1 } },
    load_assignment: {
      cluster_name: processorCluster,
      endpoints: [
        {
          lb_endpoints: workers.map(({ socketPath }) => ({
            endpoint: { address: { pipe: { path: socketPath } } },
          })),
        },
      ],
    },
    circuit_breakers: openCircuit(),
    outlier_detection: {
      consecutive_5xx: 5,
      consecutive_gateway_failure: 2,
      split_external_local_origin_errors: true,
      consecutive_local_origin_failure: 1,
      interval: duration(250),
      base_ejection_time: duration(2000),
      max_ejection_percent: 70,
    },
    health_checks: [healthCheck],
    typed_extension_protocol_options: httpProtocol({
      explicit_http_config: { http2_protocol_options: { ...http2Windows, connection_keepalive: keepalive } },
    }),
  };
};
