import type { ModelEvent, PartStart } from '../../model/events.ts';
import type { Vendor } from '../../model/request.ts';
import { type GatewayError, gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { AnswerEvents } from '../answer-events.ts';
import { decodeStreamError } from '../openai/error.ts';
import { isEmptyObject, isText, textOf } from '../openai/wire.ts';
import { citationOf } from './citations.ts';
import { functionCallId } from './decode-messages.ts';
import { finishOf, reasonOf } from './finish.ts';
import { thinkingText } from './parts.ts';
import { plainReasoning, type ReasoningDetail, readDetails } from './reasoning.ts';
import { decodeUsage } from './usage.ts';
import { isEmpty, name } from './wire.ts';

// Answers: OpenAI API reference, "The chat completion object" and "The chat completion chunk object", read 2026-11-24,
// and what compatible servers make of them.
//
// The vendor bags of an answer hold members of the wire, and `field`, `detail` and `type` where a part came by another
// way than OpenAI's own: the member or list item that its text came in.

/** A part of text, reasoning or refusal that still grows. */
interface OpenPart {
  readonly kind: 'text' | 'reasoning' | 'refusal';
  readonly part: number;
  /** Of reasoning from `reasoning_details`: which item of the list it is. */
  readonly detailIndex: JsonValue | undefined;
  /** Of reasoning: its text came outside of `reasoning_details`. */
  plain: boolean;
  /** Of reasoning: its seal has come, so more reasoning is another part. */
  sealed: boolean;
}

interface Call {
  readonly index: JsonValue | undefined;
  readonly kind: 'function' | 'custom' | 'function_call';
  /** The part, once the call has a name. */
  part: number | undefined;
  id: string;
  name: string;
  /** Arguments that came before the name. */
  held: string;
  hasInput: boolean;
  /** Members of this dialect that came before the start, then those after it. */
  vendor: JsonObject;
}

interface Choice {
  readonly index: number;
  readonly calls: Call[];
  open: OpenPart | undefined;
  finish: string | undefined;
  stopSequence: string | undefined;
  hasParts: boolean;
}

const chunkMembers = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'error']);
/** Padding against eavesdroppers who measure packets; `p` is Mistral's. It is random, so nobody misses it. */
const padding = new Set(['obfuscation', 'p']);
/** `text` is Together's second copy of the content, which no policy would see. */
const choiceMembers = new Set(['index', 'delta', 'message', 'finish_reason', 'logprobs', 'text']);
const messageMembers = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'annotations',
]);
const callMembers = new Set(['index', 'id', 'type', 'function', 'custom']);

const inList: Vendor = { type: 'text' };
const inReasoning: Vendor = { field: 'reasoning' };

/** Turns chunks, or the one object of a whole answer, into events. */
export class AnswerReader extends AnswerEvents {
  /** A whole answer keeps its empty members, so that it can be written as it came. */
  readonly #whole: boolean;
  /** Most of the answer is not shown to us: what we do not see may be there, and nobody asks for what we do not know. */
  readonly #observing: boolean;
  readonly #choices = new Map<number, Choice>();
  #started = false;
  #id = '';
  #parts = 0;
  #vendor: JsonObject = {};

  constructor({ whole, observing }: { whole: boolean; observing: boolean }) {
    super();
    this.#whole = whole;
    this.#observing = observing;
  }

  /** Returns what this chunk alone gives. */
  read(chunk: JsonObject): readonly ModelEvent[] {
    const before = this.events.length;
    if (!this.ended) this.#readChunk(chunk);
    return this.events.slice(before);
  }

  #readChunk(chunk: JsonObject): void {
    if (chunk.error) {
      this.fail(decodeStreamError(chunk));
      return;
    }
    const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
    if (this.#whole && choices.length === 0) {
      this.fail(gatewayError('upstream_malformed'));
      return;
    }
    if (!this.#start(chunk, choices)) return;
    if (!this.#observing) this.#readExtras(chunk, choices);
    for (const choice of choices) if (isJsonObject(choice)) this.#readChoice(choice);
    this.#readUsage(chunk);
  }

  /** The upstream said that it is done. */
  done(): void {
    if (this.ended) return;
    if (!this.#started) this.fail(gatewayError('upstream_malformed'));
    else this.#finish();
  }

  /** No more bytes. Some servers send no `[DONE]`: there the answer is whole when every choice has its finish reason. */
  bodyEnded(): void {
    if (this.ended || this.#choices.size === 0) return;
    for (const { finish } of this.#choices.values()) if (finish === undefined) return;
    this.#finish();
  }

  /** Azure sends a chunk without id, model and choices ahead; what it says belongs to the start. */
  #start(chunk: JsonObject, choices: readonly JsonValue[]): boolean {
    if (this.#started) return true;
    if (!this.#observing) Object.assign(this.#vendor, this.#chunkExtras(chunk));
    if (choices.length === 0 && !isText(chunk.id)) return false;
    this.#started = true;
    this.#id = textOf(chunk.id);
    this.events.push({
      type: 'message-start',
      id: this.#id,
      responseModel: textOf(chunk.model),
      ...(typeof chunk.created === 'number' ? { createdSeconds: chunk.created } : {}),
      dialect: name,
      ...(isEmptyObject(this.#vendor) ? {} : { vendor: this.#vendor }),
    });
    return true;
  }

  /** Servers that count on every chunk are believed each time: the last one holds. Groq counts under a name of its own. */
  #readUsage(chunk: JsonObject): void {
    const wire = chunk.usage ?? (isJsonObject(chunk.x_groq) ? chunk.x_groq.usage : undefined);
    if (!wire) return;
    const read = decodeUsage(wire);
    if (read) this.events.push({ type: 'usage', ...read });
  }

  // Members without a place in the model

  #readExtras(chunk: JsonObject, choices: readonly JsonValue[]): void {
    let value = this.#chunkExtras(chunk);
    let list: JsonValue[] | undefined;
    for (const choice of choices) {
      const extras = isJsonObject(choice) ? this.#choiceExtras(choice) : undefined;
      if (!extras) continue;
      if (list) list.push(extras);
      else list = [extras];
    }
    if (list) {
      value ??= {};
      value.choices = list;
    }
    if (value) this.events.push({ type: 'raw', dialect: name, wireType: 'chunk', value });
  }

  #chunkExtras(chunk: JsonObject): JsonObject | undefined {
    let extras: JsonObject | undefined;
    for (const key in chunk) {
      const value = chunk[key];
      const known = chunkMembers.has(key) && !(this.#whole && isOddMember(key, value));
      // What a server repeats on every chunk is said once.
      if (known || padding.has(key) || this.#isNothing(value) || value === this.#vendor[key]) continue;
      extras ??= {};
      extras[key] = value;
    }
    return extras;
  }

  #choiceExtras(choice: JsonObject): JsonObject | undefined {
    let extras: JsonObject | undefined;
    for (const key in choice) {
      const value = choice[key];
      const known = choiceMembers.has(key) && !(this.#whole && key === 'logprobs' && value === null);
      if (known || this.#isNothing(value)) continue;
      extras ??= {};
      extras[key] = value;
    }
    const message = this.#messageExtras(this.#messageOf(choice));
    if (message) {
      extras ??= {};
      extras[this.#whole ? 'message' : 'delta'] = message;
    }
    if (extras) extras.index = indexOf(choice);
    return extras;
  }

  #messageExtras(message: JsonObject | undefined): JsonObject | undefined {
    let extras: JsonObject | undefined;
    for (const key in message) {
      const value = message[key];
      const known = messageMembers.has(key) && !(this.#whole && key !== 'role' && isEmpty(value));
      if (known || this.#isNothing(value)) continue;
      extras ??= {};
      extras[key] = value;
    }
    return extras;
  }

  #isNothing(value: JsonValue | undefined): value is undefined {
    return value === undefined || (value === null && !this.#whole);
  }

  // Choices

  #readChoice(wire: JsonObject): void {
    const choice = this.#choice(indexOf(wire));
    const { logprobs, finish_reason: finish, stop_reason: stop } = wire;
    if (isJsonObject(logprobs)) this.events.push({ type: 'logprobs', choice: choice.index, value: logprobs });
    const message = this.#observing ? undefined : this.#messageOf(wire);
    if (message) this.#readMessage(choice, message);
    if (isText(finish)) choice.finish = finish;
    if (isText(stop)) choice.stopSequence = stop; // vLLM
  }

  /**
   * What a choice says. The last chunk of a stream may hold the whole `message` beside its `delta`, and a whole answer of
   * Perplexity an empty `delta` beside its `message`: clients read the one that belongs there.
   */
  #messageOf({ delta, message }: JsonObject): JsonObject | undefined {
    const [own, other] = this.#whole ? [message, delta] : [delta, message];
    if (isJsonObject(own)) return own;
    return isJsonObject(other) ? other : undefined;
  }

  #choice(index: number): Choice {
    const known = this.#choices.get(index);
    if (known) return known;
    const choice: Choice = {
      index,
      calls: [],
      open: undefined,
      finish: undefined,
      stopSequence: undefined,
      hasParts: this.#observing,
    };
    this.#choices.set(index, choice);
    return choice;
  }

  #readMessage(choice: Choice, message: JsonObject): void {
    const { content, refusal, annotations, tool_calls: calls, function_call: call } = message;
    if (message.reasoning_content || message.reasoning || message.reasoning_details)
      this.#readReasoning(choice, message);
    if (isText(content)) this.#readText(choice, content, undefined);
    else if (Array.isArray(content)) for (const item of content) this.#readItem(choice, item);
    // Cloudflare parses the JSON of its models.
    else if (isJsonObject(content)) this.#readText(choice, JSON.stringify(content), undefined);
    if (isText(refusal)) {
      const { part } = this.#grow(choice, 'refusal');
      this.events.push({ type: 'text-delta', part, text: refusal });
    }
    if (Array.isArray(annotations)) this.#readAnnotations(choice, annotations);
    if (Array.isArray(calls)) for (const item of calls) if (isJsonObject(item)) this.#readCall(choice, item);
    if (isJsonObject(call)) this.#readFunctionCall(choice, call);
  }

  #readText(choice: Choice, text: string, vendor: Vendor | undefined): void {
    const { part } = this.#grow(choice, 'text', vendor);
    this.events.push({ type: 'text-delta', part, text });
  }

  /** Mistral's content may be a list, with reasoning and references in it. */
  #readItem(choice: Choice, item: JsonValue): void {
    if (isText(item)) this.#readText(choice, item, undefined);
    if (!isJsonObject(item)) return;
    const { type, text, thinking, ...rest } = item;
    const thought = type === 'thinking' ? thinkingText(thinking) : undefined;
    if (type === 'text') {
      if (isText(text)) this.#readText(choice, text, inList);
    } else if (thought !== undefined) {
      const { part } = this.#grow(choice, 'reasoning', { type: 'thinking', ...rest });
      this.events.push({ type: 'reasoning-delta', part, text: thought });
    } else this.#addWhole(choice, { kind: 'opaque', vendor: item });
  }

  #readAnnotations(choice: Choice, annotations: readonly JsonValue[]): void {
    for (const annotation of annotations) {
      if (!isJsonObject(annotation)) continue;
      const { part } = this.#grow(choice, 'text');
      this.events.push({ type: 'citation', part, citation: citationOf(annotation) });
    }
  }

  /** The part of `kind` that grows; a new one when another kind grew before. `vendor` is of its start. */
  #grow(choice: Choice, kind: OpenPart['kind'], vendor?: Vendor, detailIndex?: JsonValue): OpenPart {
    const { open } = choice;
    if (open?.kind === kind && !open.sealed && open.detailIndex === detailIndex) return open;
    this.#close(choice);
    const part = this.#startPart(choice, vendor ? { kind, vendor } : { kind });
    choice.open = { kind, part, detailIndex, plain: false, sealed: false };
    return choice.open;
  }

  #startPart(choice: Choice, start: Omit<PartStart, 'type' | 'part' | 'choice'>): number {
    choice.hasParts = true;
    const part = this.#parts++;
    this.events.push({ type: 'part-start', part, choice: choice.index, ...start });
    return part;
  }

  #addWhole(choice: Choice, start: Omit<PartStart, 'type' | 'part' | 'choice'>): void {
    this.#close(choice);
    this.events.push({ type: 'part-stop', part: this.#startPart(choice, start) });
  }

  #close(choice: Choice): void {
    if (choice.open) this.events.push({ type: 'part-stop', part: choice.open.part });
    choice.open = undefined;
  }

  // Reasoning

  /** The same reasoning may come twice, as text and in `reasoning_details`: it is told once. */
  #readReasoning(choice: Choice, message: JsonObject): void {
    const { key, text } = plainReasoning(message);
    const details = message.reasoning_details ? readDetails(message.reasoning_details) : [];
    const asText = key === 'reasoning' ? inReasoning : undefined;
    const twice = text !== '' && text === details.map((detail) => detail.text).join('');
    if (text !== '' && !twice) {
      const open = this.#grow(choice, 'reasoning', asText, choice.open?.detailIndex);
      open.plain = true;
      this.events.push({ type: 'reasoning-delta', part: open.part, text });
    }
    for (const detail of details) this.#readDetail(choice, detail, twice ? { field: key } : {});
  }

  #readDetail(choice: Choice, { text, signature, redacted, rest }: ReasoningDetail, field: Vendor): void {
    if (redacted !== undefined) {
      this.#addWhole(choice, { kind: 'reasoning', redacted, vendor: { detail: rest } });
      return;
    }
    const { open } = choice;
    // What begins with nothing begins with what comes next, which says where its text stands.
    if (!this.#whole && text === '' && signature === undefined && open?.kind !== 'reasoning') return;
    const told = open?.kind === 'reasoning' && open.plain && !open.sealed;
    const part = told ? open : this.#grow(choice, 'reasoning', { ...field, detail: rest }, rest.index);
    if (text !== '' && !told) this.events.push({ type: 'reasoning-delta', part: part.part, text });
    if (signature === undefined) return;
    this.events.push({ type: 'reasoning-signature', part: part.part, signature });
    part.sealed = true;
  }

  // Tool calls

  #readCall(choice: Choice, item: JsonObject): void {
    const said = isCustom(item) ? item.custom : item.function;
    const called = isJsonObject(said) ? said : {};
    const call = this.#callOf(choice, item, called);
    if (call.id === '') call.id = textOf(item.id);
    for (const key in item)
      if (!callMembers.has(key) || (this.#whole && key === 'index')) this.#keep(call, key, item[key]);
    for (const key in called)
      if (key !== 'name' && key !== 'arguments' && key !== 'input') this.#keepInner(call, key, called[key]);
    this.#readInput(choice, call, called);
  }

  #readFunctionCall(choice: Choice, called: JsonObject): void {
    const kind = 'function_call';
    const known = choice.calls.find((call) => call.kind === kind);
    if (!known && !isText(called.name) && !isText(called.arguments)) return; // Snowflake, where nothing is called
    const call = known ?? this.#newCall(choice, { index: undefined, kind });
    this.#readInput(choice, call, called);
  }

  /** Starts the call once it has a name: some servers send it late, or empty at first. */
  #readInput(choice: Choice, call: Call, called: JsonObject): void {
    if (call.name === '') call.name = textOf(called.name);
    const json = inputOf(called.arguments ?? called.input);
    call.hasInput ||= json !== '';
    if (call.part === undefined) {
      call.held += json;
      if (call.name !== '') this.#startCall(choice, call);
    } else if (json !== '') this.events.push({ type: 'tool-input-delta', part: call.part, json });
  }

  #startCall(choice: Choice, call: Call): void {
    this.#close(choice);
    if (call.id === '')
      call.id = call.kind === 'function_call' ? functionCallId(call.name) : this.#newCallId();
    const vendor = call.kind === 'function' ? call.vendor : { ...call.vendor, type: call.kind };
    const { id, name: toolName, held } = call;
    const start = { kind: 'tool-call', id, name: toolName } as const;
    const part = this.#startPart(choice, isEmptyObject(vendor) ? start : { ...start, vendor });
    call.part = part;
    call.vendor = {};
    if (held !== '') this.events.push({ type: 'tool-input-delta', part, json: held });
  }

  #newCallId(): string {
    return `call_${this.#id}_${this.#parts}`;
  }

  /**
   * The call that a delta belongs to. Indexes start anywhere, are missing, or are 0 for every call: another id with a
   * name is another call.
   */
  #callOf(choice: Choice, item: JsonObject, called: JsonObject): Call {
    const { calls } = choice;
    const { index } = item;
    const id = textOf(item.id);
    const hasIndex = typeof index === 'number';
    const known = hasIndex
      ? calls.findLast((call) => call.index === index)
      : id === ''
        ? calls.at(-1)
        : calls.find((call) => call.id === id);
    const named = isText(called.name);
    const another = known && named && known.name !== '' && (id === '' ? !hasIndex : id !== known.id);
    if (known && !another) return known;
    return this.#newCall(choice, { index, kind: isCustom(item) ? 'custom' : 'function' });
  }

  #newCall(choice: Choice, identity: Pick<Call, 'index' | 'kind'>): Call {
    const call: Call = {
      ...identity,
      part: undefined,
      id: '',
      name: '',
      held: '',
      hasInput: false,
      vendor: {},
    };
    choice.calls.push(call);
    return call;
  }

  #keep(call: Call, key: string, value: JsonValue | undefined): void {
    if (!this.#isNothing(value)) call.vendor[key] = value;
  }

  #keepInner(call: Call, key: string, value: JsonValue | undefined): void {
    if (this.#isNothing(value)) return;
    const inner = call.vendor[call.kind];
    call.vendor[call.kind] = { ...(isJsonObject(inner) ? inner : {}), [key]: value };
  }

  // The end

  /**
   * Ends an answer that its upstream has ended. Finish reasons wait for this moment: some servers send one on every
   * chunk, or `stop` before they call a tool.
   */
  #finish(): void {
    const error = this.#errorAtEnd();
    if (error) {
      this.fail(error);
      return;
    }
    this.ended = true;
    for (const choice of this.#choices.values()) this.#stopParts(choice);
    for (const choice of this.#choices.values()) this.events.push(finishOf(choice));
    this.events.push({ type: 'message-stop' });
  }

  #errorAtEnd(): GatewayError | undefined {
    for (const choice of this.#choices.values()) {
      if (reasonOf(choice) === 'error') return gatewayError('upstream_error');
      if (choice.calls.some((call) => call.part === undefined)) return gatewayError('upstream_malformed');
    }
    return undefined;
  }

  #stopParts(choice: Choice): void {
    this.#close(choice);
    for (const call of choice.calls) this.#stopCall(call, choice);
  }

  /** A tool without arguments is called with none, not with nothing; unless the answer was cut before them. */
  #stopCall({ part, kind, hasInput, vendor }: Call, choice: Choice): void {
    if (part === undefined) return;
    if (!hasInput && kind !== 'custom' && reasonOf(choice) === 'tool_calls')
      this.events.push({ type: 'tool-input-delta', part, json: '{}' });
    this.events.push(
      isEmptyObject(vendor) ? { type: 'part-stop', part } : { type: 'part-stop', part, vendor },
    );
  }
}

const indexOf = ({ index }: JsonObject): number => (typeof index === 'number' ? index : 0);

/** Top-level members of a whole answer that would not be written the same again. */
const isOddMember = (key: string, value: JsonValue | undefined): boolean =>
  key === 'usage' ? value === null : key === 'object' && value !== 'chat.completion';

/** Snowflake has both members on each call, one of them empty. */
const isCustom = (item: JsonObject): boolean =>
  isJsonObject(item.custom) && !(item.type === 'function' && isJsonObject(item.function));

/** Arguments are JSON text; some servers send the object. */
const inputOf = (value: JsonValue | undefined): string => {
  if (typeof value === 'string') return value;
  return isJsonObject(value) ? JSON.stringify(value) : '';
};
