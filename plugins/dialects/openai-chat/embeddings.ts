import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest, Turn } from '../../model/request.ts';
import { gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonDocument, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';
import { present } from '../../wire/present.ts';
import type { AnswerContext, Codec, EncodedRequest, ResponseEncoder, UpstreamTarget } from '../dialect.ts';
import { badValue, Fields } from '../fields.ts';
import { unsupported } from '../openai/writing.ts';
import { wholeOnly, wholeReader, wholeWriter } from '../whole.ts';
import { errors, patched } from './whole.ts';
import { name } from './wire.ts';

// Fields: OpenAI API reference, "Create embeddings", read 2026-11-28.

const path = '/embeddings';

/** The input as it came: one text is not a list of one, and a client may send tokens instead of text. */
const inputs = notes<JsonValue>('input of embeddings');

const decodeRequest = (document: JsonDocument): ModelRequest => {
  const fields = new Fields(document.value, '');
  const requestModel = fields.string('model');
  if (requestModel === '') throw badValue('model', 'the name of a model');
  const input = fields.take('input');
  const turns = turnsOf(input);
  inputs.set(turns, input as JsonValue);
  return {
    operation: 'embeddings',
    dialect: name,
    requestModel,
    stream: false,
    streamUsage: false,
    system: [],
    turns,
    tools: [],
    sampling: {},
    stopSequences: [],
    ...present({ endUser: fields.optionalString('user') }),
    embedding: {
      encoding: encodingOf(fields.optionalString('encoding_format')),
      ...present({ dimensions: fields.optionalCount('dimensions') }),
    },
    vendor: fields.rest,
  };
};

const encodingOf = (format = 'float'): 'float' | 'base64' => {
  if (format === 'float' || format === 'base64') return format;
  throw badValue('encoding_format', 'float or base64');
};

const turnsOf = (input: JsonValue | undefined): readonly Turn[] => {
  if (typeof input === 'string') return [turnOf(input)];
  if (!Array.isArray(input) || input.length === 0)
    throw badValue('input', 'a text, or a list that is not empty');
  if (input.every((it) => typeof it === 'string')) return input.map(turnOf);
  if (input.every(isToken)) return [tokenTurn(input)];
  if (input.every((it) => Array.isArray(it) && it.length > 0 && it.every(isToken)))
    return input.map(tokenTurn);
  throw badValue('input', 'texts, or lists of token numbers');
};

const turnOf = (text: string): Turn => ({ role: 'user', parts: [{ type: 'text', text }] });

const tokenTurn = (tokens: JsonValue): Turn => ({
  role: 'user',
  parts: [{ type: 'opaque', dialect: name, wireType: 'token array', value: tokens }],
});

const isToken = (value: JsonValue): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;

const encodeRequest = (request: ModelRequest, { model }: UpstreamTarget): EncodedRequest => {
  const own = request.dialect === name;
  const body = {
    ...(own ? request.vendor : {}),
    model,
    input: inputs.get(request.turns) ?? inputOf(request.turns),
    encoding_format: request.embedding?.encoding ?? 'float',
    ...present({ dimensions: request.embedding?.dimensions, user: request.endUser }),
  };
  const dropped = own ? [] : Object.keys(request.vendor);
  return { path, headers: [['content-type', 'application/json']], body: JSON.stringify(body), dropped };
};

const inputOf = (turns: readonly Turn[]): JsonValue => turns.map(inputOfTurn);

const inputOfTurn = ({ parts }: Turn): JsonValue => {
  const [part, ...more] = parts;
  if (part?.type === 'text' && more.length === 0) return part.text;
  if (part?.type === 'opaque' && part.dialect === name) return part.value;
  throw unsupported('input', 'anything but texts');
};

const encodeResponse = (context: AnswerContext): ResponseEncoder =>
  wholeWriter(
    ({ events, start, usage }) => ({
      object: 'list',
      data: events
        .filter((event) => event.type === 'embedding')
        .toSorted((a, b) => a.index - b.index)
        .map(({ index, vector }) => ({
          object: 'embedding',
          index,
          embedding: inEncoding(vector, context.request.embedding?.encoding ?? 'float'),
        })),
      model: start?.responseModel || context.request.requestModel,
      usage: { prompt_tokens: usage?.inputTokens ?? 0, total_tokens: usage?.inputTokens ?? 0 },
    }),
    errors,
  );

/** A client that asked for base64 decodes whatever it gets as base64: floats would become nonsense without an error. */
const inEncoding = (vector: readonly number[] | string, encoding: 'float' | 'base64'): JsonValue => {
  if (encoding === 'base64') return typeof vector === 'string' ? vector : toBase64(vector);
  return typeof vector === 'string' ? fromBase64(vector) : [...vector];
};

const toBase64 = (vector: readonly number[]): string => {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4);
  return bytes.toString('base64');
};

const fromBase64 = (text: string): number[] => {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readFloatLE(at * 4));
};

const readAnswer = (body: JsonObject): ModelEvent[] | undefined => {
  if (!Array.isArray(body.data)) return undefined;
  return [
    { type: 'message-start', id: '', responseModel: typeof body.model === 'string' ? body.model : '' },
    ...body.data.flatMap((item, at) => readEmbedding(item, at)),
    ...readUsage(body.usage),
    { type: 'message-stop' },
  ];
};

const readEmbedding = (item: JsonValue, at: number): ModelEvent[] => {
  if (!isJsonObject(item)) return [];
  const { embedding, index } = item;
  const vector = typeof embedding === 'string' || isNumbers(embedding) ? embedding : undefined;
  return vector === undefined
    ? [{ type: 'error', error: gatewayError('upstream_malformed') }]
    : [{ type: 'embedding', index: typeof index === 'number' ? index : at, vector }];
};

const isNumbers = (value: JsonValue | undefined): value is number[] =>
  Array.isArray(value) && value.every((it) => typeof it === 'number');

const readUsage = (usage: JsonValue | undefined): ModelEvent[] =>
  isJsonObject(usage) && typeof usage.prompt_tokens === 'number'
    ? [{ type: 'usage', usage: { inputTokens: usage.prompt_tokens, outputTokens: 0 } }]
    : [];

/** Embeddings as OpenAI and the servers that copy it have them. */
export const embeddings: Codec = {
  decodeRequest,
  encodeRequest,
  patchRequest: patched(path),
  encodeResponse,
  decodeResponse: () => wholeReader(readAnswer, errors),
  observeResponse: () => wholeReader(readAnswer, errors),
  ...wholeOnly,
};
