import { type ErrorCode, type GatewayError, gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../wire/json.ts';
import { retryAfterMs as readRetryAfterMs } from '../../wire/retry-after.ts';
import { sseFrame } from '../../wire/sse.ts';
import type { AnthropicErrorType } from './wire.ts';

/** `error.type` per code; a new code fails to compile until it is named here. */
const errorTypes = {
  invalid_key: 'authentication_error',
  model_not_allowed: 'permission_error',
  model_not_found: 'not_found_error',
  region_not_allowed: 'permission_error',
  prompt_blocked: 'invalid_request_error',
  pii_blocked: 'invalid_request_error',
  budget_exceeded: 'rate_limit_error',
  rate_limited: 'rate_limit_error',
  too_many_parallel: 'rate_limit_error',
  request_too_large: 'request_too_large',
  unsupported_media_type: 'invalid_request_error',
  invalid_request: 'invalid_request_error',
  unsupported_field: 'invalid_request_error',
  not_found: 'not_found_error',
  method_not_allowed: 'invalid_request_error',
  upstream_unavailable: 'api_error',
  policy_unavailable: 'api_error',
  upstream_truncated: 'api_error',
  upstream_stalled: 'timeout_error',
  upstream_malformed: 'api_error',
  upstream_invalid_request: 'invalid_request_error',
  context_length_exceeded: 'invalid_request_error',
  content_filtered: 'invalid_request_error',
  upstream_auth: 'api_error',
  upstream_not_found: 'not_found_error',
  upstream_too_large: 'request_too_large',
  upstream_rate_limited: 'rate_limit_error',
  upstream_quota: 'rate_limit_error',
  upstream_overloaded: 'overloaded_error',
  upstream_timeout: 'timeout_error',
  upstream_error: 'api_error',
} as const satisfies Record<ErrorCode, AnthropicErrorType>;

/** The API's own status for overload, for which its SDKs have a class. */
const overloadedStatus = 529;

/**
 * Status and body of an error. Our stable code is `error.details.error_code`, which SDKs show as `errorCode`; the field
 * at fault begins the message, for there is no member for it.
 */
export const encodeError = (
  error: GatewayError,
  requestId: string,
): { readonly status: number; readonly body: JsonObject } => ({
  status: error.code === 'upstream_overloaded' ? overloadedStatus : error.status,
  body: errorBody(error, requestId),
});

/** The last frame of a stream that fails after it began. */
export const encodeStreamError = (error: GatewayError, requestId: string): string =>
  sseFrame(JSON.stringify(errorBody(error, requestId)), 'error');

/** The body of an error answer and of an `error` event. */
export const errorBody = (error: GatewayError, requestId: string): JsonObject => ({
  type: 'error',
  error: {
    type: errorTypes[error.code],
    message: messageOf(error),
    details: detailsOf(error),
  },
  request_id: requestId,
});

const detailsOf = ({ code, param }: GatewayError): JsonObject => {
  // The API's own code for this: reading it, SDKs send the whole conversation instead of its continuation.
  if (code === 'unsupported_field' && param === 'thread')
    return { error_code: 'thread_unsupported_request', unsupported: [param] };
  return { error_code: code, ...(param === undefined ? {} : { param }) };
};

const messageOf = ({ code, message, param }: GatewayError): string => {
  // Coding agents compact their conversation when they read these words.
  if (code === 'context_length_exceeded' && !/prompt is too long/i.test(message))
    return `prompt is too long: ${message}`;
  return param === undefined || message.startsWith(param) ? message : `${param}: ${message}`;
};

/** An upstream's answer with status ≥ 400. Messages about our own account are not passed on. */
export const decodeError = (
  status: number,
  headers: ReadonlyMap<string, string>,
  body: Uint8Array,
): GatewayError => {
  // A web page of something in between is no JSON: its status must do.
  const told = toldBy(parseJson(Buffer.from(body).toString('utf8')) ?? null);
  const code = codeOf(status, told);
  const retryAfterMs = readRetryAfterMs(headers);
  return gatewayError(code, {
    ...shared(code, told),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
};

/** The `error` of an event in a stream, where only its type says what a status would. */
export const decodeEventError = (error: JsonValue | undefined): GatewayError => {
  const told = toldBy({ error: error ?? null });
  const code = codeOf(statuses.get(told.type ?? '') ?? 500, told);
  return gatewayError(code, shared(code, told));
};

/** What an error body says, whatever its shape. */
interface Told {
  readonly type?: string;
  readonly message?: string;
  readonly errorCode?: string;
}

/** Compatible servers also send the error as a string, or only a `message` or `detail`. */
const toldBy = (body: JsonValue): Told => {
  if (!isJsonObject(body)) return {};
  const { error } = body;
  const source = isJsonObject(error) ? error : body;
  const message = [source.message, error, body.detail].find((text) => typeof text === 'string');
  const errorCode = isJsonObject(source.details) ? source.details.error_code : undefined;
  return {
    ...(typeof source.type === 'string' && source !== body ? { type: source.type } : {}),
    ...(typeof message === 'string' ? { message: message.slice(0, maxMessageLength) } : {}),
    ...(typeof errorCode === 'string' ? { errorCode } : {}),
  };
};

const maxMessageLength = 2_048;

/** Status of each type, for errors that come without one. */
const statuses: ReadonlyMap<string, number> = new Map<AnthropicErrorType, number>([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
]);

const codesOfStatus: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [401, 'upstream_auth'],
  [402, 'upstream_quota'],
  [403, 'upstream_auth'],
  [404, 'upstream_not_found'],
  [408, 'upstream_timeout'],
  [413, 'upstream_too_large'],
  [503, 'upstream_overloaded'],
  [504, 'upstream_timeout'],
  [overloadedStatus, 'upstream_overloaded'],
]);

/** A type that says more than "bad request" or "failed" is believed before the status, which proxies change. */
const codeOf = (status: number, told: Told): ErrorCode => {
  const type = told.type ?? '';
  const ofType = type === 'invalid_request_error' || type === 'api_error' ? undefined : statuses.get(type);
  const meant = ofType ?? status;
  const code = codesOfStatus.get(meant);
  if (code) return code;
  if (meant === 429) return isSpent(told) ? 'upstream_quota' : 'upstream_rate_limited';
  return meant >= 500 ? 'upstream_error' : codeOfRefusal(told);
};

/** Spend limits answer 429 like rate limits, but waiting does not help. */
const isSpent = ({ errorCode }: Told): boolean => errorCode?.includes('spend_limit') ?? false;

/** An invalid request says only in its message what is wrong with it. */
const codeOfRefusal = ({ message = '' }: Told): ErrorCode => {
  if (/prompt is too long|context (?:window|length|limit)/i.test(message)) return 'context_length_exceeded';
  if (/content filtering policy/i.test(message)) return 'content_filtered';
  if (/credit balance/i.test(message)) return 'upstream_quota';
  return 'upstream_invalid_request';
};

/**
 * Codes whose upstream words speak of our account, not of the client's request: `authentication_error` is not about its
 * key, and a rate limit names our organisation.
 */
const ours: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream_auth',
  'upstream_quota',
  'upstream_rate_limited',
]);

/** The type has become our own code, which clients of every dialect know; its detail has not. */
const shared = (code: ErrorCode, { message, errorCode }: Told) => ({
  ...(message === undefined || message === '' || ours.has(code) ? {} : { message }),
  ...(errorCode === undefined ? {} : { upstreamCode: errorCode }),
});
