import type {
  ModelRequest,
  OutputFormat,
  Part,
  ReasoningEffort,
  ReasoningSettings,
  Source,
  Tool,
  ToolResultPart,
  Turn,
} from '../../model/request.ts';
import type { JsonObject, JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import type { EncodedRequest, UpstreamTarget } from '../dialect.ts';
import { cannotCarry, foreignPart, Losses } from '../losses.ts';

// Fields: Cohere API reference, "Chat", version 2, read 2026-11-28.

const mostStops = 5;

/** Model → wire. Throws `RequestError('unsupported_field')` for what Cohere cannot be asked. */
export const encodeRequest = (request: ModelRequest, { model }: UpstreamTarget): EncodedRequest => {
  const losses = new Losses();
  refuseWhatChangesMeaning(request);
  losses.dropVendor(request.vendor);
  losses.dropPresent({
    user: request.endUser,
    metadata: request.metadata,
    service_tier: request.serviceTier,
    verbosity: request.verbosity,
    logit_bias: request.sampling.logitBias,
    parallel_tool_calls: request.parallelToolCalls === false ? true : undefined,
    top_logprobs: request.logprobs && request.logprobs.topLogprobs > 0 ? true : undefined,
  });
  const body = {
    model,
    messages: encodeMessages(request, losses),
    ...encodeTools(request, losses),
    ...encodeSampling(request, losses),
    ...present({
      max_tokens: request.maxOutputTokens,
      stop_sequences: request.stopSequences.length === 0 ? undefined : [...request.stopSequences],
      logprobs: request.logprobs ? true : undefined,
      response_format: encodeOutput(request.output),
      thinking: encodeReasoning(request.reasoning),
    }),
    stream: request.stream,
  };
  return {
    path: '/v2/chat',
    headers: [['content-type', 'application/json']],
    body: JSON.stringify(body),
    dropped: losses.dropped,
  };
};

const refuseWhatChangesMeaning = ({ sampling, stopSequences, turns }: ModelRequest): void => {
  if ((sampling.choices ?? 1) > 1) throw cannotCarry('n', 'more than one answer');
  if (stopSequences.length > mostStops) throw cannotCarry('stop', `more than ${mostStops} stop sequences`);
  if (turns.at(-1)?.role === 'assistant')
    throw cannotCarry('messages', 'an answer that was begun by the caller');
};

const encodeMessages = ({ system, turns }: ModelRequest, losses: Losses): JsonObject[] => {
  const instructions = system.map(({ text }) => text).filter((text) => text.trim() !== '');
  return [
    ...(instructions.length > 0 ? [{ role: 'system', content: instructions.join('\n\n') }] : []),
    ...turns.flatMap((turn) => encodeTurn(turn, losses)),
  ];
};

/** Results of tools are messages of their own, before what else the turn says. */
const encodeTurn = (turn: Turn, losses: Losses): JsonObject[] => {
  losses.dropPresent({ 'messages.name': turn.name });
  losses.dropVendor(turn.vendor, 'messages.');
  const results = turn.parts.filter((part) => part.type === 'tool-result');
  const others = turn.parts.filter((part) => part.type !== 'tool-result');
  const said =
    turn.role === 'assistant' ? encodeAnswer(others, losses) : encodeQuestion(turn, others, losses);
  return [...results.map((part) => encodeResult(part, losses)), ...said];
};

const encodeQuestion = ({ role }: Turn, parts: readonly Part[], losses: Losses): JsonObject[] => {
  const content = parts.flatMap((part) => encodePart(part, losses));
  if (content.length === 0) return [];
  return [{ role: role === 'system' ? 'system' : 'user', content: simplest(content) }];
};

/** One text is a string: older models take nothing else. */
const simplest = (content: JsonObject[]): JsonValue => {
  const [only, ...more] = content;
  return only?.type === 'text' && more.length === 0 ? (only.text ?? '') : content;
};

const encodePart = (part: Part, losses: Losses): JsonObject[] => {
  losses.dropVendor(part.vendor, 'messages.content.');
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
    case 'image':
      return [{ type: 'image_url', image_url: present({ url: urlOf(part.source), detail: part.detail }) }];
    case 'file':
      if (part.source.kind === 'text') return [{ type: 'text', text: part.source.text }];
      throw cannotCarry('messages.content', 'files that are not text');
    case 'audio':
      throw cannotCarry('messages.content', 'audio');
    case 'opaque':
      throw foreignPart(part.wireType, part.dialect);
    case 'reasoning':
      losses.drop('messages.reasoning');
      return [];
    default:
      return [];
  }
};

const urlOf = (source: Source): string => {
  if (source.kind === 'url') return source.url;
  if (source.kind === 'base64') return `data:${source.mediaType};base64,${source.data}`;
  throw cannotCarry('messages.content', `files of ${source.owner}`);
};

const encodeAnswer = (parts: readonly Part[], losses: Losses): JsonObject[] => {
  const content = parts.flatMap((part) => (part.type === 'tool-call' ? [] : encodePart(part, losses)));
  const calls = parts.filter((part) => part.type === 'tool-call');
  if (content.length === 0 && calls.length === 0) return [];
  return [
    {
      role: 'assistant',
      ...(content.length > 0 ? { content: simplest(content) } : {}),
      ...(calls.length > 0
        ? {
            tool_calls: calls.map(({ id, name, input }) => ({
              id,
              type: 'function',
              function: { name, arguments: input === '' ? '{}' : input },
            })),
          }
        : {}),
    },
  ];
};

const encodeResult = ({ callId, parts, isError }: ToolResultPart, losses: Losses): JsonObject => {
  const content = parts.flatMap((part) => {
    if (part.type === 'image') throw cannotCarry('messages.content', 'images in the result of a tool');
    return encodePart(part, losses);
  });
  const texts = content.map(({ text }) => String(text));
  return {
    role: 'tool',
    tool_call_id: callId,
    content: (isError ? 'Error: ' : '') + texts.join('\n'),
  };
};

const encodeTools = (request: ModelRequest, losses: Losses): JsonObject => {
  const { toolChoice } = request;
  const offered = namesOffered(request);
  const tools = request.tools.filter(({ name }) => offered === undefined || offered.includes(name));
  if (tools.length === 0) return {};
  const functions = tools.map(encodeTool);
  const strict = tools.filter((tool) => tool.kind === 'function' && tool.strict === true);
  if (strict.length > 0 && strict.length < tools.length) losses.drop('tools.strict');
  const must = toolChoice?.mode === 'required' || toolChoice?.mode === 'named' || isRequired(request);
  return {
    tools: functions,
    ...(strict.length === tools.length ? { strict_tools: true } : {}),
    ...(must ? { tool_choice: 'REQUIRED' } : {}),
    ...(toolChoice?.mode === 'none' ? { tool_choice: 'NONE' } : {}),
  };
};

const isRequired = ({ toolChoice }: ModelRequest): boolean =>
  toolChoice?.mode === 'allowed' && toolChoice.required;

/** Cohere cannot name a tool: who must use one is offered no other. */
const namesOffered = ({ toolChoice }: ModelRequest): readonly string[] | undefined => {
  if (toolChoice?.mode === 'named') return [toolChoice.name];
  return toolChoice?.mode === 'allowed' ? toolChoice.names : undefined;
};

const encodeTool = (tool: Tool): JsonObject => {
  if (tool.kind === 'opaque') throw foreignPart(tool.wireType, tool.dialect);
  const { name, description, schema = { type: 'object', properties: {} } } = tool;
  return { type: 'function', function: { name, ...present({ description }), parameters: schema } };
};

const encodeSampling = ({ sampling }: ModelRequest, losses: Losses): JsonObject =>
  present({
    temperature: losses.clamp('temperature', sampling.temperature, [0, 1]),
    p: losses.clamp('top_p', sampling.topP, [0.01, 0.99]),
    k: losses.clamp('top_k', sampling.topK, [0, 500]),
    seed: sampling.seed,
    frequency_penalty: losses.clamp('frequency_penalty', sampling.frequencyPenalty, [0, 1]),
    presence_penalty: losses.clamp('presence_penalty', sampling.presencePenalty, [0, 1]),
  });

const encodeOutput = (output: OutputFormat | undefined): JsonObject | undefined => {
  if (!output || output.kind === 'text') return undefined;
  return output.kind === 'json'
    ? { type: 'json_object' }
    : { type: 'json_object', json_schema: output.schema as JsonObject };
};

/** Tokens to think with, for dialects that name an effort. */
const budgets = {
  minimal: 512,
  low: 1024,
  medium: 8192,
  high: 16_384,
  xhigh: undefined,
  max: undefined,
} as const satisfies Record<Exclude<ReasoningEffort, 'none'>, number | undefined>;

const encodeReasoning = (reasoning: ReasoningSettings | undefined): JsonObject | undefined => {
  if (!reasoning) return undefined;
  const { effort, budgetTokens, mode } = reasoning;
  if (mode === 'off' || effort === 'none') return { type: 'disabled' };
  const budget = budgetTokens ?? (effort && budgets[effort]);
  return { type: 'enabled', ...present({ token_budget: budget }) };
};
