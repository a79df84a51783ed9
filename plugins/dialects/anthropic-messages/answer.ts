import type { Citation, Finish, MessageStart, ModelEvent, PartStart } from '../../model/events.ts';
import type { Vendor } from '../../model/request.ts';
import type { FinishReason, Usage } from '../../model/usage.ts';
import { gatewayError } from '../../refusals.ts';
import { parseExact } from '../../wire/exact-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { sseFrame } from '../../wire/sse.ts';
import { AlikeFrames } from '../alike.ts';
import { joinedAnswer } from '../answer-events.ts';
import type { AnswerContext, ResponseEncoder } from '../dialect.ts';
import { isNoInput } from '../tool-input.ts';
import { errorBody } from './error.ts';
import { encodeUsage } from './usage.ts';
import type { Frame, StopReason } from './wire.ts';

/** Model events → server-sent events. `event:` is always named: SDKs skip frames without it. */
export const encodeStream = ({ requestId }: AnswerContext): ResponseEncoder => {
  const writer = new FrameWriter(requestId);
  const write = (frames: readonly Frame[]): string => {
    let out = '';
    for (const frame of frames) out += sseFrame(JSON.stringify(frame), frame.type);
    return out;
  };
  const frames = new AlikeFrames((event) => write(writer.push(event)));
  return {
    contentType: 'text/event-stream',
    push: (event) => frames.push(event),
    end: () => write(writer.end()),
  };
};

/** Model events → one JSON message: the stream, joined again. An answer that failed becomes an error body. */
export const encodeResponse = ({ requestId }: AnswerContext): ResponseEncoder =>
  joinedAnswer(new FrameWriter(requestId), new MessageJoiner());

/** A part while it is sent. */
interface OpenPart {
  readonly part: number;
  readonly index: number;
  hasInput: boolean;
}

/** A part that has to wait until the open block is closed: this API streams one block at a time. */
interface WaitingPart {
  readonly start: PartStart;
  readonly events: ModelEvent[];
}

/** Writes the frames of one answer. After an error or the end it writes nothing more. */
class FrameWriter {
  readonly #requestId: string;
  #start: MessageStart | undefined;
  #startSent = false;
  #usage: Usage | undefined;
  #usageVendor: Vendor | undefined;
  /** What `message_start` said of the usage beyond counts; need not be said again. */
  #sentVendor: Vendor = {};
  #open: OpenPart | undefined;
  readonly #waiting = new Map<number, WaitingPart>();
  #blocks = 0;
  #called = false;
  #refused = false;
  #finish: Finish | undefined;
  #over = false;

  constructor(requestId: string) {
    this.#requestId = requestId;
  }

  push(event: ModelEvent): Frame[] {
    if (this.#over) return [];
    switch (event.type) {
      case 'message-start':
        this.#start = event;
        return [];
      case 'usage':
        this.#usage = event.usage;
        this.#usageVendor = this.#own(event.vendor);
        return [];
      case 'ping':
        return [...(this.#start ? this.#begin() : []), { type: 'ping' }];
      case 'error':
        this.#over = true;
        return [{ ...errorBody(event.error, this.#requestId), type: 'error' }];
      case 'logprobs':
      case 'embedding':
      case 'image':
        return [];
      case 'finish':
        if (event.choice === 0) this.#finish ??= event;
        return [];
      case 'message-stop':
        return this.#stop();
      case 'raw':
        return this.#raw(event);
      case 'part-start':
        return this.#startPart(event);
      default:
        return this.#inPart(event.part, event);
    }
  }

  end(): Frame[] {
    return this.push({ type: 'error', error: gatewayError('upstream_truncated') });
  }

  /** `message_start` waits for what comes next, because its usage often does. */
  #begin(): Frame[] {
    if (this.#startSent) return [];
    this.#startSent = true;
    this.#sentVendor = this.#usageVendor ?? {};
    const message = {
      ...this.#own(this.#start?.vendor),
      id: this.#id,
      type: 'message',
      role: 'assistant',
      model: this.#start?.responseModel ?? '',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: encodeUsage(this.#usage, this.#usageVendor),
    };
    return [{ type: 'message_start', message }];
  }

  get #id(): string {
    const id = this.#start?.id ?? '';
    return this.#isOwn || id.startsWith('msg_') ? id : `msg_${id}`;
  }

  /** Does the answer come from this dialect, so that its `vendor` bags are ours? */
  get #isOwn(): boolean {
    return this.#start?.dialect === 'anthropic-messages';
  }

  #own(vendor: Vendor | undefined): Vendor | undefined {
    return this.#isOwn ? vendor : undefined;
  }

  #startPart(start: PartStart): Frame[] {
    // Only one choice can be told here, and of other dialects' opaque blocks only images.
    if (start.choice !== 0 || (start.kind === 'opaque' && !this.#isOwn && !start.image)) return [];
    if (!this.#open) return [...this.#begin(), this.#openBlock(start)];
    this.#waiting.set(start.part, { start, events: [] });
    return [];
  }

  #openBlock(start: PartStart): Frame {
    const index = this.#blocks++;
    this.#open = { part: start.part, index, hasInput: false };
    if (start.kind === 'tool-call') this.#called = true;
    if (start.kind === 'refusal') this.#refused = true;
    const block = { ...startOf(start, index), ...this.#own(start.vendor) };
    return { type: 'content_block_start', index, content_block: block };
  }

  #inPart(part: number, event: ModelEvent): Frame[] {
    const open = this.#open;
    if (open?.part !== part) {
      this.#waiting.get(part)?.events.push(event); // parts that were never started here have no place
      return [];
    }
    if (event.type === 'part-stop') return [this.#closeBlock(open), ...this.#nextWaiting()];
    if (event.type === 'tool-input-delta' && this.#saysNothing(open, event.json)) return [];
    const delta = deltaOf(event, this.#isOwn);
    return delta ? [{ type: 'content_block_delta', index: open.index, delta }] : [];
  }

  /** Here arguments are an object, and a block begins with an empty one: words for none are left out. */
  #saysNothing(open: OpenPart, json: string): boolean {
    const isNone = !this.#isOwn && !open.hasInput && isNoInput(json);
    open.hasInput ||= json !== '';
    return isNone;
  }

  #closeBlock({ index }: OpenPart): Frame {
    this.#open = undefined;
    return { type: 'content_block_stop', index };
  }

  #nextWaiting(): Frame[] {
    const [next] = this.#waiting.values();
    if (!next) return [];
    const { part } = next.start;
    this.#waiting.delete(part);
    return [this.#openBlock(next.start), ...next.events.flatMap((event) => this.#inPart(part, event))];
  }

  /** Deltas that only this dialect knows name the part that they belong to; other events stand for themselves. */
  #raw(event: Extract<ModelEvent, { type: 'raw' }>): Frame[] {
    const { dialect, wireType, value } = event;
    if (dialect !== 'anthropic-messages' || !isJsonObject(value)) return [];
    if (wireType !== 'content_block_delta') return [...this.#begin(), { ...value, type: wireType }];
    return typeof value.index === 'number' ? this.#inPart(value.index, event) : [];
  }

  #stop(): Frame[] {
    const frames = [...this.#begin(), ...this.#closeAll()];
    this.#over = true;
    if (this.#finish?.reason === 'error') {
      const error = gatewayError('upstream_error', {
        message: 'The upstream ended its answer with an error.',
        ...present({ upstreamCode: this.#finish.rawReason }),
      });
      return [...frames, { ...errorBody(error, this.#requestId), type: 'error' }];
    }
    return [...frames, this.#messageDelta(), { type: 'message_stop' }];
  }

  #closeAll(): Frame[] {
    const frames: Frame[] = [];
    while (this.#open) frames.push(this.#closeBlock(this.#open), ...this.#nextWaiting());
    return frames;
  }

  #messageDelta(): Frame {
    const { context_management, ...vendor } = this.#own(this.#finish?.vendor) ?? {};
    return {
      type: 'message_delta',
      delta: {
        ...vendor,
        stop_reason: this.#stopReason,
        stop_sequence: this.#finish?.stopSequence ?? null,
      },
      usage: encodeUsage(this.#usage, unlike(this.#usageVendor ?? {}, this.#sentVendor)),
      ...present({ context_management }),
    };
  }

  get #stopReason(): string {
    const { reason = 'stop', rawReason } = this.#finish ?? {};
    if (this.#isOwn && rawReason !== undefined) return rawReason;
    if (this.#refused) return 'refusal';
    // SDKs run tools only for this reason, whatever the upstream called its end.
    if (this.#called && reason === 'stop' && !this.#isOwn) return 'tool_use';
    return stopReasons[reason];
  }
}

/** `stop_reason` per reason. `error` never gets here: it is told as an error. */
const stopReasons = {
  stop: 'end_turn',
  stop_sequence: 'stop_sequence',
  length: 'max_tokens',
  context_full: 'model_context_window_exceeded',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  pause: 'pause_turn',
  error: 'end_turn',
} as const satisfies Record<FinishReason, StopReason>;

/** A block without its content. Reasoning of other providers has no seal of this API: its signature stays empty. */
const startOf = (start: PartStart, index: number): JsonObject => {
  switch (start.kind) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: '' };
    case 'reasoning':
      return start.redacted === undefined
        ? { type: 'thinking', thinking: '', signature: '' }
        : { type: 'redacted_thinking', data: start.redacted };
    case 'tool-call':
      return { type: 'tool_use', id: start.id ?? `toolu_${index}`, name: start.name ?? '', input: {} };
    case 'opaque':
      return start.image ? imageBlock(start.image) : {};
  }
};

/** The API has no images in answers; this is the block that it has in requests, so that it can come back. */
const imageBlock = ({ mediaType, base64 }: NonNullable<PartStart['image']>): JsonObject => ({
  type: 'image',
  source: { type: 'base64', media_type: mediaType, data: base64 },
});

const deltaOf = (event: ModelEvent, isOwn: boolean): JsonValue | undefined => {
  switch (event.type) {
    case 'text-delta':
      return { type: 'text_delta', text: event.text };
    case 'tool-input-delta':
      return event.json === '' ? undefined : { type: 'input_json_delta', partial_json: event.json };
    case 'reasoning-delta':
      return { type: 'thinking_delta', thinking: event.text };
    case 'reasoning-signature':
      return { type: 'signature_delta', signature: event.signature };
    case 'citation':
      return citationDelta(event.citation, isOwn);
    case 'raw':
      return isJsonObject(event.value) ? event.value.delta : undefined;
    default:
      return undefined;
  }
};

/** Citations of other dialects can be told when they name a page of the web. */
const citationDelta = (
  { url, title, citedText, vendor }: Citation,
  isOwn: boolean,
): JsonObject | undefined => {
  const told = present({ url, title, cited_text: citedText });
  if (isOwn) return { type: 'citations_delta', citation: { ...vendor, ...told } };
  if (url === undefined) return undefined;
  const web = { type: 'web_search_result_location', title: null, cited_text: '', encrypted_index: '' };
  return { type: 'citations_delta', citation: { ...web, ...told } };
};

/** The members of `vendor` that are not the same in `other`. */
const unlike = (vendor: Vendor, other: Vendor): Vendor =>
  Object.fromEntries(Object.entries(vendor).filter(([key, value]) => other[key] !== value));

/** A block whose deltas are being joined. */
interface JoinedBlock {
  readonly block: JsonObject;
  input: string | undefined;
}

/** Joins the frames of an answer to the message that they stream. */
class MessageJoiner {
  #message: JsonObject = {};
  readonly #content: JsonObject[] = [];
  #current: JoinedBlock | undefined;
  #error: JsonObject | undefined;

  get body(): JsonObject {
    return this.#error ?? { ...this.#message, content: this.#content };
  }

  add(frame: Frame): void {
    switch (frame.type) {
      case 'message_start':
        if (isJsonObject(frame.message)) this.#message = frame.message;
        return;
      case 'content_block_start':
        if (isJsonObject(frame.content_block))
          this.#current = { block: { ...frame.content_block }, input: undefined };
        return;
      case 'content_block_delta':
        if (isJsonObject(frame.delta)) this.#join(frame.delta);
        return;
      case 'content_block_stop':
        this.#close();
        return;
      case 'message_delta':
        this.#finish(frame);
        return;
      case 'error':
        this.#error = frame;
    }
  }

  #join(delta: JsonObject): void {
    const current = this.#current;
    if (!current) return;
    const { block } = current;
    switch (delta.type) {
      case 'text_delta':
        block.text = joined(block.text, delta.text);
        return;
      case 'thinking_delta':
        block.thinking = joined(block.thinking, delta.thinking);
        return;
      case 'signature_delta':
        block.signature = joined(block.signature, delta.signature);
        return;
      case 'input_json_delta':
        current.input = joined(current.input, delta.partial_json);
        return;
      case 'citations_delta':
        block.citations = [
          ...(Array.isArray(block.citations) ? block.citations : []),
          delta.citation ?? null,
        ];
    }
  }

  #close(): void {
    const current = this.#current;
    if (!current) return;
    const { block, input } = current;
    this.#content.push(input === undefined ? block : { ...block, input: inputObject(input) });
    this.#current = undefined;
  }

  #finish({ type: _, delta, usage, ...rest }: Frame): void {
    const usageBefore = isJsonObject(this.#message.usage) ? this.#message.usage : {};
    this.#message = {
      ...this.#message,
      ...(isJsonObject(delta) ? delta : {}),
      ...rest,
      usage: { ...usageBefore, ...(isJsonObject(usage) ? usage : {}) },
    };
  }
}

const joined = (before: JsonValue | undefined, more: JsonValue | undefined): string =>
  `${typeof before === 'string' ? before : ''}${typeof more === 'string' ? more : ''}`;

/**
 * Arguments as the object that the wire wants. What is no object (most often cut off by `max_tokens`) goes into the one
 * member `partial_json`, as text: an empty or repaired object would look like a call that the model meant.
 */
const inputObject = (json: string): JsonObject => {
  try {
    const value = parseExact(json);
    if (isJsonObject(value)) return value;
  } catch {
    // told below
  }
  return { partial_json: json };
};
