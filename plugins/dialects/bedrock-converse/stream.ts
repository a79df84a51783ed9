import { gatewayError } from '../../refusals.ts';
import { type EventStreamMessage, EventStreamReader } from '../../wire/event-stream.ts';
import { isJsonObject, type JsonObject } from '../../wire/json.ts';
import type { ResponseDecoder } from '../dialect.ts';
import { Answer, sayContent, sayToolUse } from './answer.ts';
import { exceptionError } from './error.ts';

/** Reads `application/vnd.amazon.eventstream`. A frame whose checksum is wrong ends the answer as malformed. */
export const decodeStream = (): ResponseDecoder => {
  const frames = new EventStreamReader();
  const answer = new Answer();
  return {
    push: (bytes) => {
      try {
        for (const message of frames.push(bytes)) if (!answer.over) read(message, answer);
      } catch {
        answer.fail(gatewayError('upstream_malformed'));
      }
      return answer.take();
    },
    end: () => answer.take(),
  };
};

const read = ({ kind, type, payload }: EventStreamMessage, answer: Answer): void => {
  if (kind === 'event') readEvent(type, payload, answer);
  else answer.fail(exceptionError(type, payload));
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
