import type { HeaderList } from '../plugins/dialects/dialect.ts';
import type { JsonObject, JsonValue } from '../plugins/wire/json.ts';
import { Reader } from '../plugins/wire/protobuf/reader.ts';
import { readEntry, readFields, readStruct, writeStruct } from '../plugins/wire/protobuf/struct.ts';
import { Writer } from '../plugins/wire/protobuf/writer.ts';

/**
 * The messages between Envoy and this processor, read and written by hand: they pass with every request and every
 * piece of a streamed answer. Fields and their numbers: ../proto, where fields.json is Envoy's own word on them.
 */

/** Tags of the fields that we read or write: `(field number << 3) | wire type`. */
const tags = {
  request: {
    requestHeaders: 0x12,
    responseHeaders: 0x1a,
    requestBody: 0x22,
    responseBody: 0x2a,
    requestTrailers: 0x32,
    responseTrailers: 0x3a,
    metadataContext: 0x42,
    attributes: 0x4a,
  },
  httpHeaders: { headers: 0x0a, endOfStream: 0x18 },
  httpBody: { body: 0x0a, endOfStream: 0x10 },
  httpTrailers: { trailers: 0x0a },
  headerMap: { headers: 0x0a },
  headerValue: { key: 0x0a, value: 0x12, rawValue: 0x1a },
  metadata: { filterMetadata: 0x0a },
  response: {
    requestHeaders: 0x0a,
    responseHeaders: 0x12,
    requestBody: 0x1a,
    responseBody: 0x22,
    requestTrailers: 0x2a,
    responseTrailers: 0x32,
    immediateResponse: 0x3a,
    dynamicMetadata: 0x42,
    modeOverride: 0x4a,
  },
  /** HeadersResponse and BodyResponse alike. */
  phaseResponse: { response: 0x0a },
  trailersResponse: { headerMutation: 0x0a },
  commonResponse: { status: 0x08, headerMutation: 0x12, bodyMutation: 0x1a, clearRouteCache: 0x28 },
  headerMutation: { setHeaders: 0x0a, removeHeaders: 0x12 },
  headerValueOption: { header: 0x0a, appendAction: 0x18 },
  bodyMutation: { body: 0x0a, streamedResponse: 0x1a },
  streamedBody: { body: 0x0a, endOfStream: 0x10 },
  immediate: { status: 0x0a, headers: 0x12, body: 0x1a, details: 0x2a },
  httpStatus: { code: 0x08 },
  processingMode: {
    requestHeaderMode: 0x08,
    responseHeaderMode: 0x10,
    requestBodyMode: 0x18,
    responseBodyMode: 0x20,
    requestTrailerMode: 0x28,
    responseTrailerMode: 0x30,
  },
} as const;

// Envoy → processor

/** Which way a message goes: to the upstream, or back to the client. */
export type Phase = 'request' | 'response';

/** By the field names of the .proto file. */
export type MessageKind =
  | 'request_headers'
  | 'response_headers'
  | 'request_body'
  | 'response_body'
  | 'request_trailers'
  | 'response_trailers'
  /** None of these: Envoy has something to say that we do not know. */
  | 'none';

/** What Envoy shows of an exchange, one message at a time. */
export interface ProcessingRequest {
  readonly kind: MessageKind;
  /** Headers or trailers, names in lower case. Values have one character per byte, whatever their encoding. */
  readonly headers: HeaderList;
  /** A view into the message. */
  readonly body: Buffer;
  /** Nothing follows in this direction. */
  readonly endOfStream: boolean;
  /** Envoy's attributes that the filter is configured to send, such as `xds.cluster_name`; in a direction's first message. */
  readonly attributes: ReadonlyMap<string, string | number | boolean>;
  /**
   * Dynamic metadata by namespace, of the namespaces that the filter forwards. It comes with every message, so it is
   * read when it is first asked for; throws `ProtobufError` then when it is malformed.
   */
  readonly metadata: ReadonlyMap<string, JsonObject>;
}

/** Reads one message. Throws `ProtobufError` when it is malformed. */
export const decodeProcessingRequest = (bytes: Buffer): ProcessingRequest => new DecodedRequest(bytes);

/** The key of Envoy's own attributes. */
const attributesKey = 'envoy.filters.http.ext_proc';

const noHeaders: HeaderList = [];
const noBody: Buffer = Buffer.alloc(0);
const noAttributes: ProcessingRequest['attributes'] = new Map();

class DecodedRequest implements ProcessingRequest {
  kind: MessageKind = 'none';
  headers = noHeaders;
  body = noBody;
  endOfStream = false;
  attributes = noAttributes;
  #unreadMetadata: Buffer | undefined;
  #metadata: ProcessingRequest['metadata'] | undefined;

  constructor(bytes: Buffer) {
    const reader = new Reader(bytes);
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) this.#readField(reader, tag);
  }

  get metadata(): ProcessingRequest['metadata'] {
    this.#metadata ??= readMetadata(this.#unreadMetadata);
    return this.#metadata;
  }

  #readField(reader: Reader, tag: number): void {
    switch (tag) {
      case tags.request.requestHeaders:
        return this.#readHeaders(reader, 'request_headers');
      case tags.request.responseHeaders:
        return this.#readHeaders(reader, 'response_headers');
      case tags.request.requestBody:
        return this.#readBody(reader, 'request_body');
      case tags.request.responseBody:
        return this.#readBody(reader, 'response_body');
      case tags.request.requestTrailers:
        return this.#readTrailers(reader, 'request_trailers');
      case tags.request.responseTrailers:
        return this.#readTrailers(reader, 'response_trailers');
      case tags.request.metadataContext:
        this.#unreadMetadata = reader.bytes();
        return;
      case tags.request.attributes:
        this.#readAttributes(reader);
        return;
      default:
        reader.skip(tag);
    }
  }

  #readHeaders(reader: Reader, kind: MessageKind): void {
    this.kind = kind;
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === tags.httpHeaders.headers) this.headers = readHeaderMap(reader);
      else if (tag === tags.httpHeaders.endOfStream) this.endOfStream = reader.bool();
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  #readBody(reader: Reader, kind: MessageKind): void {
    this.kind = kind;
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === tags.httpBody.body) this.body = reader.bytes();
      else if (tag === tags.httpBody.endOfStream) this.endOfStream = reader.bool();
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  #readTrailers(reader: Reader, kind: MessageKind): void {
    this.kind = kind;
    this.endOfStream = true;
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === tags.httpTrailers.trailers) this.headers = readHeaderMap(reader);
      else reader.skip(tag);
    }
    reader.leave(outer);
  }

  #readAttributes(reader: Reader): void {
    reader.prefetchText();
    const [key, fields] = readEntry(reader, readFields);
    if (key === attributesKey && fields) this.attributes = new Map(fields.filter(isScalarField));
  }
}

const isScalarField = (
  field: readonly [string, JsonValue],
): field is [name: string, value: string | number | boolean] =>
  field[1] !== null && typeof field[1] !== 'object';

const readHeaderMap = (reader: Reader): HeaderList => {
  const headers: [name: string, value: string][] = [];
  const outer = reader.enter();
  reader.prefetchText();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.headerMap.headers) headers.push(readHeader(reader));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return headers;
};

const readHeader = (reader: Reader): [name: string, value: string] => {
  let name = '';
  let value = '';
  let rawValue = '';
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.headerValue.key) name = reader.latin1();
    else if (tag === tags.headerValue.rawValue) rawValue = reader.latin1();
    else if (tag === tags.headerValue.value) value = reader.latin1();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return [name, rawValue === '' ? value : rawValue];
};

const readMetadata = (bytes = noBody): ProcessingRequest['metadata'] => {
  const namespaces = new Map<string, JsonObject>();
  const reader = new Reader(bytes);
  reader.prefetchText();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== tags.metadata.filterMetadata) {
      reader.skip(tag);
      continue;
    }
    const [namespace, fields] = readEntry(reader, readStruct);
    namespaces.set(namespace, fields ?? {});
  }
  return namespaces;
};

// Processor → Envoy

/** What may change in a message's headers. A header that is set replaces all of its name; removals come first. */
export interface HeaderChanges {
  /** Names in lower case, each once. Values are sent as one byte per character, or in UTF-8 when they do not fit. */
  readonly setHeaders?: HeaderList;
  readonly removeHeaders?: readonly string[];
}

/** Fields to write into Envoy's dynamic metadata, by namespace; only those that the filter receives are taken. */
export type DynamicMetadata = Readonly<Record<string, Readonly<JsonObject>>>;

/** What answers to headers and to bodies have in common. */
interface PhaseAnswer extends HeaderChanges {
  readonly phase: Phase;
  /** Replaces the body; a string goes out in UTF-8. */
  readonly body?: Uint8Array | string;
  /** Lets Envoy choose the route again, from the headers as they are now. */
  readonly clearRouteCache?: boolean;
  readonly dynamicMetadata?: DynamicMetadata;
}

const headerModes = { DEFAULT: 0, SEND: 1, SKIP: 2 } as const;
const bodyModes = {
  NONE: 0,
  STREAMED: 1,
  BUFFERED: 2,
  BUFFERED_PARTIAL: 3,
  FULL_DUPLEX_STREAMED: 4,
} as const;

/** Whether Envoy shows headers or trailers. */
export type HeaderMode = keyof typeof headerModes;
/** Whether and how Envoy shows a body. */
export type BodyMode = keyof typeof bodyModes;

/**
 * What Envoy is to show of the rest of this exchange, in place of what the filter is configured with. A mode that is
 * not named is `DEFAULT` or `NONE`; the configured one is not kept. So an answer to request headers that names no
 * `responseBodyMode` lets the answer's body pass unseen (Envoy 1.40.0 does).
 */
export interface ModeOverride {
  readonly requestHeaderMode?: HeaderMode;
  readonly responseHeaderMode?: HeaderMode;
  readonly requestBodyMode?: BodyMode;
  readonly responseBodyMode?: BodyMode;
  readonly requestTrailerMode?: HeaderMode;
  readonly responseTrailerMode?: HeaderMode;
}

/** For `encodeHeadersAnswer`. */
export interface HeadersAnswer extends PhaseAnswer {
  readonly modeOverride?: ModeOverride;
}

/** Serves all encoders: each writes its message in one go. */
const writer = new Writer();

/** Answers headers. With a `body` Envoy is told to replace the body unseen (`CONTINUE_AND_REPLACE`). */
export const encodeHeadersAnswer = (answer: HeadersAnswer): Buffer => {
  const { phase, body, modeOverride, dynamicMetadata } = answer;
  writer.begin();
  writeModeOverride(modeOverride);
  writeDynamicMetadata(dynamicMetadata);
  const mark = writer.size;
  writeCommonFields(answer);
  if (body !== undefined) writer.varint(tags.commonResponse.status, continueAndReplace);
  writer.message(tags.phaseResponse.response, mark);
  writer.message(phase === 'request' ? tags.response.requestHeaders : tags.response.responseHeaders, mark);
  return writer.finish();
};

/** For `encodeBodyAnswer`. */
export type BodyAnswer = PhaseAnswer;

/**
 * Answers a whole body (`BUFFERED`), or one piece of it (`STREAMED`). Without a `body` it passes as it is; with one,
 * `BUFFERED` wants its length in `content-length`.
 */
export const encodeBodyAnswer = (answer: BodyAnswer): Buffer => {
  writer.begin();
  writeDynamicMetadata(answer.dynamicMetadata);
  const mark = writer.size;
  writeCommonFields(answer);
  writer.message(tags.phaseResponse.response, mark);
  writer.message(answer.phase === 'request' ? tags.response.requestBody : tags.response.responseBody, mark);
  return writer.finish();
};

/** For `encodeStreamedBody`. */
export interface StreamedBody {
  readonly body: Uint8Array | string;
  /** This is the end of the body, and no trailers follow. */
  readonly endOfStream: boolean;
  readonly dynamicMetadata?: DynamicMetadata;
}

/** Sends the client a piece of the answer's body (`FULL_DUPLEX_STREAMED`): as many as it takes, whenever they are ready. */
export const encodeStreamedBody = ({ body, endOfStream, dynamicMetadata }: StreamedBody): Buffer => {
  writer.begin();
  writeDynamicMetadata(dynamicMetadata);
  const mark = writer.size;
  if (endOfStream) writer.varint(tags.streamedBody.endOfStream, 1);
  writeBytes(tags.streamedBody.body, body);
  writer.message(tags.bodyMutation.streamedResponse, mark);
  writer.message(tags.commonResponse.bodyMutation, mark);
  writer.message(tags.phaseResponse.response, mark);
  writer.message(tags.response.responseBody, mark);
  return writer.finish();
};

/** For `encodeTrailersAnswer`. */
export interface TrailersAnswer extends HeaderChanges {
  readonly phase: Phase;
  readonly dynamicMetadata?: DynamicMetadata;
}

/** Answers trailers. */
export const encodeTrailersAnswer = (answer: TrailersAnswer): Buffer => {
  writer.begin();
  writeDynamicMetadata(answer.dynamicMetadata);
  const mark = writer.size;
  writeHeaderMutation(tags.trailersResponse.headerMutation, answer);
  const { requestTrailers, responseTrailers } = tags.response;
  writer.message(answer.phase === 'request' ? requestTrailers : responseTrailers, mark);
  return writer.finish();
};

/** For `encodeImmediate`. */
export interface ImmediateAnswer {
  /** HTTP status. */
  readonly status: number;
  readonly headers?: HeaderList;
  readonly body?: Uint8Array | string;
  /** For the access log, as `%RESPONSE_CODE_DETAILS%`. */
  readonly details?: string;
  readonly dynamicMetadata?: DynamicMetadata;
}

/** Answers the client at once: the exchange goes no further. */
export const encodeImmediate = (answer: ImmediateAnswer): Buffer => {
  const { status, headers, body, details, dynamicMetadata } = answer;
  writer.begin();
  writeDynamicMetadata(dynamicMetadata);
  const mark = writer.size;
  if (details !== undefined) writer.utf8(tags.immediate.details, details);
  if (body !== undefined) writeBytes(tags.immediate.body, body);
  if (headers !== undefined) writeHeaderMutation(tags.immediate.headers, { setHeaders: headers });
  const statusMark = writer.size;
  writer.varint(tags.httpStatus.code, status);
  writer.message(tags.immediate.status, statusMark);
  writer.message(tags.response.immediateResponse, mark);
  return writer.finish();
};

// Parts of answers; from the last field to the first, as the writer wants it.

const continueAndReplace = 1;
const overwriteIfExistsOrAdd = 2;

const writeCommonFields = (answer: PhaseAnswer): void => {
  const { body } = answer;
  if (answer.clearRouteCache) writer.varint(tags.commonResponse.clearRouteCache, 1);
  if (body !== undefined) {
    const mark = writer.size;
    writeBytes(tags.bodyMutation.body, body);
    writer.message(tags.commonResponse.bodyMutation, mark);
  }
  writeHeaderMutation(tags.commonResponse.headerMutation, answer);
};

const noNames: readonly string[] = [];

const writeHeaderMutation = (
  tag: number,
  { setHeaders = noHeaders, removeHeaders = noNames }: HeaderChanges,
): void => {
  if (setHeaders.length + removeHeaders.length === 0) return;
  const mark = writer.size;
  for (let index = removeHeaders.length - 1; index >= 0; index--)
    writer.utf8(tags.headerMutation.removeHeaders, removeHeaders[index] ?? '');
  for (let index = setHeaders.length - 1; index >= 0; index--) writeSetHeader(setHeaders[index] ?? ['', '']);
  writer.message(tag, mark);
};

/** In `raw_value`: Envoy reads `value` in an answer as the empty string. */
const writeSetHeader = ([name, value]: HeaderList[number]): void => {
  const mark = writer.size;
  writer.varint(tags.headerValueOption.appendAction, overwriteIfExistsOrAdd);
  const headerMark = writer.size;
  writer.latin1(tags.headerValue.rawValue, value);
  writer.utf8(tags.headerValue.key, name);
  writer.message(tags.headerValueOption.header, headerMark);
  writer.message(tags.headerMutation.setHeaders, mark);
};

const writeBytes = (tag: number, value: Uint8Array | string): void =>
  typeof value === 'string' ? writer.utf8(tag, value) : writer.bytes(tag, value);

const writeDynamicMetadata = (metadata: DynamicMetadata | undefined): void => {
  if (metadata === undefined) return;
  const mark = writer.size;
  writeStruct(writer, metadata);
  writer.message(tags.response.dynamicMetadata, mark);
};

const writeModeOverride = (mode: ModeOverride | undefined): void => {
  if (mode === undefined) return;
  const mark = writer.size;
  const { processingMode } = tags;
  writeMode(processingMode.responseTrailerMode, headerModes[mode.responseTrailerMode ?? 'DEFAULT']);
  writeMode(processingMode.requestTrailerMode, headerModes[mode.requestTrailerMode ?? 'DEFAULT']);
  writeMode(processingMode.responseBodyMode, bodyModes[mode.responseBodyMode ?? 'NONE']);
  writeMode(processingMode.requestBodyMode, bodyModes[mode.requestBodyMode ?? 'NONE']);
  writeMode(processingMode.responseHeaderMode, headerModes[mode.responseHeaderMode ?? 'DEFAULT']);
  writeMode(processingMode.requestHeaderMode, headerModes[mode.requestHeaderMode ?? 'DEFAULT']);
  writer.message(tags.response.modeOverride, mark);
};

/** 0 is what an absent field means. */
const writeMode = (tag: number, mode: number): void => {
  if (mode !== 0) writer.varint(tag, mode);
};
