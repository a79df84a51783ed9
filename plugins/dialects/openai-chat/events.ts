import type { ModelEvent } from '../../model/events.ts';
import { gatewayError } from '../../refusals.ts';
import { parseJsonObject } from '../../wire/json.ts';
import type { SseEvent } from '../../wire/sse.ts';
import { AlikeStream, moreLike } from '../alike.ts';
import { ObservedStream, WholeDecoder } from '../answer-events.ts';
import type { ResponseDecoder } from '../dialect.ts';
import { decodeStreamError } from '../openai/error.ts';
import { AnswerReader } from './answer-reader.ts';
import { growthOf } from './growth.ts';

/** Reads a stream of server-sent events. */
export const decodeStream = (): ResponseDecoder => new StreamDecoder({ observing: false });

/** Reads a whole JSON answer: the same events as its stream would give. */
export const decodeResponse = (): ResponseDecoder => new WholeDecoder(readWhole({ observing: false }));

/** Reads of a stream only the first chunk and those that tell of usage, a finish, an error or the end. */
export const observeStream = (): ResponseDecoder =>
  new ObservedStream(telling, new StreamDecoder({ observing: true }));

/** Reads a whole answer without the members that only its own dialect knows. */
export const observeResponse = (): ResponseDecoder => new WholeDecoder(readWhole({ observing: true }));

/**
 * In chunks that account for the answer: a member that says so and is not null (inside of strings its quotes would be
 * escaped), the last line, or an event with a name.
 */
const telling = /"(?:usage|finish_reason|error|x_groq)"\s*:\s*(?!null)|^(?:data: ?\[DONE\]|event:)/gm;

interface Reading {
  /** The bytes pass as they are; only what accounts for them is read. */
  readonly observing: boolean;
}

class StreamDecoder implements ResponseDecoder {
  readonly #stream = new AlikeStream(growthOf);
  readonly #answer: AnswerReader;
  #firstByte: number | undefined;
  #frames = 0;

  constructor({ observing }: Reading) {
    this.#answer = new AnswerReader({ whole: false, observing });
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
    this.#read(this.#stream.end().filter(({ data }) => isWhole(data)));
    if (this.#frames === 0 && isJsonOrPage(this.#firstByte))
      this.#answer.fail(gatewayError('upstream_malformed'));
    else this.#answer.bodyEnded();
    return this.#answer.take();
  }

  #read(frames: readonly SseEvent[]): void {
    this.#frames += frames.length;
    for (const frame of frames) {
      if (this.#answer.over) return;
      const told = this.#stream.read(frame);
      if (told) this.#answer.pushAll(told);
      else if (frame.data.startsWith('[DONE]')) this.#answer.done();
      else this.#readChunk(frame);
    }
  }

  #readChunk(frame: SseEvent): void {
    const { data, event } = frame;
    const chunk = parseJsonObject(data);
    if (event === 'error') this.#answer.fail(decodeStreamError(chunk ?? data));
    else if (chunk) this.#stream.learn(frame, chunk, moreLike(this.#answer.read(chunk)));
    else this.#answer.fail(gatewayError('upstream_malformed'));
  }
}

const readWhole =
  (reading: Reading) =>
  (text: string): ModelEvent[] => {
    const answer = new AnswerReader({ whole: true, ...reading });
    const body = parseJsonObject(text);
    if (body) answer.read(body);
    else answer.fail(gatewayError('upstream_malformed'));
    answer.done();
    return answer.take();
  };

/** A JSON body or an HTML page in place of a stream. */
const isJsonOrPage = (firstByte: number | undefined): boolean =>
  firstByte !== undefined && '{[<'.includes(String.fromCharCode(firstByte));

const isWhole = (data: string): boolean => data.startsWith('[DONE]') || parseJsonObject(data) !== undefined;
