import { isJsonObject, type JsonObject, type JsonValue } from '../../../plugins/wire/json.ts';
import { type Answer, type AnswerUsage, type Ask, type OfferedTool, tokensIn } from './ask.ts';
import {
  countIn,
  objectIn,
  objectsIn,
  type ProviderDialect,
  type ProviderError,
  refuseUnknown,
  slices,
  textIn,
  wrong,
} from './dialect.ts';
import { draw, embed } from './openai-others.ts';

/**
 * Chat Completions as OpenAI's server has it (API reference, "Create chat completion", and the types of `openai` 7.57.0,
 * read 2026-11-24), with `reasoning_content` as compatible servers add it.
 */
export const openai: ProviderDialect = {
  path: '/v1/chat/completions',
  credentials: (key) => ({ authorization: `Bearer ${key}` }),
  readAsk: (body) => readAsk(body),
  unary: (answer) => unary(answer),
  frames: (answer, ask) => frames(answer, ask),
  errorBody: (error) => errorBody(error),
  errorFrame: (error) => frame(errorBody(error)),
  models: (names) => ({
    object: 'list',
    data: names.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'demo' })),
  }),
  others: { '/v1/embeddings': embed, '/v1/images/generations': draw },
};

const topLevel = new Set(
  (
    'messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens ' +
    'max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key ' +
    'prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed ' +
    'service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user ' +
    'verbosity web_search_options'
  ).split(' '),
);

const messageKeys = new Set(
  (
    'role content name tool_calls tool_call_id refusal audio annotations function_call ' +
    'reasoning_content reasoning reasoning_details'
  ).split(' '),
);

const partTypes = new Set(['text', 'image_url', 'input_audio', 'file', 'refusal']);
const roles = new Set(['developer', 'system', 'user', 'assistant', 'tool', 'function']);

const readAsk = (body: JsonObject): Ask => {
  refuseUnknown(body, topLevel, '');
  const messages = objectsIn(body.messages, 'messages');
  if (messages.length === 0) throw wrong('messages', 'expected at least one message', 'empty_array');
  messages.forEach(checkMessage);
  checkToolAnswers(messages);
  if ((countIn(body.n, 'n') ?? 1) !== 1) throw wrong('n', 'this provider gives one answer');
  const stream = body.stream === true;
  const options = stream ? objectIn(body.stream_options ?? {}, 'stream_options') : {};
  if (!stream && isJsonObject(body.stream_options)) {
    throw wrong('stream_options', 'only allowed when stream is enabled');
  }
  const tools = body.tools === undefined ? [] : objectsIn(body.tools, 'tools').map(readTool);
  const choice = body.tool_choice;
  const named = isJsonObject(choice) ? objectIn(choice.function, 'tool_choice.function').name : undefined;
  return {
    model: textIn(body.model, 'model'),
    stream,
    streamUsage: options.include_usage === true,
    lastText: textOf(messages.at(-1)?.content),
    tools: choice === 'none' ? [] : tools.filter(({ name }) => named === undefined || name === named),
    toolRequired: choice === 'required' || named !== undefined,
    parallelTools: body.parallel_tool_calls !== false,
    reasoning: (body.reasoning_effort ?? 'none') === 'none' ? 'none' : 'shown',
    maxTokens:
      countIn(body.max_completion_tokens, 'max_completion_tokens') ?? countIn(body.max_tokens, 'max_tokens'),
    stopSequences: readStop(body.stop),
    outputSchema: readFormat(body.response_format),
    promptTokens: tokensIn(JSON.stringify([messages, body.tools])),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
  };
};

const readStop = (stop: JsonValue | undefined): string[] => {
  const one = stop === undefined || stop === null ? [] : [stop];
  const sequences = Array.isArray(stop) ? stop : one;
  if (sequences.length > 4) throw wrong('stop', 'at most 4 sequences');
  return sequences.map((sequence, index) => textIn(sequence, `stop[${index}]`));
};

const readFormat = (format: JsonValue | undefined): JsonObject | undefined => {
  if (!isJsonObject(format) || format.type !== 'json_schema') return undefined;
  const { name, schema } = objectIn(format.json_schema, 'response_format.json_schema');
  textIn(name, 'response_format.json_schema.name');
  return objectIn(schema, 'response_format.json_schema.schema');
};

const checkMessage = (message: JsonObject, index: number): void => {
  const where = `messages[${index}]`;
  refuseUnknown(message, messageKeys, `${where}.`);
  const role = textIn(message.role, `${where}.role`);
  if (!roles.has(role)) throw wrong(`${where}.role`, `unknown role ${role}`);
  const { content } = message;
  if (Array.isArray(content)) objectsIn(content, `${where}.content`).forEach(checkPart(`${where}.content`));
  else if (typeof content !== 'string' && !(role === 'assistant' && (content ?? null) === null)) {
    throw wrong(`${where}.content`, 'expected a string or a list of parts', 'invalid_type');
  }
};

const checkPart = (where: string) => (part: JsonObject, index: number) => {
  const type = textIn(part.type, `${where}[${index}].type`);
  if (!partTypes.has(type)) throw wrong(`${where}[${index}].type`, `unknown type ${type}`);
  if ('cache_control' in part) {
    throw wrong(`${where}[${index}].cache_control`, 'unknown parameter', 'unknown_parameter');
  }
};

/** Each call is answered right after the message that makes it, and nothing else is. */
const checkToolAnswers = (messages: readonly JsonObject[]): void => {
  let open: string[] = [];
  messages.forEach((message, index) => {
    const where = `messages[${index}]`;
    if (message.role === 'tool') {
      const id = textIn(message.tool_call_id, `${where}.tool_call_id`);
      if (!open.includes(id)) throw wrong(where, 'a tool message must answer a call of the message before');
      open = open.filter((other) => other !== id);
      return;
    }
    if (open.length > 0) throw wrong(where, `no tool message answered ${open.join(', ')}`);
    open = Array.isArray(message.tool_calls)
      ? objectsIn(message.tool_calls, `${where}.tool_calls`).map((call, at) => readCall(call, where, at))
      : [];
  });
  if (open.length > 0) throw wrong('messages', `no tool message answered ${open.join(', ')}`);
};

const readCall = (call: JsonObject, where: string, at: number): string => {
  const place = `${where}.tool_calls[${at}]`;
  if (call.type === 'function') {
    textIn(objectIn(call.function, `${place}.function`).arguments, `${place}.function.arguments`);
  }
  return textIn(call.id, `${place}.id`);
};

const readTool = (tool: JsonObject, index: number): OfferedTool => {
  const where = `tools[${index}]`;
  const type = textIn(tool.type, `${where}.type`);
  if (type !== 'function' && type !== 'custom') throw wrong(`${where}.type`, `unknown type ${type}`);
  const of = objectIn(tool[type], `${where}.${type}`);
  const name = textIn(of.name, `${where}.${type}.name`);
  if (!/^[\w-]{1,64}$/.test(name)) throw wrong(`${where}.${type}.name`, 'expected [A-Za-z0-9_-], at most 64');
  return { name, schema: isJsonObject(of.parameters) ? of.parameters : {} };
};

const textOf = (content: JsonValue | undefined): string => {
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? content.filter(isJsonObject) : [];
  return parts.flatMap(({ text }) => (typeof text === 'string' ? [text] : [])).join('\n');
};

const finishReasons = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
} as const;

const head = ({ id, model }: Answer, object: string) => ({
  id: `chatcmpl-${id}`,
  object,
  created: Math.floor(Date.now() / 1000),
  model,
});

const unary = (answer: Answer): JsonObject => {
  const text = answer.pieces.join('');
  const usage = answer.usage.at(-1);
  return {
    ...head(answer, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.calls.length > 0 ? null : text,
          refusal: null,
          ...(answer.reasoning === '' ? {} : { reasoning_content: answer.reasoning }),
          ...(answer.calls.length === 0 ? {} : { tool_calls: answer.calls.map(wireCall(answer)) }),
        },
        logprobs: null,
        finish_reason: finishReasons[answer.finish],
      },
    ],
    ...(usage ? { usage: wireUsage(usage) } : {}),
  };
};

const callId = ({ id }: Answer, index: number): string => `call_${id.slice(0, 20)}${index}`;

const wireCall = (answer: Answer) => (call: Answer['calls'][number], index: number) => ({
  id: callId(answer, index),
  type: 'function',
  function: { name: call.name, arguments: call.arguments },
});

const wireUsage = (usage: AnswerUsage): JsonObject => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
  prompt_tokens_details: { cached_tokens: usage.cacheReadTokens, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: usage.reasoningTokens, audio_tokens: 0 },
});

/** Chunks in the server's order: role, deltas, finish, usage when asked for, `[DONE]`. */
const frames = (answer: Answer, { streamUsage }: Ask): string[] => {
  const common = head(answer, 'chat.completion.chunk');
  const usageField = streamUsage ? { usage: null } : {};
  const chunk = (delta: JsonObject, finish_reason: string | null = null) =>
    frame({ ...common, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...usageField });
  return [
    chunk({ role: 'assistant', content: '', refusal: null }),
    ...slices(answer.reasoning, 12).map((reasoning_content) => chunk({ reasoning_content })),
    ...answer.pieces.map((content) => chunk({ content })),
    ...answer.calls.flatMap((_, index) => callDeltas(answer, index).map((delta) => chunk(delta))),
    chunk({}, finishReasons[answer.finish]),
    ...(streamUsage
      ? answer.usage.map((usage) => frame({ ...common, choices: [], usage: wireUsage(usage) }))
      : []),
    'data: [DONE]\n\n',
  ];
};

/** Id, type and name come in the first delta of a call only. */
const callDeltas = (answer: Answer, index: number): JsonObject[] => {
  const call = answer.calls[index];
  if (!call) return [];
  const first = { index, ...wireCall(answer)({ ...call, arguments: '' }, index) };
  const rest = slices(call.arguments, 8).map((piece) => ({ index, function: { arguments: piece } }));
  return [first, ...rest].map((tool_call) => ({ tool_calls: [tool_call] }));
};

const frame = (event: JsonObject): string => `data: ${JSON.stringify(event)}\n\n`;

const errorBody = ({ status, message, detail }: ProviderError): JsonObject => ({
  error: { message, type: errorType(status), param: detail.param ?? null, code: detail.code ?? null },
});

const errorType = (status: number): string => {
  if (status === 429) return 'rate_limit_exceeded';
  return status < 500 ? 'invalid_request_error' : 'server_error';
};
