import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../plugins/wire/json.ts';
import { type Answer, type AnswerUsage, type Ask, type OfferedTool, tokensIn } from './ask.ts';
import {
  countIn,
  objectIn,
  objectsIn,
  type ProviderDialect,
  ProviderError,
  refuseUnknown,
  slices,
  textIn,
  wrong,
} from './dialect.ts';

/** Messages as Anthropic's server has it (API reference, "Messages", and the types of `@anthropic-ai/sdk` 1.12.0, read 2026-11-24). */
export const anthropic: ProviderDialect = {
  path: '/v1/messages',
  // Version 1.12.0 of its SDK sends `authorization`, older ones `x-api-key`.
  credentials: (key) => ({ 'x-api-key': key, authorization: `Bearer ${key}` }),
  readAsk: (body, headers) => readAsk(body, headers),
  unary: (answer) => unary(answer),
  frames: (answer) => frames(answer),
  errorBody: (error) => errorBody(error),
  errorFrame: (error) => frame(errorBody(error)),
  models: (names) => ({
    data: names.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' })),
    first_id: names.at(0) ?? null,
    last_id: names.at(-1) ?? null,
    has_more: false,
  }),
  others: {
    '/v1/messages/count_tokens': (body) => ({ input_tokens: tokensIn(JSON.stringify(body.messages)) }),
  },
};

const topLevel = new Set(
  (
    'model max_tokens messages cache_control container diagnostics inference_geo metadata output_config service_tier ' +
    'speed stop_sequences stream system thinking thread tool_choice tools temperature top_k top_p user_profile_id ' +
    'workspace_id'
  ).split(' '),
);

const blockTypes = new Set(
  (
    'text image document search_result tool_use tool_result thinking redacted_thinking server_tool_use ' +
    'web_search_tool_result web_fetch_tool_result code_execution_tool_result container_upload'
  ).split(' '),
);

const messageKeys = new Set(['role', 'content']);

/** The version whose messages may have the role `system`; older ones know `user` and `assistant`. */
const versionWithSystemTurns = '2026-10-21';

const readAsk = (body: JsonObject, headers: IncomingHttpHeaders): Ask => {
  const version = headers['anthropic-version'];
  if (typeof version !== 'string') throw wrong('anthropic-version', 'header is required');
  refuseUnknown(body, topLevel, '');
  if ((body.thread ?? null) !== null) throw noThreads;
  const model = textIn(body.model, 'model');
  const maxTokens = countIn(body.max_tokens, 'max_tokens');
  if (maxTokens === undefined) throw wrong('max_tokens', 'field required');
  checkSampling(body, model);
  const system = readSystem(body.system);
  const messages = readMessages(body.messages, version);
  const choice = isJsonObject(body.tool_choice) ? body.tool_choice : {};
  const tools = body.tools === undefined ? [] : objectsIn(body.tools, 'tools').flatMap(readTool);
  const marked = (blocks: readonly JsonObject[]) =>
    tokensIn(blocks.flatMap((block) => (block.cache_control ? [JSON.stringify(block)] : [])).join(''));
  return {
    model,
    stream: body.stream === true,
    streamUsage: true,
    lastText: textOf(messages.at(-1)?.blocks ?? []),
    tools:
      choice.type === 'none'
        ? []
        : tools.filter(({ name }) => choice.type !== 'tool' || name === choice.name),
    toolRequired: choice.type === 'any' || choice.type === 'tool',
    parallelTools: choice.disable_parallel_tool_use !== true,
    reasoning: readThinking(body.thinking, maxTokens),
    maxTokens,
    stopSequences: readStops(body.stop_sequences),
    outputSchema: readFormat(body.output_config),
    promptTokens: tokensIn(JSON.stringify([system, messages, body.tools])),
    // Stateless on purpose: a marked system prompt always hits, a marked turn is always new.
    cacheReadTokens: marked(system),
    cacheWriteTokens: marked(messages.flatMap(({ blocks }) => blocks)),
  };
};

/** Models after Claude Opus 4.6 take no sampling settings but the defaults (deprecation notes of `@anthropic-ai/sdk` 0.137.0). */
const checkSampling = ({ temperature, top_k, top_p }: JsonObject, model: string): void => {
  const [, major = 0, minor = 0] = /^claude-[a-z]+-(\d+)(?:-(\d{1,2})(?!\d))?/.exec(model) ?? [];
  if (Number(major) * 100 + Number(minor) <= 406) return;
  const message = 'not supported by this model';
  if (temperature !== undefined && temperature !== 1) throw wrong('temperature', message);
  if (typeof top_p === 'number' && top_p < 0.99) throw wrong('top_p', message);
  if (top_k !== undefined) throw wrong('top_k', message);
};

/** This provider holds no conversations. SDKs that read so send theirs whole. */
const noThreads = new ProviderError(400, 'thread: message threads are not available', {
  code: 'thread_unsupported_request',
  unsupported: ['thread'],
});

interface Turn {
  readonly role: string;
  readonly blocks: readonly JsonObject[];
}

const readSystem = (system: JsonValue | undefined): JsonObject[] => {
  if (system === undefined) return [];
  if (typeof system === 'string') return [{ type: 'text', text: system }];
  const blocks = objectsIn(system, 'system');
  blocks.forEach((block, index) => {
    if (block.type !== 'text') throw wrong(`system[${index}].type`, 'expected text');
  });
  return blocks;
};

const readMessages = (value: JsonValue | undefined, version: string): Turn[] => {
  const messages = objectsIn(value, 'messages');
  if (messages.length === 0) throw wrong('messages', 'at least one message is required');
  const roles = ['user', 'assistant', ...(version >= versionWithSystemTurns ? ['system'] : [])];
  const turns: Turn[] = [];
  messages.forEach((message, index) => {
    const where = `messages[${index}]`;
    refuseUnknown(message, messageKeys, `${where}.`);
    const role = textIn(message.role, `${where}.role`);
    if (!roles.includes(role)) throw wrong(`${where}.role`, `unexpected role ${role}`);
    const blocks = readBlocks(message.content, `${where}.content`);
    // The server joins turns of the same role.
    const last = turns.at(-1);
    if (last?.role === role) turns.splice(-1, 1, { role, blocks: [...last.blocks, ...blocks] });
    else turns.push({ role, blocks });
  });
  turns.forEach(checkToolResults);
  return turns;
};

const readBlocks = (content: JsonValue | undefined, where: string): JsonObject[] => {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : objectsIn(content, where);
  if (blocks.length === 0) throw wrong(where, 'must not be empty');
  for (const [index, block] of blocks.entries()) checkBlock(block, `${where}[${index}]`);
  return blocks;
};

const checkBlock = (block: JsonObject, where: string): void => {
  const type = textIn(block.type, `${where}.type`);
  if (!blockTypes.has(type)) throw wrong(`${where}.type`, `unknown type ${type}`);
  if (type === 'text' && textIn(block.text, `${where}.text`).trim() === '') {
    throw wrong(`${where}.text`, 'text content blocks must be non-empty');
  }
  if (type === 'tool_use') objectIn(block.input, `${where}.input`);
  if (type === 'thinking' && !isSealOf(textIn(block.signature, where), textIn(block.thinking, where))) {
    throw wrong(`${where}.signature`, 'invalid signature in thinking block');
  }
};

/** Each `tool_use` has its result at the start of the turn after it, and each result its `tool_use`. */
const checkToolResults = ({ blocks }: Turn, index: number, turns: readonly Turn[]): void => {
  const results = idsIn(blocks, 'tool_result', 'tool_use_id');
  const calls = idsIn(turns[index - 1]?.blocks ?? [], 'tool_use', 'id');
  const orphan = results.find((id) => !calls.includes(id));
  if (orphan !== undefined) throw wrong('messages', `unexpected tool_use_id ${orphan} in tool_result`);
  const missing = calls.find((id) => !results.includes(id));
  if (missing !== undefined) throw wrong('messages', `tool_use ${missing} has no tool_result after it`);
  if (blocks.slice(0, results.length).some(({ type }) => type !== 'tool_result')) {
    throw wrong('messages', 'tool_result blocks must come first');
  }
};

const idsIn = (blocks: readonly JsonObject[], type: string, key: string): string[] =>
  blocks.filter((block) => block.type === type).map((block) => textIn(block[key], key));

/** Tools that the server runs are never called by this provider. */
const readTool = (tool: JsonObject, index: number): OfferedTool[] => {
  const where = `tools[${index}]`;
  const type = tool.type ?? 'custom';
  if (type === 'function') throw wrong(`${where}.type`, 'unknown type function');
  const name = textIn(tool.name, `${where}.name`);
  if (!/^[\w-]{1,128}$/.test(name)) throw wrong(`${where}.name`, 'expected [A-Za-z0-9_-], at most 128');
  return type === 'custom' ? [{ name, schema: objectIn(tool.input_schema, `${where}.input_schema`) }] : [];
};

const readThinking = (value: JsonValue | undefined, maxTokens: number): Ask['reasoning'] => {
  const thinking = value === undefined ? {} : objectIn(value, 'thinking');
  if (thinking.type === 'enabled') {
    const budget = countIn(thinking.budget_tokens, 'thinking.budget_tokens') ?? 0;
    if (budget < 1024) throw wrong('thinking.budget_tokens', 'must be at least 1024');
    if (budget >= maxTokens) throw wrong('thinking.budget_tokens', 'must be less than max_tokens');
  } else if (thinking.type !== 'adaptive') return 'none';
  return thinking.display === 'omitted' ? 'sealed' : 'shown';
};

const readStops = (value: JsonValue | undefined): string[] => {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong('stop_sequences', 'expected a list');
  return value.map((sequence, index) => {
    const text = textIn(sequence, `stop_sequences[${index}]`);
    if (text.trim() === '') throw wrong(`stop_sequences[${index}]`, 'must contain non-whitespace');
    return text;
  });
};

const readFormat = (config: JsonValue | undefined): JsonObject | undefined => {
  if (!isJsonObject(config) || config.format === undefined || config.format === null) return undefined;
  const { type, schema } = objectIn(config.format, 'output_config.format');
  if (type !== 'json_schema') throw wrong('output_config.format.type', 'expected json_schema');
  return objectIn(schema, 'output_config.format.schema');
};

const textOf = (blocks: readonly JsonObject[]): string =>
  blocks
    .flatMap(({ type, text, content }) => {
      if (type === 'text') return [String(text)];
      if (type !== 'tool_result') return [];
      return typeof content === 'string'
        ? [content]
        : [textOf(Array.isArray(content) ? content.filter(isJsonObject) : [])];
    })
    .join('\n');

/** The seal over reasoning that the caller must bring back unchanged. */
const seal = (reasoning: string): string => hash('sha256', `demo ${reasoning}`, 'base64');

/** Omitted reasoning comes back empty, with the seal of what we kept to ourselves. */
const isSealOf = (signature: string, reasoning: string): boolean =>
  reasoning === '' ? signature.length === seal('').length : signature === seal(reasoning);

const stopReasons = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
} as const;

const ended = ({ finish, stopSequence }: Answer) => ({
  stop_reason: stopReasons[finish],
  stop_sequence: stopSequence ?? null,
});

const unary = (answer: Answer): JsonObject => {
  const text = answer.pieces.join('');
  const usage = answer.usage.at(-1);
  return {
    ...message(answer),
    content: [
      ...(answer.reasoning === ''
        ? []
        : [{ type: 'thinking', thinking: shown(answer), signature: seal(answer.reasoning) }]),
      ...(text === '' ? [] : [{ type: 'text', text, citations: null }]),
      ...answer.calls.map((call, index) => ({
        ...toolUse(answer, index),
        input: JSON.parse(call.arguments) as JsonObject, // our own text
      })),
    ],
    ...ended(answer),
    ...(usage ? { usage: wireUsage(usage) } : {}),
  };
};

const shown = ({ reasoning, reasoningShown }: Answer): string => (reasoningShown ? reasoning : '');

const message = ({ id, model }: Answer) => ({
  id: `msg_${id}`,
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  stop_details: null,
  container: null,
});

const toolUse = ({ id, calls }: Answer, index: number) => ({
  type: 'tool_use',
  id: `toolu_${id.slice(0, 20)}${index}`,
  name: calls[index]?.name ?? '',
  input: {},
});

/** Cached tokens are not part of `input_tokens` here. */
const wireUsage = (usage: AnswerUsage) => ({
  input_tokens: usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens,
  cache_creation_input_tokens: usage.cacheWriteTokens,
  cache_read_input_tokens: usage.cacheReadTokens,
  output_tokens: usage.outputTokens,
  output_tokens_details: { thinking_tokens: usage.reasoningTokens },
  service_tier: 'standard',
});

/** Events in the server's order: `message_start`, `ping`, each block with its deltas, `message_delta`, `message_stop`. */
const frames = (answer: Answer): string[] => {
  const [usage] = answer.usage;
  const started = usage && { usage: { ...wireUsage(usage), output_tokens: 1 } };
  const delta = ended(answer);
  const ends = answer.usage.length === 0 ? [{}] : answer.usage.map((each) => ({ usage: wireUsage(each) }));
  return [
    { type: 'message_start', message: { ...message(answer), ...started } },
    { type: 'ping' },
    ...blocksOf(answer).flatMap(blockEvents),
    ...ends.map((end) => ({ type: 'message_delta', delta, ...end })),
    { type: 'message_stop' },
  ].map(frame);
};

interface Block {
  readonly start: JsonObject;
  readonly deltas: readonly JsonObject[];
}

const blocksOf = (answer: Answer): Block[] => {
  const thinking: Block = {
    start: { type: 'thinking', thinking: '', signature: '' },
    deltas: [
      ...slices(shown(answer), 12).map((piece) => ({ type: 'thinking_delta', thinking: piece })),
      { type: 'signature_delta', signature: seal(answer.reasoning) },
    ],
  };
  const text: Block = {
    start: { type: 'text', text: '' },
    deltas: answer.pieces.map((piece) => ({ type: 'text_delta', text: piece })),
  };
  const calls = answer.calls.map((call, index) => ({
    start: toolUse(answer, index),
    deltas: ['', ...slices(call.arguments, 8)].map((piece) => ({
      type: 'input_json_delta',
      partial_json: piece,
    })),
  }));
  return [
    ...(answer.reasoning === '' ? [] : [thinking]),
    ...(answer.pieces.length === 0 ? [] : [text]),
    ...calls,
  ];
};

const blockEvents = ({ start, deltas }: Block, index: number) => [
  { type: 'content_block_start', index, content_block: start },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];

const frame = (event: JsonObject): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** `error.type` per status. Source: Anthropic API reference, "Errors", read 2026-11-24. */
const errorTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

const errorBody = ({ status, message, detail: { code, unsupported } }: ProviderError): JsonObject => ({
  type: 'error',
  error: {
    type: errorTypes[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error'),
    message,
    ...(unsupported ? { details: { error_code: code ?? null, unsupported: [...unsupported] } } : {}),
  },
  request_id: 'req_demo',
});
