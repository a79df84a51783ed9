import type {
  ModelRequest,
  Part,
  SystemBlock,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from '../../model/request.ts';
import type { JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { badValue, Fields } from '../fields.ts';
import { bag } from '../openai/wire.ts';
import { decodeContent } from './parts.ts';
import { readFrom } from './provenance.ts';
import { decodeReasoning } from './reasoning.ts';

/**
 * Wire messages as the model has them: leading instructions apart from the turns. `developer` and `system` both
 * instruct; which one it was is remembered for this dialect (OpenAI API reference, "Chat", read 2026-11-24).
 */
export const decodeMessages = (messages: readonly JsonValue[]): Pick<ModelRequest, 'system' | 'turns'> => {
  const system: SystemBlock[] = [];
  const turns: Turn[] = [];
  for (const [at, message] of messages.entries()) {
    const fields = new Fields(message, `messages[${at}]`);
    const role = fields.string('role');
    const blocks = turns.length === 0 && isInstruction(role) ? decodeSystem(fields) : undefined;
    if (blocks) system.push(...blocks);
    else turns.push(readFrom(decodeTurn(fields, role), fields.wire));
  }
  return { system, turns };
};

const isInstruction = (role: string): boolean => role === 'system' || role === 'developer';

/** One block per text part, or one of plain text; nothing when the message holds anything but text. */
const decodeSystem = (message: Fields): SystemBlock[] | undefined => {
  const parts = decodeContent(message);
  if (!parts.every((part) => part.type === 'text')) return undefined;
  if (!Array.isArray(message.wire.content) || parts.length === 0) {
    const text = parts[0]?.text ?? '';
    return [readFrom({ text, vendor: message.rest }, message.wire)];
  }
  return parts.map(({ text, cache, vendor = {} }) =>
    readFrom({ text, vendor, ...present({ cache }) }, message.wire),
  );
};

const decodeTurn = (message: Fields, role: string): Turn => {
  switch (role) {
    case 'user':
      return turnOf('user', decodeContent(message), message);
    case 'assistant':
      return turnOf('assistant', decodeAssistant(message), message);
    case 'system':
    case 'developer':
      return turnOf('system', decodeContent(message), message);
    case 'tool':
      return turnOf('tool', [decodeResult(message, message.string('tool_call_id'))], message);
    case 'function':
      return decodeFunctionResult(message);
    default:
      throw badValue(message.at('role'), 'developer, system, user, assistant, tool or function');
  }
};

const turnOf = (role: Turn['role'], parts: readonly Part[], message: Fields): Turn => {
  const turnName = message.optionalString('name');
  return { role, parts, ...present({ name: turnName }), vendor: message.rest };
};

const decodeAssistant = (message: Fields): Part[] => {
  const parts: Part[] = [...decodeReasoning(message), ...decodeContent(message)];
  const refusal = message.optionalString('refusal');
  if (refusal) parts.push({ type: 'refusal', text: refusal });
  for (const [at, call] of (message.optionalList('tool_calls') ?? []).entries())
    parts.push(decodeToolCall(new Fields(call, `${message.path}.tool_calls[${at}]`)));
  const legacy = message.optionalObject('function_call');
  if (legacy) parts.push(decodeFunctionCall(legacy));
  return parts;
};

/** Custom tools are called with free text, all others with JSON text. */
const decodeToolCall = (call: Fields): ToolCallPart => {
  const kind = call.take('type') === 'custom' ? 'custom' : 'function';
  const called = call.object(kind);
  const part: ToolCallPart = {
    type: 'tool-call',
    id: call.string('id'),
    name: called.string('name'),
    input: called.string(kind === 'custom' ? 'input' : 'arguments'),
    vendor: { ...call.rest, ...bag(kind, called.rest) },
  };
  return readFrom(part, call.wire);
};

/** Before there were tools, an answer called at most one function and had no id for it: its name ties call and result. */
const decodeFunctionCall = (call: Fields): ToolCallPart => {
  const called = call.string('name');
  const input = call.string('arguments');
  return { type: 'tool-call', id: functionCallId(called), name: called, input, vendor: call.rest };
};

/** The id of a call that came without one. */
export const functionCallId = (called: string): string => `call_${called}`;

const decodeFunctionResult = (message: Fields): Turn => {
  const result = decodeResult(message, functionCallId(message.string('name')));
  return { role: 'tool', parts: [result], vendor: message.rest };
};

const decodeResult = (message: Fields, callId: string): ToolResultPart => ({
  type: 'tool-result',
  callId,
  parts: decodeContent(message),
});
