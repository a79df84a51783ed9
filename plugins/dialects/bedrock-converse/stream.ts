import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import type { ResponseDecoder } from '../dialect.ts';
import { Answer, sayContent, sayToolUse } from './answer.ts';
import { exceptionError } from './error.ts';

const codec = new EventStreamCodec(toUtf8, fromUtf8);

/** The largest frame that is waited for; Amazon's own limit is 16 MiB ("event stream encoding", read 2026-11-28). */
const maxFrameBytes = 16_777_216;

/** Cuts a byte stream into frames, each of which begins with its length. Throws a `RangeError` for one too long. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  push(bytes: Uint8Array): Buffer[] {
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes]);
    const frames: Buffer[] = [];
    while (this.#held.length >= 4) {
      const length = this.#held.readUInt32BE(0);
      if (length > maxFrameBytes || length < 16) throw new RangeError('no frame has this length');
      if (this.#held.length < length) break;
      frames.push(this.#held.subarray(0, length));
      this.#held = this.#held.subarray(length);
    }
    return frames;
  }
}

/** Reads `application/vnd.amazon.eventstream`. A frame whose checksum is wrong ends the answer as malformed. */
export const decodeStream = (): ResponseDecoder => {
  const frames = new FrameReader();
  const answer = new Answer();
  return {
    push: (bytes) => {
      try {
        for (const frame of frames.push(bytes)) if (!answer.isOver) readFrame(frame, answer);
      } catch {
        answer.fail(gatewayError('upstream_malformed'));
      }
      return answer.take();
    },
    end: () => answer.take(),
  };
};

const readFrame = (frame: Buffer, answer: Answer): void => {
  const { headers, body } = codec.decode(frame);
  const header = (name: string): string => String(headers[name]?.value ?? '');
  const value = JSON.parse(Buffer.from(body).toString('utf8') || '{}') as JsonValue;
  const payload = isJsonObject(value) ? value : {};
  if (header(':message-type') !== 'event') {
    answer.fail(exceptionError(header(':exception-type') || header(':error-code'), payload));
    return;
  }
  readEvent(header(':event-type'), payload, answer);
};

type Handler = (payload: JsonObject, answer: Answer) => void;

const blockOf = ({ contentBlockIndex: index }: JsonObject): number => (typeof index === 'number' ? index : 0);

const handlers: Readonly<Record<string, Handler>> = {
  messageStart: (_, answer) => answer.start(),
  contentBlockStart: (payload, answer) => {
    const start = isJsonObject(payload.start) ? payload.start : {};
    if (isJsonObject(start.toolUse)) sayToolUse(blockOf(payload), start.toolUse, answer);
  },
  contentBlockDelta: (payload, answer) => {
    if (isJsonObject(payload.delta)) sayContent(blockOf(payload), payload.delta, answer);
  },
  contentBlockStop: (payload, answer) => answer.close(blockOf(payload)),
  messageStop: (payload, answer) => answer.stop(payload.stopReason),
  metadata: (payload, answer) => answer.metadata(payload.usage),
};

const readEvent = (type: string, payload: JsonObject, answer: Answer): void => {
  const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
  if (handler) handler(payload, answer);
  else answer.push({ type: 'raw', dialect: 'bedrock-converse', wireType: type, value: payload });
};
