import type {
  ModelRequest,
  Part,
  ReasoningPart,
  SystemBlock,
  ToolCallPart,
  ToolResultPart,
  Turn,
  Vendor,
} from '../../model/request.ts';
import { openSeal, wrapSeal } from '../../model/seals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { badValue, Fields, wrongType } from '../fields.ts';
import { bag, isText } from '../openai/wire.ts';
import { wrapInput } from './custom.ts';
import { decodeContent } from './parts.ts';
import { itemsOfTurn, readFrom, standsIn, wireOf } from './provenance.ts';
import { listOf, name } from './wire.ts';

type Conversation = Pick<ModelRequest, 'system' | 'turns'>;

/**
 * `instructions` and `input` as the model has them: leading instructions apart from the turns, and what an assistant
 * did between two words of the user (messages, calls, reasoning) as one turn (API reference, "Create a model response",
 * read 2026-11-24). Kinds of items that we do not know become opaque parts.
 */
export const decodeInput = (fields: Fields): Conversation => {
  const system = decodeInstructions(fields);
  const input = fields.take('input') ?? '';
  if (typeof input === 'string') return { system, turns: input === '' ? [] : [userTurn(input)] };
  if (!Array.isArray(input)) throw wrongType('input', 'a string or an array of items', input);
  const turns = new TurnList();
  for (const [at, value] of input.entries()) {
    const item = new Fields(value, `input[${at}]`);
    const blocks = turns.isEmpty ? decodeSystem(item) : undefined;
    if (blocks) system.push(...blocks);
    else turns.add(item.wire, decodeItem(item));
  }
  return { system, turns: turns.done() };
};

const decodeInstructions = (fields: Fields): SystemBlock[] => {
  const text = fields.optionalString('instructions');
  return text ? [readFrom({ text, vendor: {} }, { instructions: text })] : [];
};

const userTurn = (text: string): Turn => ({ role: 'user', parts: [{ type: 'text', text }], vendor: {} });

/** What one item adds to the conversation: `role` is that of the turn it belongs to. */
interface DecodedItem {
  readonly role: Turn['role'];
  readonly parts: readonly Part[];
  readonly vendor?: Vendor;
}

/** Collects items to turns. Only those of an assistant join. */
class TurnList {
  readonly #turns: Turn[] = [];
  #parts: Part[] = [];
  #items: JsonObject[] = [];

  get isEmpty(): boolean {
    return this.#turns.length === 0 && this.#items.length === 0;
  }

  add(item: JsonObject, { role, parts, vendor = {} }: DecodedItem): void {
    if (role === 'assistant') {
      this.#parts.push(...parts);
      this.#items.push(item);
      return;
    }
    this.#closeAssistant();
    this.#push(readFrom({ role, parts, vendor }, item), [item]);
  }

  done(): Turn[] {
    this.#closeAssistant();
    return this.#turns;
  }

  #closeAssistant(): void {
    if (this.#items.length === 0) return;
    this.#push({ role: 'assistant', parts: this.#parts, vendor: {} }, this.#items);
    this.#parts = [];
    this.#items = [];
  }

  #push(turn: Turn, items: readonly JsonObject[]): void {
    itemsOfTurn.set(turn, items);
    this.#turns.push(turn);
  }
}

const typeOf = ({ wire }: Fields): string => (isText(wire.type) ? wire.type : 'message');

const isInstruction = (role: string): boolean => role === 'system' || role === 'developer';

/** One block per text part, or one of plain text; nothing when the item is anything but instructions in text. */
const decodeSystem = (item: Fields): SystemBlock[] | undefined => {
  const { wire } = item;
  if (typeOf(item) !== 'message' || !isText(wire.role) || !isInstruction(wire.role)) return undefined;
  const { parts, vendor = {} } = decodeMessage(item);
  if (!parts.every((part) => part.type === 'text')) return undefined;
  if (!Array.isArray(wire.content) || parts.length === 0)
    return [readFrom({ text: parts[0]?.text ?? '', vendor: { ...vendor } }, wire)];
  return parts.map((part) =>
    readFrom(
      { text: part.text, vendor: { ...vendor, ...part.vendor }, ...present({ cache: part.cache }) },
      wire,
    ),
  );
};

const decodeItem = (item: Fields): DecodedItem => decoders.get(typeOf(item))?.(item) ?? decodeOpaque(item);

/** Ids and states of items mean nothing to the model: they are remembered beside it. */
const takeNames = (item: Fields): void => {
  for (const member of ['type', 'id', 'status']) item.take(member);
};

const decodeMessage = (item: Fields): DecodedItem => {
  takeNames(item);
  const role = item.string('role');
  const parts = decodeContent(item, 'content');
  const { rest: vendor } = item;
  if (role === 'user') return { role, parts, vendor };
  if (isInstruction(role)) return { role: 'system', parts, vendor };
  if (role !== 'assistant') throw badValue(item.at('role'), 'user, assistant, system or developer');
  const said = parts.length === 0 ? [emptyText] : parts;
  return { role, parts: said.map((part) => withMessage(part, item.wire, vendor)) };
};

/** A message without content is still one. */
const emptyText: Part = { type: 'text', text: '' };

/** Several messages of an assistant are in one turn, so what stands beside a message's content goes with its parts. */
const withMessage = (part: Part, message: JsonObject, beside: Vendor): Part => {
  const wire = wireOf(part);
  const whole = { ...part, vendor: { ...part.vendor, ...bag('item', beside) } };
  return standsIn(wire ? readFrom(whole, wire) : whole, message);
};

const decodeCall = (item: Fields): DecodedItem => {
  takeNames(item);
  const part: ToolCallPart = {
    type: 'tool-call',
    id: item.string('call_id'),
    name: item.string('name'),
    input: item.string('arguments'),
    vendor: item.rest,
  };
  return { role: 'assistant', parts: [readFrom(part, item.wire)] };
};

/** Custom tools are called with free text, all others with JSON text. `type` stays in the vendor bag. */
const decodeCustomCall = (item: Fields): DecodedItem => {
  for (const member of ['id', 'status']) item.take(member);
  const part: ToolCallPart = {
    type: 'tool-call',
    id: item.string('call_id'),
    name: item.string('name'),
    input: wrapInput(item.string('input')),
    vendor: item.rest,
  };
  return { role: 'assistant', parts: [readFrom(part, item.wire)] };
};

/** `type` stays in the vendor bag of a custom call's result, which is told apart by it. */
const decodeResult = (item: Fields): DecodedItem => {
  for (const member of ['id', 'status']) item.take(member);
  if (item.wire.type === 'function_call_output') item.take('type');
  const callId = item.string('call_id');
  const part: ToolResultPart = {
    type: 'tool-result',
    callId,
    parts: decodeContent(item, 'output'),
    vendor: item.rest,
  };
  return { role: 'tool', parts: [readFrom(part, item.wire)] };
};

const decodeReasoning = (item: Fields): DecodedItem => {
  takeNames(item);
  for (const member of ['summary', 'content', 'encrypted_content']) item.take(member);
  const part: ReasoningPart = {
    type: 'reasoning',
    text: reasoningText(item.wire),
    ...decodeSeal(item.wire),
    vendor: item.rest,
  };
  return { role: 'assistant', parts: [readFrom(part, item.wire)] };
};

/** The pieces as one text, with nothing between them: so it is what a stream of them tells. */
const reasoningText = ({ summary, content }: JsonObject): string =>
  [...listOf(summary), ...listOf(content)].flatMap(textIn).join('');

const textIn = (piece: JsonValue): string[] =>
  isJsonObject(piece) && typeof piece.text === 'string' ? [piece.text] : [];

/** The seal of an item: this API's own under its mark, or the one of another dialect that this client was given. */
const decodeSeal = ({
  id,
  encrypted_content: sealed,
}: JsonObject): Pick<ReasoningPart, 'signature' | 'redacted'> => {
  if (!isText(sealed)) return {};
  const foreign = openSeal(sealed);
  if (foreign) return foreign.kind === 'redacted' ? { redacted: sealed } : { signature: sealed };
  return { signature: ownSeal(id, sealed) };
};

/** What seals a reasoning item: its id and its encrypted content, which are sent back together. */
export const ownSeal = (id: JsonValue | undefined, encrypted: string): string => {
  const known = isText(id) && !id.includes(':') ? id : '';
  return wrapSeal({ dialect: name, kind: 'thought', value: `${known}:${encrypted}` });
};

/** The two in a seal of this API; undefined for one of another. */
export const openOwnSeal = (
  text: string | undefined,
): { readonly id: string; readonly encrypted: string } | undefined => {
  const seal = openSeal(text);
  if (seal?.dialect !== name) return undefined;
  const at = seal.value.indexOf(':');
  return { id: seal.value.slice(0, at), encrypted: seal.value.slice(at + 1) };
};

const decodeOpaque = (item: Fields): DecodedItem => {
  const wireType = typeOf(item);
  const part: Part = { type: 'opaque', dialect: name, wireType, value: item.wire, vendor: {} };
  // What answers a call came from the client's side, everything else from the model's.
  const role = /_(?:output|response)$/.test(wireType) ? 'tool' : 'assistant';
  return { role, parts: [readFrom(part, item.wire)] };
};

const decoders: ReadonlyMap<string, (item: Fields) => DecodedItem> = new Map([
  ['message', decodeMessage],
  ['function_call', decodeCall],
  ['custom_tool_call', decodeCustomCall],
  ['function_call_output', decodeResult],
  ['custom_tool_call_output', decodeResult],
  ['reasoning', decodeReasoning],
]);
