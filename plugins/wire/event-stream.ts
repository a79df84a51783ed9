import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

const codec = new EventStreamCodec(toUtf8, fromUtf8);

/** The largest frame that is waited for; Amazon's own limit is 16 MiB ("event stream encoding", read 2026-11-28). */
const maxFrameBytes = 16_777_216;

/** Length, length of the headers, checksum of both, checksum of all. */
const leastFrameBytes = 16;

/** Content type of a stream of such frames. */
export const eventStreamType = 'application/vnd.amazon.eventstream';

/** One message of `application/vnd.amazon.eventstream`. */
export interface EventStreamMessage {
  /** `event`, `exception` or `error`. */
  readonly kind: string;
  /** Name of the event or of the exception. */
  readonly type: string;
  readonly payload: JsonObject;
}

/** Cuts a byte stream into messages. */
export class EventStreamReader {
  #held: Buffer = Buffer.alloc(0);

  /** Takes the next bytes, cut anywhere. Throws for a length that no frame has, a wrong checksum, and a payload that is no JSON. */
  push(bytes: Uint8Array): EventStreamMessage[] {
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes]);
    const messages: EventStreamMessage[] = [];
    while (this.#held.length >= 4) {
      const length = this.#held.readUInt32BE(0);
      if (length > maxFrameBytes || length < leastFrameBytes)
        throw new RangeError('no frame has this length');
      if (this.#held.length < length) break;
      messages.push(readMessage(this.#held.subarray(0, length)));
      this.#held = this.#held.subarray(length);
    }
    return messages;
  }
}

const readMessage = (frame: Buffer): EventStreamMessage => {
  const { headers, body } = codec.decode(frame);
  const header = (name: string): string => String(headers[name]?.value ?? '');
  const value = JSON.parse(Buffer.from(body).toString('utf8') || '{}') as JsonValue;
  return {
    kind: header(':message-type'),
    type: header(':event-type') || header(':exception-type') || header(':error-code'),
    payload: isJsonObject(value) ? value : {},
  };
};
