import type { ModelEvent } from '../../model/events.ts';
import { gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from '../../wire/json.ts';
import type { SseEvent } from '../../wire/sse.ts';
import { AlikeStream } from '../alike.ts';
import { ObservedStream, WholeDecoder } from '../answer-events.ts';
import type { ResponseDecoder } from '../dialect.ts';
import { decodeStreamError } from '../openai/error.ts';
import { isText } from '../openai/wire.ts';
import { AnswerReader } from './answer-reader.ts';
import { growthOf } from './growth.ts';

/** Reads a stream of server-sent events. */
export const decodeStream = (): ResponseDecoder => new StreamDecoder({ observing: false });

/** Reads a whole JSON answer: the same events as its stream would give. */
export const decodeResponse = (): ResponseDecoder => new WholeDecoder(readWhole({ observing: false }));

/** Reads of a stream only its first event and those that end it. */
export const observeStream = (): ResponseDecoder =>
  new ObservedStream(telling, new StreamDecoder({ observing: true }));

/** Reads a whole answer without what it says. */
export const observeResponse = (): ResponseDecoder => new WholeDecoder(readWhole({ observing: true }));

/** In events that account for an answer: their name, or the type in their data (inside of strings its quotes would be escaped). */
const telling =
  /(?:^event: ?|"type"\s*:\s*")(?:response\.(?:completed|incomplete|failed|cancelled)\b|error\b)/gm;

interface Reading {
  /** The bytes pass as they are; only what accounts for them is read. */
  readonly observing: boolean;
}

class StreamDecoder implements ResponseDecoder {
  readonly #stream = new AlikeStream(growthOf);
  readonly #answer: AnswerReader;
  #firstByte: number | undefined;
  #frames = 0;

  constructor(reading: Reading) {
    this.#answer = new AnswerReader(reading);
  }

  push(bytes: Uint8Array): ModelEvent[] {
    if (this.#answer.over) return [];
    this.#firstByte ??= bytes[0];
    try {
      const { told, events } = this.#stream.push(bytes);
      if (events.length === 0) return told;
      this.#answer.pushAll(told);
      this.#read(events);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      this.#answer.fail(gatewayError('upstream_malformed')); // an event without end
    }
    return this.#answer.take();
  }

  /** The last frame may be cut; then it is not read, and the answer stays without an end. */
  end(): ModelEvent[] {
    this.#read(this.#stream.end().filter(({ data }) => parseJsonObject(data) !== undefined));
    if (this.#frames === 0 && isJsonOrPage(this.#firstByte))
      this.#answer.fail(gatewayError('upstream_malformed'));
    return this.#answer.take();
  }

  /** Some compatible servers end with `[DONE]`, as Chat does. */
  #read(frames: readonly SseEvent[]): void {
    this.#frames += frames.length;
    for (const frame of frames) {
      if (this.#answer.over) return;
      const told = this.#stream.read(frame);
      if (told) this.#answer.pushAll(told);
      else if (!frame.data.startsWith('[DONE]')) this.#readEvent(frame);
    }
  }

  #readEvent(frame: SseEvent): void {
    const { data, event } = frame;
    const read = parseJsonObject(data);
    if (event === 'error') this.#answer.fail(decodeStreamError(read ?? data));
    else if (!read) this.#answer.fail(gatewayError('upstream_malformed'));
    else this.#stream.learn(frame, read, this.#answer.readEvent(typed(read, event)));
  }
}

/** The type stands in the data; compatible servers may name it in the frame alone, or send a bare error. */
const typed = (event: JsonObject, name: string): JsonObject => {
  if (isText(event.type)) return event;
  if (isJsonObject(event.error)) return { ...event, type: 'error' };
  return { ...event, type: name };
};

const readWhole =
  (reading: Reading) =>
  (text: string): ModelEvent[] => {
    const answer = new AnswerReader(reading);
    const body = parseJsonObject(text);
    if (body) answer.readWhole(body);
    else answer.fail(gatewayError('upstream_malformed'));
    return answer.take();
  };

/** A JSON body or an HTML page in place of a stream. */
const isJsonOrPage = (firstByte: number | undefined): boolean =>
  firstByte !== undefined && '{[<'.includes(String.fromCharCode(firstByte));
