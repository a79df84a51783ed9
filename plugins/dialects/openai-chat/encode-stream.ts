import type { MessageStart, ModelEvent } from '../../model/events.ts';
import { type GatewayError, gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { LikeTexts } from '../../wire/likeness.ts';
import { sseFrame } from '../../wire/sse.ts';
import type { AnswerContext, ResponseEncoder } from '../dialect.ts';
import { encodeError } from '../openai/error.ts';
import { merge } from '../openai/wire.ts';
import {
  type AnswerPart,
  AnswerState,
  countCodePoints,
  encodeCallStart,
  imagesOf,
  listItem,
  reasoningDetail,
  reasoningKey,
} from './answer.ts';
import { encodeCitations } from './citations.ts';
import { encodeUsage } from './usage.ts';

/** Writes events as a stream of chunks. */
export const encodeStream = (context: AnswerContext): ResponseEncoder => new StreamEncoder(context);

/** The frame that ends a stream that failed. SDKs throw at it; no `[DONE]` follows, so that nobody sees a clean end. */
export const encodeStreamError = (error: GatewayError): string =>
  sseFrame(JSON.stringify(encodeError(error).body));

/**
 * Order, which SDKs insist on: a chunk with the role, deltas, per choice one chunk with its finish reason, the counts
 * if the client asked for them, `[DONE]`. An answer that failed ends in an error frame and nothing else: a client that
 * overlooks errors must not see a clean end. Nothing is written to keep a connection alive: a comment line breaks
 * several SDKs.
 */
class StreamEncoder implements ResponseEncoder {
  readonly contentType = 'text/event-stream; charset=utf-8';
  readonly #context: AnswerContext;
  readonly #answer: AnswerState;
  #head: JsonObject;
  /** Members for the next chunk alone. */
  #extras: JsonObject | undefined;
  readonly #logprobs = new Map<number, JsonValue>();
  readonly #opened = new Set<number>();
  #usage: Extract<ModelEvent, { type: 'usage' }> | undefined;
  /** The part that has grown last, and the chunks in which it does. */
  #growing: { readonly part: AnswerPart; readonly chunks: LikeTexts } | undefined;
  #over = false;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#answer = new AnswerState(context);
    this.#head = this.#answer.head(chunkObject);
  }

  push(event: ModelEvent): string {
    if (this.#over) return '';
    switch (event.type) {
      case 'message-start':
        return this.#start(event);
      case 'part-start':
        return this.#startPart(this.#answer.startPart(event));
      case 'logprobs':
        return this.#holdLogprobs(event.choice, event.value);
      case 'usage':
        this.#usage = event;
        return '';
      case 'finish':
        this.#answer.choice(event.choice).finish = event;
        return '';
      case 'message-stop':
        return this.#stop();
      case 'error':
        return this.#fail(event.error);
      case 'raw':
        return this.#holdExtras(this.#answer.ownExtras(event));
      case 'ping':
      case 'embedding':
      case 'image':
        return '';
      default:
        return this.#pushToPart(event);
    }
  }

  end(): string {
    return this.#over ? '' : this.#fail(gatewayError('upstream_truncated'));
  }

  #fail(error: GatewayError): string {
    this.#over = true;
    return encodeStreamError(error);
  }

  /** What an upstream says on every chunk is plain values; lists and objects it says once. */
  #start(start: MessageStart): string {
    this.#answer.begin(start);
    this.#head = this.#answer.head(chunkObject);
    this.#growing = undefined;
    for (const [key, value] of Object.entries(this.#answer.vendor)) {
      if (typeof value !== 'object') this.#head[key] = value;
      else this.#extras = { ...this.#extras, [key]: value };
    }
    return this.#open(0);
  }

  /** The first chunk of a choice tells the role: SDKs refuse a stream without it. */
  #open(index: number): string {
    this.#opened.add(index);
    this.#answer.choice(index);
    return this.#write(index, { role: 'assistant', content: '' });
  }

  #pushToPart(event: Extract<ModelEvent, { part: number }>): string {
    const part = this.#answer.part(event.part);
    if (!part) return '';
    switch (event.type) {
      case 'text-delta':
        return this.#text(part, event.text);
      case 'tool-input-delta':
        return this.#input(part, event.json);
      case 'reasoning-delta':
        return this.#reasoning(part, event.text);
      case 'reasoning-signature':
        return this.#signature(part, event.signature);
      case 'citation':
        part.citations.push(event.citation);
        return '';
      case 'part-stop':
        return this.#stopPart(part, event.vendor);
      default:
        return '';
    }
  }

  #startPart(part: AnswerPart): string {
    const { start } = part;
    if (start.kind === 'tool-call') return this.#startCall(part);
    if (start.redacted !== undefined)
      return this.#delta(part, { reasoning_details: [reasoningDetail(part, { redacted: start.redacted })] });
    if (start.image) return this.#delta(part, imagesOf([part]));
    const item = start.kind === 'opaque' ? listItem(part, '') : undefined;
    return item ? this.#delta(part, { content: [item] }) : '';
  }

  #text(part: AnswerPart, text: string): string {
    if (text === '') return '';
    part.text += text;
    return this.#grow(part, text, (more) => {
      if (part.start.kind === 'refusal') return { refusal: more };
      const item = listItem(part, more);
      return { content: item ? [item] : more };
    });
  }

  /** A chunk that brings more of a text is like the one before but for that, unless it has to bring something else, too. */
  #grow(part: AnswerPart, more: string, deltaOf: (more: string) => JsonObject): string {
    const { index } = part.choice;
    if (!this.#opened.has(index) || this.#extras || this.#logprobs.size > 0)
      return this.#delta(part, deltaOf(more));
    if (this.#growing?.part !== part) {
      const chunks = new LikeTexts((said) => this.#write(index, deltaOf(said)));
      this.#growing = { part, chunks };
    }
    return this.#growing.chunks.with(more);
  }

  #reasoning(part: AnswerPart, text: string): string {
    if (text === '') return '';
    part.text += text;
    return this.#grow(part, text, (more) => {
      const item = listItem(part, more);
      if (item) return { content: [item] };
      const key = reasoningKey(part);
      return {
        ...(key === undefined ? {} : { [key]: more }),
        ...(part.vendor.detail ? { reasoning_details: [reasoningDetail(part, { text: more })] } : {}),
      };
    });
  }

  /** The seal goes with all that it seals, so that the client can send both back in one piece. */
  #signature(part: AnswerPart, signature: string): string {
    const said = part.vendor.detail ? { signature } : { text: part.text, signature };
    return this.#delta(part, { reasoning_details: [reasoningDetail(part, said)] });
  }

  /** A client that asks with `functions` can be told one call. */
  #startCall(part: AnswerPart): string {
    if (!this.#answer.isFunctionCall(part))
      return this.#delta(part, { tool_calls: [{ index: part.index, ...encodeCallStart(part, '') }] });
    if (part.index > 0) return '';
    return this.#delta(part, { function_call: { name: part.start.name ?? '', arguments: '' } });
  }

  #input(part: AnswerPart, json: string): string {
    if (json === '') return '';
    part.text += json;
    const isFunctionCall = this.#answer.isFunctionCall(part);
    if (isFunctionCall && part.index > 0) return '';
    return this.#grow(part, json, (more) => {
      if (isFunctionCall) return { function_call: { arguments: more } };
      const piece =
        part.vendor.type === 'custom' ? { custom: { input: more } } : { function: { arguments: more } };
      return { tool_calls: [{ index: part.index, ...piece }] };
    });
  }

  #stopPart(part: AnswerPart, vendor: Readonly<JsonObject> | undefined): string {
    const { kind } = part.start;
    if (kind === 'text' && part.citations.length > 0) return this.#annotations(part);
    if (kind !== 'tool-call') return '';
    const input = part.text === '' && part.vendor.type !== 'custom' ? this.#input(part, '{}') : '';
    if (!this.#answer.own || !vendor) return input;
    return input + this.#delta(part, { tool_calls: [{ index: part.index, ...vendor }] });
  }

  #annotations(part: AnswerPart): string {
    const { parts } = part.choice;
    const before = parts.slice(0, parts.indexOf(part)).filter(({ start }) => start.kind === 'text');
    const text = {
      offset: countCodePoints(before.map((earlier) => earlier.text)),
      length: countCodePoints([part.text]),
    };
    const annotations = encodeCitations(part.citations, { own: this.#answer.own, text });
    return annotations.length === 0 ? '' : this.#delta(part, { annotations });
  }

  /** Log probabilities ride on the next chunk of their choice, where their tokens are. */
  #holdLogprobs(index: number, value: JsonValue): string {
    const flushed = this.#logprobs.has(index) ? this.#delta({ choice: { index } }, {}) : '';
    this.#logprobs.set(index, value);
    return flushed;
  }

  #holdExtras(extras: JsonObject | undefined): string {
    if (!extras) return '';
    const flushed = this.#flushExtras();
    this.#extras = extras;
    return flushed;
  }

  #flushExtras(): string {
    const extras = this.#extras;
    this.#extras = undefined;
    if (!extras) return '';
    const choices = choicesOf(extras).map((choice) => ({ delta: {}, finish_reason: null, ...choice }));
    return this.#frame({ ...extras, choices });
  }

  #delta({ choice: { index } }: { readonly choice: { readonly index: number } }, delta: JsonObject): string {
    return (this.#opened.has(index) ? '' : this.#open(index)) + this.#write(index, delta);
  }

  #write(index: number, delta: JsonObject, finish: string | null = null): string {
    const choice: JsonObject = { index, delta, finish_reason: finish };
    const logprobs = this.#logprobs.get(index);
    if (logprobs !== undefined) {
      choice.logprobs = logprobs;
      this.#logprobs.delete(index);
    }
    const extras = this.#extras;
    if (!extras) return this.#frame({ choices: [choice] });
    const theirs = choicesOf(extras);
    if (theirs.some((other) => other.index !== index))
      return this.#flushExtras() + this.#frame({ choices: [choice] });
    this.#extras = undefined;
    return this.#frame({ ...extras, choices: [merge(theirs[0] ?? {}, choice)] });
  }

  /** Who asked for the counts is told on every other chunk that they are not on it. */
  #frame(members: JsonObject): string {
    const chunk: JsonObject = { ...this.#head, ...members };
    if (this.#context.request.streamUsage) chunk.usage ??= null;
    return sseFrame(JSON.stringify(chunk));
  }

  #stop(): string {
    const choices = this.#answer.choices();
    if (choices.some(({ finish }) => finish?.reason === 'error'))
      return this.#fail(gatewayError('upstream_error'));
    this.#over = true;
    let text = '';
    for (const choice of choices) {
      if (!this.#opened.has(choice.index)) text += this.#open(choice.index);
      text += this.#write(choice.index, {}, this.#answer.finishWord(choice));
    }
    text += this.#flushExtras();
    if (this.#usage && this.#context.request.streamUsage) {
      const { usage, vendor } = this.#usage;
      text += this.#frame({ choices: [], usage: encodeUsage(usage, this.#answer.own ? vendor : undefined) });
    }
    return text + sseFrame('[DONE]');
  }
}

const chunkObject = 'chat.completion.chunk';

const choicesOf = ({ choices }: JsonObject): JsonObject[] =>
  Array.isArray(choices) ? choices.filter(isJsonObject) : [];
