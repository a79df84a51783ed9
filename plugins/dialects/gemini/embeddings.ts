import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest, Part, Turn, Vendor } from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import { isJsonObject, type JsonDocument, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';
import { present } from '../../wire/present.ts';
import type { AnswerContext, Codec, EncodedRequest, ResponseEncoder, UpstreamTarget } from '../dialect.ts';
import { wrongType } from '../fields.ts';
import { cannotCarry, Losses } from '../losses.ts';
import { wholeOnly, wholeReader, wholeWriter } from '../whole.ts';
import { decodeContents } from './contents.ts';
import { errors } from './error.ts';
import { ProtoFields } from './fields.ts';
import { readPath, resourceOf, verbPath } from './path.ts';
import { exactValue } from './request.ts';
import { compact, member, name } from './wire.ts';

// "Embeddings", ai.google.dev API reference, read 2026-11-28: one content, or a list of such requests.

/** How a client asked, found again by its vendor bag. */
export interface Asked {
  readonly single: boolean;
  /** The requests as they came, each with its own settings. */
  readonly requests: readonly JsonObject[];
  readonly turns: readonly Turn[];
}

const asks = notes<Asked>('embeddings of gemini');

/** How a client of this dialect asked; undefined for a request that came in another one. */
const askedOf = ({ dialect, vendor }: ModelRequest): Asked | undefined =>
  dialect === name ? asks.get(vendor) : undefined;

/** The same; what another dialect asked for in words of its own is lost. */
export const askedHere = (request: ModelRequest, losses: Losses): Asked | undefined => {
  const asked = askedOf(request);
  if (!asked) {
    losses.dropVendor(request.vendor);
    losses.dropPresent({ user: request.endUser });
  }
  return asked;
};

const decodeRequest = (document: JsonDocument, path?: string): ModelRequest => {
  const { model, verb } = readPath(path);
  const single = verb === 'embedContent';
  if (!single && verb !== 'batchEmbedContents') throw new RequestError('not_found');
  const wire = exactValue(document);
  const requests = single ? [new ProtoFields(wire, '')] : listOf(new ProtoFields(wire, ''));
  const turns = requests.map((request) => turnOf(request));
  const dimensions = new Set(requests.map((request) => request.optionalCount('outputDimensionality')));
  const vendor = { ...restOf(requests), ...(dimensions.size > 1 ? { [ownLengths]: true } : {}) };
  asks.set(vendor, { single, requests: requests.map((request) => request.wire), turns });
  const [length] = dimensions;
  return {
    operation: 'embeddings',
    dialect: name,
    requestModel: model,
    stream: false,
    streamUsage: false,
    system: [],
    turns,
    tools: [],
    sampling: {},
    stopSequences: [],
    embedding: {
      encoding: 'float',
      ...(dimensions.size === 1 ? present({ dimensions: length }) : {}),
    },
    vendor,
    ...(dimensions.size > 1 ? { essential: [ownLengths] } : {}),
  };
};

/** Vectors of several lengths in one answer are something that only this API has. */
const ownLengths = 'requests.outputDimensionality';

const listOf = (fields: ProtoFields): ProtoFields[] => {
  const requests = fields.optionalList('requests') ?? [];
  if (requests.length === 0) throw wrongType('requests', 'an array with at least one entry', undefined);
  return requests.map((request, at) => new ProtoFields(request, `requests[${at}]`));
};

const turnOf = (fields: ProtoFields): Turn => {
  fields.take('model'); // the path alone counts
  const content = fields.take('content');
  if (!isJsonObject(content)) throw wrongType(fields.at('content'), 'an object', content);
  return { role: 'user', parts: decodeContents([content]).flatMap(({ parts }) => parts) };
};

/** What other dialects cannot say, once a name: `taskType`, `title`. */
const restOf = (requests: readonly ProtoFields[]): Vendor =>
  Object.assign({}, ...requests.map(({ rest }) => rest)) as JsonObject;

const encodeRequest = (request: ModelRequest, target: UpstreamTarget): EncodedRequest => {
  const losses = new Losses();
  const asked = askedHere(request, losses);
  const model = resourceOf(target.model);
  const requests = request.turns.map((turn, at) => ({
    ...(asked?.requests[at] ?? present({ outputDimensionality: request.embedding?.dimensions })),
    model,
    ...(asked?.turns[at] === turn ? {} : { content: { parts: turn.parts.map(writePart) } }),
  }));
  return { ...written(requests, asked?.single ?? false, target), dropped: losses.dropped };
};

const written = (
  requests: readonly JsonObject[],
  single: boolean,
  { model }: UpstreamTarget,
): Omit<EncodedRequest, 'dropped'> => ({
  path: verbPath(model, single ? 'embedContent' : 'batchEmbedContents'),
  headers: [['content-type', 'application/json']],
  body: JSON.stringify(single ? (requests[0] ?? {}) : { requests }),
});

/** Throws `RequestError('unsupported_field')` for what has no vector. */
export const writePart = (part: Part): JsonObject => {
  if (part.type === 'text') return { text: part.text };
  if (part.type === 'image' && part.source.kind === 'base64')
    return { inlineData: { mimeType: part.source.mediaType, data: part.source.data } };
  throw cannotCarry('input', 'anything but texts and images');
};

/** The client's own requests, which each name the model. */
const patchRequest = (
  document: JsonDocument,
  request: ModelRequest,
  target: UpstreamTarget,
): EncodedRequest => {
  const asked = asks.get(request.vendor);
  if (asked?.single && member(document.value, 'model') === undefined)
    return { ...written([], true, target), body: document.text, dropped: [] };
  return encodeRequest(request, target);
};

const encodeResponse = ({ request }: AnswerContext): ResponseEncoder =>
  wholeWriter(({ events, usage }) => {
    const vectors = events
      .filter((event) => event.type === 'embedding')
      .toSorted((a, b) => a.index - b.index)
      .map(({ vector }) => ({ values: numbersOf(vector) }));
    const isSingle = asks.get(request.vendor)?.single ?? false;
    const counts = usage && { promptTokenCount: usage.inputTokens };
    return compact({
      ...(isSingle ? { embedding: vectors[0] ?? null } : { embeddings: vectors }),
      usageMetadata: counts,
    });
  }, errors);

/** Base64 is little-endian float32. */
const numbersOf = (vector: readonly number[] | string): number[] => {
  if (typeof vector !== 'string') return [...vector];
  const bytes = Buffer.from(vector, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readFloatLE(at * 4));
};

const readAnswer = (body: JsonObject): ModelEvent[] | undefined => {
  const list = embeddingsIn(body);
  if (!Array.isArray(list)) return undefined;
  const vectors = list.map((item) => (isJsonObject(item) ? item.values : undefined));
  if (!vectors.every(isNumbers)) return undefined;
  return [
    { type: 'message-start', id: '', responseModel: '' },
    ...vectors.map((vector, index) => ({ type: 'embedding', index, vector }) as const),
    ...readUsage(body.usageMetadata ?? countsIn(list)),
    { type: 'message-stop' },
  ];
};

/** One, a batch, or the predictions of Vertex AI. */
const embeddingsIn = ({ embedding, embeddings: batch, predictions }: JsonObject): JsonValue | undefined => {
  if (isJsonObject(embedding)) return [embedding];
  if (!Array.isArray(predictions)) return batch;
  return predictions.map((it) => (isJsonObject(it) ? (it.embeddings ?? null) : null));
};

/** Vertex AI counts the tokens of each text beside its vector. */
const countsIn = (list: readonly JsonValue[]): JsonObject | undefined => {
  const counts = list.map((item) => (isJsonObject(item) ? tokensOf(item) : undefined));
  if (!counts.every((count) => count !== undefined)) return undefined;
  return { promptTokenCount: counts.reduce((sum, count) => sum + count, 0) };
};

const tokensOf = ({ statistics }: JsonObject): number | undefined => {
  const count = isJsonObject(statistics) ? member(statistics, 'tokenCount') : undefined;
  return typeof count === 'number' ? count : undefined;
};

const isNumbers = (value: JsonValue | undefined): value is number[] =>
  Array.isArray(value) && value.every((it) => typeof it === 'number');

/** Older models count nothing. */
const readUsage = (usage: JsonValue | undefined): ModelEvent[] =>
  isJsonObject(usage) && typeof usage.promptTokenCount === 'number'
    ? [{ type: 'usage', usage: { inputTokens: usage.promptTokenCount, outputTokens: 0 } }]
    : [];

const decoder = () => wholeReader(readAnswer, errors);

/** `:embedContent` and `:batchEmbedContents`. Requests of other dialects always go as a batch. */
export const embeddings: Codec = {
  decodeRequest,
  encodeRequest,
  patchRequest,
  encodeResponse,
  decodeResponse: decoder,
  observeResponse: decoder,
  ...wholeOnly,
};
