import type { Citation, Finish, ModelEvent, PartStart } from '../../model/events.ts';
import type { Vendor } from '../../model/request.ts';
import type { FinishReason } from '../../model/usage.ts';
import { gatewayError } from '../../refusals.ts';
import { parseExactly } from '../../wire/exact-json.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import type { SseEvent } from '../../wire/sse.ts';
import { AlikeStream, moreLike } from '../alike.ts';
import { WholeDecoder } from '../answer-events.ts';
import type { ResponseDecoder } from '../dialect.ts';
import { decodeEventError } from './error.ts';
import { growthOf } from './growth.ts';
import { restoreName } from './names.ts';
import { UsageMeter } from './usage.ts';
import type { StopReason, WireEventType } from './wire.ts';

/** Server-sent events → model events. */
export const decodeStream = (): ResponseDecoder => new StreamDecoder(unread.nothing);

/** Like `decodeStream`, without the blocks: what accounts for an answer stands outside of them. */
export const observeStream = (): ResponseDecoder => new StreamDecoder(unread.blocks);

/** One JSON message → the model events of its stream. */
export const decodeResponse = (): ResponseDecoder => new WholeDecoder(readWhole);

const malformed = (): ModelEvent[] => [{ type: 'error', error: gatewayError('upstream_malformed') }];

/** Events that are left unread, by the name that the stream gives them. */
const unread: Readonly<Record<'nothing' | 'blocks', ReadonlySet<string>>> = {
  nothing: new Set(),
  blocks: new Set(['content_block_start', 'content_block_delta', 'content_block_stop', 'ping']),
};

class StreamDecoder implements ResponseDecoder {
  readonly #stream = new AlikeStream(growthOf);
  readonly #answer = new AnswerReader();
  readonly #unread: ReadonlySet<string>;
  #bytes = 0;
  #frames = 0;

  constructor(unreadEvents: ReadonlySet<string>) {
    this.#unread = unreadEvents;
  }

  push(bytes: Uint8Array): ModelEvent[] {
    if (this.#answer.isOver) return [];
    this.#bytes += bytes.length;
    try {
      const { told, events } = this.#stream.push(bytes);
      return events.length === 0 ? told : [...told, ...this.#decode(events)];
    } catch (cause) {
      if (cause instanceof RangeError) return this.#answer.break(); // one event without end
      throw cause;
    }
  }

  end(): ModelEvent[] {
    if (this.#answer.isOver) return [];
    // A last frame that cannot be read was cut off, which is not the same as malformed.
    const events = this.#decode(this.#stream.end().filter(({ data }) => parseJsonObject(data) !== undefined));
    return this.#frames === 0 && this.#bytes > 0 ? this.#answer.break() : events;
  }

  #decode(frames: readonly SseEvent[]): ModelEvent[] {
    this.#frames += frames.length;
    const events: ModelEvent[] = [];
    for (const frame of frames) for (const event of this.#frame(frame)) events.push(event);
    return events;
  }

  #frame(frame: SseEvent): ModelEvent[] {
    if (this.#answer.isOver) return [];
    const told = this.#stream.read(frame);
    if (told) return told;
    const { event, data } = frame;
    if (this.#unread.has(event)) return [];
    if (data === '[DONE]') return []; // added by some compatible servers
    const wire = parseJsonObject(data);
    if (!wire) return this.#answer.break();
    const events = this.#answer.read(wire);
    this.#stream.learn(frame, wire, moreLike(events));
    return events;
  }
}

const readWhole = (text: string): ModelEvent[] => {
  const message = parseExactly(text);
  if (!isMessage(message)) return malformed();
  const answer = new AnswerReader();
  return unfold(message).flatMap((event) => answer.read(event));
};

const isMessage = (value: JsonValue | undefined): value is JsonObject =>
  isJsonObject(value) && (value.type === 'error' || Array.isArray(value.content));

/** The events that the message would have been streamed as. */
const unfold = (message: JsonObject): JsonObject[] => {
  if (message.type === 'error') return [message];
  const { type: _, id, role, model, content, usage, context_management, ...delta } = message;
  const blocks = Array.isArray(content) ? content.filter(isJsonObject) : [];
  return [
    { type: 'message_start', message: present({ id, role, model }) },
    ...blocks.flatMap(unfoldBlock),
    { type: 'message_delta', delta, ...present({ usage, context_management }) },
    { type: 'message_stop' },
  ];
};

const unfoldBlock = (block: JsonObject, index: number): JsonObject[] => {
  const { start, deltas } = splitBlock(block);
  return [
    { type: 'content_block_start', index, content_block: start },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
};

interface SplitBlock {
  readonly start: JsonObject;
  readonly deltas: readonly JsonObject[];
}

/** A block as it starts in a stream, and the deltas that complete it. */
const splitBlock = (block: JsonObject): SplitBlock => {
  if (hasInput(block)) {
    const partial_json = JSON.stringify(block.input ?? {});
    return { start: { ...block, input: {} }, deltas: [{ type: 'input_json_delta', partial_json }] };
  }
  if (block.type === 'text' && Array.isArray(block.citations)) {
    const deltas = block.citations.map((entry) => ({ type: 'citations_delta', citation: entry }));
    return { start: block, deltas };
  }
  return { start: block, deltas: [] };
};

/** Calls of tools, also of those that the provider runs itself. */
const hasInput = ({ type }: JsonObject): boolean => typeof type === 'string' && type.endsWith('tool_use');

/** A block between its start and its stop. */
interface OpenBlock {
  readonly part: number;
  /** A tool call of the client's, whose arguments every dialect knows. */
  readonly isCall: boolean;
  /** Arguments that came whole with the start, as some compatible servers send them. */
  readonly startInput: string | undefined;
  wroteInput: boolean;
}

/** Reads the wire events of one answer, in order; nothing more once it has ended or failed. */
class AnswerReader {
  readonly #open = new Map<JsonValue | undefined, OpenBlock>();
  readonly #meter = new UsageMeter();
  #started = false;
  #parts = 0;
  #finished = false;
  #over = false;

  get isOver(): boolean {
    return this.#over;
  }

  /** One handler per wire event; the type demands all of them. */
  readonly #handlers: { readonly [K in WireEventType]: (event: JsonObject) => ModelEvent[] } = {
    message_start: ({ message }) => this.#start(message),
    content_block_start: ({ index, content_block }) => this.#startBlock(index, content_block),
    content_block_delta: ({ index, delta }) => this.#delta(index, delta),
    content_block_stop: ({ index }) => this.#stopBlock(index),
    message_delta: (event) => this.#finish(event),
    message_stop: () => this.#stop(),
    ping: () => [{ type: 'ping' }],
    error: ({ error }) => this.#fail(error),
  };

  /** Events that we do not know become `raw`. */
  read(wire: JsonObject): ModelEvent[] {
    if (this.#over) return [];
    const { type } = wire;
    if (isKnown(type, this.#handlers)) return this.#handlers[type](wire);
    return typeof type === 'string' ? [raw(type, wire)] : this.break();
  }

  /** Ends the answer as one that could not be read. */
  break(): ModelEvent[] {
    if (this.#over) return [];
    this.#over = true;
    return malformed();
  }

  #start(message: JsonValue | undefined): ModelEvent[] {
    if (!isJsonObject(message)) return this.break();
    if (this.#started) return this.#count(message.usage); // sent again by some proxies
    this.#started = true;
    const {
      id,
      model,
      usage,
      type: _t,
      role: _r,
      content: _c,
      stop_reason: _s,
      stop_sequence: _q,
      ...rest
    } = message;
    return [
      {
        type: 'message-start',
        id: text(id),
        responseModel: text(model),
        dialect: 'anthropic-messages',
        ...present({ vendor: withoutNulls(rest) }),
      },
      ...this.#count(usage),
    ];
  }

  #count(usage: JsonValue | undefined): ModelEvent[] {
    if (!isJsonObject(usage)) return [];
    this.#meter.set(usage);
    return [{ type: 'usage', usage: this.#meter.usage, ...present({ vendor: this.#meter.rest }) }];
  }

  #startBlock(index: JsonValue | undefined, block: JsonValue | undefined): ModelEvent[] {
    if (!isJsonObject(block)) return this.break();
    const stopped = this.#stopBlock(index);
    const part = this.#parts++;
    const isCall = block.type === 'tool_use';
    this.#open.set(index, { part, isCall, startInput: inputOf(block), wroteInput: false });
    return [...stopped, partStart(part, block), ...startingContent(part, block)];
  }

  #delta(index: JsonValue | undefined, delta: JsonValue | undefined): ModelEvent[] {
    const block = this.#open.get(index);
    if (!block || !isJsonObject(delta)) return this.break(); // text of a block that never began would be lost
    const { part } = block;
    switch (delta.type) {
      case 'text_delta':
        return textDelta(part, delta.text);
      case 'input_json_delta':
        return inputDelta(block, delta);
      case 'thinking_delta':
        return thinkingDelta(part, delta.thinking);
      case 'signature_delta':
        return signature(part, delta.signature);
      case 'citations_delta':
        return isJsonObject(delta.citation) ? [citation(part, delta.citation)] : [];
      default:
        return [rawDelta(part, delta)];
    }
  }

  /** A call without arguments may have had none at all: its input is the empty object. */
  #stopBlock(index: JsonValue | undefined): ModelEvent[] {
    const block = this.#open.get(index);
    if (!block) return [];
    this.#open.delete(index);
    const { part } = block;
    const stop: ModelEvent = { type: 'part-stop', part };
    if (!block.isCall || block.wroteInput) return [stop];
    return [{ type: 'tool-input-delta', part, json: block.startInput ?? '{}' }, stop];
  }

  #finish({ type: _, delta, usage, ...rest }: JsonObject): ModelEvent[] {
    const counted = this.#count(usage);
    const { stop_reason, stop_sequence, ...vendor } = isJsonObject(delta) ? delta : {};
    if (this.#finished || typeof stop_reason !== 'string') return counted;
    this.#finished = true;
    const known = reasons.get(stop_reason);
    const finish: Finish = {
      type: 'finish',
      choice: 0,
      reason: known ?? this.#unknownReason,
      ...present({
        stopSequence: typeof stop_sequence === 'string' ? stop_sequence : undefined,
        rawReason: known ? undefined : stop_reason,
        vendor: filled({ ...vendor, ...rest }),
      }),
    };
    return [finish, ...counted];
  }

  /** With something to show, a reason that we do not know is an end like any other. */
  get #unknownReason(): FinishReason {
    return this.#parts > 0 ? 'stop' : 'error';
  }

  #stop(): ModelEvent[] {
    this.#over = true;
    const stopped: ModelEvent[] = [...this.#open.keys()].flatMap((index) => this.#stopBlock(index));
    if (!this.#finished) stopped.push({ type: 'finish', choice: 0, reason: this.#unknownReason });
    stopped.push({ type: 'message-stop' });
    return stopped;
  }

  #fail(error: JsonValue | undefined): ModelEvent[] {
    this.#over = true;
    return [{ type: 'error', error: decodeEventError(error) }];
  }
}

const isKnown = <T extends object>(key: JsonValue | undefined, table: T): key is keyof T & string =>
  typeof key === 'string' && Object.hasOwn(table, key);

const raw = (wireType: string, value: JsonValue): ModelEvent => ({
  type: 'raw',
  dialect: 'anthropic-messages',
  wireType,
  value,
});

/** A delta that only this dialect knows; its index is the part's. */
const rawDelta = (part: number, delta: JsonObject): ModelEvent =>
  raw('content_block_delta', { type: 'content_block_delta', index: part, delta });

/** `stop_reason` in the model's words. */
const reasons: ReadonlyMap<string, FinishReason> = new Map<StopReason, FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop_sequence'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'context_full'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
  ['pause_turn', 'pause'],
]);

/** Blocks that only this API knows keep their start in `vendor`, whole. */
const partStart = (part: number, block: JsonObject): PartStart => {
  const start = { type: 'part-start', part, choice: 0 } as const;
  switch (block.type) {
    case 'text': {
      const { type: _t, text: _x, citations, ...others } = block;
      // A list is told by `citation` events.
      const rest = Array.isArray(citations) || citations === undefined ? others : { citations, ...others };
      return { ...start, kind: 'text', ...present({ vendor: filled(rest) }) };
    }
    case 'thinking': {
      const { type: _t, thinking: _x, signature: _s, ...rest } = block;
      return { ...start, kind: 'reasoning', ...present({ vendor: filled(rest) }) };
    }
    case 'redacted_thinking': {
      const { type: _t, data, ...rest } = block;
      return { ...start, kind: 'reasoning', redacted: text(data), ...present({ vendor: filled(rest) }) };
    }
    case 'tool_use': {
      const { type: _t, id, name, input: _i, ...rest } = block;
      return {
        ...start,
        kind: 'tool-call',
        id: text(id),
        name: restoreName(text(name)),
        ...present({ vendor: filled(rest) }),
      };
    }
    default:
      return { ...start, kind: 'opaque', vendor: block };
  }
};

/** Text that came with the start of its block already. */
const startingContent = (part: number, block: JsonObject): ModelEvent[] => {
  if (block.type === 'text') return textDelta(part, block.text);
  if (block.type !== 'thinking') return [];
  return [...thinkingDelta(part, block.thinking), ...signature(part, block.signature)];
};

const inputOf = ({ input }: JsonObject): string | undefined =>
  isJsonObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : undefined;

const textDelta = (part: number, value: JsonValue | undefined): ModelEvent[] =>
  typeof value === 'string' && value !== '' ? [{ type: 'text-delta', part, text: value }] : [];

const thinkingDelta = (part: number, value: JsonValue | undefined): ModelEvent[] =>
  typeof value === 'string' && value !== '' ? [{ type: 'reasoning-delta', part, text: value }] : [];

const signature = (part: number, value: JsonValue | undefined): ModelEvent[] =>
  typeof value === 'string' && value !== '' ? [{ type: 'reasoning-signature', part, signature: value }] : [];

const inputDelta = (block: OpenBlock, delta: JsonObject): ModelEvent[] => {
  const { partial_json: json } = delta;
  if (typeof json !== 'string' || json === '') return [];
  if (!block.isCall) return [rawDelta(block.part, delta)];
  block.wroteInput = true;
  return [{ type: 'tool-input-delta', part: block.part, json }];
};

/** Its place in the answer is that of the text block; the offsets on the wire point into the cited source. */
const citation = (part: number, wire: JsonObject): ModelEvent => {
  const { cited_text, url, title } = wire;
  const rest = Object.entries(wire).filter(([key, value]) => !cited.has(key) || typeof value !== 'string');
  const read: Citation = present({
    url: textOrNone(url),
    title: textOrNone(title),
    citedText: textOrNone(cited_text),
    vendor: filled(Object.fromEntries(rest)),
  });
  return { type: 'citation', part, citation: read };
};

const cited: ReadonlySet<string> = new Set(['cited_text', 'url', 'title']);

const text = (value: JsonValue | undefined): string => textOrNone(value) ?? '';

const textOrNone = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

const filled = (rest: JsonObject): Vendor | undefined => (Object.keys(rest).length > 0 ? rest : undefined);

const withoutNulls = (rest: JsonObject): Vendor | undefined =>
  filled(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null)));
