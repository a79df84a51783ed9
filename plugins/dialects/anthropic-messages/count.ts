import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import { gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import type { Codec, EncodedRequest, ResponseDecoder, ResponseEncoder, UpstreamTarget } from '../dialect.ts';
import { encodeError } from './error.ts';
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

const encoder = (): ResponseEncoder => {
  let told: ModelEvent | undefined;
  return {
    contentType: 'application/json',
    push: (event) => {
      if (event.type === 'usage' || event.type === 'error') told = event;
      return '';
    },
    end: () => JSON.stringify(bodyOf(told)),
  };
};

const bodyOf = (told: ModelEvent | undefined): JsonObject => {
  if (told?.type === 'usage') return { input_tokens: told.usage.inputTokens };
  return encodeError(told?.type === 'error' ? told.error : gatewayError('upstream_malformed'), '').body;
};

const decoder = (): ResponseDecoder => {
  const chunks: Uint8Array[] = [];
  return {
    push: (bytes) => {
      chunks.push(bytes);
      return [];
    },
    end: () => eventsOf(Buffer.concat(chunks).toString('utf8')),
  };
};

const eventsOf = (text: string): ModelEvent[] => {
  const inputTokens = countIn(text);
  return inputTokens === undefined
    ? [{ type: 'error', error: gatewayError('upstream_malformed') }]
    : [{ type: 'usage', usage: { inputTokens, outputTokens: 0 } }, { type: 'message-stop' }];
};

const countIn = (text: string): number | undefined => {
  try {
    const body = JSON.parse(text) as JsonValue;
    return isJsonObject(body) && typeof body.input_tokens === 'number' ? body.input_tokens : undefined;
  } catch {
    return undefined;
  }
};

const noStream = (): never => {
  throw new Error('counting has no streams');
};

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
    encodeStream: noStream,
    passStream: () => undefined,
    observeStream: noStream,
    decodeStream: noStream,
  };
};
