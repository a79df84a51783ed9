import type {
  ModelRequest,
  OutputFormat,
  ReasoningEffort,
  ReasoningSettings,
  SystemBlock,
  Tool,
  ToolChoice,
  Turn,
  Vendor,
} from '../../model/request.ts';
import { hasLongInteger, parseExact } from '../../wire/exact-json.ts';
import { isJsonObject, type JsonDocument, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';
import { present } from '../../wire/present.ts';
import { badValue, Fields, wrongType } from '../fields.ts';
import { decodeBlocks, decodeCache } from './blocks.ts';
import { readFrom } from './provenance.ts';

/**
 * Wire → model (Anthropic API reference, "Messages", and `@anthropic-ai/sdk` 1.12.0, read 2026-11-24). Throws
 * `RequestError('invalid_request')` for a missing `model`, `messages` or `max_tokens` and for members of the wrong type.
 * What we do not know is kept in `vendor` or as an opaque part, never refused.
 */
export const decodeRequest = (document: JsonDocument): ModelRequest =>
  decode(document, { operation: 'chat', maxOutputTokens: (fields) => fields.count('max_tokens') });

/** The body of "Count tokens in a Message" (read 2026-11-28): the same without `max_tokens`. */
export const decodeCountRequest = (document: JsonDocument): ModelRequest =>
  decode(document, { operation: 'count-tokens', maxOutputTokens: () => undefined });

interface Reading {
  readonly operation: ModelRequest['operation'];
  readonly maxOutputTokens: (fields: Fields) => number | undefined;
}

const decode = (document: JsonDocument, reading: Reading): ModelRequest => {
  const wire = exactValue(document);
  const fields = new Fields(wire, '');
  const requestModel = decodeModel(fields);
  const turns = decodeMessages(fields);
  const maxOutputTokens = reading.maxOutputTokens(fields);
  const config = decodeOutputConfig(fields);
  const thinking = decodeThinking(fields);
  const choice = decodeToolChoice(fields);
  const metadata = fields.optionalObject('metadata');
  const request: ModelRequest = {
    operation: reading.operation,
    dialect: 'anthropic-messages',
    requestModel,
    stream: fields.optionalBoolean('stream') ?? false,
    streamUsage: true,
    system: decodeSystem(fields),
    turns,
    tools: decodeTools(fields),
    ...present({
      toolChoice: choice?.toolChoice,
      parallelToolCalls: choice?.parallelToolCalls,
      output: config?.output ?? decodeOldFormat(fields),
      reasoning: joinReasoning(thinking?.reasoning, config?.effort),
      endUser: metadata?.optionalString('user_id'),
      serviceTier: fields.optionalString('service_tier'),
    }),
    sampling: present({
      temperature: fields.optionalNumber('temperature'),
      topP: fields.optionalNumber('top_p'),
      topK: fields.optionalNumber('top_k'),
    }),
    ...present({ maxOutputTokens }),
    stopSequences: decodeStopSequences(fields),
    ...present({ metadata: metadata?.someRest }),
    vendor: readFrom(
      {
        ...fields.someRest,
        ...present({
          thinking: thinking?.rest,
          output_config: config?.rest,
          tool_choice: choice?.rest,
        }),
      },
      wire,
    ),
  };
  return readFrom(request, wire);
};

/** The document again when it holds integers that `JSON.parse` would round. */
const exactValue = ({ text, value }: JsonDocument): JsonObject => {
  if (!hasLongInteger(text)) return value;
  const exact = parseExact(text);
  return isJsonObject(exact) ? exact : value;
};

const decodeModel = (fields: Fields): string => {
  const model = fields.string('model');
  if (model === '') throw badValue('model', 'the name of a model');
  return model;
};

const decodeSystem = (fields: Fields): SystemBlock[] => {
  const system = fields.take('system');
  if (system === undefined) return [];
  if (typeof system === 'string') return [readFrom({ text: system }, system)];
  if (!Array.isArray(system)) throw wrongType('system', 'a string or an array of text blocks', system);
  return readFrom(system.map(decodeSystemBlock), system);
};

const decodeSystemBlock = (block: JsonValue, at: number): SystemBlock => {
  const fields = new Fields(block, `system[${at}]`);
  fields.take('type');
  const text = fields.string('text');
  return readFrom({ text, ...present({ cache: decodeCache(fields), vendor: fields.someRest }) }, block);
};

/** Turns that one message was split into, and that are written as that message again while nobody changed them. */
export interface SplitMessage {
  readonly message: JsonObject;
  readonly turns: readonly Turn[];
}

const splitMessages = notes<SplitMessage>('message of anthropic-messages');

/** The message that `turn` came from; undefined for a turn that a policy made or changed. */
export const messageOf = (turn: Turn): SplitMessage | undefined => splitMessages.get(turn);

const decodeMessages = (fields: Fields): Turn[] => {
  const messages = fields.list('messages');
  if (messages.length === 0) throw badValue('messages', 'at least one message');
  return messages.flatMap((message, at) => {
    const read = new Fields(message, `messages[${at}]`);
    const turns = splitResults(decodeTurn(read));
    for (const turn of turns) splitMessages.set(turn, { message: read.wire, turns });
    return turns;
  });
};

const decodeTurn = (fields: Fields): Turn => {
  const role = fields.string('role');
  if (role !== 'user' && role !== 'assistant' && role !== 'system')
    throw badValue(fields.at('role'), 'user, assistant or system');
  const content = fields.take('content');
  return {
    role,
    parts: decodeBlocks(content, fields.at('content')),
    ...present({ vendor: fields.someRest }),
  };
};

/** The model keeps tool results in turns of their own, as most dialects do; here they share a message with user text. */
const splitResults = (turn: Turn): Turn[] => {
  const results = turn.parts.filter((part) => part.type === 'tool-result');
  if (turn.role !== 'user' || results.length === 0) return [turn];
  if (results.length === turn.parts.length) return [{ ...turn, role: 'tool' }];
  const others = turn.parts.filter((part) => part.type !== 'tool-result');
  return [
    { role: 'tool', parts: results },
    { ...turn, parts: others },
  ];
};

const decodeTools = (fields: Fields): Tool[] => {
  const tools = fields.optionalList('tools');
  return tools ? readFrom(tools.map(decodeTool), tools) : [];
};

const decodeTool = (tool: JsonValue, at: number): Tool => {
  const fields = new Fields(tool, `tools[${at}]`);
  const type = fields.optionalString('type') ?? 'custom';
  if (type !== 'custom') {
    const name = fields.optionalString('name') ?? type;
    return { kind: 'opaque', dialect: 'anthropic-messages', wireType: type, name, value: tool };
  }
  const name = fields.string('name');
  const read = {
    description: fields.optionalString('description'),
    schema: fields.optionalObject('input_schema')?.wire,
    strict: fields.optionalBoolean('strict'),
    cache: decodeCache(fields),
    vendor: fields.someRest,
  };
  return readFrom({ kind: 'function', name, ...present(read) }, tool);
};

interface DecodedToolChoice {
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly rest?: Vendor;
}

/** A choice of a type that we do not know stays in `vendor` whole. */
const decodeToolChoice = (fields: Fields): DecodedToolChoice | undefined => {
  const choice = fields.optionalObject('tool_choice');
  if (!choice) return undefined;
  const type = choice.string('type');
  const mode = choiceModes.get(type);
  if (mode === undefined && type !== 'tool') return { rest: choice.wire };
  const toolChoice = mode === undefined ? namedChoice(choice) : { mode };
  const single = choice.optionalBoolean('disable_parallel_tool_use');
  const parallelToolCalls = single === undefined ? undefined : !single;
  return present({ toolChoice, parallelToolCalls, rest: choice.someRest });
};

const choiceModes: ReadonlyMap<string, 'auto' | 'required' | 'none'> = new Map([
  ['auto', 'auto'],
  ['any', 'required'],
  ['none', 'none'],
]);

const namedChoice = (choice: Fields): ToolChoice => ({ mode: 'named', name: choice.string('name') });

interface DecodedThinking {
  readonly reasoning?: ReasoningSettings;
  readonly rest?: Vendor;
}

/** Modes without a place in the model (`between_tools`, those to come) stay in `vendor` whole. */
const decodeThinking = (fields: Fields): DecodedThinking | undefined => {
  const thinking = fields.optionalObject('thinking');
  if (!thinking) return undefined;
  const mode = thinkingModes.get(thinking.string('type'));
  if (mode === undefined) return { rest: thinking.wire };
  const budgetTokens = mode === 'fixed' ? thinking.count('budget_tokens') : undefined;
  const show = thinking.known('display', shown);
  return present({ reasoning: { mode, ...present({ budgetTokens, show }) }, rest: thinking.someRest });
};

const thinkingModes: ReadonlyMap<string, NonNullable<ReasoningSettings['mode']>> = new Map([
  ['enabled', 'fixed'],
  ['adaptive', 'adaptive'],
  ['disabled', 'off'],
]);

const shown: ReadonlyMap<JsonValue | undefined, NonNullable<ReasoningSettings['show']>> = new Map([
  ['summarized', 'summary'],
  ['omitted', 'omitted'],
]);

interface DecodedOutputConfig {
  readonly effort?: ReasoningEffort;
  readonly output?: OutputFormat;
  readonly rest?: Vendor;
}

const decodeOutputConfig = (fields: Fields): DecodedOutputConfig | undefined => {
  const config = fields.optionalObject('output_config');
  if (!config) return undefined;
  const effort = config.known('effort', efforts);
  const output = isSchemaFormat(config.peek('format')) ? decodeFormat(config.object('format')) : undefined;
  return present({ effort, output, rest: config.someRest });
};

/** Unknown efforts stay in `vendor`. */
const efforts: ReadonlyMap<JsonValue | undefined, ReasoningEffort> = new Map(
  (['low', 'medium', 'high', 'xhigh', 'max'] as const).map((effort) => [effort, effort]),
);

const isSchemaFormat = (format: JsonValue | undefined): boolean =>
  isJsonObject(format) && format.type === 'json_schema';

/** Where the format stood before `output_config`; beta clients still send it, and an upstream gets it back there. */
const decodeOldFormat = (fields: Fields): OutputFormat | undefined => {
  if (!isSchemaFormat(fields.peek('output_format'))) return undefined;
  const format = fields.object('output_format');
  return readFrom(decodeFormat(format), format.wire);
};

const decodeFormat = (format: Fields): OutputFormat => {
  format.take('type');
  const schema = format.object('schema').wire;
  return { kind: 'schema', schema, ...present({ vendor: format.someRest }) };
};

const joinReasoning = (
  reasoning: ReasoningSettings | undefined,
  effort: ReasoningEffort | undefined,
): ReasoningSettings | undefined => (effort === undefined ? reasoning : { ...reasoning, effort });

const decodeStopSequences = (fields: Fields): string[] => {
  const list = fields.optionalList('stop_sequences');
  if (!list) return [];
  const sequences = list.map((entry, at) => {
    if (typeof entry === 'string') return entry;
    throw wrongType(`stop_sequences[${at}]`, 'a string', entry);
  });
  return readFrom(sequences, list);
};
