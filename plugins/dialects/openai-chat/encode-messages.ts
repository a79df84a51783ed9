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
import type { JsonObject, JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { isEmptyObject } from '../openai/wire.ts';
import type { Writing } from '../openai/writing.ts';
import { encodePart, isMedia } from './parts.ts';
import { shapeOf, wireOf } from './provenance.ts';
import { encodeReasoning } from './reasoning.ts';

/** The model's instructions and turns as wire messages; those that nobody changed as they came. */
export const encodeMessages = ({ system, turns }: ModelRequest, writing: Writing): JsonObject[] => [
  ...(writing.own
    ? groupByMessage(system).map((group) => encodeSystem(group, writing))
    : joinSystem(system, writing)),
  ...placeResults(turns, writing).map((placed) => encodeTurn(placed, writing)),
];

// Instructions

/** Blocks that came in one message and are still next to each other. */
const groupByMessage = (system: readonly SystemBlock[]): SystemBlock[][] => {
  const groups: SystemBlock[][] = [];
  for (const block of system) {
    const message = shapeOf(block);
    const group = groups.at(-1);
    if (message && group?.[0] && shapeOf(group[0]) === message) group.push(block);
    else groups.push([block]);
  }
  return groups;
};

const encodeSystem = (group: readonly SystemBlock[], writing: Writing): JsonObject => {
  const [first] = group;
  const message = first && shapeOf(first);
  const content = message?.content;
  const came = Array.isArray(content) ? content.length : 1;
  if (message && group.length === came && group.every(wireOf)) return message;
  if (first && !first.cache && !Array.isArray(content))
    return writing.extend({ role: message?.role ?? 'system', content: first.text }, first, '');
  const parts = group.map((block) => writing.extend({ type: 'text', text: block.text }, block, ''));
  return { role: 'system', ...message, content: parts };
};

/** One text: the separation into blocks means nothing here, and every compatible server takes it. */
const joinSystem = (system: readonly SystemBlock[], writing: Writing): JsonObject[] => {
  for (const block of system) writing.extend({}, block, 'system.');
  const texts = system.map(({ text }) => text).filter((text) => text.trim() !== '');
  return texts.length === 0 ? [] : [{ role: 'system', content: texts.join('\n\n') }];
};

// Turns

/** A turn and where the client's path to it leads. */
interface PlacedTurn {
  readonly turn: Turn;
  readonly path: string;
}

/**
 * Turns with each tool result alone in one, right after the calls, as this API has them. It takes no images and files
 * in results: those of another dialect wait for the user message after the results.
 */
const placeResults = (turns: readonly Turn[], writing: Writing): PlacedTurn[] => {
  const placed: PlacedTurn[] = [];
  let waiting: Part[] = [];
  for (const [at, turn] of turns.entries()) {
    const path = `messages[${at}].content`;
    const results = turn.parts.filter((part) => part.type === 'tool-result');
    const rest = turn.parts.filter((part) => part.type !== 'tool-result');
    for (const result of results) {
      const media = writing.own ? [] : result.parts.filter(isMedia);
      placed.push({ turn: turnOfResult(turn, result, media), path });
      waiting.push(...captioned(result, media));
    }
    if (waiting.length > 0) writing.drop('messages.content.tool_result.image');
    if (rest.length === 0 && results.length > 0) continue;
    const joins = turn.role === 'user' || turn.role === 'tool';
    if (!joins && waiting.length > 0) placed.push({ turn: { role: 'user', parts: waiting }, path });
    const changed = joins && results.length + waiting.length > 0;
    placed.push({ turn: changed ? { ...turn, role: 'user', parts: [...waiting, ...rest] } : turn, path });
    waiting = [];
  }
  if (waiting.length > 0) placed.push({ turn: { role: 'user', parts: waiting }, path: 'messages' });
  return placed;
};

const turnOfResult = (turn: Turn, result: ToolResultPart, media: readonly Part[]): Turn => {
  if (turn.role === 'tool' && turn.parts.length === 1 && media.length === 0) return turn;
  const left = result.parts.filter((part) => !media.includes(part));
  const parts = left.length === 0 && media.length > 0 ? [movedNote] : left;
  return { role: 'tool', parts: [{ ...result, parts }] };
};

const movedNote: TextPart = { type: 'text', text: 'The result follows in the next user message.' };

const captioned = ({ callId }: ToolResultPart, media: readonly Part[]): Part[] =>
  media.length === 0 ? [] : [{ type: 'text', text: `Result of tool call ${callId}:` }, ...media];

const encodeTurn = ({ turn, path }: PlacedTurn, writing: Writing): JsonObject => {
  const known = wireOf(turn);
  if (known) return known;
  const place = { path, asList: Array.isArray(shapeOf(turn)?.content), writing };
  const body = { ...turnBody(turn, place), ...present({ name: turn.name }) };
  return writing.extend(body, turn, 'messages.');
};

/** Where content is written. */
interface Place {
  readonly path: string;
  /** It came as a list of parts. */
  readonly asList: boolean;
  readonly writing: Writing;
}

const turnBody = (turn: Turn, place: Place): JsonObject => {
  const [first] = turn.parts;
  switch (turn.role) {
    case 'assistant':
      return assistantBody(turn, place);
    case 'system':
      return { role: shapeOf(turn)?.role ?? 'system', content: encodeContent(turn.parts, place) };
    case 'tool':
      if (first?.type === 'tool-result') return resultBody(first, turn, place);
  }
  return { role: 'user', content: encodeContent(turn.parts, place) };
};

/** Plain text where that says it all: some compatible servers take nothing else. */
const encodeContent = (parts: readonly Part[], { path, asList, writing }: Place): JsonValue => {
  const [only, ...more] = parts;
  if (!only) return '';
  if (more.length === 0 && !asList && isPlainText(only, writing)) return joinTexts([only], '', writing);
  return parts.map((part, at) => encodePart(part, `${path}[${at}]`, writing));
};

const isText = (part: Part): part is TextPart => part.type === 'text';

const isPlainText = (part: Part, { own }: Writing): part is TextPart =>
  isText(part) && (!own || (!part.cache && isEmptyObject(part.vendor ?? {})));

const joinTexts = (parts: readonly TextPart[], separator: string, writing: Writing): string => {
  for (const part of parts) writing.extend({}, part, 'messages.content.');
  return parts.map(({ text }) => text).join(separator);
};

const resultBody = (result: ToolResultPart, turn: Turn, place: Place): JsonObject => {
  const content = resultContent(result, place);
  const shape = shapeOf(turn);
  if (shape?.role === 'function') return { role: 'function', name: shape.name ?? '', content };
  const body = { role: 'tool', tool_call_id: result.callId, content };
  return place.writing.extend(body, result, 'messages.content.');
};

/** There is no flag for a failed tool here, and of another dialect's parts servers only take text. */
const resultContent = ({ parts, isError }: ToolResultPart, place: Place): JsonValue => {
  const { own } = place.writing;
  if (!parts.every(isText) || (own && !isError))
    return encodeContent(isError ? [{ type: 'text', text: errorPrefix }, ...parts] : parts, place);
  return (isError ? errorPrefix : '') + joinTexts(parts, '\n', place.writing);
};

const errorPrefix = 'Error: ';

const assistantBody = (turn: Turn, place: Place): JsonObject => {
  const reasoning: ReasoningPart[] = [];
  const calls: ToolCallPart[] = [];
  const content: Part[] = [];
  let refusal = '';
  for (const part of turn.parts) {
    if (part.type === 'tool-call') calls.push(part);
    else if (part.type === 'reasoning' && shapeOf(part)?.type !== 'thinking') reasoning.push(part);
    else if (part.type === 'refusal') refusal += part.text;
    else content.push(part);
  }
  const silent = calls.length > 0 || refusal !== '';
  return {
    role: 'assistant',
    ...encodeReasoning(reasoning, shapeOf(turn)),
    content: content.length === 0 && silent ? null : assistantContent(content, place),
    ...(refusal === '' ? {} : { refusal }),
    ...encodeCalls(calls, turn, place.writing),
  };
};

/** Texts of another dialect are the pieces of one: there a citation cuts them. */
const assistantContent = (parts: readonly Part[], place: Place): JsonValue =>
  place.writing.own || !parts.every(isText)
    ? encodeContent(parts, place)
    : joinTexts(parts, '', place.writing);

const encodeCalls = (calls: readonly ToolCallPart[], turn: Turn, writing: Writing): JsonObject => {
  const [first] = calls;
  if (!first) return {};
  if (shapeOf(turn)?.function_call)
    return { function_call: writing.extend({ name: first.name, arguments: first.input }, first, '') };
  return { tool_calls: calls.map((call) => encodeCall(call, writing)) };
};

const encodeCall = (call: ToolCallPart, writing: Writing): JsonObject => {
  const known = wireOf(call);
  if (known) return known;
  const { id, name, input } = call;
  const body =
    shapeOf(call)?.type === 'custom'
      ? { id, type: 'custom', custom: { name, input } }
      : { id, type: 'function', function: { name, arguments: input === '' ? '{}' : input } };
  return writing.extend(body, call, 'messages.tool_calls.');
};
