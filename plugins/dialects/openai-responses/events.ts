import type { ModelEvent } from '../../model/events.ts';
import { gatewayError } from '../../refusals.ts';
import { FrameCutter, firstAnd, framesWith } from '../../wire/frames.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { type SseEvent, SseSplitter } from '../../wire/sse.ts';
import type { ResponseDecoder } from '../dialect.ts';
import { decodeStreamError } from '../openai/error.ts';
import { isText } from '../openai/wire.ts';
import { AnswerReader } from './answer-reader.ts';

/** Reads a stream of server-sent events. */
export const decodeStream = (): ResponseDecoder => new StreamDecoder({ observing: false });

/** Reads a whole JSON answer: the same events as its stream would give. */
export const decodeResponse = (): ResponseDecoder => new WholeDecoder({ observing: false });

/** Reads of a stream only its first event and those that end it. */
export const observeStream = (): ResponseDecoder => new ObservedStream();

/** Reads a whole answer without what it says. */
export const observeResponse = (): ResponseDecoder => new WholeDecoder({ observing: true });

/** In events that account for an answer: their name, or the type in their data (inside of strings its quotes would be escaped). */
const telling =
  /(?:^event: ?|"type"\s*:\s*")(?:response\.(?:completed|incomplete|failed|cancelled)\b|error\b)/gm;

interface Reading {
  /** The bytes pass as they are; only what accounts for them is read. */
  readonly observing: boolean;
}

class StreamDecoder implements ResponseDecoder {
  readonly #sse = new SseSplitter();
  readonly #answer: AnswerReader;
  #firstByte: number | undefined;
  #frames = 0;

  constructor(reading: Reading) {
    this.#answer = new AnswerReader(reading);
  }

  push(bytes: Uint8Array): ModelEvent[] {
    this.#firstByte ??= bytes[0];
    try {
      this.#read(this.#sse.push(bytes));
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      this.#answer.fail(gatewayError('upstream_malformed')); // an event without end
    }
    return this.#answer.take();
  }

  /** The last frame may be cut; then it is not read, and the answer stays without an end. */
  end(): ModelEvent[] {
    this.#read(this.#sse.end().filter(({ data }) => parse(data) !== undefined));
    if (this.#frames === 0 && isJsonOrPage(this.#firstByte))
      this.#answer.fail(gatewayError('upstream_malformed'));
    return this.#answer.take();
  }

  /** Some compatible servers end with `[DONE]`, as Chat does. */
  #read(frames: readonly SseEvent[]): void {
    this.#frames += frames.length;
    for (const { data, event } of frames) if (!data.startsWith('[DONE]')) this.#readEvent(data, event);
  }

  #readEvent(data: string, event: string): void {
    if (this.#answer.over) return;
    const read = parse(data);
    if (event === 'error') this.#answer.fail(decodeStreamError(read ?? data));
    else if (!read) this.#answer.fail(gatewayError('upstream_malformed'));
    else this.#answer.readEvent(typed(read, event));
  }
}

/** The type stands in the data; compatible servers may name it in the frame alone, or send a bare error. */
const typed = (event: JsonObject, name: string): JsonObject => {
  if (isText(event.type)) return event;
  if (isJsonObject(event.error)) return { ...event, type: 'error' };
  return { ...event, type: name };
};

/** Passes over the frames between those that tell, which is most of a stream, without splitting or parsing them. */
class ObservedStream implements ResponseDecoder {
  readonly #frames = new FrameCutter();
  readonly #decoder = new StreamDecoder({ observing: true });
  #began = false;

  push(bytes: Uint8Array): ModelEvent[] {
    const whole = this.#frames.push(bytes);
    if (whole.length === 0) return [];
    // The first frame says what kind of answer this is.
    const places = this.#began ? framesWith(telling, whole) : firstAnd(framesWith(telling, whole), whole);
    this.#began = true;
    if (!places) return this.#decoder.push(whole);
    return places.flatMap(([start, end]) => this.#decoder.push(whole.subarray(start, end)));
  }

  end(): ModelEvent[] {
    return [...this.#decoder.push(this.#frames.take()), ...this.#decoder.end()];
  }
}

class WholeDecoder implements ResponseDecoder {
  readonly #chunks: Uint8Array[] = [];
  readonly #reading: Reading;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  push(bytes: Uint8Array): ModelEvent[] {
    this.#chunks.push(bytes);
    return [];
  }

  end(): ModelEvent[] {
    const answer = new AnswerReader(this.#reading);
    const body = parse(Buffer.concat(this.#chunks).toString('utf8'));
    if (body) answer.readWhole(body);
    else answer.fail(gatewayError('upstream_malformed'));
    return answer.take();
  }
}

/** A JSON body or an HTML page in place of a stream. */
const isJsonOrPage = (firstByte: number | undefined): boolean =>
  firstByte !== undefined && '{[<'.includes(String.fromCharCode(firstByte));

const parse = (text: string): JsonObject | undefined => {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
