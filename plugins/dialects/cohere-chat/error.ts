import { type GatewayError, gatewayError, type UpstreamErrorCode } from '../../refusals.ts';
import { parseJsonObject } from '../../wire/json.ts';

/** Cohere's statuses (API reference, "Errors", read 2026-11-28). 498: the token is invalid; 499: we left. */
const codes: Readonly<Record<number, UpstreamErrorCode>> = {
  400: 'upstream_invalid_request',
  401: 'upstream_auth',
  402: 'upstream_quota',
  403: 'upstream_auth',
  404: 'upstream_not_found',
  413: 'upstream_too_large',
  422: 'upstream_invalid_request',
  429: 'upstream_rate_limited',
  498: 'upstream_auth',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
};

/** `{"message": …}`; only the message of a bad request can help the client. */
export const decodeError = (
  status: number,
  headers: ReadonlyMap<string, string>,
  body: Uint8Array,
): GatewayError => {
  const message = messageIn(Buffer.from(body).toString('utf8'));
  const isTooLong = status === 400 && /too many tokens|context length|maximum.*tokens/i.test(message ?? '');
  const code = isTooLong ? 'context_length_exceeded' : (codes[status] ?? 'upstream_error');
  const seconds = Number(headers.get('retry-after'));
  return gatewayError(code, {
    ...(message && (code === 'upstream_invalid_request' || isTooLong) ? { message } : {}),
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}),
  });
};

const messageIn = (text: string): string | undefined => {
  const message = parseJsonObject(text)?.message;
  return typeof message === 'string' ? message : undefined;
};
