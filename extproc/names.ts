/**
 * What the Envoy configuration (`envoy/render.ts`) and the ext_proc service must call by the same name.
 * Each constant is the name as it stands in the configuration or on the wire.
 */

/** Cluster of the workers: one endpoint per unix socket. */
export const processorCluster = 'nexus';

/** Cluster without a host, where every request is routed until the service has written its plan. */
export const gateCluster = 'nexus.gate';

/** The ext_proc filter in the HTTP connection manager: once per request. */
export const routerFilter = 'nexus.router';

/** The ext_proc filter in every filtered provider cluster: once per attempt. */
export const upstreamFilter = 'nexus.upstream';

/** gRPC metadata key that tells which of the two filters opened the stream; its value is a `Role`. */
export const roleHeader = 'x-role';

export type Role = 'router' | 'upstream';

/** gRPC metadata key that names the worker that holds the exchange; Envoy sends the stream there while it lives. */
export const workerHeader = 'x-worker-addr';

/** Namespaces of dynamic metadata. Envoy takes what the service writes into these and no others. */
export const namespaces = {
  /** Written by the router filter: how to route this exchange. Sent to the upstream filter with each message. */
  routing: 'nexus',
  /** Written by the router filter, read by the access log. */
  log: 'nexus_log',
  /** Written by the upstream filter: what this attempt needs. */
  attempt: 'nexus_up',
  /** Written by Envoy itself, in a provider's cluster: the head of an answer for which it may go on to the next upstream. */
  failure: 'nexus_failure',
} as const;

/** Keys of the `routing` namespace. */
export const routingKeys = {
  /** List of `{name, clusters: [{cluster_name, weight}]}`, one per attempt; without it nothing is routed to a provider. */
  priorityGroups: 'priority_groups',
  /** Address of the worker that holds the exchange: the path of its unix socket, as configured in Envoy. */
  worker: 'waddr',
  /** Id of the exchange: the mark that the policies have seen the request. */
  exchange: 'rid',
  /** Dialect of the body that the router filter wrote, a `DialectName`. */
  bodyDialect: 'body_dialect',
  /** The client's dialect, a `DialectName`: the shape of errors that Envoy itself must write. */
  dialect: 'dialect',
} as const;

/** Keys of the `attempt` namespace. */
export const attemptKeys = {
  /** Length in bytes of the body that the upstream filter put in place; decimal, as a string. */
  contentLength: 'content_length',
  /** Which attempt it is, from 1. Absent: the first, which no upstream filter saw. */
  number: 'number',
} as const;

/** Keys of the `failure` namespace. */
export const failureKeys = {
  /** `{attempt, status, headers}` of the attempt that failed last: a number, a string of digits, a struct of strings. */
  last: 'last',
} as const;

/** Filter in every provider's cluster that notes the `failure` of an attempt. */
export const failureFilter = 'nexus.failure';

/** Keys of the `log` namespace; each becomes a field of the access log. */
export const logKeys = [
  'id',
  'consumer',
  'user',
  'team',
  'application',
  'model',
  'response_model',
  'pick',
  'reason',
  'candidates',
  'mirror',
  'input_tokens',
  'output_tokens',
  'ending',
  'code',
] as const;

/** Key of the `log` namespace that holds the client's path without its query; the log prefers it to the rewritten one. */
export const logPathKey = 'path';

/** Cluster of a provider with the upstream filter: the service rewrites each attempt on its way out. */
export const filteredCluster = (provider: string): string => `nexus/${provider}`;

/** Cluster of the same provider without the upstream filter: the router filter wrote the request for it already. */
export const directCluster = (provider: string): string => `nexus/${provider}/direct`;

/** The provider that a cluster stands for; undefined for a cluster that is none of ours. */
export const providerOfCluster = (cluster: string): string | undefined =>
  /^nexus\/([^/]+)(?:\/direct)?$/.exec(cluster)?.[1];

/** Listener through which workers send copies for mirrors; clients cannot reach it. */
export const egressListener = 'nexus.egress';

/** Path of its socket, beside those of the workers. */
export const egressSocket = (directory: string): string => `${directory}/egress.sock`;

/** Header that names the provider there; Envoy takes it off. */
export const egressProviderHeader = 'x-nexus-provider';

/** Path of the socket of the `index`th worker (from 0) in the directory of the workers. */
export const workerSocket = (directory: string, index: number): string => `${directory}/worker-${index}.sock`;
