import { namespaces, routingKeys } from '../extproc/names.ts';
import { dialects } from '../plugins/dialects/registry.ts';
import type { DialectName } from '../plugins/model/request.ts';
import { type GatewayError, gatewayError } from '../plugins/refusals.ts';
import type { JsonValue } from '../plugins/wire/json.ts';
import { extension, type Message } from './proto.ts';
import { routeNames } from './routes.ts';

/** A reply that Envoy makes by itself, told by its details, and what the client is to read instead. */
interface Cause {
  /** CEL over Envoy's attributes. */
  readonly when: string;
  readonly error: GatewayError;
}

const details = 'response.code_details';
const detailsBegin = (...prefixes: readonly string[]): string =>
  prefixes.map((prefix) => `${details}.startsWith('${prefix}')`).join(' || ');

/**
 * Replies of the service itself are local replies, too, and must stay as they are: every cause names details that
 * only Envoy writes. Source: runs of Envoy 1.40.0.
 */
const causes: readonly Cause[] = [
  { when: detailsBegin('ext_proc_error', 'direct_response'), error: gatewayError('policy_unavailable') },
  { when: detailsBegin('request_payload_too_large'), error: gatewayError('request_too_large') },
  {
    when: `${detailsBegin('stream_idle_timeout', 'request_overall_timeout')} && response.code == 408`,
    error: gatewayError('invalid_request', { status: 408, message: 'The request did not arrive in time.' }),
  },
  { when: detailsBegin('stream_idle_timeout'), error: gatewayError('upstream_stalled') },
  {
    when: detailsBegin(
      'no_healthy_upstream',
      'cluster_not_found',
      'upstream_reset',
      'upstream_per_try',
      'upstream_response_timeout',
    ),
    error: gatewayError('upstream_unavailable'),
  },
];
