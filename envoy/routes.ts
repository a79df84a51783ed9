import { gateCluster, namespaces, routingKeys } from '../extproc/names.ts';
import type { Config } from '../plugins/config/schema.ts';
import { retriableStatuses } from '../plugins/failover.ts';
import { longestPlan } from '../plugins/policies/upstream/config.ts';
import { routerFilterOn } from './processor.ts';
import { duration, extension, type Message } from './proto.ts';

export interface RouteOptions {
  readonly config: Config;
  /** Prefixes of the paths that belong to Nexus. */
  readonly pathPrefixes: readonly string[];
}

/** Names of the routes, for access logs and for the filters of local replies. */
export const routeNames = { attempt: 'nexus.attempt', gate: 'nexus.gate' } as const;

/** What policies and translation may add to the largest request, and it can still be sent again. */
const growthBytes = 1_048_576;

/** Added to timeouts of Envoy that must never end before the service's own. */
const marginMs = 15_000;

/**
 * The routes, in the order in which they must stand; the first before every other route of its virtual host.
 *
 * A request first meets the gate, which leads to no upstream. Only after the service has written the plan of this
 * request into dynamic metadata, which no client can write, does the first route match; the path plays no part in it,
 * since it is the upstream's by then.
 */
export const routes = ({ config, pathPrefixes }: RouteOptions): readonly Message[] => {
  const governed = {
    request_body_buffer_limit: config.limits.maxRequestBytes + growthBytes,
    typed_per_filter_config: routerFilterOn,
  };
  return [
    {
      name: routeNames.attempt,
      match: planned,
      ...governed,
      request_headers_to_remove: ['x-forwarded-proto'], // Envoy keeps it when the service leaves it out
      route: attempt(config),
    },
    ...pathPrefixes.map((prefix) => ({
      name: routeNames.gate,
      match: { prefix },
      ...governed,
      route: { cluster: gateCluster },
    })),
  ];
};

const planned: Message = {
  prefix: '/',
  dynamic_metadata: [
    {
      filter: namespaces.routing,
      path: [{ key: routingKeys.priorityGroups }],
      value: { present_match: true },
    },
  ],
};

const attempt = (config: Config): Message => {
  const models = Object.values(config.models);
  const firstByteMs = Math.max(1, ...models.map((model) => model.firstByteTimeoutMs));
  const attempts = Math.max(1, ...models.map(longestPlan));
  return {
    inline_cluster_specifier_plugin: { extension: plan },
    // The host name of each upstream, without a rewrite that would choose another virtual host.
    auto_host_rewrite: true,
    timeout: '0s',
    // Runs while upstreams think, too, so it must outlast them all.
    idle_timeout: duration(Math.max(attempts * firstByteMs, config.limits.streamIdleTimeoutMs) + marginMs),
    retry_policy: {
      refresh_cluster_on_retry: true,
      retry_on: '5xx,reset,connect-failure,refused-stream,retriable-status-codes',
      retriable_status_codes: retriableStatuses, // beside every 5xx
      num_retries: attempts - 1,
      // The service says how long for each request (x-envoy-upstream-rq-per-try-timeout-ms). Ends when the answer begins;
      // per_try_idle_timeout would go on and cut streams, also those whose client reads slowly (measured on 1.40.0).
      per_try_timeout: duration(firstByteMs),
      retry_back_off: { base_interval: duration(5), max_interval: duration(50) },
    },
  };
};

/** Walks the groups that the service wrote, one for each attempt. Should it have written none, the way ends here, too. */
const plan: Message = extension(
  'envoy.router.cluster_specifier_plugin.priority_group',
  'envoy.extensions.router.cluster_specifiers.priority_group.v3.PriorityGroupClusterSpecifier',
  {
    override_metadata_namespace: namespaces.routing,
    priority_groups: [{ name: 'gate', clusters: [{ cluster_name: gateCluster, weight: 1 }] }],
  },
);
