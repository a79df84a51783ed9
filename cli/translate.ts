import { crossInto } from '../plugins/dialects/crossing.ts';
import type {
  AnswerContext,
  Dialect,
  ResponseDecoder,
  ResponseEncoder,
  UpstreamDialect,
} from '../plugins/dialects/dialect.ts';
import type { ServerName } from '../plugins/dialects/servers.ts';
import type { ModelEvent } from '../plugins/model/events.ts';
import type { ModelRequest } from '../plugins/model/request.ts';
import { RequestError } from '../plugins/refusals.ts';
import { JsonError, type JsonObject, parseJsonDocument } from '../plugins/wire/json.ts';
import { present } from '../plugins/wire/present.ts';

/** From a client's dialect to an upstream's. */
export interface RequestPair {
  readonly from: Dialect;
  readonly to: UpstreamDialect;
}

/** From an upstream's dialect to a client's. */
export interface AnswerPair {
  readonly from: UpstreamDialect;
  readonly to: Dialect;
}

/** How a request is to be read and written. */
export interface RequestOptions {
  /** The provider's name of the model; absent: the one that the client asked for. */
  readonly model?: string | undefined;
  /** The client's path, for dialects that put the model there. */
  readonly path?: string | undefined;
  /** The kind of server that gets it, where it is one of those that speak OpenAI's Chat. */
  readonly server?: ServerName | undefined;
}

/** Takes one warning: what was dropped, refused or failed, as a JSON object. */
export type Warn = (warning: JsonObject) => void;

/**
 * A client's request as `to` would be sent it; undefined when it was refused, which `warn` is told. Within one dialect it
 * is patched, as the gateway does it.
 */
export const translateRequest = (
  bytes: Uint8Array,
  { from, to }: RequestPair,
  { options, warn }: { options: RequestOptions; warn: Warn },
): string | undefined => {
  try {
    const document = parseJsonDocument(bytes);
    const request = from.decodeRequest(document, options.path);
    const target = {
      model: options.model ?? request.requestModel,
      clientHeaders: new Map<string, string>(),
      ...present({ server: options.server }),
    };
    const crossed = crossInto(to, request);
    const { body, dropped } =
      from === to && crossed.request === request
        ? from.patchRequest(document, request, target)
        : to.encodeRequest(crossed.request, target);
    for (const field of [...crossed.dropped, ...dropped]) warn({ dropped: field });
    return body;
  } catch (cause) {
    warn(refusalOf(cause));
    return undefined;
  }
};

const refusalOf = (cause: unknown): JsonObject => {
  if (cause instanceof JsonError) return { refused: 'invalid_request', message: cause.message };
  if (!(cause instanceof RequestError)) throw cause;
  const { code, message, param } = cause.error;
  return { refused: code, message, ...(param === undefined ? {} : { param }) };
};

/** Translates an answer as its bytes come. */
export interface AnswerTranslator {
  push(bytes: Uint8Array): string;
  end(): string;
  /** The upstream's answer was an error, or was cut. */
  readonly failed: boolean;
}

/** An answer of an upstream as a client of `to` would be told it, whole or as a stream. */
export const answerTranslator = (
  pair: AnswerPair,
  { kind, nowSeconds, warn }: { kind: 'response' | 'stream'; nowSeconds: number; warn: Warn },
): AnswerTranslator => {
  const { from, to } = pair;
  const context = contextFor(to, { stream: kind === 'stream', nowSeconds });
  return kind === 'stream'
    ? new Translation(pair, from.decodeStream(), to.encodeStream(context), warn)
    : new Translation(pair, from.decodeResponse(), to.encodeResponse(context), warn);
};

class Translation implements AnswerTranslator {
  readonly #pair: AnswerPair;
  readonly #decoder: ResponseDecoder;
  readonly #encoder: ResponseEncoder;
  readonly #warn: Warn;
  #complete = false;

  constructor(pair: AnswerPair, decoder: ResponseDecoder, encoder: ResponseEncoder, warn: Warn) {
    this.#pair = pair;
    this.#decoder = decoder;
    this.#encoder = encoder;
    this.#warn = warn;
  }

  get failed(): boolean {
    return !this.#complete;
  }

  push(bytes: Uint8Array): string {
    return this.#write(this.#decoder.push(bytes));
  }

  end(): string {
    const text = this.#write(this.#decoder.end());
    if (!this.#complete) this.#warn({ failed: 'the answer has no proper end' });
    return text + this.#encoder.end();
  }

  #write(events: readonly ModelEvent[]): string {
    let text = '';
    for (const event of events) {
      this.#look(event);
      text += this.#encoder.push(event);
    }
    return text;
  }

  #look(event: ModelEvent): void {
    if (event.type === 'message-stop') this.#complete = true;
    if (event.type === 'error') this.#warn({ failed: event.error.code, message: event.error.message });
    if (this.#pair.from === this.#pair.to) return;
    if (event.type === 'raw') this.#warn({ dropped: event.wireType });
    if (event.type === 'part-start' && event.kind === 'opaque')
      this.#warn({ dropped: 'a part that only its own dialect knows' });
  }
}

/** A client that asked for everything that an answer can tell. */
const contextFor = (
  { name }: Dialect,
  { stream, nowSeconds }: { stream: boolean; nowSeconds: number },
): AnswerContext => {
  const request: ModelRequest = {
    operation: 'chat',
    dialect: name,
    requestModel: '',
    stream,
    streamUsage: true,
    system: [],
    turns: [],
    tools: [],
    sampling: {},
    stopSequences: [],
    reasoning: { show: 'summary' },
    vendor: {},
  };
  return { request, nowSeconds, requestId: 'translated' };
};
