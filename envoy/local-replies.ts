import { namespaces, routingKeys } from '../extproc/names.ts';
import { dialects } from '../plugins/dialects/registry.ts';
import type { DialectName } from '../plugins/model/request.ts';
import { type GatewayError, gatewayError } from '../plugins/refusals.ts';
import { retryHeaders } from '../plugins/reply.ts';
import type { JsonValue } from '../plugins/wire/json.ts';
import { coalesce, extension, type Message } from './proto.ts';
import { routeNames } from './routes.ts';

/** A reply that Envoy makes by itself, told by its details, and what the client is to read instead. */
interface Cause {
  /** CEL over Envoy's attributes. */
  readonly when: string;
  readonly error: GatewayError;
}

/** True for details that begin like one of `beginnings` (RE2 alternatives). */
const because = (beginnings: string): string => `response.code_details.matches('^(${beginnings})')`;

/** How the details begin when the service did not answer, broke off, or answered with what Envoy cannot use. */
const brokenService = 'ext_proc_error|unhandled_message|spurious_message';

/** True on one of these routes; other traffic of the same Envoy keeps its own replies. */
const at = (...routes: readonly string[]): string => `xds.route_name in ['${routes.join("', '")}']`;

/**
 * Replies of the service itself are local replies, too, and must stay as they are: every cause names details that
 * only Envoy writes. Source: runs of Envoy 1.40.0.
 */
const causes: readonly Cause[] = [
  {
    when: `response.code == 408 && ${because('stream_idle_timeout|request_overall_timeout')}`,
    error: gatewayError('invalid_request', { status: 408, message: 'The request did not arrive in time.' }),
  },
  {
    when: `${at(routeNames.gate)} && ${because(`${brokenService}|no_healthy_upstream|stream_idle_timeout`)}`,
    error: gatewayError('policy_unavailable'),
  },
  {
    when: because(brokenService),
    error: gatewayError('policy_unavailable', {
      message: 'A policy could not be applied, so the answer was withheld.',
    }),
  },
  { when: because('request_payload_too_large'), error: gatewayError('request_too_large') },
  { when: because('stream_idle_timeout'), error: gatewayError('upstream_stalled') },
  {
    when: because('no_healthy_upstream|cluster_not_found|upstream_(reset|per_try|response_timeout)'),
    error: gatewayError('upstream_unavailable'),
  },
];

const routing = `metadata.filter_metadata['${namespaces.routing}']`;

/** True when the client speaks `dialect`: as the service found, else (it never came so far) when `looksLikeIt`. */
const speaks = (dialect: DialectName, looksLikeIt: string): string =>
  `('${namespaces.routing}' in metadata.filter_metadata && '${routingKeys.dialect}' in ${routing}` +
  ` ? ${routing}['${routingKeys.dialect}'] == '${dialect}' : ${looksLikeIt})`;

const looksLikeAnthropic =
  "request.path.startsWith('/v1/messages') || 'anthropic-version' in request.headers";

/** Its paths name a method of a model; only its own SDKs call others with its key header. */
const looksLikeGemini = "request.path.contains('enerateContent') || 'x-goog-api-key' in request.headers";

/** The dialects of error bodies with their conditions; the first match wins, the last one takes the rest. */
const shapes: readonly { readonly dialect: DialectName; readonly when: readonly string[] }[] = [
  { dialect: 'anthropic-messages', when: [speaks('anthropic-messages', looksLikeAnthropic)] },
  { dialect: 'gemini', when: [speaks('gemini', looksLikeGemini)] },
  { dialect: 'openai-chat', when: [] },
];

/** Typed JSON errors in the client's dialect for what Envoy answers by itself. For the HTTP connection manager. */
export const localReplies = (): Message => ({
  mappers: causes.flatMap(({ when, error }) =>
    shapes.map((shape) =>
      mapper([at(...Object.values(routeNames)), when, ...shape.when].join(' && '), shape.dialect, error),
    ),
  ),
});

/** The id of the exchange, else (there is none yet) of the request. */
const requestId = coalesce(
  ['DYNAMIC_METADATA', `${namespaces.routing}:${routingKeys.exchange}`],
  ['REQ', 'x-request-id'],
);

const mapper = (when: string, dialect: DialectName, error: GatewayError): Message => {
  const { status, body } = dialects[dialect].encodeError(error, requestId);
  return {
    filter: {
      extension_filter: extension(
        'envoy.access_loggers.extension_filters.cel',
        'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter',
        { expression: when },
      ),
    },
    status_code: status,
    body_format_override: { json_format: literal(body) },
    headers_to_add: retryHeaders(error).map(([key, value]) => ({ header: { key, value } })),
  };
};

/** Envoy reads `%` in a format as a command, so it is doubled; the request id is the one command. */
const literal = (value: JsonValue): JsonValue => {
  if (typeof value === 'string') return value === requestId ? value : value.replaceAll('%', '%%');
  if (Array.isArray(value)) return value.map(literal);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, literal(member)]));
};
