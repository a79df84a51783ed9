import { type ErrorCode, type GatewayError, gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { sseFrame } from '../../wire/sse.ts';
import type { ErrorBodies } from '../whole.ts';

/** `error.status` (`google.rpc.Code`; ai.google.dev "Troubleshooting guide", read 2026-11-28). */
type Status =
  | 'INVALID_ARGUMENT'
  | 'FAILED_PRECONDITION'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'RESOURCE_EXHAUSTED'
  | 'CANCELLED'
  | 'INTERNAL'
  | 'UNIMPLEMENTED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED';

/** `error.status` per code; a new code fails to compile until it is named here. */
const statusNames = {
  invalid_key: 'UNAUTHENTICATED',
  model_not_allowed: 'PERMISSION_DENIED',
  model_not_found: 'NOT_FOUND',
  region_not_allowed: 'PERMISSION_DENIED',
  prompt_blocked: 'INVALID_ARGUMENT',
  pii_blocked: 'INVALID_ARGUMENT',
  budget_exceeded: 'RESOURCE_EXHAUSTED',
  rate_limited: 'RESOURCE_EXHAUSTED',
  too_many_parallel: 'RESOURCE_EXHAUSTED',
  request_too_large: 'INVALID_ARGUMENT',
  unsupported_media_type: 'INVALID_ARGUMENT',
  invalid_request: 'INVALID_ARGUMENT',
  unsupported_field: 'INVALID_ARGUMENT',
  not_found: 'NOT_FOUND',
  method_not_allowed: 'UNIMPLEMENTED',
  upstream_unavailable: 'UNAVAILABLE',
  policy_unavailable: 'UNAVAILABLE',
  upstream_truncated: 'INTERNAL',
  upstream_stalled: 'DEADLINE_EXCEEDED',
  upstream_malformed: 'INTERNAL',
  upstream_invalid_request: 'INVALID_ARGUMENT',
  context_length_exceeded: 'INVALID_ARGUMENT',
  content_filtered: 'INVALID_ARGUMENT',
  upstream_auth: 'INTERNAL',
  upstream_not_found: 'NOT_FOUND',
  upstream_too_large: 'INVALID_ARGUMENT',
  upstream_rate_limited: 'RESOURCE_EXHAUSTED',
  upstream_quota: 'RESOURCE_EXHAUSTED',
  upstream_overloaded: 'UNAVAILABLE',
  upstream_timeout: 'DEADLINE_EXCEEDED',
  upstream_error: 'INTERNAL',
} as const satisfies Record<ErrorCode, Status>;

const typePrefix = 'type.googleapis.com/google.rpc.';

/** Status and body of an error. Our stable code is the `reason` of its `ErrorInfo`, where Google's clients look for one. */
export const encodeError = (
  error: GatewayError,
  requestId: string,
): { readonly status: number; readonly body: JsonObject } => ({
  status: error.status,
  body: errorBody(error, requestId),
});

/** The body of an error answer, and the last object of a stream that fails after it began. */
export const errorBody = (error: GatewayError, requestId: string): JsonObject => {
  const { code, status, message, param, retryAfterMs, upstreamCode } = error;
  const reason = { '@type': `${typePrefix}ErrorInfo`, reason: code, domain: 'nexus' };
  const metadata = present({ param, upstreamCode });
  return {
    error: {
      code: status,
      message: param === undefined || message.startsWith(param) ? message : `${param}: ${message}`,
      status: statusNames[code],
      details: [
        Object.keys(metadata).length === 0 ? reason : { ...reason, metadata },
        { '@type': `${typePrefix}RequestInfo`, requestId },
        ...(retryAfterMs === undefined
          ? []
          : [{ '@type': `${typePrefix}RetryInfo`, retryDelay: `${retryAfterMs / 1000}s` }]),
      ],
    },
  };
};

/** The last frame of a stream of server-sent events. */
export const encodeStreamError = (error: GatewayError, requestId: string): string =>
  sseFrame(JSON.stringify(errorBody(error, requestId)));

/** An upstream's answer with status ≥ 400, whatever its content type. Messages about our own account are not passed on. */
export const decodeError = (
  status: number,
  headers: ReadonlyMap<string, string>,
  body: Uint8Array,
): GatewayError => {
  // A web page of something in between is no JSON: its status must do.
  const told = toldBy(parseJson(Buffer.from(body).toString('utf8')) ?? null);
  const retryAfterMs = told.retryAfterMs ?? retryDelayMs(headers);
  return errorOf(told.code ?? status, { ...told, ...present({ retryAfterMs }) });
};

/** An `error` object in place of an answer, where only its own code tells a status. */
export const decodeEventError = (body: JsonValue): GatewayError => {
  const told = toldBy(body);
  return errorOf(told.code ?? 500, told);
};

/** What an error body says. */
interface Told {
  /** A status of HTTP, believed before that of the answer, which proxies change. */
  readonly code?: number;
  readonly message?: string;
  readonly reason?: string;
  readonly quotaId?: string;
  readonly retryAfterMs?: number;
}

const maxMessageLength = 2_048;

/** Streams without server-sent events wrap the body in an array. */
const toldBy = (body: JsonValue): Told => {
  const first = Array.isArray(body) ? body[0] : body;
  const error = isJsonObject(first) ? first.error : undefined;
  if (typeof error === 'string') return { message: error.slice(0, maxMessageLength) };
  if (!isJsonObject(error)) return {};
  const details = Array.isArray(error.details) ? error.details.filter(isJsonObject) : [];
  const detail = (type: string) => details.find((it) => it['@type'] === `${typePrefix}${type}`) ?? {};
  const violations = detail('QuotaFailure').violations;
  const violation = Array.isArray(violations) ? violations.find(isJsonObject) : undefined;
  return present({
    code: typeof error.code === 'number' && error.code >= 400 ? error.code : undefined,
    message: text(error.message)?.slice(0, maxMessageLength),
    reason: text(detail('ErrorInfo').reason),
    quotaId: text(violation?.quotaId),
    retryAfterMs: durationMs(detail('RetryInfo').retryDelay),
  });
};

const text = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** `34.4s`, the JSON of a `google.protobuf.Duration`. */
const durationMs = (value: JsonValue | undefined): number | undefined => {
  const seconds = typeof value === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(value)?.[1] : undefined;
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000);
};

const codesOfStatus: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [401, 'upstream_auth'],
  [402, 'upstream_quota'],
  [403, 'upstream_auth'],
  [404, 'upstream_not_found'],
  [408, 'upstream_timeout'],
  [413, 'upstream_too_large'],
  [503, 'upstream_overloaded'],
  [504, 'upstream_timeout'],
]);

const codeOf = (status: number, told: Told): ErrorCode => {
  const known = codesOfStatus.get(status);
  if (known) return known;
  if (status === 429) return isSpent(told) ? 'upstream_quota' : 'upstream_rate_limited';
  return status >= 500 || status === 499 ? 'upstream_error' : codeOfRefusal(told);
};

/** A quota of the day is not soon there again. */
const isSpent = ({ quotaId = '', message = '' }: Told): boolean =>
  /PerDay/i.test(quotaId) || /credits are depleted|billing/i.test(message);

/** A bad key is an invalid argument here, too. */
const codeOfRefusal = ({ reason = '', message = '' }: Told): ErrorCode => {
  if (/^API_KEY_/.test(reason) || /api key (?:not valid|expired|not found)/i.test(message))
    return 'upstream_auth';
  if (/(?:input )?token count.*exceeds|exceeds the maximum number of (?:input )?tokens/i.test(message))
    return 'context_length_exceeded';
  return 'upstream_invalid_request';
};

/** Codes whose upstream words speak of our account, its plan or its project, not of the client's request. */
const ours: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream_auth',
  'upstream_quota',
  'upstream_rate_limited',
]);

const errorOf = (status: number, told: Told): GatewayError => {
  const code = codeOf(status, told);
  const isOurs = ours.has(code);
  return gatewayError(code, {
    ...(isOurs ? {} : present({ message: told.message, upstreamCode: told.reason })),
    ...present({ retryAfterMs: told.retryAfterMs }),
  });
};

const retryDelayMs = (headers: ReadonlyMap<string, string>): number | undefined => {
  const ms = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (ms >= 0) return ms;
  const after = headers.get('retry-after') ?? '';
  if (/^\s*\d+(\.\d+)?\s*$/.test(after)) return Math.round(Number(after) * 1000);
  const delay = Date.parse(after) - Date.parse(headers.get('date') ?? '');
  return Number.isFinite(delay) ? Math.max(0, delay) : undefined;
};

/** Errors in place of the answer of an operation without streams. */
export const errors: ErrorBodies = {
  read: decodeEventError,
  write: (error) => errorBody(error, ''),
};
