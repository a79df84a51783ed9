import type { MessageStart, ModelEvent } from '../model/events.ts';
import type { Usage } from '../model/usage.ts';
import { type GatewayError, gatewayError } from '../refusals.ts';
import { type JsonObject, parseJsonObject } from '../wire/json.ts';
import type { Codec, ResponseDecoder, ResponseEncoder } from './dialect.ts';

// What operations share whose answers are one JSON body.

/** How one dialect tells an error in place of an answer. */
export interface ErrorBodies {
  /** Of a body that has an `error`. */
  read(body: JsonObject): GatewayError;
  write(error: GatewayError): JsonObject;
}

/** Reads one JSON body at its end. `read` gives undefined for a body that is no such answer. */
export const wholeReader = (
  read: (body: JsonObject) => ModelEvent[] | undefined,
  errors: ErrorBodies,
): ResponseDecoder => {
  const chunks: Uint8Array[] = [];
  return {
    push: (bytes) => {
      chunks.push(bytes);
      return [];
    },
    end: () => {
      const body = parseJsonObject(Buffer.concat(chunks).toString('utf8'));
      if (body?.error) return [{ type: 'error', error: errors.read(body) }];
      return (body && read(body)) ?? [{ type: 'error', error: gatewayError('upstream_malformed') }];
    },
  };
};

/** What a whole answer told. */
export interface Told {
  readonly events: readonly ModelEvent[];
  readonly start: MessageStart | undefined;
  readonly usage: Usage | undefined;
}

/** Writes one JSON body, at the end. */
export const wholeWriter = (write: (told: Told) => JsonObject, errors: ErrorBodies): ResponseEncoder => {
  const events: ModelEvent[] = [];
  return {
    contentType: 'application/json',
    push: (event) => {
      events.push(event);
      return '';
    },
    end: () => {
      const error = errorIn(events);
      if (error) return JSON.stringify(errors.write(error));
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
