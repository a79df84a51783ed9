import type { Citation, Finish, MessageStart, ModelEvent, PartStart } from '../../model/events.ts';
import type { Vendor } from '../../model/request.ts';
import type { FinishReason } from '../../model/usage.ts';
import { isJsonObject, type JsonObject } from '../../wire/json.ts';
import type { AnswerContext } from '../dialect.ts';
import { isText, merge } from '../openai/wire.ts';
import { writeDetail } from './reasoning.ts';
import { wantsFunctionCall } from './request.ts';
import { name } from './wire.ts';

/** A part of an answer that is being written, as far as it has come. */
export interface AnswerPart {
  readonly start: PartStart;
  readonly choice: AnswerChoice;
  /** Members of this dialect; empty for a part of another. */
  readonly vendor: JsonObject;
  /** Its place among the parts of its kind in its choice, from 0. */
  readonly index: number;
  readonly citations: Citation[];
  /** Text, reasoning or arguments. */
  text: string;
  signature: string | undefined;
}

export interface AnswerChoice {
  readonly index: number;
  readonly parts: AnswerPart[];
  finish: Finish | undefined;
}

/** What an answer has told so far, kept the same for streams and whole answers. */
export class AnswerState {
  #start: MessageStart | undefined;
  readonly #context: AnswerContext;
  readonly #functionCalls: boolean;
  readonly #choices = new Map<number, AnswerChoice>();
  readonly #parts = new Map<number, AnswerPart>();

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#functionCalls = wantsFunctionCall(context.request);
  }

  begin(start: MessageStart): void {
    this.#start = start;
  }

  /** The vendor bags of the answer are this dialect's. */
  get own(): boolean {
    return this.#start?.dialect === name;
  }

  /** Members of this dialect at the top of the answer. */
  get vendor(): Vendor {
    return (this.own && this.#start?.vendor) || {};
  }

  /** The members at the top of an answer or chunk, without those of `vendor`. */
  head(object: string): JsonObject {
    const { nowSeconds, request } = this.#context;
    const start = this.#start;
    const id = start?.id ?? '';
    return {
      id: this.own || id.startsWith(idPrefix) ? id : idPrefix + id,
      object,
      created: start?.createdSeconds ?? nowSeconds,
      model: start?.responseModel || request.requestModel,
    };
  }

  choice(index: number): AnswerChoice {
    const known = this.#choices.get(index);
    if (known) return known;
    const choice: AnswerChoice = { index, parts: [], finish: undefined };
    this.#choices.set(index, choice);
    return choice;
  }

  choices(): AnswerChoice[] {
    return [...this.#choices.values()].sort((a, b) => a.index - b.index);
  }

  part(number: number): AnswerPart | undefined {
    return this.#parts.get(number);
  }

  startPart(start: PartStart): AnswerPart {
    const choice = this.choice(start.choice);
    const part: AnswerPart = {
      start,
      choice,
      vendor: this.own && start.vendor ? { ...start.vendor } : {},
      index: choice.parts.filter((other) => other.start.kind === start.kind).length,
      citations: [],
      text: '',
      signature: undefined,
    };
    choice.parts.push(part);
    this.#parts.set(start.part, part);
    return part;
  }

  /** Is the call told by the older `function_call`: because the client asked so, or because it came so? */
  isFunctionCall(part: AnswerPart): boolean {
    return this.#functionCalls || part.vendor.type === 'function_call';
  }

  /** Members of this dialect in an event; nothing of another dialect's. */
  ownExtras(event: Extract<ModelEvent, { type: 'raw' }>): JsonObject | undefined {
    return this.own && event.dialect === name && isJsonObject(event.value) ? event.value : undefined;
  }

  /** A client that sees calls must be told `tool_calls`; an answer that was cut keeps saying so. */
  finishWord(choice: AnswerChoice): string {
    const call = choice.parts.find((part) => part.start.kind === 'tool-call');
    const { reason, rawReason } = choice.finish ?? { reason: 'stop' };
    const word = call && words[reason] === 'stop' ? 'tool_calls' : words[reason];
    if (word === 'tool_calls' && call && this.isFunctionCall(call)) return 'function_call';
    return this.own && rawReason !== undefined && rawReason !== 'function_call' ? rawReason : word;
  }
}

const idPrefix = 'chatcmpl-';

/** `error` never gets here: no error is told as a normal end. */
const words = {
  stop: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  context_full: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  pause: 'stop',
  error: 'stop',
} as const satisfies Record<FinishReason, string>;

/** A tool call as its first delta, or whole when `input` is all of it. */
export const encodeCallStart = ({ start, vendor }: AnswerPart, input: string): JsonObject => {
  const { type, ...extras } = vendor;
  const { id = '', name: toolName = '' } = start;
  const known =
    type === 'custom'
      ? { id, type, custom: { name: toolName, input } }
      : { id, type: 'function', function: { name: toolName, arguments: input } };
  return merge(known, extras);
};

/** What a reasoning part says: a piece of it, or all. */
export interface ReasoningWords {
  readonly text?: string;
  readonly signature?: string | undefined;
  readonly redacted?: string | undefined;
}

/** The member that reasoning text is written to; nothing when it stands in `reasoning_details` alone. */
export const reasoningKey = ({ vendor }: AnswerPart): string | undefined => {
  if (isText(vendor.field)) return vendor.field;
  return vendor.detail ? undefined : 'reasoning_content';
};

/** The item of `reasoning_details` of a part: as it came, or a new one for what must come back byte for byte. */
export const reasoningDetail = ({ vendor, index }: AnswerPart, said: ReasoningWords): JsonObject =>
  writeDetail(isJsonObject(vendor.detail) ? vendor.detail : { index }, said);

/** An item of Mistral's content list, for a part that came as one. */
export const listItem = ({ start, vendor }: AnswerPart, text: string): JsonObject | undefined => {
  if (start.kind === 'opaque') return isText(vendor.type) ? vendor : undefined;
  if (vendor.type === 'thinking') return { ...vendor, thinking: [{ type: 'text', text }] };
  return vendor.type === 'text' ? { ...vendor, text } : undefined;
};

/**
 * Images of another dialect's answer, as OpenRouter tells those of models that make some (openrouter.ai, "Image
 * generation", read 2026-11-28); OpenAI has no place for them.
 */
export const imagesOf = (parts: readonly AnswerPart[]): JsonObject => {
  const images = parts.flatMap(({ start: { image } }) =>
    image
      ? [{ type: 'image_url', image_url: { url: `data:${image.mediaType};base64,${image.base64}` } }]
      : [],
  );
  return images.length === 0 ? {} : { images };
};

/** Code points in `texts`. */
export const countCodePoints = (texts: readonly string[]): number => {
  let count = 0;
  for (const text of texts) for (const _ of text) count++;
  return count;
};
