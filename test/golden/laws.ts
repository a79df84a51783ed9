import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type {
  AnswerContext,
  Dialect,
  ResponseDecoder,
  ResponseEncoder,
} from '../../plugins/dialects/dialect.ts';
import type { ModelEvent } from '../../plugins/model/events.ts';
import type { DialectName, ModelRequest } from '../../plugins/model/request.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJsonDocument } from '../../plugins/wire/json.ts';
import { sseFrame } from '../../plugins/wire/sse.ts';
import { chatRequest } from '../fakes/requests.ts';

/** What an upstream should get for a client's `wire`, where the dialect adds something by design. */
export type Adjust = (wire: JsonObject) => JsonObject;

const asItCame: Adjust = (wire) => wire;

/** Paths of clients, where a dialect says there what a body means. */
const paths: Readonly<Partial<Record<DialectName, string>>> = {
  gemini: '/v1beta/models/model:generateContent',
};

/** What the client's `wire` says, read by `dialect`. */
export const decodeWire = (dialect: Dialect, wire: JsonObject): ModelRequest =>
  dialect.decodeRequest(parseJsonDocument(Buffer.from(JSON.stringify(wire))), paths[dialect.name]);

/** What an upstream gets for `request`. */
export const encodeWire = (dialect: Dialect, request: ModelRequest): JsonObject =>
  parseObject(dialect.encodeRequest(request, { model: request.requestModel, clientHeaders: new Map() }).body);

/** Law: a request that nobody changed is sent as it came, whether or not a policy made copies of its lists. */
export const expectRequestSurvives = (
  dialect: Dialect,
  wire: JsonObject,
  adjust: Adjust = asItCame,
): void => {
  const request = decodeWire(dialect, wire);
  const expected = adjust(wire);
  expect(encodeWire(dialect, request)).toEqual(expected);
  const copied = {
    ...request,
    system: [...request.system],
    turns: [...request.turns],
    tools: [...request.tools],
  };
  expect(encodeWire(dialect, copied)).toEqual(expected);
};

/**
 * Law: a request that is written from the model alone, as after a change of everything, still says the same. `adjust`
 * tells what the dialect adds by design.
 */
export const expectMeaningSurvives = (
  dialect: Dialect,
  wire: JsonObject,
  adjust: (meaning: ModelRequest) => ModelRequest = (meaning) => meaning,
): void => {
  const meaning = structuredClone(decodeWire(dialect, wire));
  const again = decodeWire(dialect, encodeWire(dialect, meaning));
  expect(structuredClone(again)).toEqual(adjust(meaning));
};

/** The events of a whole answer, its bytes given to `decoder` in pieces of `size`. */
export const decodePieces = (
  decoder: ResponseDecoder,
  bytes: Uint8Array,
  size = bytes.length,
): ModelEvent[] => {
  const events: ModelEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...decoder.push(bytes.subarray(at, at + size)));
  events.push(...decoder.end());
  return events;
};

/** All bytes that `encoder` writes for a whole answer. */
export const encodeAll = (encoder: ResponseEncoder, events: readonly ModelEvent[]): string =>
  events.map((event) => encoder.push(event)).join('') + encoder.end();

/** The answer to a client of `dialect` that asked for everything a client can ask for. */
export const answerContext = (dialect: Dialect, stream: boolean): AnswerContext => ({
  nowSeconds: 1_790_000_000,
  requestId: 'req_1',
  request: chatRequest({ dialect: dialect.name, requestModel: 'model', stream, streamUsage: stream }),
});

/** Law: a whole answer that is decoded and encoded by its own dialect is the same JSON. */
export const expectAnswerSurvives = (
  dialect: Dialect,
  bytes: Uint8Array,
  adjust: Adjust = asItCame,
): void => {
  const events = decodePieces(dialect.decodeResponse(), bytes);
  const body = encodeAll(dialect.encodeResponse(answerContext(dialect, false)), events);
  expect(parseObject(body)).toEqual(adjust(parseObject(Buffer.from(bytes).toString('utf8'))));
};

/** Law: where the bytes of a stream are cut changes nothing. Two pieces cut at each of `cuts`, and pieces of each of `sizes`. */
export const expectCutsDoNotMatter = (
  decode: () => ResponseDecoder,
  bytes: Uint8Array,
  { cuts = [], sizes = [] }: { cuts?: Iterable<number>; sizes?: Iterable<number> },
): void => {
  const whole = decodePieces(decode(), bytes);
  const text = JSON.stringify(whole);
  const check = (events: ModelEvent[], how: string) => {
    // The text is compared first: `toEqual` over every position would take seconds.
    if (JSON.stringify(events) !== text) expect(events, how).toEqual(whole);
  };
  for (const cut of cuts) {
    const decoder = decode();
    const before = decoder.push(bytes.subarray(0, cut));
    check([...before, ...decoder.push(bytes.subarray(cut)), ...decoder.end()], `cut at byte ${cut}`);
  }
  for (const size of sizes) check(decodePieces(decode(), bytes, size), `pieces of ${size} bytes`);
};

/** Every whole number from `first` to `last`. */
export const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** Law: a stream that is decoded, encoded and decoded again by its own dialect tells the same answer. */
export const expectStreamSurvives = (dialect: Dialect, bytes: Uint8Array): void => {
  const events = decodePieces(dialect.decodeStream(), bytes);
  const again = encodeAll(dialect.encodeStream(answerContext(dialect, true)), events);
  const events2 = decodePieces(dialect.decodeStream(), Buffer.from(again));
  expect(foldEvents(events2)).toEqual(foldEvents(events));
};

/** An answer without the accidents of its delivery: how its text was cut and in which order its parts took turns. */
export interface FoldedAnswer {
  start?: ModelEvent;
  parts: FoldedPart[];
  finishes: ModelEvent[];
  logprobs: ModelEvent[];
  raws: ModelEvent[];
  usage?: ModelEvent;
  error?: ModelEvent;
  complete: boolean;
}

interface FoldedPart {
  start: ModelEvent;
  text: string;
  signature: string;
  citations: ModelEvent[];
  stop?: ModelEvent;
}

/** The answer that `events` tell. */
export const foldEvents = (events: readonly ModelEvent[]): FoldedAnswer => {
  const folded: FoldedAnswer = { parts: [], finishes: [], logprobs: [], raws: [], complete: false };
  const parts = new Map<number, FoldedPart>();
  for (const event of events) {
    if (event.type === 'part-start') {
      const part: FoldedPart = { start: event, text: '', signature: '', citations: [] };
      parts.set(event.part, part);
      folded.parts.push(part);
    } else if ('part' in event) foldIntoPart(partOf(parts, event.part), event);
    else foldIntoAnswer(folded, event);
  }
  return folded;
};

const partOf = (parts: ReadonlyMap<number, FoldedPart>, number: number): FoldedPart => {
  const part = parts.get(number);
  if (!part) throw new Error(`part ${number} was never started`);
  if (part.stop) throw new Error(`part ${number} goes on after its end`);
  return part;
};

const foldIntoPart = (part: FoldedPart, event: Extract<ModelEvent, { part: number }>): void => {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
      part.text += event.text;
      return;
    case 'tool-input-delta':
      part.text += event.json;
      return;
    case 'reasoning-signature':
      part.signature += event.signature;
      return;
    case 'citation':
      part.citations.push(event);
      return;
    case 'part-stop':
      part.stop = event;
  }
};

const foldIntoAnswer = (folded: FoldedAnswer, event: ModelEvent): void => {
  switch (event.type) {
    case 'message-start':
      folded.start = event;
      return;
    case 'finish':
      folded.finishes.push(event);
      return;
    case 'logprobs':
      folded.logprobs.push(event);
      return;
    case 'raw':
      folded.raws.push(event);
      return;
    case 'usage':
      folded.usage = event;
      return;
    case 'error':
      folded.error = event;
      return;
    case 'message-stop':
      folded.complete = true;
  }
};

/** One real exchange with a provider, from a recording outside this repository. */
export interface Recording {
  /** `<source>/<provider>/<name>`. */
  readonly name: string;
  readonly provider: string;
  readonly kind: 'unary' | 'stream' | 'error';
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** What the client sent, where it was recorded. */
  readonly request?: JsonObject;
  /** The answer as it came; streams of which only the events are known are framed as server-sent events again. */
  readonly body: Buffer;
}

/** Where recordings are looked for: `NEXUS_RECORDINGS`, else beside the repository. */
export const recordingsDir: string =
  process.env.NEXUS_RECORDINGS ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'recordings');

/** Why tests over recordings are skipped; undefined when the recordings are there. */
export const recordingsMissing: string | undefined = existsSync(recordingsDir)
  ? undefined
  : `no recordings at ${recordingsDir}; set NEXUS_RECORDINGS to a folder of them`;

/** Every recording whose `dialect` is the given one (`openai.chat`, `anthropic.messages`); none when the folder is absent. */
export const readRecordings = (dialect: string): Recording[] =>
  recordingsMissing === undefined ? readRecordingsIn(recordingsDir, dialect) : [];

/** The same for a folder that is there. */
export const readRecordingsIn = (dir: string, dialect: string): Recording[] => {
  const tag = `"dialect": ${JSON.stringify(dialect)}`;
  const compactTag = `"dialect":${JSON.stringify(dialect)}`;
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json') && !name.endsWith('index.json'))
    .sort()
    .flatMap((name) => {
      const text = readFileSync(join(dir, name), 'utf8');
      return text.includes(tag) || text.includes(compactTag) ? readRecording(name, text) : [];
    });
};

interface RecordedMessage {
  readonly headers?: Record<string, string>;
  readonly body?: JsonValue;
  readonly body_text?: string;
  readonly body_b64?: string;
}

interface RecordedExchange {
  readonly provider: string;
  readonly dialect: string;
  readonly request: RecordedMessage | null;
  readonly response: RecordedMessage & { readonly status: number };
  readonly stream: {
    readonly framing: string;
    readonly events: readonly RecordedEvent[];
  } | null;
}

interface RecordedEvent {
  readonly event?: string;
  readonly data?: JsonValue;
}

const readRecording = (file: string, text: string): Recording[] => {
  const { provider, dialect, request, response, stream } = JSON.parse(text) as RecordedExchange;
  const status = response.status;
  const name = file.slice(0, -'.json'.length);
  const common = {
    provider,
    status,
    kind: status >= 400 ? ('error' as const) : stream ? ('stream' as const) : ('unary' as const),
    headers: new Map(
      Object.entries(response.headers ?? {}).map(([key, value]) => [key.toLowerCase(), String(value)]),
    ),
    ...(isJsonObject(request?.body) ? { request: request.body } : {}),
  };
  if (stream?.framing !== 'json-lines') return [{ ...common, name, body: bodyOf(response) }];
  const streams = splitStreams(stream.events);
  return streams.map((events, at) => ({
    ...common,
    name: streams.length === 1 ? name : `${name}#${at + 1}`,
    body: Buffer.from(reframe(events, dialect)),
  }));
};

const bodyOf = ({ body, body_text, body_b64 }: RecordedMessage): Buffer => {
  if (body_b64 !== undefined) return Buffer.from(body_b64, 'base64');
  return Buffer.from(body_text ?? JSON.stringify(body ?? ''));
};

/** Some files hold the streams of several responses, one after the other. */
const splitStreams = (events: readonly RecordedEvent[]): RecordedEvent[][] => {
  const streams: RecordedEvent[][] = [];
  for (const event of events) {
    const begins = isJsonObject(event.data) && event.data.type === 'response.created';
    if (begins || streams.length === 0) streams.push([event]);
    else streams.at(-1)?.push(event);
  }
  return streams;
};

/** Anthropic and OpenAI's Responses name their events by the `type` of their data; OpenAI's Chat names none. */
const reframe = (events: readonly RecordedEvent[], dialect: string): string =>
  events
    .filter((event) => event.data !== undefined)
    .map(({ event, data = null }) => {
      const named = dialect === 'anthropic.messages' || dialect === 'openai.responses';
      const type = named && isJsonObject(data) ? data.type : undefined;
      // A few files hold their events as text.
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      return sseFrame(text, event ?? (typeof type === 'string' ? type : undefined));
    })
    .join('');

/** The JSON object in `text`. */
export const parseObject = (text: string): JsonObject => {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) throw new Error('not a JSON object');
  return value;
};
