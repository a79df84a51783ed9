import type {
  CacheMark,
  FilePart,
  ModelRequest,
  Part,
  ReasoningSettings,
  Source,
  SystemBlock,
  Tool,
  ToolChoice,
  Turn,
} from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { inputObject } from '../tool-input.ts';
import { originOf } from './provenance.ts';
import { messageOf } from './request.ts';

/**
 * Model → wire body, for a request that this API can take: one of this dialect, or one that was adapted to it. Nodes
 * that nobody changed are written as they came; the others from their model fields and `vendor`.
 * Throws `RequestError` for parts that the API has no block for and for tool arguments that are no JSON object.
 */
export const renderRequest = (request: ModelRequest, model: string): JsonObject => {
  const origin = originOf(request);
  if (isJsonObject(origin)) return { ...origin, model };
  const { vendor, sampling } = request;
  return {
    ...emptyMembers(originOf(vendor)),
    ...vendor,
    ...present({
      model,
      max_tokens: request.maxOutputTokens,
      system: renderSystem(request.system),
      messages: renderTurns(request.turns),
      tools: listed(request.tools, renderTool),
      tool_choice: merged(vendor.tool_choice, renderToolChoice(request)),
      thinking: merged(vendor.thinking, renderThinking(request.reasoning)),
      output_config: merged(vendor.output_config, renderOutputConfig(request)),
      output_format: request.output && originOf(request.output),
      temperature: sampling.temperature,
      top_p: sampling.topP,
      top_k: sampling.topK,
      stop_sequences: listed(request.stopSequences, (sequence) => sequence),
      metadata: merged(request.metadata, present({ user_id: request.endUser })),
      service_tier: request.serviceTier,
      stream: request.stream || undefined,
    }),
  };
};

/** Members of the client's object that say the same as none at all: they stay, so that the text stays the same. */
const emptyMembers = (wire: JsonValue | undefined): JsonObject =>
  isJsonObject(wire) ? Object.fromEntries(Object.entries(wire).filter(([, value]) => isEmpty(value))) : {};

const isEmpty = (value: JsonValue): boolean =>
  value === null || value === false || (Array.isArray(value) && value.length === 0);

/** The list as it came, else rendered; nothing for an empty list that the client did not send. */
const listed = <T>(list: readonly T[], render: (entry: T) => JsonValue): JsonValue | undefined =>
  originOf(list) ?? (list.length > 0 ? list.map(render) : undefined);

/** What the model knows laid over what only the wire knew; nothing when both are empty. */
const merged = (vendor: JsonValue | undefined, known: JsonObject): JsonObject | undefined => {
  const joined = isJsonObject(vendor) ? { ...vendor, ...known } : known;
  return Object.keys(joined).length > 0 ? joined : undefined;
};

/** A client's string stays a string. */
const renderSystem = (system: readonly SystemBlock[]): JsonValue | undefined => {
  const [first, second] = system;
  const origin = first && !second ? originOf(first) : undefined;
  return typeof origin === 'string' ? origin : listed(system, renderSystemBlock);
};

const renderSystemBlock = (block: SystemBlock): JsonValue =>
  originOf(block) ?? {
    type: 'text',
    text: block.text,
    ...renderCache(block.cache),
    ...block.vendor,
  };

const renderCache = (cache: CacheMark | undefined): JsonObject =>
  cache ? { cache_control: { type: 'ephemeral', ...present({ ttl: cache.ttl }) } } : {};

/**
 * Messages in order. Turns of one message that nobody changed are that message again; a changed turn of tool results
 * joins the user turn that it was split from, results first.
 */
const renderTurns = (turns: readonly Turn[]): JsonObject[] => {
  const messages: JsonObject[] = [];
  let at = 0;
  while (at < turns.length) {
    const kept = unchangedMessage(turns, at);
    const together = kept ? kept.turns.length : turnsOfMessage(turns, at);
    messages.push(kept ? kept.message : renderMessage(turns.slice(at, at + together)));
    at += together;
  }
  return messages;
};

const unchangedMessage = (turns: readonly Turn[], at: number): ReturnType<typeof messageOf> => {
  const first = turns[at];
  const split = first && messageOf(first);
  return split?.turns.every((turn, offset) => turns[at + offset] === turn) ? split : undefined;
};

const turnsOfMessage = (turns: readonly Turn[], at: number): number =>
  turns[at]?.role === 'tool' && turns[at + 1]?.role === 'user' && !unchangedMessage(turns, at + 1) ? 2 : 1;

const renderMessage = (turns: readonly Turn[]): JsonObject => {
  const role = turns[0]?.role ?? 'user';
  return {
    role: role === 'tool' ? 'user' : role,
    content: turns.flatMap((turn) => turn.parts.map(renderPart)),
    ...Object.assign({}, ...turns.map((turn) => turn.vendor)),
  };
};

const renderPart = (part: Part): JsonValue => {
  if (part.type === 'opaque') return part.value;
  return originOf(part) ?? { ...renderBlock(part), ...renderCache(part.cache), ...part.vendor };
};

const renderBlock = (part: Exclude<Part, { type: 'opaque' }>): JsonObject => {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: part.text };
    case 'image':
      return { type: 'image', source: renderSource(part.source) };
    case 'file':
      return { type: 'document', source: renderSource(part.source), ...present({ title: part.filename }) };
    case 'reasoning':
      return part.redacted === undefined
        ? { type: 'thinking', thinking: part.text, signature: part.signature ?? '' }
        : { type: 'redacted_thinking', data: part.redacted };
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.name, input: parseInput(part) };
    case 'tool-result':
      return {
        type: 'tool_result',
        tool_use_id: part.callId,
        ...(part.parts.length > 0 ? { content: part.parts.map(renderPart) } : {}),
        ...present({ is_error: part.isError }),
      };
    case 'audio':
      throw new RequestError('unsupported_field', {
        param: 'input_audio',
        message: 'The upstream of this model takes no audio.',
      });
  }
};

const renderSource = (source: Source | FilePart['source']): JsonObject => {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'url':
      return { type: 'url', url: source.url };
    case 'file':
      return { type: 'file', file_id: source.fileId };
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
  }
};

const parseInput = ({ input, id }: { readonly input: string; readonly id: string }): JsonObject => {
  const value = inputObject(input);
  if (value) return value;
  throw new RequestError('invalid_request', {
    param: 'messages.tool_calls.function.arguments',
    message: `The arguments of tool call ${JSON.stringify(id)} are not a JSON object, as the upstream of this model needs them.`,
  });
};

const renderTool = (tool: Tool): JsonValue => {
  if (tool.kind === 'opaque') return tool.value;
  return (
    originOf(tool) ?? {
      ...present({
        name: tool.name,
        description: tool.description,
        input_schema: tool.schema,
        strict: tool.strict,
      }),
      ...renderCache(tool.cache),
      ...tool.vendor,
    }
  );
};

const choiceTypes = { auto: 'auto', required: 'any', none: 'none' } as const;

/** At most one call is part of the choice here, so it needs one: `auto` is what an absent choice means. */
const renderToolChoice = ({ toolChoice, parallelToolCalls }: ModelRequest): JsonObject => {
  if (!toolChoice && parallelToolCalls === undefined) return {};
  const choice = renderChoice(toolChoice ?? { mode: 'auto' });
  if (parallelToolCalls === undefined || choice.type === 'none') return choice;
  return { ...choice, disable_parallel_tool_use: !parallelToolCalls };
};

const renderChoice = (choice: ToolChoice): JsonObject => {
  switch (choice.mode) {
    case 'named':
      return { type: 'tool', name: choice.name };
    case 'allowed':
      return { type: choice.required ? 'any' : 'auto' };
    default:
      return { type: choiceTypes[choice.mode] };
  }
};

const thinkingTypes = { fixed: 'enabled', adaptive: 'adaptive', off: 'disabled' } as const;

const renderThinking = (reasoning: ReasoningSettings | undefined): JsonObject => {
  if (!reasoning?.mode) return {};
  const { mode, budgetTokens, show } = reasoning;
  const display = show === 'summary' ? 'summarized' : show;
  return { type: thinkingTypes[mode], ...present({ budget_tokens: budgetTokens, display }) };
};

const renderOutputConfig = ({ reasoning, output }: ModelRequest): JsonObject => ({
  ...(reasoning?.effort === undefined ? {} : { effort: reasoning.effort }),
  ...(output?.kind === 'schema' && !originOf(output)
    ? { format: { type: 'json_schema', schema: output.schema, ...output.vendor } }
    : {}),
});
