import type { ModelEvent } from '../model/events.ts';
import type { LimitState } from '../model/limits.ts';
import type { DialectName, ModelRequest, Operation, UpstreamDialectName } from '../model/request.ts';
import type { GatewayError } from '../refusals.ts';
import type { JsonDocument, JsonObject } from '../wire/json.ts';
import type { ServerName } from './servers.ts';

/** Headers with lower-case names, in order. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** A request on its way to an upstream, without its credential. */
export interface EncodedRequest {
  /** Appended to the provider's base URL: `/chat/completions`. */
  readonly path: string;
  /** Headers that the dialect needs, such as `anthropic-version`. */
  readonly headers: HeaderList;
  readonly body: string;
  /** Client-side paths of fields that could not be carried; for `x-nexus-dropped`. */
  readonly dropped: readonly string[];
}

/** What an encoder must know of the place it writes for. */
export interface UpstreamTarget {
  /** The provider's name of the model. */
  readonly model: string;
  /** Client request headers, lower-case, for those that belong to the dialect (`anthropic-beta`). */
  readonly clientHeaders: ReadonlyMap<string, string>;
  /** Of the many that speak OpenAI's Chat, the kind that it is; absent: not known. */
  readonly server?: ServerName;
  /** The cloud that hosts it, where that has other forms for some operations. */
  readonly platform?: PlatformName;
}

/** Clouds that host a dialect in their own way: Vertex AI, of Gemini. */
export type PlatformName = 'vertex';

/** Bytes of an answer → events. One per answer; holds the state of the stream. */
export interface ResponseDecoder {
  /** Takes the next bytes, cut anywhere. An upstream's own error and unreadable bytes become `error` events. */
  push(bytes: Uint8Array): ModelEvent[];
  /** The bytes are over. Emits what was still open; never a `message-stop` that the upstream did not send. */
  end(): ModelEvent[];
}

/** Events → bytes of an answer. One per answer. */
export interface ResponseEncoder {
  readonly contentType: string;
  /** Text to send now; empty when the event writes nothing (yet). */
  push(event: ModelEvent): string;
  /** The events are over. A unary encoder returns its whole body here; an unfinished stream ends in an error frame. */
  end(): string;
}

/** Takes whole frames out of a byte stream and leaves every other byte as it is. */
export interface ByteFilter {
  /** Of what comes out, where it is not what went in. */
  readonly contentType?: string;
  push(bytes: Uint8Array): Uint8Array;
  /** The bytes are over: what was held back. */
  end(): Uint8Array;
}

/** What an encoder of answers must know of the request that is answered. */
export interface AnswerContext {
  readonly request: ModelRequest;
  /** Seconds since 1970, for dialects whose answers carry a time. */
  readonly nowSeconds: number;
  /** Our id of the exchange, for errors inside the answer. */
  readonly requestId: string;
}

/** One operation of a wire format, as clients speak it. */
export interface ClientCodec {
  /** `path` is the client's, query included: some dialects put the model there. Throws `RequestError` (`invalid_request`, `unsupported_field`) naming the field. */
  decodeRequest(document: JsonDocument, path?: string): ModelRequest;
  encodeResponse(context: AnswerContext): ResponseEncoder;
  encodeStream(context: AnswerContext): ResponseEncoder;
}

/** From client to upstream of one dialect, when no policy changed anything. */
export interface PassingCodec {
  /** The client's own text with the fewest members patched (`patchMembers`): the model, and what we need to count its answer. */
  patchRequest(document: JsonDocument, request: ModelRequest, target: UpstreamTarget): EncodedRequest;
  /** What must be taken out of the bytes of the streamed answer again because `patchRequest` asked for it and the client did not. */
  passStream(request: ModelRequest): ByteFilter | undefined;
  /**
   * Like `decodeStream`, for an answer whose bytes pass as they are: yields only what accounts for it (its start, usage,
   * finish, errors and end), and leaves unread what cannot hold any of these.
   */
  observeStream(): ResponseDecoder;
  /** Like `decodeResponse`, for a whole answer that passes as it is. */
  observeResponse(): ResponseDecoder;
}

/** One operation of a wire format, as upstreams speak it. */
export interface UpstreamCodec {
  /** Throws `RequestError` (`unsupported_field`) where the loss table refuses. */
  encodeRequest(request: ModelRequest, target: UpstreamTarget): EncodedRequest;
  decodeResponse(): ResponseDecoder;
  decodeStream(): ResponseDecoder;
}

/** One operation in one wire format, both ways. */
export interface Codec extends ClientCodec, PassingCodec, UpstreamCodec {}

/** A wire format that upstreams speak: chat, and what else it can do. */
export interface UpstreamDialect extends UpstreamCodec {
  readonly name: UpstreamDialectName;
  /** The dialect whose seals it makes and takes, where that is not itself. */
  readonly sealsOf?: DialectName;
  /** Does this upstream want the bytes of an image in place of this URL? Absent: it fetches images itself. */
  readonly wantsBytesOf?: (url: string) => boolean;
  /** Content type of its streams, where it is not `text/event-stream`. */
  readonly streamType?: string;
  /** An upstream's answer with status ≥ 400. */
  decodeError(status: number, headers: ReadonlyMap<string, string>, body: Uint8Array): GatewayError;
  /** Codecs of the operations besides chat. */
  readonly operations?: Readonly<Partial<Record<Exclude<Operation, 'chat'>, UpstreamCodec>>>;
  /** The same for clouds whose answers have a form of their own, too, so that no client reads them as they come. */
  readonly operationsAt?: Readonly<
    Record<PlatformName, Readonly<Partial<Record<Exclude<Operation, 'chat'>, UpstreamCodec>>>>
  >;
}

/**
 * A wire format that clients and upstreams speak. A dialect knows itself and the model, never another dialect, no host
 * and no policy. Everything here is pure.
 */
export interface Dialect extends Codec, UpstreamDialect {
  readonly name: DialectName;
  /** HTTP status and body of an error. */
  encodeError(error: GatewayError, requestId: string): { readonly status: number; readonly body: JsonObject };
  /** The last frame of a stream that fails after it began; `request` is the one that is answered. */
  encodeStreamError(error: GatewayError, requestId: string, request?: ModelRequest): string;
  /** True: the end of its streams repeats all of the answer, so whoever writes one must have been told all of it. */
  readonly repeatsAnswer?: true;
  /** False: a client's query stays here, because it may hold a key and the encoded path says all that it says. */
  readonly forwardsQuery?: false;
  /** The caller's limits in the dialect's own headers; none where it has none. */
  encodeLimits(limits: readonly LimitState[], nowEpochMs: number): HeaderList;
  /** The answer to a list of models: the names that the caller may ask for. */
  encodeModels(names: readonly string[]): JsonObject;
  readonly operations?: Readonly<Partial<Record<Exclude<Operation, 'chat'>, Codec>>>;
}
