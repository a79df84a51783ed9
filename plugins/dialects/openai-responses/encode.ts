import type { ModelEvent } from '../../model/events.ts';
import { gatewayError } from '../../refusals.ts';
import { LikeTexts, marks } from '../../wire/likeness.ts';
import { sseFrame } from '../../wire/sse.ts';
import { type Delta, isSameText, plainDelta, textOf } from '../alike.ts';
import type { AnswerContext, ResponseEncoder } from '../dialect.ts';
import { encodeError } from '../openai/error.ts';
import { AnswerWriter, type Frame } from './answer-writer.ts';
import { listOf } from './wire.ts';

/**
 * Model events → server-sent events, each named in its frame and in its data. No `[DONE]` follows, and nothing is
 * written to keep a connection alive: a comment line breaks several SDKs.
 */
export const encodeStream = (context: AnswerContext): ResponseEncoder => new StreamEncoder(context);

const textOfFrame = (frame: Frame): string => sseFrame(JSON.stringify(frame), frame.type);

class StreamEncoder implements ResponseEncoder {
  readonly contentType = 'text/event-stream; charset=utf-8';
  readonly #writer: AnswerWriter;
  /** What brought more of a text last, if its frame held nothing besides, and frames like that one. */
  #last: { readonly delta: Delta; readonly frames: NumberedFrames } | undefined;

  constructor(context: AnswerContext) {
    this.#writer = new AnswerWriter(context);
  }

  push(event: ModelEvent): string {
    const delta = plainDelta(event);
    const text = delta ? textOf(delta) : '';
    if (delta && text !== '' && this.#last && isSameText(delta, this.#last.delta))
      return this.#last.frames.with(this.#writer.grow(delta.part, text), text);
    const frames = this.#writer.push(event);
    if (event.type === 'usage') return this.#write(frames); // counts are told at the end
    const [frame] = frames;
    const isAlone = delta && frame && frames.length === 1 && isPlain(frame);
    this.#last = isAlone ? { delta, frames: new NumberedFrames(frame) } : undefined;
    return this.#write(frames);
  }

  end(): string {
    return this.#write(this.#writer.end());
  }

  #write(frames: readonly Frame[]): string {
    let out = '';
    for (const frame of frames) out += textOfFrame(frame);
    return out;
  }
}

/** Frames whose next one differs in its text and its number alone; what begins a piece of reasoning has no text. */
const plainTypes: ReadonlySet<string> = new Set([
  'response.output_text.delta',
  'response.refusal.delta',
  'response.function_call_arguments.delta',
]);

const isPlain = ({ type, logprobs }: Frame): boolean => plainTypes.has(type) && listOf(logprobs).length === 0;

const numberMark = String(marks.number);

/** Frames like one, each with a text and a number of its own. */
class NumberedFrames {
  readonly #before: string;
  readonly #texts: LikeTexts;

  constructor(frame: Frame) {
    const marked = (delta: string) => textOfFrame({ ...frame, sequence_number: marks.number, delta });
    const at = marked('').indexOf(numberMark); // only the type stands before it
    this.#before = marked('').slice(0, at);
    this.#texts = new LikeTexts((delta) => marked(delta).slice(at + numberMark.length));
  }

  with(number: number, text: string): string {
    return `${this.#before}${number}${this.#texts.with(text)}`;
  }
}

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
