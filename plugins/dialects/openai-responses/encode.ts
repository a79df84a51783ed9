import { gatewayError } from '../../refusals.ts';
import { sseFrame } from '../../wire/sse.ts';
import type { AnswerContext, ResponseEncoder } from '../dialect.ts';
import { encodeError } from '../openai/error.ts';
import { AnswerWriter, type Frame } from './answer-writer.ts';

/**
 * Model events → server-sent events, each named in its frame and in its data. No `[DONE]` follows, and nothing is
 * written to keep a connection alive: a comment line breaks several SDKs.
 */
export const encodeStream = (context: AnswerContext): ResponseEncoder => {
  const writer = new AnswerWriter(context);
  const write = (frames: readonly Frame[]): string => {
    let out = '';
    for (const frame of frames) out += sseFrame(JSON.stringify(frame), frame.type);
    return out;
  };
  return {
    contentType: 'text/event-stream; charset=utf-8',
    push: (event) => write(writer.push(event)),
    end: () => write(writer.end()),
  };
};

/** Model events → one JSON response: the one that would end the stream. An answer that failed becomes an error body. */
export const encodeResponse = (context: AnswerContext): ResponseEncoder => {
  const writer = new AnswerWriter(context);
  return {
    contentType: 'application/json',
    push: (event) => {
      writer.push(event);
      return '';
    },
    end: () => {
      writer.end();
      const error = writer.error ?? gatewayError('upstream_truncated');
      return JSON.stringify(writer.response ?? encodeError(error).body);
    },
  };
};
