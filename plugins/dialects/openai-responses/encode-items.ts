import type {
  ModelRequest,
  Part,
  ReasoningPart,
  SystemBlock,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from '../../model/request.ts';
import { openSeal } from '../../model/seals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { isEmptyObject, isText } from '../openai/wire.ts';
import { unsupported, type Writing } from '../openai/writing.ts';
import { unwrapInput } from './custom.ts';
import { openOwnSeal } from './decode-items.ts';
import { isInvented, legalCallId } from './ids.ts';
import { encodePart } from './parts.ts';
import { itemsOfTurn, messageOf, shapeOf, wireOf } from './provenance.ts';
import { name } from './wire.ts';

/** `instructions` and `input` for the model's instructions and turns; what nobody changed as it came. */
export const encodeInput = (
  { system, turns }: ModelRequest,
  client: JsonObject,
  writing: Writing,
): JsonObject => {
  const { instructions, items } = writing.own ? splitSystem(system, writing) : joinSystem(system, writing);
  const body = turns.flatMap((turn, at) => encodeTurn(turn, `input[${at}]`, writing));
  return {
    ...(instructions === undefined ? {} : { instructions }),
    input: plainInput([...items, ...body], client) ?? [...items, ...body],
  };
};

/** A prompt that came as a string goes out as one. */
const plainInput = (items: readonly JsonObject[], client: JsonObject): string | undefined => {
  const [only, ...more] = items;
  const isPlain = typeof client.input === 'string' && more.length === 0 && only?.role === 'user';
  return isPlain && typeof only.content === 'string' ? only.content : undefined;
};

// Instructions

interface EncodedSystem {
  readonly instructions?: string;
  readonly items: readonly JsonObject[];
}

/** The block that came as `instructions`, or one of plain text that a policy put first; the others are messages. */
const splitSystem = (system: readonly SystemBlock[], writing: Writing): EncodedSystem => {
  const [first, ...more] = system;
  const shape = first && shapeOf(first);
  const isPlain = first && !first.cache && isEmptyObject(first.vendor ?? {});
  if (!first || !isPlain || (shape && shape.instructions === undefined))
    return { items: encodeBlocks(system, writing) };
  return { instructions: first.text, items: encodeBlocks(more, writing) };
};

/** Blocks that came in one message and are still next to each other are one again. */
const encodeBlocks = (system: readonly SystemBlock[], writing: Writing): JsonObject[] => {
  const groups: SystemBlock[][] = [];
  for (const block of system) {
    const message = shapeOf(block);
    const group = groups.at(-1);
    if (message && group?.[0] && shapeOf(group[0]) === message) group.push(block);
    else groups.push([block]);
  }
  return groups.map((group) => encodeBlock(group, writing));
};

const encodeBlock = (group: readonly SystemBlock[], writing: Writing): JsonObject => {
  const [first] = group;
  const message = first && shapeOf(first);
  const came = Array.isArray(message?.content) ? message.content.length : 1;
  if (message && group.length === came && group.every(wireOf)) return message;
  const content = group.map((block) => writing.extend({ type: 'input_text', text: block.text }, block, ''));
  return { ...typeOf(message, content), role: message?.role ?? 'developer', content };
};

/** One text: the separation into blocks means nothing here. */
const joinSystem = (system: readonly SystemBlock[], writing: Writing): EncodedSystem => {
  for (const block of system) writing.extend({}, block, 'system.');
  const texts = system.map(({ text }) => text).filter((text) => text.trim() !== '');
  return texts.length === 0 ? { items: [] } : { instructions: texts.join('\n\n'), items: [] };
};

// Turns

const encodeTurn = (turn: Turn, path: string, writing: Writing): JsonObject[] => {
  const came = itemsOfTurn.get(turn);
  if (came) return acceptable(came, writing);
  if (turn.name !== undefined) writing.drop('messages.name');
  if (!writing.own) writing.extend({}, turn, 'messages.');
  return groupParts(turn.parts).flatMap((group) => encodeGroup(group, { turn, path, writing }));
};

/**
 * Items of a client of this API as its server takes them. An earlier answer may have come from another dialect: its
 * reasoning is under another seal, and its ids are ours.
 */
export const acceptable = (items: readonly JsonObject[], writing: Writing): JsonObject[] =>
  items.flatMap((item) => {
    const isForeign = isInvented(item.id);
    if (isForeignReasoning(item)) {
      writing.drop('input.reasoning');
      return [];
    }
    if (!isForeign || item.type === 'item_reference') return [item];
    const { id: _, ...taken } = item;
    return [taken];
  });

/** An item of ours has a seal of another dialect, or none at all. */
const isForeignReasoning = ({ type, id, encrypted_content: sealed }: JsonObject): boolean =>
  type === 'reasoning' && (isText(sealed) ? openSeal(sealed) !== undefined : isInvented(id));

/** Neighbours that one message holds; every other part is an item of its own. */
const groupParts = (parts: readonly Part[]): (readonly Part[])[] => {
  const groups: Part[][] = [];
  for (const part of parts) {
    const group = groups.at(-1);
    if (group?.[0] && isContent(part) && isContent(group[0]) && isSameMessage(part, group[0]))
      group.push(part);
    else groups.push([part]);
  }
  return groups;
};

/** An opaque part is an item, unless it stood in a message. */
const isContent = (part: Part): boolean => {
  if (part.type === 'opaque') return messageOf(part) !== undefined || part.vendor === undefined;
  return !itemTypes.has(part.type);
};

const itemTypes: ReadonlySet<Part['type']> = new Set(['tool-call', 'tool-result', 'reasoning']);

const isSameMessage = (a: Part, b: Part): boolean => {
  const [one, other] = [messageOf(a), messageOf(b)];
  if (one && other) return one === other;
  return JSON.stringify(a.vendor?.item) === JSON.stringify(b.vendor?.item);
};

/** Where items are written. */
interface TurnPlace {
  readonly turn: Turn;
  readonly path: string;
  readonly writing: Writing;
}

const encodeGroup = (group: readonly Part[], place: TurnPlace): JsonObject[] => {
  const [first] = group;
  if (!first) return [];
  const known = isContent(first) ? undefined : wireOf(first);
  if (known) return acceptable([known], place.writing);
  switch (first.type) {
    case 'tool-call':
      return [encodeCall(first, place.writing)];
    case 'tool-result':
      return [encodeResult(first, place)];
    case 'reasoning':
      return encodeReasoning(first, place.writing);
    case 'opaque':
      if (!isContent(first)) return [encodeOpaque(first, place)];
  }
  return [encodeMessage(group, place)];
};

const encodeOpaque = (part: Extract<Part, { type: 'opaque' }>, { path }: TurnPlace): JsonObject => {
  if (part.dialect === name && isJsonObject(part.value)) return part.value;
  throw unsupported(path, `an item of type ${part.wireType}`);
};

const encodeMessage = (parts: readonly Part[], { turn, path, writing }: TurnPlace): JsonObject => {
  const role = turn.role === 'tool' ? 'user' : turn.role;
  const [first] = parts;
  const shape = first && (messageOf(first) ?? shapeOf(turn));
  const content = encodeContent(parts, { role, path: `${path}.content`, writing, shape });
  const wireRole = role === 'system' ? (shape?.role ?? 'developer') : role;
  const beside = writing.own ? { ...turn.vendor, ...itemBag(first) } : {};
  return { ...beside, ...typeOf(shape, content), ...stateOf(shape), role: wireRole, content };
};

/** The type may be left out, and mostly is; a list of outputs without one would be taken for a list of inputs. */
const typeOf = (shape: JsonObject | undefined, content: JsonValue): JsonObject => {
  const isTyped = shape ? shape.type !== undefined : Array.isArray(content);
  return isTyped ? { type: 'message' } : {};
};

const itemBag = (part: Part | undefined): JsonObject => {
  const item = part?.vendor?.item;
  return isJsonObject(item) ? item : {};
};

/** Id and state of an item that a policy changed; an id of ours is none to the server. */
const stateOf = (shape: JsonObject | undefined): JsonObject => ({
  ...(isText(shape?.id) && !isInvented(shape.id) ? { id: shape.id } : {}),
  ...(isText(shape?.status) ? { status: shape.status } : {}),
});

interface ContentPlace {
  readonly role: Turn['role'];
  readonly path: string;
  readonly writing: Writing;
  readonly shape: JsonObject | undefined;
}

const encodeContent = (parts: readonly Part[], { role, path, writing, shape }: ContentPlace): JsonValue => {
  const [only, ...more] = parts;
  const asList = Array.isArray(shape?.content);
  if (only && more.length === 0 && !asList && isPlain(only, writing)) return joinTexts([only], '', writing);
  if (!writing.own && role === 'assistant' && parts.every(isSpoken)) return joinTexts(parts, '', writing);
  return parts.map((part, at) => encodePart(part, { path: `${path}[${at}]`, role, writing }));
};

type Spoken = Extract<Part, { type: 'text' | 'refusal' }>;

const isSpoken = (part: Part): part is Spoken => part.type === 'text' || part.type === 'refusal';

const isPlain = (part: Part, { own }: Writing): part is TextPart => {
  if (part.type !== 'text') return false;
  const { item: _, ...vendor } = part.vendor ?? {};
  return !own || (!part.cache && isEmptyObject(vendor));
};

/** Texts of another dialect are the pieces of one: there a citation cuts them. */
const joinTexts = (parts: readonly Spoken[], separator: string, writing: Writing): string => {
  if (!writing.own) for (const part of parts) writing.extend({}, part, 'messages.content.');
  return parts.map(({ text }) => text).join(separator);
};

// Calls and results

const encodeCall = (part: ToolCallPart, writing: Writing): JsonObject => {
  const call_id = legalCallId(part.id);
  const state = stateOf(shapeOf(part));
  if (writing.own && part.vendor?.type === 'custom_tool_call')
    return writing.extend({ ...state, call_id, name: part.name, input: unwrapInput(part.input) }, part, '');
  const input = part.input === '' ? '{}' : part.input;
  const body = { type: 'function_call', ...state, call_id, name: part.name, arguments: input };
  return writing.extend(body, part, 'messages.tool_calls.');
};

const encodeResult = (part: ToolResultPart, place: TurnPlace): JsonObject => {
  const { writing } = place;
  const type = part.vendor?.type === 'custom_tool_call_output' ? {} : { type: 'function_call_output' };
  const body = {
    ...type,
    ...stateOf(shapeOf(part)),
    call_id: legalCallId(part.callId),
    output: resultOutput(part, place),
  };
  return writing.extend(body, part, 'messages.content.');
};

/** There is no flag for a failed tool here. */
const resultOutput = (part: ToolResultPart, { path, writing }: TurnPlace): JsonValue => {
  const texts = part.parts.filter((inner) => inner.type === 'text');
  const prefix = part.isError ? 'Error: ' : '';
  const asList = Array.isArray(shapeOf(part)?.output) || (writing.own && texts.some((text) => text.cache));
  if (!asList && texts.length === part.parts.length) return prefix + joinTexts(texts, '\n', writing);
  const lead: JsonObject[] = prefix === '' ? [] : [{ type: 'input_text', text: prefix }];
  return [
    ...lead,
    ...part.parts.map((inner, at) =>
      encodePart(inner, { path: `${path}.output[${at}]`, role: 'tool', writing }),
    ),
  ];
};

/**
 * Reasoning of another dialect's clients goes back only under this API's own seal: without it, servers look for an id that
 * they did not keep. Its own clients may leave the seal to their server.
 */
const encodeReasoning = (part: ReasoningPart, writing: Writing): JsonObject[] => {
  const seal = openOwnSeal(part.signature);
  const shape = shapeOf(part);
  const isKept = writing.own && part.signature === undefined && !(shape && isForeignReasoning(shape));
  if (part.redacted !== undefined || !(seal || isKept)) {
    writing.drop(writing.own ? 'input.reasoning' : 'reasoning_content');
    return [];
  }
  const body = {
    type: 'reasoning',
    ...bagText('id', seal?.id ?? ''),
    ...stateOf(shape),
    summary: summaryOf(part),
    ...bagText('encrypted_content', seal?.encrypted ?? ''),
  };
  return [writing.extend(body, part, 'messages.content.')];
};

const bagText = (key: string, text: string): JsonObject => (text === '' ? {} : { [key]: text });

const summaryOf = ({ text }: ReasoningPart): JsonObject[] =>
  text === '' ? [] : [{ type: 'summary_text', text }];
