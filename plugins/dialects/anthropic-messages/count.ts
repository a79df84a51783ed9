import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import type { JsonObject } from '../../wire/json.ts';
import type { Codec, EncodedRequest, ResponseDecoder, ResponseEncoder, UpstreamTarget } from '../dialect.ts';
import { type ErrorBodies, wholeOnly, wholeReader, wholeWriter } from '../whole.ts';
import { decodeEventError, encodeError } from './error.ts';
import { decodeCountRequest } from './request.ts';

/** Members of a message's body that the counting of it does not take. */
const ofAnswers = [
  'max_tokens',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'metadata',
  'service_tier',
];

const forCounting = ({ path, headers, body, dropped }: EncodedRequest): EncodedRequest => {
  const members = JSON.parse(body) as JsonObject;
  for (const member of ofAnswers) delete members[member];
  return { path: `${path}/count_tokens`, headers, body: JSON.stringify(members), dropped };
};

const errors: ErrorBodies = {
  read: ({ error }) => decodeEventError(error),
  write: (error) => encodeError(error, '').body,
};

const encoder = (): ResponseEncoder =>
  wholeWriter(({ usage }) => ({ input_tokens: usage?.inputTokens ?? 0 }), errors);

const decoder = (): ResponseDecoder => wholeReader(countIn, errors);

const countIn = ({ input_tokens: inputTokens }: JsonObject): ModelEvent[] | undefined =>
  typeof inputTokens === 'number'
    ? [{ type: 'usage', usage: { inputTokens, outputTokens: 0 } }, { type: 'message-stop' }]
    : undefined;

/** `encodeChat` writes a message's body; counting takes most of it. */
export const countTokens = (
  encodeChat: (request: ModelRequest, target: UpstreamTarget) => EncodedRequest,
): Codec => {
  const encodeRequest = (request: ModelRequest, target: UpstreamTarget) =>
    forCounting(encodeChat(request, target));
  return {
    decodeRequest: decodeCountRequest,
    encodeRequest,
    patchRequest: (_document, request, target) => encodeRequest(request, target),
    encodeResponse: encoder,
    decodeResponse: decoder,
    observeResponse: decoder,
    ...wholeOnly,
  };
};
