import type { MessageStart, ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import type { Usage } from '../../model/usage.ts';
import { type GatewayError, gatewayError } from '../../refusals.ts';
import {
  isJsonObject,
  type JsonDocument,
  type JsonObject,
  type JsonValue,
  patchMembers,
} from '../../wire/json.ts';
import type { Codec, EncodedRequest, ResponseDecoder, ResponseEncoder, UpstreamTarget } from '../dialect.ts';
import { decodeStreamError, encodeError } from '../openai/error.ts';

/** What operations share whose answers are one JSON body. */

/** The client's own text with the provider's name of the model. */
export const patched =
  (path: string) =>
  (document: JsonDocument, _request: ModelRequest, { model }: UpstreamTarget): EncodedRequest => ({
    path,
    headers: [['content-type', 'application/json']],
    body: patchMembers(document, { model: JSON.stringify(model) }),
    dropped: [],
  });

/** Reads one JSON body, at its end. */
export class WholeReader implements ResponseDecoder {
  readonly #chunks: Uint8Array[] = [];
  readonly #read: (body: JsonObject) => ModelEvent[];

  constructor(read: (body: JsonObject) => ModelEvent[]) {
    this.#read = read;
  }

  push(bytes: Uint8Array): ModelEvent[] {
    this.#chunks.push(bytes);
    return [];
  }

  end(): ModelEvent[] {
    const body = parse(Buffer.concat(this.#chunks).toString('utf8'));
    if (body === undefined) return [{ type: 'error', error: gatewayError('upstream_malformed') }];
    return body.error ? [{ type: 'error', error: decodeStreamError(body) }] : this.#read(body);
  }
}

const parse = (text: string): JsonObject | undefined => {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** What a whole answer told. */
export interface Told {
  readonly events: readonly ModelEvent[];
  readonly start: MessageStart | undefined;
  readonly usage: Usage | undefined;
}

/** Writes one JSON body, at the end. */
export const wholeWriter = (write: (told: Told) => JsonObject): ResponseEncoder => {
  const events: ModelEvent[] = [];
  return {
    contentType: 'application/json',
    push: (event) => {
      events.push(event);
      return '';
    },
    end: () => {
      const error = errorIn(events);
      if (error) return JSON.stringify(encodeError(error).body);
      const start = events.find((event) => event.type === 'message-start');
      const usage = events.findLast((event) => event.type === 'usage')?.usage;
      return JSON.stringify(write({ events, start, usage }));
    },
  };
};

const errorIn = (events: readonly ModelEvent[]): GatewayError | undefined =>
  events.find((event) => event.type === 'error')?.error ??
  (events.at(-1)?.type === 'message-stop' ? undefined : gatewayError('upstream_truncated'));

/** The stream side of a codec without streams; a session calls it for none of its answers. */
export const wholeOnly: Pick<Codec, 'encodeStream' | 'passStream' | 'observeStream' | 'decodeStream'> = {
  encodeStream: () => noStream(),
  passStream: () => undefined,
  observeStream: () => noStream(),
  decodeStream: () => noStream(),
};

const noStream = (): never => {
  throw new Error('this operation has no streams');
};
