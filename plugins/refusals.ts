/** What a client is told when it gets no answer. `status` is HTTP; a dialect may replace it by its own (Anthropic 529). */
interface ErrorRow {
  readonly status: number;
  /** For the client: what was wrong and what to do. */
  readonly message: string;
  /** May the client try the same again soon? Becomes `x-should-retry`. */
  readonly retry: boolean;
}

/** Every refusal that we author, one row each. Codes are stable. */
export const refusals = {
  invalid_key: {
    status: 401,
    message:
      'The API key is missing, unknown or expired. Send a key of this gateway in the header your SDK uses for its API key.',
    retry: false,
  },
  model_not_allowed: { status: 403, message: 'This key may not use the model.', retry: false },
  model_not_found: { status: 404, message: 'The model does not exist.', retry: false },
  region_not_allowed: {
    status: 403,
    message: 'No upstream of this model lies in a region that this key may use.',
    retry: false,
  },
  prompt_blocked: { status: 400, message: 'The prompt was blocked by policy.', retry: false },
  pii_blocked: {
    status: 400,
    message: 'The prompt holds personal data that policy does not let out.',
    retry: false,
  },
  budget_exceeded: { status: 429, message: 'The budget is spent.', retry: false },
  rate_limited: { status: 429, message: 'Too many requests. Try again later.', retry: true },
  too_many_parallel: { status: 429, message: 'Too many requests at the same time.', retry: true },
  request_too_large: {
    status: 413,
    message: 'The request is larger than this gateway accepts.',
    retry: false,
  },
  unsupported_media_type: {
    status: 415,
    message: 'Send content-type application/json, uncompressed or with content-encoding gzip, deflate or br.',
    retry: false,
  },
  invalid_request: { status: 400, message: 'The request is not valid.', retry: false },
  unsupported_field: {
    status: 400,
    message: 'The upstream of this model cannot do what a field asks for.',
    retry: false,
  },
  not_found: { status: 404, message: 'There is nothing at this path.', retry: false },
  method_not_allowed: { status: 405, message: 'This path does not take this method.', retry: false },
  upstream_unavailable: { status: 503, message: 'No upstream of this model could be reached.', retry: true },
  policy_unavailable: {
    status: 503,
    message: 'A policy could not be applied, so the request was not sent.',
    retry: true,
  },
  upstream_truncated: {
    status: 502,
    message: 'The upstream ended its answer before it was complete.',
    retry: true,
  },
  upstream_stalled: {
    status: 504,
    message: 'The upstream stopped sending before its answer was complete.',
    retry: true,
  },
  upstream_malformed: {
    status: 502,
    message: 'The upstream sent an answer that could not be read.',
    retry: true,
  },
} as const satisfies Record<string, ErrorRow>;

/** What an upstream's own error becomes; its message is kept where it can help the client. */
export const upstreamErrors = {
  upstream_invalid_request: { status: 400, message: 'The upstream refused the request.', retry: false },
  context_length_exceeded: { status: 400, message: 'The prompt is too long for the model.', retry: false },
  content_filtered: { status: 400, message: 'The upstream blocked the prompt.', retry: false },
  // No client's fault, so no 4xx: a 401 would tell users that their own key is bad. SDKs of OpenAI and Anthropic obey
  // `x-should-retry: false`; the AI SDK and LangChain try in vain twice more.
  upstream_auth: {
    status: 500,
    message: 'The upstream refused the credential of this gateway.',
    retry: false,
  },
  upstream_not_found: { status: 404, message: 'The upstream does not know the model.', retry: false },
  upstream_too_large: {
    status: 413,
    message: 'The request is larger than the upstream accepts.',
    retry: false,
  },
  upstream_rate_limited: { status: 429, message: 'The upstream is rate limited.', retry: true },
  upstream_quota: { status: 429, message: 'The quota at the upstream is used up.', retry: false },
  upstream_overloaded: { status: 503, message: 'The upstream is overloaded.', retry: true },
  upstream_timeout: { status: 504, message: 'The upstream took too long.', retry: true },
  upstream_error: { status: 502, message: 'The upstream failed.', retry: true },
} as const satisfies Record<string, ErrorRow>;

export type RefusalCode = keyof typeof refusals;
export type UpstreamErrorCode = keyof typeof upstreamErrors;
export type ErrorCode = RefusalCode | UpstreamErrorCode;

const rows: Readonly<Record<ErrorCode, ErrorRow>> = { ...refusals, ...upstreamErrors };

/** One error on its way to a client; a dialect gives it its shape. */
export interface GatewayError {
  readonly code: ErrorCode;
  readonly status: number;
  /** Goes to the client. Never holds a secret, a stack or another tenant's data. */
  readonly message: string;
  /** The field at fault, by the client's own path: `messages[0].content`. */
  readonly param?: string;
  /** An upstream's own code, kept for clients that match on it. */
  readonly upstreamCode?: string;
  readonly retryAfterMs?: number;
  readonly retry: boolean;
}

/** What the place that refuses can add to the row of its code. */
export interface ErrorDetail {
  /** Replaces the row's message. */
  readonly message?: string;
  readonly param?: string;
  readonly upstreamCode?: string;
  readonly retryAfterMs?: number;
  readonly status?: number;
  /** Replaces the row's: whether waiting helps depends on the case. */
  readonly retry?: boolean;
}

/** The row of `code` with what this case adds. */
export const gatewayError = (code: ErrorCode, detail: ErrorDetail = {}): GatewayError => {
  const { status, message, retry } = rows[code];
  return { code, status, message, retry, ...detail };
};

/** Thrown by code that reads a client's request, where a value would have to cross many levels; caught by the session. */
export class RequestError extends Error {
  readonly error: GatewayError;

  constructor(code: ErrorCode, detail: ErrorDetail = {}) {
    const error = gatewayError(code, detail);
    super(error.message);
    this.error = error;
  }
}
