import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest, Turn } from '../../model/request.ts';
import { gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonValue, parseJson } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import type { EncodedRequest, ResponseDecoder, UpstreamCodec, UpstreamTarget } from '../dialect.ts';
import { cannotCarry, Losses } from '../losses.ts';

// Fields: Cohere API reference, "Embed", version 2, read 2026-11-28.

/** Cohere wants to know what the vectors are for; a client may say it, and most texts are embedded to be found. */
const usualInputType = 'search_document';

const encodeRequest = (request: ModelRequest, { model }: UpstreamTarget): EncodedRequest => {
  const losses = new Losses();
  const { input_type: inputType, ...rest } = request.vendor;
  losses.dropVendor(rest);
  losses.dropPresent({ user: request.endUser });
  const body = {
    model,
    texts: request.turns.map(textOf),
    input_type: typeof inputType === 'string' ? inputType : usualInputType,
    embedding_types: ['float'],
    ...present({ output_dimension: request.embedding?.dimensions }),
  };
  return {
    path: '/v2/embed',
    headers: [['content-type', 'application/json']],
    body: JSON.stringify(body),
    dropped: losses.dropped,
  };
};

const textOf = ({ parts }: Turn): string => {
  const [part, ...more] = parts;
  if (part?.type === 'text' && more.length === 0) return part.text;
  throw cannotCarry('input', 'anything but texts');
};

const decodeResponse = (): ResponseDecoder => {
  const chunks: Uint8Array[] = [];
  return {
    push: (bytes) => {
      chunks.push(bytes);
      return [];
    },
    end: () => eventsOf(Buffer.concat(chunks).toString('utf8')) ?? malformed,
  };
};

const malformed: ModelEvent[] = [{ type: 'error', error: gatewayError('upstream_malformed') }];

const eventsOf = (text: string): ModelEvent[] | undefined => {
  const body = parseJson(text);
  const vectors = isJsonObject(body) && isJsonObject(body.embeddings) ? body.embeddings.float : undefined;
  if (!isJsonObject(body) || !Array.isArray(vectors)) return undefined;
  return [
    { type: 'message-start', id: typeof body.id === 'string' ? body.id : '', responseModel: '' },
    ...vectors.map((vector, index) => ({ type: 'embedding', index, vector: vector as number[] }) as const),
    ...usageOf(body.meta),
    { type: 'message-stop' },
  ];
};

const usageOf = (meta: JsonValue | undefined): ModelEvent[] => {
  const units = isJsonObject(meta) && isJsonObject(meta.billed_units) ? meta.billed_units : {};
  return typeof units.input_tokens === 'number'
    ? [{ type: 'usage', usage: { inputTokens: units.input_tokens, outputTokens: 0 } }]
    : [];
};

/** Embeddings of Cohere. */
export const embeddings: UpstreamCodec = {
  encodeRequest,
  decodeResponse,
  decodeStream: () => {
    throw new Error('embeddings have no streams');
  },
};
