import { type ErrorCode, type GatewayError, gatewayError, type UpstreamErrorCode } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { retryAfterMs } from '../../wire/retry-after.ts';
import { isText, textOf } from './wire.ts';

/** `error.type` per code (OpenAI docs, "Error codes", read 2026-11-24). SDKs choose their exception by status. */
const errorTypes = {
  invalid_key: 'invalid_request_error',
  model_not_allowed: 'permission_error',
  model_not_found: 'invalid_request_error',
  region_not_allowed: 'permission_error',
  prompt_blocked: 'invalid_request_error',
  pii_blocked: 'invalid_request_error',
  budget_exceeded: 'insufficient_quota',
  rate_limited: 'rate_limit_exceeded',
  too_many_parallel: 'rate_limit_exceeded',
  request_too_large: 'invalid_request_error',
  unsupported_media_type: 'invalid_request_error',
  invalid_request: 'invalid_request_error',
  unsupported_field: 'invalid_request_error',
  not_found: 'invalid_request_error',
  method_not_allowed: 'invalid_request_error',
  upstream_unavailable: 'server_error',
  policy_unavailable: 'server_error',
  upstream_truncated: 'server_error',
  upstream_stalled: 'server_error',
  upstream_malformed: 'server_error',
  upstream_invalid_request: 'invalid_request_error',
  context_length_exceeded: 'invalid_request_error',
  content_filtered: 'invalid_request_error',
  upstream_auth: 'server_error',
  upstream_not_found: 'invalid_request_error',
  upstream_too_large: 'invalid_request_error',
  upstream_rate_limited: 'rate_limit_exceeded',
  upstream_quota: 'insufficient_quota',
  upstream_overloaded: 'server_error',
  upstream_timeout: 'server_error',
  upstream_error: 'server_error',
} as const satisfies Record<ErrorCode, string>;

/** An error as this dialect's clients know it. The request id travels in a header. */
export const encodeError = (error: GatewayError): { readonly status: number; readonly body: JsonObject } => {
  const { code, status, message, param = null, upstreamCode = code } = error;
  return { status, body: { error: { message, type: errorTypes[code], param, code: upstreamCode } } };
};

/** What an upstream said of its error, in whichever of its shapes. */
interface ErrorWords {
  readonly message: string;
  readonly type: string;
  readonly code: string;
  readonly param?: string;
}

/**
 * An upstream's answer with status ≥ 400. Compatible servers differ: `error` as an object or as text, `detail` as text
 * or as a list, a bare `message`, any of it inside an array, an HTML page, plain text. What it says reaches the client
 * only where the client can do something about it.
 */
export const decodeError = (
  status: number,
  headers: ReadonlyMap<string, string>,
  body: Uint8Array,
): GatewayError => errorOf(status, readWords(parse(body)), retryAfterMs(headers));

/** The error inside a stream, or in a body that came with status 200. */
export const decodeStreamError = (value: JsonValue): GatewayError => {
  const words = readWords(value);
  const status = Number(words.code);
  return errorOf(status >= 400 && status < 600 ? status : statusOfWords(words), words, undefined);
};

/** Only the beginning of a body is read: an error is short, and a page is no error that we could read. */
const maxErrorBytes = 64 * 1024;

const parse = (body: Uint8Array): JsonValue => {
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, maxErrorBytes)).toString(
    'utf8',
  );
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text.includes('<') ? '' : text;
  }
};

const readWords = (value: JsonValue | undefined): ErrorWords => {
  if (typeof value === 'string') return { message: value.trim(), type: '', code: '' };
  if (Array.isArray(value)) return readWords(value[0]);
  if (!isJsonObject(value)) return { message: '', type: '', code: '' };
  const { error } = value;
  if (isJsonObject(error)) return readObject(error);
  if (typeof error === 'string') return { ...readObject(value), message: error };
  return readObject(value);
};

const readObject = (error: JsonObject): ErrorWords => ({
  message: textOf(error.message) || detailOf(isJsonObject(error.message) ? error.message : error),
  type: textOf(error.type),
  code: typeof error.code === 'number' ? String(error.code) : textOf(error.code),
  ...(isText(error.param) ? { param: error.param } : {}),
});

/** `detail` of a FastAPI server: text, or a list of findings with a place each. */
const detailOf = ({ detail }: JsonObject): string => {
  if (typeof detail === 'string') return detail;
  if (isJsonObject(detail)) return textOf(detail.message);
  if (!Array.isArray(detail)) return '';
  return detail.flatMap((finding) => (isJsonObject(finding) ? describeFinding(finding) : [])).join('; ');
};

const describeFinding = ({ loc, msg }: JsonObject): string =>
  Array.isArray(loc) ? `${loc.filter((step) => step !== 'body').join('.')}: ${textOf(msg)}` : textOf(msg);

/** Messages go no further than this; an upstream may put a whole prompt into one. */
const maxMessageLength = 2_048;

/** The errors that a client can do something about, so it gets the upstream's own words. */
const tellsClient: ReadonlySet<UpstreamErrorCode> = new Set<UpstreamErrorCode>([
  'upstream_invalid_request',
  'context_length_exceeded',
  'content_filtered',
  'upstream_not_found',
  'upstream_too_large',
]);

/** The words of other errors speak of our account: its key, its organisation, its bill. */
const errorOf = (status: number, words: ErrorWords, waitMs: number | undefined): GatewayError => {
  const code = codeOf(status, words);
  if (!tellsClient.has(code)) return gatewayError(code, present({ retryAfterMs: waitMs }));
  const { message, param } = words;
  const upstreamCode = Number.isNaN(Number.parseInt(words.code, 10)) ? words.code : '';
  return gatewayError(code, {
    ...(message === '' ? {} : { message: message.slice(0, maxMessageLength) }),
    ...(upstreamCode === '' ? {} : { upstreamCode }),
    ...present({ param }),
  });
};

const tooLong =
  /context[ _-](length|window)|prompt is too long|too many (input )?tokens|maximum .{0,40}tokens/i;
const badKey = /(incorrect|invalid|wrong) api[ _-]?key|api_key_invalid|invalid_api_key/i;
const filtered = /content[_ -]?(filter|policy|management)|responsible_?ai|moderation/i;
const noQuota = /insufficient_quota|insufficient[_ ]balance|billing|exceeded your current quota|payment/i;
const unknownModel = /model_not_found|unknown_model|model.{0,80}(does not exist|not found)/i;

/** A bad key is a 400 at xAI and Gemini; a prompt that is too long a 400, 413 or 422. */
const codeOf = (status: number, { message, type, code }: ErrorWords): UpstreamErrorCode => {
  const named = `${code} ${type}`;
  if (status === 401 || status === 403 || badKey.test(named) || (status === 400 && badKey.test(message)))
    return filtered.test(named) ? 'content_filtered' : 'upstream_auth';
  if (status === 402 || (status === 429 && noQuota.test(`${named} ${message}`))) return 'upstream_quota';
  if (status === 404 || (status === 400 && unknownModel.test(`${named} ${message}`)))
    return 'upstream_not_found';
  if (status === 400 || status === 413 || status === 422) {
    if (tooLong.test(`${named} ${message}`)) return 'context_length_exceeded';
    if (filtered.test(named)) return 'content_filtered';
  }
  return byStatus.get(status) ?? (status < 500 ? 'upstream_invalid_request' : 'upstream_error');
};

const byStatus: ReadonlyMap<number, UpstreamErrorCode> = new Map([
  [408, 'upstream_timeout'],
  [413, 'upstream_too_large'],
  [429, 'upstream_rate_limited'],
  [498, 'upstream_overloaded'], // Groq: flex capacity exceeded
  [503, 'upstream_overloaded'],
  [504, 'upstream_timeout'],
  [529, 'upstream_overloaded'],
]);

/** Inside a stream there is no status, so the words must say what it would have been. */
const statusOfWords = ({ type, code, message }: ErrorWords): number => {
  const named = `${code} ${type}`;
  if (/rate_limit|insufficient_quota/.test(named)) return 429;
  if (/overloaded|unavailable|capacity/.test(named)) return 503;
  if (/timeout/.test(named)) return 504;
  if (/invalid_request|invalid_prompt|content_filter|tool_use_failed/.test(named)) return 400;
  return tooLong.test(message) ? 400 : 500;
};
