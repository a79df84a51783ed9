import type { ModelEvent } from '../../model/events.ts';
import { type GatewayError, gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import type { AnswerContext, ResponseEncoder } from '../dialect.ts';
import { encodeError } from '../openai/error.ts';
import { merge } from '../openai/wire.ts';
import {
  type AnswerChoice,
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

/** Writes events as one JSON answer, at the end. */
export const encodeResponse = (context: AnswerContext): ResponseEncoder => new ResponseWriter(context);

class ResponseWriter implements ResponseEncoder {
  readonly contentType = 'application/json';
  readonly #answer: AnswerState;
  #extras: JsonObject = {};
  readonly #logprobs = new Map<number, JsonValue>();
  #usage: Extract<ModelEvent, { type: 'usage' }> | undefined;
  #error: GatewayError | undefined;
  #complete = false;

  constructor(context: AnswerContext) {
    this.#answer = new AnswerState(context);
  }

  push(event: ModelEvent): string {
    switch (event.type) {
      case 'message-start':
        this.#answer.begin(event);
        break;
      case 'part-start':
        this.#answer.startPart(event);
        break;
      case 'logprobs':
        this.#logprobs.set(event.choice, event.value);
        break;
      case 'usage':
        this.#usage = event;
        break;
      case 'finish':
        this.#answer.choice(event.choice).finish = event;
        break;
      case 'error':
        this.#error ??= event.error;
        break;
      case 'raw':
        this.#extras = merge(this.#extras, this.#answer.ownExtras(event) ?? {});
        break;
      case 'message-stop':
        this.#complete = true;
        break;
      case 'ping':
      case 'embedding':
      case 'image':
        break;
      default:
        this.#pushToPart(event);
    }
    return '';
  }

  end(): string {
    const error = this.#error ?? this.#errorAtEnd();
    return JSON.stringify(error ? encodeError(error).body : this.#body());
  }

  #errorAtEnd(): GatewayError | undefined {
    if (!this.#complete) return gatewayError('upstream_truncated');
    const failed = this.#answer.choices().some(({ finish }) => finish?.reason === 'error');
    return failed ? gatewayError('upstream_error') : undefined;
  }

  #pushToPart(event: Extract<ModelEvent, { part: number }>): void {
    const part = this.#answer.part(event.part);
    if (!part) return;
    if (event.type === 'text-delta' || event.type === 'reasoning-delta') part.text += event.text;
    else if (event.type === 'tool-input-delta') part.text += event.json;
    else if (event.type === 'reasoning-signature') part.signature = event.signature;
    else if (event.type === 'citation') part.citations.push(event.citation);
  }

  #body(): JsonObject {
    const { own } = this.#answer;
    this.#answer.choice(0);
    const { choices: _, ...extras } = this.#extras;
    return {
      ...this.#answer.head('chat.completion'),
      ...this.#answer.vendor,
      ...extras,
      choices: this.#answer.choices().map((choice) => this.#choice(choice)),
      ...(this.#usage ? { usage: encodeUsage(this.#usage.usage, own ? this.#usage.vendor : undefined) } : {}),
    };
  }

  #choice(choice: AnswerChoice): JsonObject {
    const logprobs = this.#logprobs.get(choice.index) ?? (this.#answer.own ? undefined : null);
    const written: JsonObject = {
      index: choice.index,
      message: this.#message(choice),
      ...(logprobs === undefined ? {} : { logprobs }),
      finish_reason: this.#answer.finishWord(choice),
    };
    return merge(this.#choiceExtras(choice.index), written);
  }

  #choiceExtras(index: number): JsonObject {
    const { choices } = this.#extras;
    const extras = Array.isArray(choices) ? choices.filter(isJsonObject) : [];
    const { delta, ...found } = extras.find((choice) => choice.index === index) ?? {};
    // Of an answer that came as a stream although it was not asked for as one.
    return isJsonObject(delta) ? merge(found, { message: delta }) : found;
  }

  #message(choice: AnswerChoice): JsonObject {
    const texts = choice.parts.filter(({ start }) => start.kind === 'text');
    const refusals = choice.parts.filter(({ start }) => start.kind === 'refusal');
    // An answer of this dialect brings its own empty members.
    const empty = this.#answer.own ? {} : { content: null, refusal: null };
    return {
      role: 'assistant',
      ...empty,
      ...encodeReasoning(choice),
      ...encodeContent(choice, texts),
      ...(refusals.length > 0 ? { refusal: refusals.map(({ text }) => text).join('') } : {}),
      ...this.#calls(choice),
      ...imagesOf(choice.parts),
      ...this.#annotations(texts),
    };
  }

  #calls({ parts }: AnswerChoice): JsonObject {
    const calls = parts.filter(({ start }) => start.kind === 'tool-call');
    const [first] = calls;
    if (!first) return {};
    if (this.#answer.isFunctionCall(first))
      return { function_call: { name: first.start.name ?? '', arguments: inputOf(first) } };
    return { tool_calls: calls.map((call) => encodeCallStart(call, inputOf(call))) };
  }

  #annotations(texts: readonly AnswerPart[]): JsonObject {
    const annotations = texts.flatMap(({ citations, text }, at) => {
      if (citations.length === 0) return [];
      const offset = countCodePoints(texts.slice(0, at).map((earlier) => earlier.text));
      const cited = { offset, length: countCodePoints([text]) };
      return encodeCitations(citations, { own: this.#answer.own, text: cited });
    });
    return annotations.length === 0 ? {} : { annotations };
  }
}

/** A tool without arguments is called with none, not with nothing. */
const inputOf = ({ text, vendor }: AnswerPart): string =>
  text === '' && vendor.type !== 'custom' ? '{}' : text;

/** Text, or the list that it came as. */
const encodeContent = ({ parts }: AnswerChoice, texts: readonly AnswerPart[]): JsonObject => {
  if (parts.some((part) => listItem(part, '')))
    return {
      content: parts.flatMap((part) => {
        const plain = part.start.kind === 'text' ? { type: 'text', text: part.text } : [];
        return listItem(part, part.text) ?? plain;
      }),
    };
  return texts.length === 0 ? {} : { content: texts.map(({ text }) => text).join('') };
};

const encodeReasoning = ({ parts }: AnswerChoice): JsonObject => {
  const message: JsonObject = {};
  const details: JsonObject[] = [];
  for (const part of parts) {
    const { start, text, signature, vendor } = part;
    if (start.kind !== 'reasoning' || listItem(part, '')) continue;
    const key = reasoningKey(part);
    if (key !== undefined && text !== '') message[key] = `${message[key] ?? ''}${text}`;
    if (vendor.detail || signature !== undefined || start.redacted !== undefined)
      details.push(reasoningDetail(part, { text, signature, redacted: start.redacted }));
  }
  return details.length === 0 ? message : { ...message, reasoning_details: details };
};
