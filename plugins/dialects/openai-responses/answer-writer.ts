import type { Citation, Finish, MessageStart, ModelEvent, PartStart } from '../../model/events.ts';
import type { Vendor } from '../../model/request.ts';
import { openSeal, wrapSeal } from '../../model/seals.ts';
import type { FinishReason } from '../../model/usage.ts';
import { type GatewayError, gatewayError } from '../../refusals.ts';
import { writtenOnce } from '../../wire/exact-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import type { AnswerContext } from '../dialect.ts';
import { isEmptyObject, isText, merge, textOf } from '../openai/wire.ts';
import { encodeCitation, encodeOwnCitation } from './citations.ts';
import { isCustom, unwrapInput } from './custom.ts';
import { openOwnSeal } from './decode-items.ts';
import { errorEvent, responseError } from './error.ts';
import { bareId, inventId } from './ids.ts';
import { clientBody } from './request.ts';
import { encodeOwnUsage, encodeUsage } from './usage.ts';
import { listOf, name } from './wire.ts';

/** One event of a stream. */
export interface Frame extends JsonObject {
  readonly type: string;
}

/** An item of the answer that is being written. */
interface Item {
  readonly index: number;
  readonly type: string;
  readonly id: string;
  /** The item as it was announced, without what its parts say. */
  readonly head: JsonObject;
  /** Of a message: its finished parts. */
  readonly content: JsonObject[];
  /** Of a message: parts that still grow. */
  open: number;
  /** Of a message: something else has begun, so no more parts come. */
  passed: boolean;
  /** What became of it; undefined while it grows. */
  done: JsonObject | undefined;
}

/** A piece of a reasoning item. */
interface Piece {
  readonly member: 'summary' | 'content';
  text: string;
}

interface Part {
  readonly start: PartStart;
  readonly item: Item;
  /** Its place in the content of its message. */
  readonly index: number;
  text: string;
  readonly citations: Citation[];
  readonly logprobs: JsonValue[];
  readonly pieces: Piece[];
  sealed: string | undefined;
  /** A call of a custom tool: its free text is told when it is whole. */
  readonly unwraps: boolean;
}

/**
 * Writes the events of one answer, which SDKs insist on being told in full: each item and each part is announced and
 * closed, and what ends the stream repeats it all. After an error or the end it writes nothing more.
 */
export class AnswerWriter {
  readonly #context: AnswerContext;
  readonly #customTools: ReadonlySet<string>;
  #start: MessageStart | undefined;
  readonly #items: Item[] = [];
  readonly #parts = new Map<number, Part>();
  #message: Item | undefined;
  #logprobs: JsonValue[] = [];
  #usage: Extract<ModelEvent, { type: 'usage' }> | undefined;
  #finish: Finish | undefined;
  #sequence = 0;
  #response: JsonObject | undefined;
  #error: GatewayError | undefined;

  constructor(context: AnswerContext) {
    this.#context = context;
    const { dialect, tools } = context.request;
    this.#customTools = new Set((dialect === name ? tools : []).filter(isCustom).map((tool) => tool.name));
  }

  /** The whole answer, once it is over; undefined when it failed. */
  get response(): JsonObject | undefined {
    return this.#response;
  }

  get error(): GatewayError | undefined {
    return this.#error;
  }

  push(event: ModelEvent): Frame[] {
    if (this.#response || this.#error) return [];
    switch (event.type) {
      case 'message-start':
        return this.#begin(event);
      case 'part-start':
        return this.#startPart(event);
      case 'logprobs':
        this.#logprobs.push(...logprobsIn(event.value));
        return [];
      case 'usage':
        this.#usage = event;
        return [];
      case 'finish':
        if (event.choice === 0) this.#finish ??= event;
        return [];
      case 'error':
        return this.#fail(event.error);
      case 'message-stop':
        return this.#stop();
      case 'raw':
        return this.#raw(event);
      case 'ping':
      case 'embedding':
      case 'image':
        return [];
      default:
        return this.#inPart(event);
    }
  }

  /** Takes more of a text whose frame the caller writes, as it wrote the one before; returns the number of that frame. */
  grow(at: number, text: string): number {
    const part = this.#parts.get(at);
    if (part) part.text += text;
    return this.#sequence++;
  }

  end(): Frame[] {
    return this.push({ type: 'error', error: gatewayError('upstream_truncated') });
  }

  /** Does the answer come from this dialect, so that its `vendor` bags are ours? */
  get #own(): boolean {
    return this.#start?.dialect === name;
  }

  #frame(type: string, members: JsonObject): Frame {
    return { type, sequence_number: this.#sequence++, ...members };
  }

  // The response

  #begin(start: MessageStart): Frame[] {
    if (this.#start) return [];
    this.#start = start;
    const response = this.#head('in_progress');
    return [this.#frame('response.created', { response }), this.#frame('response.in_progress', { response })];
  }

  get #id(): string {
    const id = this.#start?.id ?? '';
    if (this.#own || id.startsWith('resp_')) return id;
    return `resp_${bareId(id || this.#context.requestId)}`;
  }

  #head(status: string): JsonObject {
    const { request, nowSeconds } = this.#context;
    const known = {
      id: this.#id,
      object: 'response',
      created_at: this.#start?.createdSeconds ?? nowSeconds,
      status,
      model: this.#start?.responseModel || request.requestModel,
      output: [],
    };
    return this.#own
      ? { ...this.#start?.vendor, ...known }
      : { ...settingsOf(clientBody(request)), ...known };
  }

  #stop(): Frame[] {
    if (this.#finish?.reason === 'error')
      return this.#fail(
        gatewayError('upstream_error', {
          message: 'The upstream ended its answer with an error.',
          ...present({ upstreamCode: this.#finish.rawReason }),
        }),
      );
    const cut = cuts[this.#finish?.reason ?? 'stop'];
    const frames = this.#closeAll(cut ? 'incomplete' : 'completed');
    const raw = this.#own ? this.#finish?.rawReason : undefined;
    const status = cut ? 'incomplete' : this.#finish?.reason === 'pause' && raw ? raw : 'completed';
    const response = {
      ...this.#head(status),
      ...(this.#own ? this.#finish?.vendor : {}),
      ...(cut ? { incomplete_details: { reason: raw ?? cut } } : {}),
      output: this.#items.map(({ done, head }) => done ?? head),
      ...this.#counts(),
    };
    this.#response = response;
    return [...frames, this.#frame(`response.${status}`, { response })];
  }

  #counts(): JsonObject {
    if (!this.#usage) return {};
    const { usage, vendor } = this.#usage;
    return { usage: this.#own ? encodeOwnUsage(usage, vendor) : encodeUsage(usage) };
  }

  /** A client that looks at the response alone must not see a good one, nor one that looks at errors alone miss it. */
  #fail(error: GatewayError): Frame[] {
    this.#error = error;
    const { type: _, ...told } = errorEvent(error);
    const frame = this.#frame('error', told);
    if (!this.#start) return [frame];
    const output = this.#items.flatMap(({ done }) => done ?? []);
    const response = { ...this.#head('failed'), output, error: responseError(error), ...this.#counts() };
    return [frame, this.#frame('response.failed', { response })];
  }

  // Items

  #addItem(type: string, head: JsonObject, id: string): Item {
    const item: Item = {
      index: this.#items.length,
      type,
      id,
      head,
      content: [],
      open: 0,
      passed: false,
      done: undefined,
    };
    this.#items.push(item);
    return item;
  }

  #announce(item: Item): Frame {
    return this.#frame('response.output_item.added', { output_index: item.index, item: item.head });
  }

  #finishItem(item: Item, done: JsonObject): Frame {
    item.done = done;
    return this.#frame('response.output_item.done', { output_index: item.index, item: done });
  }

  /** What the wire said of the item that a part stands in. */
  #saidOf({ vendor }: PartStart): JsonObject {
    const item = this.#own ? vendor?.item : undefined;
    return isJsonObject(item) ? item : {};
  }

  #newId(prefix: 'msg' | 'rs' | 'fc' | 'ig', said: JsonObject): string {
    return isText(said.id)
      ? said.id
      : inventId(prefix, this.#start?.id || this.#context.requestId, this.#items.length);
  }

  #startPart(start: PartStart): Frame[] {
    // Only one choice can be told here, and of other dialects' opaque parts only images.
    if (start.choice !== 0) return [];
    if (start.kind === 'opaque' && !this.#own) return start.image ? this.#startImage(start, start.image) : [];
    switch (start.kind) {
      case 'text':
      case 'refusal':
        return this.#startContent(start);
      case 'tool-call':
        return this.#startCall(start);
      case 'reasoning':
        return this.#startReasoning(start);
      case 'opaque':
        return isJsonObject(start.vendor?.content) ? this.#startContent(start) : this.#startOpaque(start);
    }
  }

  #addPart(start: PartStart, item: Item, { index = 0, unwraps = false } = {}): Part {
    const part: Part = {
      start,
      item,
      index,
      text: '',
      citations: [],
      logprobs: [],
      pieces: [],
      sealed: undefined,
      unwraps,
    };
    this.#parts.set(start.part, part);
    return part;
  }

  #startCall(start: PartStart): Frame[] {
    const said = this.#saidOf(start);
    const id = this.#newId('fc', said);
    const { id: callId = '', name: toolName = '' } = start;
    const unwraps = this.#own ? start.vendor?.type === 'custom_tool_call' : this.#customTools.has(toolName);
    const call = { call_id: callId || id, name: toolName, [unwraps ? 'input' : 'arguments']: '' };
    const head = { ...this.#state(said), id, type: unwraps ? 'custom_tool_call' : 'function_call', ...call };
    const frames = this.#pass();
    const item = this.#addItem(head.type, head, id);
    this.#addPart(start, item, { unwraps });
    return [...frames, this.#announce(item)];
  }

  /** Items of another dialect get a state; those of this one have what they came with. */
  #state(said: JsonObject): JsonObject {
    return this.#own ? said : { status: 'in_progress' };
  }

  #startReasoning(start: PartStart): Frame[] {
    const said = this.#saidOf(start);
    const id = this.#newId('rs', said);
    const item = { ...said, id, type: 'reasoning', summary: [] };
    const frames = this.#pass();
    const part = this.#addPart(start, this.#addItem('reasoning', item, id));
    if (start.redacted !== undefined) part.sealed = this.#seal('redacted', start.redacted);
    return [...frames, this.#announce(part.item)];
  }

  /** An opaque value as this client keeps it: what is not this API's own goes wrapped. */
  #seal(kind: 'signature' | 'redacted', value: string): string {
    const own = openOwnSeal(value);
    if (own) return own.encrypted;
    const dialect = this.#start?.dialect;
    return openSeal(value) || !dialect ? value : wrapSeal({ dialect, kind, value });
  }

  #startOpaque(start: PartStart): Frame[] {
    const said = this.#saidOf(start);
    const frames = this.#pass();
    const item = this.#addItem(textOf(said.type), said, textOf(said.id));
    this.#addPart(start, item);
    return [...frames, this.#announce(item)];
  }

  /** As the tool of this API tells an image that it made. */
  #startImage(start: PartStart, { base64 }: NonNullable<PartStart['image']>): Frame[] {
    const id = this.#newId('ig', {});
    const head = { id, type: 'image_generation_call', status: 'completed', result: base64 };
    const frames = this.#pass();
    const item = this.#addItem(head.type, head, id);
    this.#addPart(start, item);
    return [...frames, this.#announce(item)];
  }

  // Messages

  #startContent(start: PartStart): Frame[] {
    const said = this.#saidOf(start);
    const frames: Frame[] = [];
    let item = this.#message;
    if (!item || item.passed || (isText(said.id) && said.id !== item.id)) {
      frames.push(...this.#pass());
      const id = this.#newId('msg', said);
      const head = { ...this.#state(said), id, type: 'message', role: 'assistant', content: [] };
      item = this.#addItem('message', head, id);
      this.#message = item;
      frames.push(this.#announce(item));
    }
    const part = this.#addPart(start, item, { index: item.content.length + item.open });
    item.open++;
    frames.push(
      this.#frame('response.content_part.added', { ...this.#placeOf(part), part: this.#content(part, '') }),
    );
    return frames;
  }

  /** Something else begins: the message is over, as soon as its parts are. */
  #pass(): Frame[] {
    const message = this.#message;
    if (!message) return [];
    message.passed = true;
    this.#message = undefined;
    return message.open === 0 ? [this.#finishMessage(message, {})] : [];
  }

  #finishMessage(item: Item, last: JsonObject): Frame {
    const state = this.#own ? {} : { status: 'completed' };
    return this.#finishItem(item, { ...item.head, ...state, ...last, content: item.content });
  }

  #placeOf({ item, index }: Part): JsonObject {
    return { item_id: item.id, output_index: item.index, content_index: index };
  }

  /** A content part that says `text`. */
  #content(part: Part, text: JsonValue): JsonObject {
    const { start } = part;
    if (start.kind === 'opaque') return isJsonObject(start.vendor?.content) ? start.vendor.content : {};
    const { item: _, ...vendor } = (this.#own && start.vendor) || {};
    if (start.kind === 'refusal') return { ...vendor, type: 'refusal', refusal: text };
    const lists = this.#own ? {} : { annotations: [], logprobs: [] };
    const annotations = this.#annotations(part);
    return {
      ...lists,
      ...vendor,
      type: 'output_text',
      text,
      ...(annotations.length > 0 ? { annotations } : {}),
      ...(part.logprobs.length > 0 ? { logprobs: part.logprobs } : {}),
    };
  }

  #annotations({ citations, text }: Part): JsonObject[] {
    if (citations.length === 0) return [];
    if (this.#own) return citations.map(encodeOwnCitation);
    const length = [...text].length;
    return citations.map((citation) => encodeCitation(citation, length)).filter((it) => it !== undefined);
  }

  #stopContent(part: Part, last: JsonObject): Frame[] {
    const { item, start } = part;
    this.#takeLogprobs(part);
    const place = this.#placeOf(part);
    const text = writtenOnce(part.text);
    const content = this.#content(part, text);
    const frames: Frame[] = listOf(content.annotations).map((annotation, at) =>
      this.#frame('response.output_text.annotation.added', { ...place, annotation_index: at, annotation }),
    );
    if (start.kind === 'text') {
      const said = { text, logprobs: part.logprobs };
      frames.push(this.#frame('response.output_text.done', { ...place, ...said }));
    } else if (start.kind === 'refusal')
      frames.push(this.#frame('response.refusal.done', { ...place, refusal: text }));
    frames.push(this.#frame('response.content_part.done', { ...place, part: content }));
    item.content[part.index] = content;
    item.open--;
    const isOver = item.open === 0 && (item.passed || !isEmptyObject(last));
    if (!isOver) return frames;
    if (this.#message === item) this.#message = undefined;
    return [...frames, this.#finishMessage(item, last)];
  }

  // What happens in a part

  #inPart(event: Extract<ModelEvent, { part: number }>): Frame[] {
    const part = this.#parts.get(event.part);
    if (!part) return []; // parts that were never started here have no place
    switch (event.type) {
      case 'text-delta':
        return this.#text(part, event.text);
      case 'tool-input-delta':
        return this.#input(part, event.json);
      case 'reasoning-delta':
        return this.#reasoning(part, event);
      case 'reasoning-signature':
        part.sealed = this.#seal('signature', event.signature);
        return [];
      case 'citation':
        part.citations.push(event.citation);
        return [];
      case 'part-stop':
        return this.#stopPart(part, event.vendor);
      default:
        return [];
    }
  }

  /** Log probabilities ride with the text that they are of. */
  #takeLogprobs(part: Part): JsonValue[] {
    const logprobs = this.#logprobs;
    this.#logprobs = [];
    part.logprobs.push(...logprobs);
    return logprobs;
  }

  #text(part: Part, text: string): Frame[] {
    if (text === '') return [];
    part.text += text;
    const place = this.#placeOf(part);
    if (part.start.kind === 'refusal')
      return [this.#frame('response.refusal.delta', { ...place, delta: text })];
    const logprobs = this.#takeLogprobs(part);
    return [this.#frame('response.output_text.delta', { ...place, delta: text, logprobs })];
  }

  #input(part: Part, json: string): Frame[] {
    if (json === '') return [];
    part.text += json;
    return part.unwraps ? [] : [this.#inputDelta(part.item, json)];
  }

  #inputDelta(item: Item, delta: string): Frame {
    const input = item.type === 'custom_tool_call' ? 'custom_tool_call_input' : 'function_call_arguments';
    return this.#frame(`response.${input}.delta`, { item_id: item.id, output_index: item.index, delta });
  }

  /** A delta that begins a piece holds no text. */
  #reasoning(part: Part, { text, vendor }: { readonly text: string; readonly vendor?: Vendor }): Frame[] {
    const begun = this.#own && vendor ? (vendor.content === undefined ? 'summary' : 'content') : undefined;
    if (begun) return [...this.#closePiece(part), ...this.#openPiece(part, begun)];
    if (text === '') return [];
    const frames = part.pieces.length === 0 ? this.#openPiece(part, 'summary') : [];
    const piece = part.pieces.at(-1);
    if (!piece) return frames;
    piece.text += text;
    const type =
      piece.member === 'summary' ? 'response.reasoning_summary_text.delta' : 'response.reasoning_text.delta';
    return [...frames, this.#frame(type, { ...this.#pieceOf(part), delta: text })];
  }

  /** Where the last piece of a reasoning item stands. */
  #pieceOf({ item, pieces }: Part): JsonObject {
    const member = pieces.at(-1)?.member ?? 'summary';
    const index = pieces.filter((piece) => piece.member === member).length - 1;
    const at = member === 'summary' ? { summary_index: index } : { content_index: index };
    return { item_id: item.id, output_index: item.index, ...at };
  }

  #openPiece(part: Part, member: Piece['member']): Frame[] {
    part.pieces.push({ member, text: '' });
    const type =
      member === 'summary' ? 'response.reasoning_summary_part.added' : 'response.content_part.added';
    return [this.#frame(type, { ...this.#pieceOf(part), part: pieceBody({ member, text: '' }) })];
  }

  #closePiece(part: Part): Frame[] {
    const piece = part.pieces.at(-1);
    if (!piece) return [];
    const place = this.#pieceOf(part);
    const [text, whole] =
      piece.member === 'summary'
        ? ['response.reasoning_summary_text.done', 'response.reasoning_summary_part.done']
        : ['response.reasoning_text.done', 'response.content_part.done'];
    return [
      this.#frame(text, { ...place, text: piece.text }),
      this.#frame(whole, { ...place, part: pieceBody(piece) }),
    ];
  }

  #stopPart(part: Part, vendor: Vendor | undefined): Frame[] {
    this.#parts.delete(part.start.part);
    const last = this.#own && isJsonObject(vendor?.item) ? vendor.item : {};
    switch (part.start.kind) {
      case 'tool-call':
        return this.#stopCall(part, last);
      case 'reasoning':
        return [...this.#closePiece(part), this.#finishItem(part.item, this.#reasoningItem(part, last))];
      case 'opaque':
        if (part.item.type !== 'message' || part.start.vendor?.content === undefined)
          return [this.#finishItem(part.item, merge(part.item.head, last))];
    }
    return this.#stopContent(part, last);
  }

  #stopCall(part: Part, last: JsonObject): Frame[] {
    const { item } = part;
    const isText = item.type === 'custom_tool_call';
    const input = part.unwraps ? unwrapInput(part.text) : part.text;
    // A tool without arguments is called with none, not with nothing.
    const frames = input === '' && !isText && !this.#own ? this.#input(part, '{}') : [];
    if (part.unwraps && input !== '') frames.push(this.#inputDelta(item, input));
    const said = isText ? { input } : { arguments: writtenOnce(part.text) };
    const state = this.#own ? last : { status: 'completed' };
    const toolName = isText ? {} : { name: item.head.name ?? '' };
    const type = `response.${isText ? 'custom_tool_call_input' : 'function_call_arguments'}.done`;
    return [
      ...frames,
      this.#frame(type, { item_id: item.id, output_index: item.index, ...toolName, ...said }),
      this.#finishItem(item, { ...item.head, ...state, ...said }),
    ];
  }

  #reasoningItem({ item, pieces, sealed }: Part, last: JsonObject): JsonObject {
    const of = (member: Piece['member']) => pieces.filter((piece) => piece.member === member).map(pieceBody);
    const content = of('content');
    return {
      ...item.head,
      ...last,
      summary: of('summary'),
      ...(content.length > 0 ? { content } : {}),
      ...present({ encrypted_content: sealed }),
    };
  }

  /** Parts that the upstream did not end are ended with the answer. */
  #closeAll(status: string): Frame[] {
    const frames = [...this.#parts.values()].flatMap((part) => this.#stopPart(part, undefined));
    const message = this.#message;
    if (!message) return frames;
    this.#message = undefined;
    return [...frames, this.#finishMessage(message, this.#own ? {} : { status })];
  }

  /** Events that only this dialect knows, about items that only it knows. */
  #raw({ dialect, wireType, value }: Extract<ModelEvent, { type: 'raw' }>): Frame[] {
    if (dialect !== name || !this.#own || !isJsonObject(value)) return [];
    const { type: _, ...members } = value;
    return [this.#frame(wireType, members)];
  }
}

const pieceBody = ({ member, text }: Piece): JsonObject => ({
  type: member === 'summary' ? 'summary_text' : 'reasoning_text',
  text,
});

/** The tokens in Chat's shape of log probabilities. */
const logprobsIn = (value: JsonValue): readonly JsonValue[] =>
  isJsonObject(value) ? listOf(value.content) : [];

/** What cut an answer short; `error` never gets here. */
const cuts = {
  stop: undefined,
  stop_sequence: undefined,
  length: 'max_output_tokens',
  context_full: 'max_output_tokens',
  tool_calls: undefined,
  content_filter: 'content_filter',
  pause: undefined,
  error: undefined,
} as const satisfies Record<FinishReason, string | undefined>;

/** The client's settings as a response repeats them, with the API's own defaults (API reference, read 2026-11-24). */
const settingsOf = (body: JsonObject): JsonObject => ({
  background: false,
  error: null,
  incomplete_details: null,
  instructions: body.instructions ?? null,
  max_output_tokens: body.max_output_tokens ?? null,
  metadata: body.metadata ?? {},
  parallel_tool_calls: body.parallel_tool_calls ?? true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null, ...(isJsonObject(body.reasoning) ? body.reasoning : {}) },
  store: false,
  temperature: body.temperature ?? 1,
  text: { format: { type: 'text' }, ...(isJsonObject(body.text) ? body.text : {}) },
  tool_choice: body.tool_choice ?? 'auto',
  tools: body.tools ?? [],
  top_p: body.top_p ?? 1,
  truncation: body.truncation ?? 'disabled',
});
