import type { ModelEvent } from '../../model/events.ts';
import { gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { type SseEvent, SseSplitter } from '../../wire/sse.ts';
import type { ResponseDecoder } from '../dialect.ts';
import { AnswerReader } from './answer-reader.ts';
import { decodeStreamError } from './error.ts';

/** Reads a stream of server-sent events. */
export const decodeStream = (): ResponseDecoder => new StreamDecoder();

/** Reads a whole JSON answer: the same events as its stream would give. */
export const decodeResponse = (): ResponseDecoder => new WholeDecoder();

class StreamDecoder implements ResponseDecoder {
  readonly #sse = new SseSplitter();
  readonly #answer = new AnswerReader({ whole: false });
  #firstByte: number | undefined;
  #frames = 0;

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
    this.#read(this.#sse.end().filter(({ data }) => isWhole(data)));
    if (this.#frames === 0 && isJsonOrPage(this.#firstByte))
      this.#answer.fail(gatewayError('upstream_malformed'));
    else this.#answer.bodyEnded();
    return this.#answer.take();
  }

  #read(frames: readonly SseEvent[]): void {
    this.#frames += frames.length;
    for (const { data, event } of frames) {
      if (data.startsWith('[DONE]')) this.#answer.done();
      else this.#readChunk(data, event);
    }
  }

  #readChunk(data: string, event: string): void {
    if (this.#answer.over) return;
    const chunk = parse(data);
    if (event === 'error') this.#answer.fail(decodeStreamError(chunk ?? data));
    else if (chunk) this.#answer.read(chunk);
    else this.#answer.fail(gatewayError('upstream_malformed'));
  }
}

class WholeDecoder implements ResponseDecoder {
  readonly #chunks: Uint8Array[] = [];

  push(bytes: Uint8Array): ModelEvent[] {
    this.#chunks.push(bytes);
    return [];
  }

  end(): ModelEvent[] {
    const answer = new AnswerReader({ whole: true });
    const body = parse(Buffer.concat(this.#chunks).toString('utf8'));
    if (body) answer.read(body);
    else answer.fail(gatewayError('upstream_malformed'));
    answer.done();
    return answer.take();
  }
}

/** A JSON body or an HTML page in place of a stream. */
const isJsonOrPage = (firstByte: number | undefined): boolean =>
  firstByte !== undefined && '{[<'.includes(String.fromCharCode(firstByte));

const isWhole = (data: string): boolean => data.startsWith('[DONE]') || parse(data) !== undefined;

const parse = (text: string): JsonObject | undefined => {
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
