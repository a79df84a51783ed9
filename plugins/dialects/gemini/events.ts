import type { ModelEvent } from '../../model/events.ts';
import { gatewayError } from '../../refusals.ts';
import { parseExactly } from '../../wire/exact-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import type { SseEvent } from '../../wire/sse.ts';
import { AlikeStream } from '../alike.ts';
import { ObservedStream, WholeDecoder } from '../answer-events.ts';
import type { ResponseDecoder } from '../dialect.ts';
import { AnswerReader } from './answer-reader.ts';
import { growthOf } from './growth.ts';

/** Reads a stream: server-sent events, or the one JSON array that comes without `alt=sse`. */
export const decodeStream = (): ResponseDecoder => new StreamDecoder({ observing: false });

/** Reads a whole JSON answer: the same events as its stream would give. */
export const decodeResponse = (): ResponseDecoder => new WholeDecoder(readWhole({ observing: false }));

/** Reads of a stream the chunks that tell of an end, a call or an error, and of the others the last counts. */
export const observeStream = (): ResponseDecoder => {
  const decoder = new StreamDecoder({ observing: true });
  return new ObservedStream(telling, decoder, (frames) => lastCounts(frames, decoder));
};

/** Reads a whole answer without its parts. */
export const observeResponse = (): ResponseDecoder => new WholeDecoder(readWhole({ observing: true }));

interface Reading {
  /** The bytes pass as they are; only what accounts for them is read. */
  readonly observing: boolean;
}

class StreamDecoder implements ResponseDecoder {
  readonly #stream = new AlikeStream(growthOf);
  readonly #array: WholeDecoder;
  readonly #answer: AnswerReader;
  #firstByte: number | undefined;
  #frames = 0;

  constructor(reading: Reading) {
    this.#answer = new AnswerReader({ whole: false, ...reading });
    this.#array = new WholeDecoder(readWhole(reading));
  }

  push(bytes: Uint8Array): ModelEvent[] {
    this.#firstByte ??= bytes[0];
    if (this.#isJson) return this.#array.push(bytes);
    if (this.#answer.over) return [];
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
    if (this.#isJson) return this.#array.end();
    this.#read(this.#stream.end().filter(({ data }) => parseExactly(data) !== undefined));
    if (this.#frames === 0 && this.#firstByte === page) this.#answer.fail(gatewayError('upstream_malformed'));
    else this.#answer.done();
    return this.#answer.take();
  }

  /** For those who read a part of a chunk themselves. */
  readUsage(wire: JsonValue): ModelEvent[] {
    this.#answer.readUsage(wire);
    return this.#answer.take();
  }

  get #isJson(): boolean {
    return this.#firstByte === 0x5b || this.#firstByte === 0x7b; // [ or {
  }

  #read(frames: readonly SseEvent[]): void {
    this.#frames += frames.length;
    for (const frame of frames) {
      if (this.#answer.over) return;
      const told = this.#stream.read(frame);
      if (told) this.#answer.pushAll(told);
      else this.#readChunk(frame);
    }
  }

  #readChunk(frame: SseEvent): void {
    const chunk = parseExactly(frame.data);
    if (isJsonObject(chunk)) this.#stream.learn(frame, chunk, this.#answer.read(chunk));
    else this.#answer.fail(gatewayError('upstream_malformed'));
  }
}

/** `<`: an HTML page in place of a stream. */
const page = 0x3c;

/**
 * In chunks that account for the answer: members that say so (inside of strings their quotes would be escaped). A stream
 * that is no server-sent events begins with a bracket.
 */
const telling = /"(?:finishReason|functionCall|promptFeedback|error)"\s*:|^[[{]/g;

const counts = Buffer.from('"usageMetadata"');

/** Every chunk tells the counts so far: those of a client that goes away early are known, too. */
const lastCounts = (frames: Uint8Array, decoder: StreamDecoder): ModelEvent[] => {
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  const at = bytes.lastIndexOf(counts);
  const wire = at === -1 ? undefined : parseExactly(objectIn(bytes.toString('utf8', at + counts.length)));
  return wire === undefined ? [] : decoder.readUsage(wire);
};

/** The first object in `text`, whose strings hold no braces. */
const objectIn = (text: string): string => {
  const start = text.indexOf('{');
  let depth = 0;
  for (let at = start; at !== -1 && at < text.length; at++) {
    const char = text[at];
    if (char === '{') depth++;
    if (char === '}' && --depth === 0) return text.slice(start, at + 1);
  }
  return '';
};

/** An array holds the chunks of a stream. */
const readWhole =
  (reading: Reading) =>
  (text: string): ModelEvent[] => {
    const body = parseExactly(text);
    const answer = new AnswerReader({ whole: !Array.isArray(body), ...reading });
    if (Array.isArray(body) && body.length > 0 && body.every(isJsonObject)) readAll(answer, body);
    else if (isJsonObject(body)) answer.read(body);
    else answer.fail(gatewayError('upstream_malformed'));
    answer.done();
    return answer.take();
  };

const readAll = (answer: AnswerReader, chunks: readonly JsonObject[]): void => {
  for (const chunk of chunks) answer.read(chunk);
};
