import type { Citation, Finish, MessageStart, ModelEvent, PartStart } from '../../model/events.ts';
import type { Vendor } from '../../model/request.ts';
import { openSeal, wrapSeal } from '../../model/seals.ts';
import { type GatewayError, gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { LikeTexts } from '../../wire/likeness.ts';
import { present } from '../../wire/present.ts';
import { joinedAnswer } from '../answer-events.ts';
import type { AnswerContext, ResponseEncoder } from '../dialect.ts';
import { inputObject } from '../tool-input.ts';
import { encodeCitations } from './citations.ts';
import { errorBody } from './error.ts';
import { finishWords } from './finish.ts';
import { framingOf } from './framing.ts';
import { encodeLogprobs, meanLogprob } from './logprobs.ts';
import { isMadeUp } from './names.ts';
import { encodeUsage } from './usage.ts';
import { isEmptyObject, name } from './wire.ts';

/** Model events → a stream of chunks, framed as the client asked for it. */
export const encodeStream = (context: AnswerContext): ResponseEncoder => {
  const writer = new AnswerWriter(context);
  const framing = framingOf(context.request);
  const write = (chunks: readonly JsonObject[]): string =>
    chunks.map((chunk) => framing.chunk(JSON.stringify(chunk))).join('');
  return {
    contentType: framing.contentType,
    push: (event) => {
      const alike = writer.more(event);
      return alike === undefined ? write(writer.push(event)) : framing.chunk(alike);
    },
    end: () => write(writer.end()) + framing.end(),
  };
};

/** Model events → one JSON answer: the chunks of its stream, joined again. An answer that failed becomes an error body. */
export const encodeResponse = (context: AnswerContext): ResponseEncoder =>
  joinedAnswer(new AnswerWriter(context), new AnswerJoiner());

/** A part while it is written. */
interface OpenPart {
  readonly start: PartStart;
  readonly choice: Choice;
  /** Text of the candidate before this part. */
  readonly before: string;
  text: string;
  readonly citations: Citation[];
}

interface Choice {
  readonly index: number;
  /** All text so far. */
  text: string;
  /** Seals of calls that are still to come, by the id of the call. */
  readonly callSeals: Map<string, string>;
  readonly cited: { readonly citation: Citation; readonly before: string; readonly text: string }[];
  logprobs: JsonValue | undefined;
  finish: Finish | undefined;
  /** Arguments that are no JSON object: cut off, or never any. */
  malformedCall: string | undefined;
  hasParts: boolean;
}

/** More of a text, which most of a stream is. */
type TextDelta = Extract<ModelEvent, { readonly type: 'text-delta' | 'reasoning-delta' }>;

/** The last chunk, when it brought more of a text and nothing else has come since. */
interface LastText {
  readonly type: TextDelta['type'];
  readonly part: OpenPart;
  readonly write: (text: string) => string;
  /** Chunks like the last one, once there is another. */
  chunks: LikeTexts | undefined;
}

/** Writes the chunks of one answer. After an error or the end it writes nothing more. */
class AnswerWriter {
  readonly #context: AnswerContext;
  #start: MessageStart | undefined;
  readonly #choices = new Map<number, Choice>();
  readonly #parts = new Map<number, OpenPart>();
  #usage: JsonObject | undefined;
  /** Members for the next chunk alone. */
  #extras: JsonObject = {};
  #lastText: LastText | undefined;
  #over = false;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  push(event: ModelEvent): JsonObject[] {
    if (this.#over) return [];
    switch (event.type) {
      case 'message-start':
        this.#start = event;
        this.#extras = { ...this.#own(event.vendor) };
        return [];
      case 'usage':
        this.#usage = encodeUsage(event.usage, this.#own(event.vendor));
        return [];
      case 'logprobs':
        this.#choice(event.choice).logprobs = event.value;
        return [];
      case 'finish':
        this.#choice(event.choice).finish ??= event;
        return [];
      case 'raw':
        if (this.#isOwn && event.dialect === name && isJsonObject(event.value))
          Object.assign(this.#extras, event.value);
        return [];
      case 'ping':
      case 'embedding':
      case 'image':
        return [];
      case 'error':
        return this.#fail(event.error);
      case 'message-stop':
        return this.#stop();
      case 'part-start':
        return this.#startPart(event);
      default:
        return this.#inPart(event);
    }
  }

  /** The chunk of an event that says more of what the last one said; undefined when it has to be pushed. */
  more(event: ModelEvent): string | undefined {
    const last = this.#lastText;
    const isMore =
      last && event.type === last.type && event.part === last.part.start.part && event.text !== '';
    if (!isMore) {
      this.#lastText = undefined;
      return undefined;
    }
    grow(last.part, event);
    last.chunks ??= new LikeTexts(last.write);
    return last.chunks.with(event.text);
  }

  end(): JsonObject[] {
    return this.#over ? [] : this.#fail(gatewayError('upstream_truncated'));
  }

  #fail(error: GatewayError): JsonObject[] {
    this.#over = true;
    return [errorBody(error, this.#context.requestId)];
  }

  /** Does the answer come from this dialect, so that its `vendor` bags are ours? */
  get #isOwn(): boolean {
    return this.#start?.dialect === name;
  }

  #own(vendor: Vendor | undefined): Vendor | undefined {
    return this.#isOwn ? vendor : undefined;
  }

  /** Thoughts are shown to those who ask for them. */
  get #showsThoughts(): boolean {
    return this.#isOwn || this.#context.request.reasoning?.show === 'summary';
  }

  #choice(index: number): Choice {
    const known = this.#choices.get(index);
    if (known) return known;
    const choice: Choice = {
      index,
      text: '',
      callSeals: new Map(),
      cited: [],
      logprobs: undefined,
      finish: undefined,
      malformedCall: undefined,
      hasParts: false,
    };
    this.#choices.set(index, choice);
    return choice;
  }

  // Parts

  #startPart(start: PartStart): JsonObject[] {
    const choice = this.#choice(start.choice);
    const part: OpenPart = { start, choice, before: choice.text, text: '', citations: [] };
    this.#parts.set(start.part, part);
    if (start.kind === 'opaque')
      return this.#isOwn && start.vendor ? this.#part(choice, { ...start.vendor }) : [];
    if (start.redacted !== undefined) return this.#seal(part, start.redacted, 'redacted');
    return this.#startText(part);
  }

  /** Members of a text beside its words go before them, as a piece that the words join. */
  #startText({ start, choice }: OpenPart): JsonObject[] {
    const { alone: _, ...members } = this.#own(start.vendor) ?? {};
    if (isEmptyObject(members) || start.kind === 'tool-call') return [];
    const thought = start.kind === 'reasoning' ? { thought: true } : {};
    return this.#part(choice, { ...members, text: '', ...thought }, start.part);
  }

  #inPart(event: Extract<ModelEvent, { part: number }>): JsonObject[] {
    const part = this.#parts.get(event.part);
    if (!part) return [];
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
        return this.#text(part, event);
      case 'reasoning-signature':
        return this.#seal(part, event.signature, 'signature');
      case 'tool-input-delta':
        part.text += event.json;
        return [];
      case 'citation':
        part.citations.push(event.citation);
        return [];
      case 'part-stop':
        return this.#stopPart(part);
      default:
        return [];
    }
  }

  #text(part: OpenPart, event: TextDelta): JsonObject[] {
    const isThought = event.type === 'reasoning-delta';
    if (event.text === '' || (isThought && !this.#showsThoughts)) return [];
    grow(part, event);
    const written = (text: string) =>
      this.#part(part.choice, { text, ...(isThought ? { thought: true } : {}) }, event.part);
    const write = (text: string) => JSON.stringify(written(text)[0]);
    this.#lastText = { type: event.type, part, write, chunks: undefined };
    return written(event.text);
  }

  /** A seal of this API goes back to where it was; those of others are wrapped. */
  #seal({ start, choice }: OpenPart, signature: string, kind: 'signature' | 'redacted'): JsonObject[] {
    const seal = openSeal(signature);
    if (seal?.dialect !== name) {
      const dialect = this.#start?.dialect;
      if (!seal && !dialect) return []; // nobody could say whose it is
      const thoughtSignature = seal || !dialect ? signature : wrapSeal({ dialect, kind, value: signature });
      return this.#part(choice, { text: '', thought: true, thoughtSignature }, start.part);
    }
    if (seal.kind === 'call') {
      choice.callSeals.set(seal.callId ?? '', seal.value);
      return [];
    }
    if (seal.kind === 'thought')
      return this.#part(choice, { text: '', thought: true, thoughtSignature: seal.value }, start.part);
    const isAlone = start.vendor?.alone === true;
    return this.#part(
      choice,
      { text: '', thoughtSignature: seal.value },
      isAlone ? undefined : joinsLastText,
    );
  }

  #stopPart(part: OpenPart): JsonObject[] {
    const { start, choice, before, text, citations } = part;
    this.#parts.delete(start.part);
    for (const citation of citations) choice.cited.push({ citation, before, text });
    if (start.kind === 'tool-call') return this.#call(part);
    const isEmpty = this.#isOwn && start.kind === 'text' && text === '' && !start.vendor;
    return isEmpty ? this.#part(choice, { text: '' }) : [];
  }

  /** Calls are told whole. One whose arguments are no object cannot be told at all: the end says so. */
  #call({ start, choice, text }: OpenPart): JsonObject[] {
    const args = inputObject(text);
    if (!args) {
      choice.malformedCall = start.name ?? '';
      return [];
    }
    const { functionCall: inner, ...beside } = this.#own(start.vendor) ?? {};
    const { id = '', name: called = '' } = start;
    const functionCall: JsonObject = {
      ...(id === '' || (this.#isOwn && isMadeUp(id)) ? {} : { id }),
      name: called,
      args,
      ...(isJsonObject(inner) ? inner : {}),
    };
    const thoughtSignature = choice.callSeals.get(id);
    choice.callSeals.delete(id);
    return this.#part(choice, { functionCall, ...present({ thoughtSignature }), ...beside });
  }

  /** A chunk with one part. Pieces of the same part, and of nothing else, may be joined. */
  #part(choice: Choice, part: JsonObject, of?: number): JsonObject[] {
    choice.hasParts = true;
    const content = { parts: [part], role: 'model' };
    const candidate: JsonObject = { content, index: choice.index };
    if (of !== undefined) pieces.set(candidate, of);
    return [this.#chunk([candidate])];
  }

  #chunk(candidates: readonly JsonObject[]): JsonObject {
    const extras = this.#extras;
    this.#extras = {};
    const { id = '', responseModel = '' } = this.#start ?? {};
    return {
      ...(candidates.length === 0 ? {} : { candidates: [...candidates] }),
      ...present({ usageMetadata: this.#usage }),
      modelVersion: responseModel || this.#context.request.requestModel,
      ...(id === '' ? {} : { responseId: id }),
      ...extras,
    };
  }

  // The end

  #stop(): JsonObject[] {
    const choices = [...this.#choices.values()].sort((a, b) => a.index - b.index);
    if (!this.#isOwn && choices.some(({ finish }) => finish?.reason === 'error'))
      return this.#fail(gatewayError('upstream_error'));
    this.#over = true;
    if (this.#isBlocked(choices)) return [this.#chunk([])];
    return [this.#chunk(choices.map((choice) => this.#lastOf(choice)))];
  }

  /** A prompt that was blocked here got no candidate. */
  #isBlocked(choices: readonly Choice[]): boolean {
    const feedback = this.#own(this.#start?.vendor)?.promptFeedback;
    return (
      isJsonObject(feedback) &&
      feedback.blockReason !== undefined &&
      choices.every(({ hasParts }) => !hasParts)
    );
  }

  #lastOf(choice: Choice): JsonObject {
    const { finish, hasParts, index } = choice;
    const { content, ...extras } = this.#own(finish?.vendor) ?? {};
    return {
      content: {
        ...(hasParts ? {} : this.#noParts),
        role: 'model',
        ...(isJsonObject(content) ? content : {}),
      },
      finishReason: this.#finishWord(choice),
      index,
      ...this.#findings(choice),
      ...extras,
    };
  }

  /** An answer of another dialect always has a part: clients look at the first one. */
  get #noParts(): JsonObject {
    return this.#isOwn ? {} : { parts: [{ text: '' }] };
  }

  #finishWord({ finish, malformedCall }: Choice): string {
    const { reason = 'stop', rawReason } = finish ?? {};
    if (this.#isOwn && rawReason !== undefined) return rawReason;
    if (malformedCall !== undefined && reason !== 'length') return 'MALFORMED_FUNCTION_CALL';
    return finishWords[reason];
  }

  /** What the candidate tells beside its parts, of an answer of another dialect. */
  #findings({ cited, logprobs, malformedCall }: Choice): JsonObject {
    const told = logprobs === undefined ? undefined : encodeLogprobs(logprobs);
    if (this.#isOwn) return present({ logprobsResult: told });
    return present({
      finishMessage:
        malformedCall === undefined
          ? undefined
          : `The arguments of the call of ${malformedCall} are not whole.`,
      groundingMetadata: encodeCitations(cited),
      logprobsResult: told,
      avgLogprobs: logprobs === undefined ? undefined : meanLogprob(logprobs),
    });
  }
}

const grow = (part: OpenPart, { type, text }: TextDelta): void => {
  part.text += text;
  if (type === 'text-delta') part.choice.text += text;
};

/** Stands for "the last text before" where a piece names the part that it belongs to. */
const joinsLastText = -1;

/** Which part of the answer the one part of a candidate is a piece of. */
const pieces = new WeakMap<JsonObject, number>();

/** A candidate whose chunks are being joined. */
interface Joined {
  readonly candidate: JsonObject;
  readonly parts: JsonObject[];
  /** The part that the last wire part is a piece of. */
  last: number | undefined;
}

/** Joins the chunks of an answer to the answer that they stream. */
class AnswerJoiner {
  #head: JsonObject = {};
  #error: JsonObject | undefined;
  readonly #candidates = new Map<JsonValue | undefined, Joined>();

  get body(): JsonObject {
    if (this.#error) return this.#error;
    const candidates = [...this.#candidates.values()].map(({ candidate, parts }) => ({
      ...candidate,
      content: {
        ...(isJsonObject(candidate.content) ? candidate.content : {}),
        ...(parts.length === 0 ? {} : { parts }),
      },
    }));
    return { ...(candidates.length === 0 ? {} : { candidates }), ...this.#head };
  }

  add({ candidates, ...head }: JsonObject): void {
    if ('error' in head) {
      this.#error = head;
      return;
    }
    this.#head = { ...this.#head, ...head };
    for (const candidate of Array.isArray(candidates) ? candidates : [])
      if (isJsonObject(candidate)) this.#join(candidate);
  }

  #join(candidate: JsonObject): void {
    const { content, index } = candidate;
    const { parts, ...rest } = isJsonObject(content) ? content : {};
    const known = this.#candidates.get(index);
    const joined: Joined = {
      candidate: { ...known?.candidate, ...candidate, content: rest },
      parts: known?.parts ?? [],
      last: known?.last,
    };
    this.#candidates.set(index, joined);
    for (const part of Array.isArray(parts) ? parts : [])
      if (isJsonObject(part)) addPiece(joined, part, pieces.get(candidate));
  }
}

const addPiece = (joined: Joined, part: JsonObject, of: number | undefined): void => {
  const before = joined.parts.at(-1);
  const isText = before !== undefined && typeof before.text === 'string' && before.thought !== true;
  const joins = of === joinsLastText ? isText : of !== undefined && of === joined.last;
  if (before && joins) joined.parts.splice(-1, 1, { ...before, ...part, text: `${before.text}${part.text}` });
  else joined.parts.push(part);
  joined.last = of;
};
