import type { Dialect, HeaderList } from './dialects/dialect.ts';
import type { ErrorCode, GatewayError } from './refusals.ts';
import type { JsonObject } from './wire/json.ts';

/** A whole answer that the gateway gives itself. */
export interface Reply {
  readonly kind: 'reply';
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string;
  /** For the host's log. */
  readonly code: ErrorCode | 'ok';
}

/** Something of ours that a client asked for. */
export const jsonReply = (body: JsonObject): Reply => ({
  kind: 'reply',
  status: 200,
  headers: [['content-type', 'application/json']],
  body: JSON.stringify(body),
  code: 'ok',
});

/** An error in the shape of the client's dialect. `headers` go out beside those that every error has. */
export const errorReply = (
  error: GatewayError,
  { dialect, id, headers = [] }: { dialect: Dialect; id: string; headers?: HeaderList },
): Reply => {
  const { status, body } = dialect.encodeError(error, id);
  return {
    kind: 'reply',
    status,
    headers: [
      ['content-type', 'application/json'],
      ['x-nexus-decision', id],
      ...requestIdHeaders(id),
      ...headers,
      ...retryHeaders(error),
    ],
    body: JSON.stringify(body),
    code: error.code,
  };
};

/** The id of a request where SDKs look for it: some under one name, some under the other. */
export const requestIdHeaders = (id: string): HeaderList => [
  ['x-request-id', id],
  ['request-id', id],
];

/** Headers that tell SDKs whether and when to come back. */
export const retryHeaders = ({ retry, retryAfterMs }: GatewayError): HeaderList => [
  ['x-should-retry', String(retry)],
  ...(retryAfterMs === undefined ? [] : retryAfter(retryAfterMs)),
];

const retryAfter = (retryAfterMs: number): HeaderList => [
  ['retry-after', String(Math.ceil(retryAfterMs / 1000))],
  ['retry-after-ms', String(Math.ceil(retryAfterMs))],
];
