import type { PartStart } from '../../model/events.ts';
import type { Vendor } from '../../model/request.ts';
import type { FinishReason } from '../../model/usage.ts';
import { type GatewayError, gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import type { More } from '../alike.ts';
import { AnswerEvents } from '../answer-events.ts';
import { decodeStreamError } from '../openai/error.ts';
import { difference, isEmptyObject, isText, textOf } from '../openai/wire.ts';
import { citationOf } from './citations.ts';
import { inputEnd, inputStart } from './custom.ts';
import { ownSeal } from './decode-items.ts';
import { decodeUsage } from './usage.ts';
import { listOf, name, without } from './wire.ts';

// Answers: OpenAI API reference, "The response object" and "Streaming events", read 2026-11-24, and what compatible
// servers make of them.
//
// The vendor bags of an answer hold members of the wire. `item` of a part's start is the item that it stands in, without
// what the model says of it; `item` of its stop is what became of that item. A part of reasoning that begins a new piece
// of its item says so in a delta: `summary` or `content` and its index.

/** A part that stands in a message and still grows. */
interface Content {
  readonly part: number;
  readonly kind: 'text' | 'refusal' | 'opaque';
  length: number;
  citations: number;
  hasLogprobs: boolean;
}

/** An item of the answer while it is read. */
interface Item {
  readonly type: string;
  readonly id: string;
  /** What its parts' starts said of it. */
  readonly said: JsonObject;
  /** Its part; of a message the one that is open. Undefined until there is one. */
  part: number | undefined;
  readonly contents: Map<number, Content>;
  /** Of a call: characters of its input that were told. */
  length: number;
  /** Of reasoning: characters told by piece, and the piece that grows. */
  readonly pieces: Map<string, number>;
  piece: string | undefined;
  over: boolean;
}

/** What the model says of an item, so that its vendor bag does not. */
const toldOf: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['message', new Set(['type', 'role', 'content'])],
  ['function_call', new Set(['type', 'call_id', 'name', 'arguments'])],
  ['custom_tool_call', new Set(['type', 'call_id', 'name', 'input'])],
  ['reasoning', new Set(['type', 'summary', 'content', 'encrypted_content'])],
]);

const nothing: ReadonlySet<string> = new Set();

const responseMembers = new Set(['id', 'object', 'created_at', 'model', 'output', 'status']);

/** Turns the events of a stream, or the one object of a whole answer, into model events. */
export class AnswerReader extends AnswerEvents {
  /** Only what accounts for the answer is shown to us. */
  readonly #observing: boolean;
  readonly #items = new Map<number, Item>();
  #started = false;
  #parts = 0;
  #called = false;
  #vendor: JsonObject = {};

  constructor({ observing }: { observing: boolean }) {
    super();
    this.#observing = observing;
  }

  /** A whole answer. */
  readWhole(response: JsonObject): void {
    if (!Array.isArray(response.output)) {
      this.fail(isThere(response.error) ? decodeStreamError(response) : gatewayError('upstream_malformed'));
      return;
    }
    this.#start(response);
    this.#end(response);
  }

  /** One event of a stream. Returns how it told more of a text, when it did nothing else. */
  readEvent(event: JsonObject): More | undefined {
    return this.moreAfter(() => this.#readEvent(event));
  }

  #readEvent(event: JsonObject): void {
    if (this.ended) return;
    const { type, response } = event;
    switch (type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        if (isJsonObject(response)) this.#start(response);
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
      case 'response.cancelled':
        if (!isJsonObject(response)) this.fail(gatewayError('upstream_malformed'));
        else {
          this.#start(response);
          this.#end(response);
        }
        return;
      case 'error':
        this.fail(decodeStreamError(event));
        return;
      case 'keepalive':
        this.events.push({ type: 'ping' });
        return;
    }
    if (!this.#observing && isText(type)) this.#readInside(type, event);
  }

  #start(response: JsonObject): void {
    if (this.#started) return;
    this.#started = true;
    this.#vendor = restOf(response);
    const vendor = this.#observing || isEmptyObject(this.#vendor) ? {} : { vendor: this.#vendor };
    const { created_at: createdSeconds } = response;
    this.events.push({
      type: 'message-start',
      id: textOf(response.id),
      responseModel: textOf(response.model),
      ...(typeof createdSeconds === 'number' ? { createdSeconds } : {}),
      dialect: name,
      ...vendor,
    });
  }

  /** Everything that was not told yet is told from the whole answer, which ends each stream, too. */
  #end(response: JsonObject): void {
    const output = listOf(response.output);
    if (!this.#observing) {
      const told = new Set(this.#items.values());
      for (const [at, item] of output.entries()) if (isJsonObject(item)) this.#readFinal(at, item, told);
      for (const item of this.#items.values()) this.#close(item, undefined);
    }
    for (const item of output) if (isJsonObject(item) && isCall(item.type)) this.#called = true;
    this.#readUsage(response.usage);
    const { status } = response;
    if (status === 'failed' || status === 'cancelled') {
      this.fail(failureOf(response));
      return;
    }
    this.ended = true;
    const last = this.#observing ? {} : difference(restOf(response), this.#vendor);
    const { reason, rawReason } = reasonOf(response, this.#called);
    this.events.push(
      {
        type: 'finish',
        choice: 0,
        reason,
        ...(rawReason === undefined ? {} : { rawReason }),
        ...(isEmptyObject(last) ? {} : { vendor: last }),
      },
      { type: 'message-stop' },
    );
  }

  #readUsage(wire: JsonValue | undefined): void {
    const read = decodeUsage(wire);
    if (read) this.events.push({ type: 'usage', ...read });
  }

  /**
   * An item of the answer that ends a stream: usually one of those that have been `told`. Some servers renumber them, and
   * xAI has the same id twice: each is found once, at its own place first.
   */
  #readFinal(at: number, wire: JsonObject, told: Set<Item>): void {
    const there = this.#items.get(at);
    const ofType = [...told].filter(({ type }) => type === wire.type);
    const named = ofType.filter(({ id }) => id !== '' && id === wire.id);
    const item =
      named.find((it) => it === there) ??
      named[0] ??
      ofType.find((it) => it === there) ??
      this.#open(there ? -this.#items.size : at, wire);
    told.delete(item);
    this.#close(item, wire);
  }

  // Events inside of an answer

  #readInside(type: string, event: JsonObject): void {
    const read = readers[type];
    if (read) {
      const { item: wire } = event;
      const at = typeof event.output_index === 'number' ? event.output_index : this.#items.size;
      if (type === 'response.output_item.added') {
        if (isJsonObject(wire) && !this.#items.has(at)) this.#open(at, wire);
        return;
      }
      const item = this.#itemOf(event) ?? (isJsonObject(wire) ? this.#open(at, wire) : undefined);
      if (item && !item.over) this[read](item, event);
      return;
    }
    if (unneeded.has(type)) return;
    const { sequence_number: _, obfuscation: __, ...value } = event;
    this.events.push({ type: 'raw', dialect: name, wireType: type, value });
  }

  /** By its place: there are servers that change the ids of items from event to event. */
  #itemOf({ output_index: at, item_id: id }: JsonObject): Item | undefined {
    if (typeof at === 'number') return this.#items.get(at);
    return [...this.#items.values()].find((item) => item.id === id);
  }

  // Items

  #open(at: number, wire: JsonObject): Item {
    const type = textOf(wire.type);
    const said = without(wire, toldOf.get(type) ?? nothing);
    if (type === 'reasoning' && !isText(wire.encrypted_content) && wire.encrypted_content !== undefined)
      said.encrypted_content = wire.encrypted_content;
    // An answer keeps its empty lists, so that it can be written as it came.
    if (type === 'reasoning' && Array.isArray(wire.content) && wire.content.length === 0) said.content = [];
    const item: Item = {
      type,
      id: textOf(wire.id),
      said,
      part: undefined,
      contents: new Map(),
      length: 0,
      pieces: new Map(),
      piece: undefined,
      over: false,
    };
    this.#items.set(at, item);
    this.#openPart(item, wire);
    return item;
  }

  #openPart(item: Item, wire: JsonObject): void {
    const vendor: Vendor = { item: item.said };
    switch (item.type) {
      case 'message':
        return;
      case 'reasoning':
        item.part = this.#startPart({ kind: 'reasoning', vendor });
        return;
      case 'function_call':
      case 'custom_tool_call':
        this.#openCall(item, wire);
        return;
      default:
        item.part = this.#startPart({ kind: 'opaque', vendor });
    }
  }

  /** A call without a name is not started: some servers tell it late. */
  #openCall(item: Item, wire: JsonObject): void {
    if (!isText(wire.name)) return;
    const isCustom = item.type === 'custom_tool_call';
    item.part = this.#startPart({
      kind: 'tool-call',
      id: textOf(wire.call_id) || item.id,
      name: wire.name,
      vendor: { ...(isCustom ? { type: item.type } : {}), item: item.said },
    });
    this.#called = true;
    this.#input(item, textOf(isCustom ? wire.input : wire.arguments));
  }

  #startPart(start: Omit<PartStart, 'type' | 'part' | 'choice'>): number {
    const part = this.#parts++;
    this.events.push({ type: 'part-start', part, choice: 0, ...start });
    return part;
  }

  #stopPart(part: number, vendor: JsonObject): void {
    this.events.push({ type: 'part-stop', part, ...(isEmptyObject(vendor) ? {} : { vendor }) });
  }

  readItem(item: Item, { item: wire }: JsonObject): void {
    if (isJsonObject(wire)) this.#close(item, wire);
  }

  /** Tells what is left of an item, and ends it. `wire` is what became of it, where that is known. */
  #close(item: Item, wire: JsonObject | undefined): void {
    if (item.over) return;
    item.over = true;
    if (wire) this.#complete(item, wire);
    if (item.part === undefined) return;
    if (item.type === 'custom_tool_call')
      this.events.push({
        type: 'tool-input-delta',
        part: item.part,
        json: item.length === 0 ? `${inputStart}${inputEnd}` : inputEnd,
      });
    const last = wire ? without(wire, toldOf.get(item.type) ?? nothing) : {};
    const vendor = difference(last, item.said);
    this.#stopPart(item.part, isEmptyObject(vendor) ? {} : { item: vendor });
  }

  #complete(item: Item, wire: JsonObject): void {
    switch (item.type) {
      case 'message':
        for (const [at, content] of listOf(wire.content).entries())
          if (isJsonObject(content)) this.#completeContent(item, at, content);
        // A message without content is one that only this dialect can tell.
        item.part ??= this.#startPart({ kind: 'opaque', vendor: { item: wire } });
        return;
      case 'reasoning':
        this.#completeReasoning(item, wire);
        return;
      case 'function_call':
      case 'custom_tool_call':
        if (item.part === undefined) this.#openCall(item, { ...wire, name: textOf(wire.name) || 'unnamed' });
        this.#input(item, textOf(wire.arguments ?? wire.input).slice(item.length));
    }
  }

  // Messages

  #content(item: Item, at: number, wire: JsonObject): Content {
    const known = item.contents.get(at);
    if (known) return known;
    if (item.part !== undefined) this.#stopPart(item.part, {});
    const kind = wire.type === 'output_text' ? 'text' : wire.type === 'refusal' ? 'refusal' : 'opaque';
    const beside = kind === 'opaque' ? { content: wire } : contentRest(wire);
    item.part = this.#startPart({ kind, vendor: { ...beside, item: item.said } });
    const content: Content = { part: item.part, kind, length: 0, citations: 0, hasLogprobs: false };
    item.contents.set(at, content);
    return content;
  }

  #text(content: Content, text: string): void {
    if (text === '' || content.kind === 'opaque') return;
    this.tell(text, (more) => {
      content.length += more.length;
      return [{ type: 'text-delta', part: content.part, text: more }];
    });
  }

  /** In the shape of Chat's, which differs by nothing but its wrapping. */
  #logprobs(content: Content, items: JsonValue | undefined): void {
    if (!Array.isArray(items) || items.length === 0) return;
    content.hasLogprobs = true;
    this.events.push({ type: 'logprobs', choice: 0, value: { content: items, refusal: null } });
  }

  #citation(content: Content, annotation: JsonValue | undefined): void {
    content.citations++;
    const citation = citationOf(annotation);
    if (citation) this.events.push({ type: 'citation', part: content.part, citation });
  }

  /** What a content part says beyond what was told of it. */
  #completeContent(item: Item, at: number, wire: JsonObject): void {
    const isReasoning = item.type === 'reasoning';
    if (isReasoning || !isJsonObject(wire)) return;
    const content = this.#content(item, at, wire);
    if (!content.hasLogprobs) this.#logprobs(content, wire.logprobs);
    this.#text(content, textOf(wire.text ?? wire.refusal).slice(content.length));
    for (const annotation of listOf(wire.annotations).slice(content.citations))
      this.#citation(content, annotation);
  }

  readContentStart(item: Item, { content_index: at, part }: JsonObject): void {
    if (!isJsonObject(part)) return;
    if (item.type === 'reasoning') this.#piece(item, 'content', indexOf(at));
    else this.#content(item, indexOf(at), part);
  }

  readContentStop(item: Item, { content_index: at, part }: JsonObject): void {
    if (isJsonObject(part)) this.#completeContent(item, indexOf(at), part);
  }

  readText(item: Item, { content_index: at, delta, logprobs }: JsonObject): void {
    const content = this.#content(item, indexOf(at), { type: 'output_text' });
    this.#logprobs(content, logprobs);
    this.#text(content, textOf(delta));
  }

  readRefusal(item: Item, { content_index: at, delta }: JsonObject): void {
    this.#text(this.#content(item, indexOf(at), { type: 'refusal' }), textOf(delta));
  }

  readAnnotation(item: Item, { content_index: at, annotation }: JsonObject): void {
    this.#citation(this.#content(item, indexOf(at), { type: 'output_text' }), annotation);
  }

  // Calls

  /** Free text becomes the one member of its arguments, as in the schema that stands for its tool. */
  #input(item: Item, text: string): void {
    const { part } = item;
    if (text === '' || part === undefined) return;
    this.tell(text, (more) => {
      const begins = item.length === 0 ? inputStart : '';
      item.length += more.length;
      const json = item.type === 'custom_tool_call' ? begins + JSON.stringify(more).slice(1, -1) : more;
      return [{ type: 'tool-input-delta', part, json }];
    });
  }

  readInput(item: Item, { delta }: JsonObject): void {
    this.#input(item, textOf(delta));
  }

  readWholeInput(item: Item, event: JsonObject): void {
    this.#input(item, textOf(event.arguments ?? event.input).slice(item.length));
  }

  // Reasoning

  /** Makes a piece the one that grows. A delta that begins another piece says which. */
  #piece(item: Item, member: 'summary' | 'content', at: number): string {
    const piece = `${member}:${at}`;
    if (item.piece === piece || item.part === undefined) return piece;
    const isFirst = item.piece === undefined;
    item.piece = piece;
    if (!item.pieces.has(piece)) item.pieces.set(piece, 0);
    if (isFirst && piece === 'summary:0') return piece;
    this.events.push({ type: 'reasoning-delta', part: item.part, text: '', vendor: { [member]: at } });
    return piece;
  }

  #reasoning(item: Item, piece: string, text: string): void {
    const { part } = item;
    if (text === '' || part === undefined) return;
    this.tell(text, (more) => {
      item.pieces.set(piece, (item.pieces.get(piece) ?? 0) + more.length);
      return [{ type: 'reasoning-delta', part, text: more }];
    });
  }

  /** The rest of a piece, from its whole text. */
  #completePiece(item: Item, place: readonly ['summary' | 'content', number], text: string): void {
    const [member, at] = place;
    const told = item.pieces.get(`${member}:${at}`) ?? 0;
    if (told === 0 || told < text.length)
      this.#reasoning(item, this.#piece(item, member, at), text.slice(told));
  }

  #completeReasoning(item: Item, wire: JsonObject): void {
    for (const member of ['summary', 'content'] as const)
      for (const [at, piece] of listOf(wire[member]).entries())
        if (isJsonObject(piece)) this.#completePiece(item, [member, at], textOf(piece.text));
    if (!isText(wire.encrypted_content) || item.part === undefined) return;
    const signature = ownSeal(wire.id, wire.encrypted_content);
    this.events.push({ type: 'reasoning-signature', part: item.part, signature });
  }

  readSummaryStart(item: Item, { summary_index: at }: JsonObject): void {
    this.#piece(item, 'summary', indexOf(at));
  }

  readSummary(item: Item, { summary_index: at, delta }: JsonObject): void {
    this.#reasoning(item, this.#piece(item, 'summary', indexOf(at)), textOf(delta));
  }

  readSummaryStop(item: Item, { summary_index: at, text }: JsonObject): void {
    this.#completePiece(item, ['summary', indexOf(at)], textOf(text));
  }

  readReasoning(item: Item, { content_index: at, delta }: JsonObject): void {
    this.#reasoning(item, this.#piece(item, 'content', indexOf(at)), textOf(delta));
  }

  readReasoningStop(item: Item, { content_index: at, text }: JsonObject): void {
    this.#completePiece(item, ['content', indexOf(at)], textOf(text));
  }
}

type ItemMethod = {
  [K in keyof AnswerReader]: AnswerReader[K] extends (item: Item, event: JsonObject) => void ? K : never;
}[keyof AnswerReader];

/** What reads an event about an item. */
const readers: Readonly<Record<string, ItemMethod>> = {
  'response.output_item.added': 'readItem',
  'response.output_item.done': 'readItem',
  'response.content_part.added': 'readContentStart',
  'response.content_part.done': 'readContentStop',
  'response.output_text.delta': 'readText',
  'response.output_text.annotation.added': 'readAnnotation',
  'response.refusal.delta': 'readRefusal',
  'response.function_call_arguments.delta': 'readInput',
  'response.function_call_arguments.done': 'readWholeInput',
  'response.custom_tool_call_input.delta': 'readInput',
  'response.custom_tool_call_input.done': 'readWholeInput',
  'response.reasoning_summary_part.added': 'readSummaryStart',
  'response.reasoning_summary_text.delta': 'readSummary',
  'response.reasoning_summary_text.done': 'readSummaryStop',
  'response.reasoning_text.delta': 'readReasoning',
  'response.reasoning_text.done': 'readReasoningStop',
};

/** Events that repeat what others have told. The last two are Bedrock's. */
const unneeded = new Set([
  'response.output_text.done',
  'response.refusal.done',
  'response.reasoning_summary_part.done',
  'response.reasoning_part.added',
  'response.reasoning_part.done',
]);

const isThere = (value: JsonValue | undefined): boolean => value !== undefined && value !== null;

const indexOf = (value: JsonValue | undefined): number => (typeof value === 'number' ? value : 0);

const isCall = (type: JsonValue | undefined): boolean =>
  type === 'function_call' || type === 'custom_tool_call';

/** Members of a response without a place in the model. Counts, errors and what cut an answer have one, where there are any. */
const restOf = (response: JsonObject): JsonObject => {
  const rest = without(response, responseMembers);
  for (const member of ['usage', 'error', 'incomplete_details'])
    if (isThere(rest[member])) delete rest[member];
  return rest;
};

const toldOfContent = new Set(['type', 'text', 'refusal']);

/** An answer keeps its empty lists, so that it can be written as it came. */
const contentRest = (wire: JsonObject): JsonObject => {
  const rest = without(wire, toldOfContent);
  for (const list of ['annotations', 'logprobs']) {
    const value = rest[list];
    if (Array.isArray(value) && value.length > 0) rest[list] = [];
  }
  return rest;
};

interface Reason {
  readonly reason: FinishReason;
  readonly rawReason?: string;
}

/** Why an answer ended that did not fail. An answer in the background has not ended yet. */
const reasonOf = ({ status, incomplete_details: details }: JsonObject, called: boolean): Reason => {
  if (status === 'queued' || status === 'in_progress') return { reason: 'pause', rawReason: status };
  if (status !== 'incomplete') return { reason: called ? 'tool_calls' : 'stop' };
  const word = isJsonObject(details) ? textOf(details.reason) : '';
  if (word === 'content_filter') return { reason: 'content_filter' };
  return word === 'max_output_tokens' || word === ''
    ? { reason: 'length' }
    : { reason: 'length', rawReason: word };
};

const failureOf = (response: JsonObject): GatewayError =>
  isThere(response.error)
    ? decodeStreamError({ error: response.error ?? null })
    : gatewayError('upstream_error');
