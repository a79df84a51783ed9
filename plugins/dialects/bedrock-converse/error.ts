import { type GatewayError, gatewayError, type UpstreamErrorCode } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../wire/json.ts';

/** Names of errors, in headers of refusals and of frames (API reference, "Common errors", read 2026-11-28). */
const codes: Readonly<Record<string, UpstreamErrorCode>> = {
  validation: 'upstream_invalid_request',
  accessdenied: 'upstream_auth',
  unrecognizedclient: 'upstream_auth',
  expiredtoken: 'upstream_auth',
  invalidsignature: 'upstream_auth',
  resourcenotfound: 'upstream_not_found',
  modeltimeout: 'upstream_timeout',
  modelerror: 'upstream_error',
  modelstreamerror: 'upstream_error',
  throttling: 'upstream_rate_limited',
  modelnotready: 'upstream_overloaded',
  servicequotaexceeded: 'upstream_quota',
  internalserver: 'upstream_error',
  serviceunavailable: 'upstream_overloaded',
};

const byStatus: Readonly<Record<number, UpstreamErrorCode>> = {
  400: 'upstream_invalid_request',
  401: 'upstream_auth',
  403: 'upstream_auth',
  404: 'upstream_not_found',
  408: 'upstream_timeout',
  413: 'upstream_too_large',
  429: 'upstream_rate_limited',
  503: 'upstream_overloaded',
};

/** `{"message": …}`; the kind of the error stands in a header, before its first colon. */
export const decodeError = (
  status: number,
  headers: ReadonlyMap<string, string>,
  body: Uint8Array,
): GatewayError => {
  const kind = (headers.get('x-amzn-errortype') ?? '').split(':')[0] ?? '';
  const code = codeOf(kind) ?? byStatus[status] ?? 'upstream_error';
  return errorOf(code, messageIn(parseJson(Buffer.from(body).toString('utf8'))));
};

/** An exception inside of a stream. */
export const exceptionError = (type: string, payload: JsonObject): GatewayError =>
  errorOf(codeOf(type) ?? 'upstream_error', messageIn(payload));

const codeOf = (kind: string): UpstreamErrorCode | undefined => {
  const plain = kind.toLowerCase().replace(/(exception|error)$/, '');
  return Object.hasOwn(codes, plain) ? codes[plain] : undefined;
};

const errorOf = (code: UpstreamErrorCode, message: string | undefined): GatewayError => {
  const isTooLong =
    code === 'upstream_invalid_request' &&
    /too long|too many (input )?tokens|context (length|window)/i.test(message ?? '');
  if (isTooLong) return gatewayError('context_length_exceeded', message ? { message } : {});
  return gatewayError(code, code === 'upstream_invalid_request' && message ? { message } : {});
};

const messageIn = (body: JsonValue | undefined): string | undefined => {
  if (!isJsonObject(body)) return undefined;
  const message = body.message ?? body.Message;
  return typeof message === 'string' ? message : undefined;
};
