import type { ModelEvent, PartStart } from '../../model/events.ts';
import { gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import type { More } from '../alike.ts';
import { AnswerEvents } from '../answer-events.ts';
import { decodeCitations } from './citations.ts';
import { wrapOwn } from './contents.ts';
import { decodeEventError } from './error.ts';
import { blockedFinish, finishOf, finishWordOf } from './finish.ts';
import { decodeLogprobs } from './logprobs.ts';
import { madeUpId, restoreName } from './names.ts';
import { PartialArgs, partialsIn } from './partial-args.ts';
import { decodeUsage } from './usage.ts';
import { filled, isEmptyObject, isText, name, textOf } from './wire.ts';

// Answers: ai.google.dev API reference, "GenerateContentResponse", and the types of `@google/genai` 3.3.0, read
// 2026-11-28. A chunk of a stream is such a response, too, with the parts that are new.
//
// A seal over a call or a text becomes a part of reasoning beside it, because that is what every dialect has a place
// for. The vendor bag of a finish holds the candidate's other members.

/** A part of text or thought that still grows. */
interface OpenPart {
  readonly kind: 'text' | 'reasoning';
  readonly part: number;
  text: string;
  /** Of a text: its seal, which is told after it. */
  seal: string | undefined;
}

/** A call whose arguments come piece by piece. */
interface StreamedCall {
  readonly wire: JsonObject;
  readonly seal: string | undefined;
  readonly args: PartialArgs;
}

interface Choice {
  readonly index: number;
  open: OpenPart | undefined;
  streamed: StreamedCall | undefined;
  hasParts: boolean;
  called: boolean;
  /** The wire's word for its end. */
  finish: string | undefined;
  /** Members of the candidate without a place in the model; the last of each name holds. */
  extras: JsonObject;
}

const chunkMembers = new Set(['candidates', 'usageMetadata', 'modelVersion', 'responseId', 'error']);
const candidateMembers = new Set(['content', 'index', 'finishReason', 'logprobsResult']);

/** Turns chunks, or the one object of a whole answer, into events. */
export class AnswerReader extends AnswerEvents {
  /** A whole answer keeps its parts apart, so that it can be written as it came. */
  readonly #whole: boolean;
  /** The bytes pass as they are: parts are not read. */
  readonly #observing: boolean;
  readonly #choices = new Map<number, Choice>();
  #started = false;
  #id = '';
  #parts = 0;
  #calls = 0;
  #vendor: JsonObject = {};
  #blocked: JsonObject | undefined;

  constructor({ whole, observing }: { whole: boolean; observing: boolean }) {
    super();
    this.#whole = whole;
    this.#observing = observing;
  }

  /** Returns how the chunk told more of a text, when it did nothing else but count. */
  read(chunk: JsonObject): More | undefined {
    return this.moreAfter(() => this.#read(chunk));
  }

  #read(chunk: JsonObject): void {
    if (this.ended) return;
    if (chunk.error) return this.fail(decodeEventError(chunk));
    if (!isAnswer(chunk)) return this.fail(gatewayError('upstream_malformed'));
    this.#readHead(chunk);
    this.readUsage(chunk.usageMetadata);
    const candidates = Array.isArray(chunk.candidates) ? chunk.candidates : [];
    if (
      isJsonObject(chunk.promptFeedback) &&
      isText(chunk.promptFeedback.blockReason) &&
      candidates.length === 0
    )
      this.#blocked = chunk.promptFeedback;
    for (const candidate of candidates) if (isJsonObject(candidate)) this.#readCandidate(candidate);
  }

  /** Counts grow from chunk to chunk: the last ones hold. */
  readUsage(wire: JsonValue | undefined): void {
    if (!this.ended) this.pushAll(usageEvents(wire));
  }

  /**
   * The bytes are over. No mark ends a stream here: it is complete when each of its candidates said how it ended. A
   * whole body is complete as it is.
   */
  done(): void {
    if (this.ended) return;
    const choices = [...this.#choices.values()].sort((a, b) => a.index - b.index);
    for (const choice of choices) this.#close(choice);
    const ended =
      choices.every(({ finish }) => finish !== undefined) && (choices.length > 0 || this.#blocked);
    if (!ended && !this.#whole) return;
    this.ended = true;
    if (choices.length === 0) this.#finishWithout();
    for (const choice of choices) this.#finish(choice);
    this.events.push({ type: 'message-stop' });
  }

  #readHead(chunk: JsonObject): void {
    const extras: JsonObject = {};
    for (const [key, value] of Object.entries(chunk)) {
      // What a server repeats on every chunk is said once.
      if (chunkMembers.has(key) || value === null || JSON.stringify(value) === this.#known(key)) continue;
      extras[key] = value;
    }
    Object.assign(this.#vendor, extras);
    if (this.#started) {
      if (!isEmptyObject(extras) && !this.#observing)
        this.events.push({ type: 'raw', dialect: name, wireType: 'chunk', value: extras });
      return;
    }
    this.#started = true;
    this.#id = textOf(chunk.responseId);
    this.events.push({
      type: 'message-start',
      id: this.#id,
      responseModel: textOf(chunk.modelVersion),
      dialect: name,
      ...present({ vendor: filled(extras) }),
    });
  }

  #known(key: string): string | undefined {
    return key in this.#vendor ? JSON.stringify(this.#vendor[key]) : undefined;
  }

  // Candidates

  #readCandidate(wire: JsonObject): void {
    const choice = this.#choice(typeof wire.index === 'number' ? wire.index : 0);
    const content = isJsonObject(wire.content) ? wire.content : {};
    const parts = Array.isArray(content.parts) ? content.parts.filter(isJsonObject) : [];
    if (this.#observing) {
      choice.hasParts = true;
      choice.called ||= parts.some((part) => isJsonObject(part.functionCall));
    } else for (const part of parts) this.#readPart(choice, part);
    choice.finish = finishWordOf(wire.finishReason) || choice.finish;
    if (this.#observing) return;
    for (const [key, value] of Object.entries(wire))
      if (!candidateMembers.has(key) && value !== null) choice.extras[key] = value;
    const { parts: _p, role: _r, ...others } = content;
    if (!isEmptyObject(others)) choice.extras.content = others;
    if (isJsonObject(wire.logprobsResult))
      this.events.push({
        type: 'logprobs',
        choice: choice.index,
        value: decodeLogprobs(wire.logprobsResult),
      });
  }

  #choice(index: number): Choice {
    const known = this.#choices.get(index);
    if (known) return known;
    const choice: Choice = {
      index,
      open: undefined,
      streamed: undefined,
      hasParts: false,
      called: false,
      finish: undefined,
      extras: {},
    };
    this.#choices.set(index, choice);
    return choice;
  }

  #readPart(choice: Choice, wire: JsonObject): void {
    const { functionCall: call, text } = wire;
    if (isJsonObject(call)) return this.#readCall(choice, wire, call);
    this.#endStreamedCall(choice);
    if (typeof text === 'string') return this.#readText(choice, wire, text);
    if (Object.keys(wire).every((key) => key === 'thoughtSignature')) return this.#readText(choice, wire, '');
    this.#close(choice);
    const start = { kind: 'opaque', vendor: wire, ...present({ image: imageIn(wire) }) } as const;
    this.events.push({ type: 'part-stop', part: this.#startPart(choice, start) });
  }

  #readText(choice: Choice, wire: JsonObject, text: string): void {
    const { text: _x, thought, thoughtSignature, ...rest } = wire;
    const seal = isText(thoughtSignature) ? thoughtSignature : undefined;
    const kind = thought === true ? 'reasoning' : 'text';
    const vendor = filled(rest);
    // A seal may come alone, on an empty text, after what it seals.
    if (kind === 'text' && text === '' && seal !== undefined && !vendor) return this.#sealText(choice, seal);
    if (text === '' && seal === undefined && !vendor && !this.#whole) return;
    const open = this.#grow(choice, kind, vendor);
    if (text !== '') this.#tellText(open, text);
    if (seal === undefined) return;
    if (kind === 'text') open.seal = seal;
    else this.#sealThought(choice, open.part, wrapOwn('thought', seal));
  }

  #tellText(open: OpenPart, text: string): void {
    const { part } = open;
    const type = open.kind === 'text' ? 'text-delta' : 'reasoning-delta';
    this.tell(text, (more, counts) => {
      open.text += more;
      return [...usageEvents(counts), { type, part, text: more }];
    });
  }

  #sealText(choice: Choice, seal: string): void {
    if (choice.open?.kind === 'text' && !this.#whole) {
      choice.open.seal = seal;
      return;
    }
    this.#close(choice);
    this.#addSeal(choice, wrapOwn('text', seal), this.#whole ? alone : undefined);
  }

  /** Ends a thought with its seal. */
  #sealThought(choice: Choice, part: number, signature: string): void {
    this.events.push({ type: 'reasoning-signature', part, signature }, { type: 'part-stop', part });
    choice.open = undefined;
  }

  /** A part of reasoning that is nothing but a seal. */
  #addSeal(choice: Choice, signature: string, vendor?: JsonObject): void {
    const part = this.#startPart(choice, { kind: 'reasoning', ...present({ vendor }) });
    this.events.push({ type: 'reasoning-signature', part, signature }, { type: 'part-stop', part });
  }

  #grow(choice: Choice, kind: OpenPart['kind'], vendor: JsonObject | undefined): OpenPart {
    const { open } = choice;
    if (open?.kind === kind && open.seal === undefined && !vendor && !this.#whole) return open;
    this.#close(choice);
    const part = this.#startPart(choice, { kind, ...present({ vendor }) });
    choice.open = { kind, part, text: '', seal: undefined };
    return choice.open;
  }

  #startPart(choice: Choice, start: Omit<PartStart, 'type' | 'part' | 'choice'>): number {
    choice.hasParts = true;
    const part = this.#parts++;
    this.events.push({ type: 'part-start', part, choice: choice.index, ...start });
    return part;
  }

  #close(choice: Choice): void {
    this.#endStreamedCall(choice);
    const { open } = choice;
    if (!open) return;
    choice.open = undefined;
    if (open.kind === 'text' && choice.finish !== undefined)
      for (const citation of decodeCitations(choice.extras, open.text))
        this.events.push({ type: 'citation', part: open.part, citation });
    this.events.push({ type: 'part-stop', part: open.part });
    if (open.seal !== undefined) this.#addSeal(choice, wrapOwn('text', open.seal));
  }

  // Calls

  #readCall(choice: Choice, wire: JsonObject, call: JsonObject): void {
    const seal = isText(wire.thoughtSignature) ? wire.thoughtSignature : undefined;
    const isWhole = call.willContinue !== true && call.partialArgs === undefined;
    if (isText(call.name)) {
      this.#endStreamedCall(choice);
      if (isWhole) return this.#addCall(choice, { wire, seal, json: JSON.stringify(call.args ?? {}) });
      choice.streamed = { wire, seal, args: new PartialArgs() };
    }
    const { streamed } = choice;
    if (!streamed || !partialsIn(call).every((partial) => streamed.args.add(partial)))
      return this.fail(gatewayError('upstream_malformed'));
    if (call.willContinue !== true) this.#endStreamedCall(choice);
  }

  #endStreamedCall(choice: Choice): void {
    const { streamed } = choice;
    if (!streamed) return;
    choice.streamed = undefined;
    this.#addCall(choice, { wire: streamed.wire, seal: streamed.seal, json: streamed.args.json });
  }

  #addCall(
    choice: Choice,
    { wire, seal, json }: { wire: JsonObject; seal: string | undefined; json: string },
  ): void {
    const { functionCall, thoughtSignature: _s, ...beside } = wire;
    const call = isJsonObject(functionCall) ? functionCall : {};
    const { id: wireId, name: called, args: _a, partialArgs: _p, willContinue: _w, ...rest } = call;
    const id = isText(wireId) ? wireId : madeUpId(this.#id, this.#calls);
    this.#calls++;
    if (seal !== undefined) this.#sealCall(choice, wrapOwn('call', seal, id));
    this.#close(choice);
    choice.called = true;
    const vendor = filled({ ...beside, ...(isEmptyObject(rest) ? {} : { functionCall: rest }) });
    const part = this.#startPart(choice, {
      kind: 'tool-call',
      id,
      name: restoreName(textOf(called)),
      ...present({ vendor }),
    });
    this.events.push({ type: 'tool-input-delta', part, json }, { type: 'part-stop', part });
  }

  /** The seal goes with the thought that led to the call, else by itself. */
  #sealCall(choice: Choice, signature: string): void {
    const { open } = choice;
    if (open?.kind === 'reasoning') return this.#sealThought(choice, open.part, signature);
    this.#close(choice);
    this.#addSeal(choice, signature);
  }

  // The end

  /** No candidate: the prompt was blocked, or nothing says why. */
  #finishWithout(): void {
    const feedback = this.#blocked;
    if (!feedback) {
      this.events.push(finishOf({ choice: 0, word: '', hasParts: false, called: false }));
      return;
    }
    this.events.push(blockedFinish(textOf(feedback.blockReason)));
  }

  #finish({ index, finish, hasParts, called, extras }: Choice): void {
    const ending = finishOf({ choice: index, word: finish ?? (this.#whole ? 'STOP' : ''), hasParts, called });
    this.events.push({ ...ending, ...present({ vendor: filled(extras) }) });
  }
}

const usageEvents = (wire: JsonValue | undefined): ModelEvent[] => {
  const read = decodeUsage(wire);
  return read ? [{ type: 'usage', ...read }] : [];
};

/** Thoughts may be drafts of images; only the last one is the answer. */
const imageIn = ({ inlineData, thought }: JsonObject): PartStart['image'] => {
  if (!isJsonObject(inlineData) || thought === true) return undefined;
  const { mimeType, data } = inlineData;
  return isText(mimeType) && mimeType.startsWith('image/') && isText(data)
    ? { mediaType: mimeType, base64: data }
    : undefined;
};

/** Of a seal: it stands in a part of its own on the wire. */
const alone: JsonObject = { alone: true };

const isAnswer = (chunk: JsonObject): boolean =>
  ['candidates', 'promptFeedback', 'usageMetadata', 'responseId', 'modelVersion'].some((key) => key in chunk);
