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
import { openai } from './openai.ts';

/**
 * Responses as OpenAI's server has it (API reference, "Create a model response" and "Streaming events", and the types of
 * `openai` 7.57.0, read 2026-11-24). It keeps nothing: what it would have to remember is refused.
 */
export const openaiResponses: ProviderDialect = {
  path: '/v1/responses',
  credentials: openai.credentials,
  readAsk: (body) => readAsk(body),
  unary: (answer, ask) => response(answer, ask, 'done'),
  frames: (answer, ask) => frames(answer, ask),
  errorBody: openai.errorBody,
  errorFrame: (error) => errorFrame(error),
  models: openai.models,
};

const topLevel = new Set(
  (
    'model input background context_management conversation include instructions max_output_tokens max_tool_calls ' +
    'metadata moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options ' +
    'prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature text ' +
    'tool_choice tools top_logprobs top_p truncation user'
  ).split(' '),
);

/** Members of each kind of item. */
const itemKeys: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  Object.entries({
    message: 'type id status role content phase',
    function_call: 'type id status call_id name arguments namespace',
    function_call_output: 'type id status call_id output',
    reasoning: 'type id status summary content encrypted_content',
  }).map(([type, keys]) => [type, new Set(keys.split(' '))]),
);

const partTypes: Readonly<Record<string, ReadonlySet<string>>> = {
  user: new Set(['input_text', 'input_image', 'input_file']),
  system: new Set(['input_text']),
  developer: new Set(['input_text']),
  assistant: new Set(['output_text', 'refusal']),
};

/** Begins everything that this provider encrypts, so that nothing of another's is taken for it. */
const encrypted = 'gAAAA-demo-';

const readAsk = (body: JsonObject): Ask => {
  refuseUnknown(body, topLevel, '');
  for (const held of ['previous_response_id', 'conversation', 'prompt'])
    if ((body[held] ?? null) !== null) throw wrong(held, 'this provider keeps nothing', 'not_found');
  const items = readItems(body.input);
  const maxTokens = countIn(body.max_output_tokens, 'max_output_tokens');
  if (maxTokens !== undefined && maxTokens < 16)
    throw wrong('max_output_tokens', 'expected at least 16', 'integer_below_min_value');
  const tools = body.tools === undefined ? [] : objectsIn(body.tools, 'tools').map(readTool);
  const choice = body.tool_choice;
  const named = isJsonObject(choice) && choice.type === 'function' ? choice.name : undefined;
  const reasoning = isJsonObject(body.reasoning) ? body.reasoning : {};
  const reasons = (reasoning.effort ?? 'none') !== 'none' || (reasoning.summary ?? null) !== null;
  return {
    model: textIn(body.model, 'model'),
    stream: body.stream === true,
    streamUsage: true,
    lastText: lastTextOf(items),
    tools: choice === 'none' ? [] : tools.filter(({ name }) => named === undefined || name === named),
    toolRequired: choice === 'required' || named !== undefined,
    parallelTools: body.parallel_tool_calls !== false,
    reasoning: reasons ? ((reasoning.summary ?? null) === null ? 'sealed' : 'shown') : 'none',
    encrypts: Array.isArray(body.include) && body.include.includes('reasoning.encrypted_content'),
    maxTokens,
    stopSequences: [],
    outputSchema: readFormat(body.text),
    promptTokens: tokensIn(JSON.stringify([body.instructions, items, body.tools])),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
  };
};

const readItems = (input: JsonValue | undefined): JsonObject[] => {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  const items = objectsIn(input, 'input');
  if (items.length === 0) throw wrong('input', 'expected at least one item', 'empty_array');
  items.forEach(checkItem);
  checkToolAnswers(items);
  return items;
};

const typeOf = ({ type }: JsonObject): string => (typeof type === 'string' ? type : 'message');

const checkItem = (item: JsonObject, index: number): void => {
  const where = `input[${index}]`;
  const type = typeOf(item);
  const known = Object.hasOwn(itemKeys, type) ? itemKeys[type] : undefined;
  if (!known) throw wrong(`${where}.type`, `unknown type ${type}`);
  refuseUnknown(item, known, `${where}.`);
  if (type === 'message') checkMessage(item, where);
  if (type === 'reasoning') checkReasoning(item, where);
  if (type.startsWith('function_call') && textIn(item.call_id, `${where}.call_id`).length > 64)
    throw wrong(`${where}.call_id`, 'expected at most 64 characters', 'string_above_max_length');
  if (type === 'function_call') textIn(item.arguments, `${where}.arguments`);
};

const checkMessage = ({ id, role, content }: JsonObject, where: string): void => {
  const types = partTypes[textIn(role, `${where}.role`)];
  if (!types) throw wrong(`${where}.role`, `unknown role ${String(role)}`);
  if (id !== undefined && !textIn(id, `${where}.id`).startsWith('msg_'))
    throw wrong(`${where}.id`, 'expected an id that begins with msg');
  if (typeof content === 'string') return;
  objectsIn(content, `${where}.content`).forEach((part, at) => {
    const type = textIn(part.type, `${where}.content[${at}].type`);
    if (!types.has(type))
      throw wrong(`${where}.content[${at}].type`, `${type} in a message of ${String(role)}`);
  });
};

/** A server that keeps nothing knows reasoning by what it encrypted itself. */
const checkReasoning = (item: JsonObject, where: string): void => {
  objectsIn(item.summary, `${where}.summary`);
  const { encrypted_content: sealed } = item;
  if (typeof sealed !== 'string') throw wrong(where, `item ${String(item.id)} not found`, 'not_found');
  if (!sealed.startsWith(encrypted))
    throw wrong(`${where}.encrypted_content`, 'could not be verified', 'invalid_encrypted_content');
};

/** Every call has its output somewhere after it, and every output its call before. */
const checkToolAnswers = (items: readonly JsonObject[]): void => {
  const open = new Set<string>();
  for (const item of items) {
    const id = String(item.call_id);
    if (item.type === 'function_call') open.add(id);
    if (item.type === 'function_call_output' && !open.delete(id))
      throw wrong('input', `no tool call found for function call output with call_id ${id}`);
  }
  if (open.size > 0) throw wrong('input', `no tool output found for function call ${[...open].join(', ')}`);
};

const readTool = (tool: JsonObject, index: number): OfferedTool => {
  const where = `tools[${index}]`;
  const type = textIn(tool.type, `${where}.type`);
  if (type !== 'function') throw wrong(`${where}.type`, `unknown type ${type}`);
  refuseUnknown(tool, new Set(['type', 'name', 'description', 'parameters', 'strict']), `${where}.`);
  return {
    name: textIn(tool.name, `${where}.name`),
    schema: objectIn(tool.parameters, `${where}.parameters`),
  };
};

const readFormat = (text: JsonValue | undefined): JsonObject | undefined => {
  const format = isJsonObject(text) ? text.format : undefined;
  if (!isJsonObject(format) || format.type !== 'json_schema') return undefined;
  textIn(format.name, 'text.format.name');
  return objectIn(format.schema, 'text.format.schema');
};

/** The outputs of the last calls, or the last message. */
const lastTextOf = (items: readonly JsonObject[]): string => {
  const last = items.at(-1);
  return textOf(last?.output ?? last?.content);
};

const textOf = (content: JsonValue | undefined): string => {
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? content.filter(isJsonObject) : [];
  return parts.flatMap(({ text }) => (typeof text === 'string' ? [text] : [])).join('\n');
};

// Answers

const wireUsage = (usage: AnswerUsage): JsonObject => ({
  input_tokens: usage.inputTokens,
  input_tokens_details: { cached_tokens: usage.cacheReadTokens },
  output_tokens: usage.outputTokens,
  output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  total_tokens: usage.inputTokens + usage.outputTokens,
});

const response = (answer: Answer, ask: Ask, state: 'begun' | 'done'): JsonObject => {
  const usage = answer.usage.at(-1);
  const isCut = answer.finish === 'length';
  return {
    id: `resp_${answer.id}`,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status: state === 'begun' ? 'in_progress' : isCut ? 'incomplete' : 'completed',
    error: null,
    incomplete_details: state === 'done' && isCut ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    metadata: {},
    model: answer.model,
    output: state === 'begun' ? [] : itemsOf(answer, ask),
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: state === 'done' && usage ? wireUsage(usage) : null,
  };
};

/** The items of an answer, whole: what it thought, then its calls or its text. */
const itemsOf = (answer: Answer, ask: Ask): JsonObject[] => [
  ...(answer.reasoning === '' ? [] : [reasoningItem(answer, ask)]),
  ...(answer.calls.length > 0
    ? answer.calls.map((call, index) => callItem(answer, call, index))
    : [messageItem(answer)]),
];

const reasoningItem = (answer: Answer, { encrypts = false }: Ask): JsonObject => ({
  id: `rs_${answer.id}`,
  type: 'reasoning',
  summary: answer.reasoningShown ? [{ type: 'summary_text', text: answer.reasoning }] : [],
  ...(encrypts ? { encrypted_content: encrypted + Buffer.from(answer.reasoning).toString('base64url') } : {}),
});

const callItem = ({ id }: Answer, call: Answer['calls'][number], index: number): JsonObject => ({
  id: `fc_${id}${index}`,
  type: 'function_call',
  status: 'completed',
  call_id: `call_${id.slice(0, 20)}${index}`,
  name: call.name,
  arguments: call.arguments,
});

const messageItem = (answer: Answer): JsonObject => ({
  id: `msg_${answer.id}`,
  type: 'message',
  status: answer.finish === 'length' ? 'incomplete' : 'completed',
  role: 'assistant',
  content: [textPart(answer.pieces.join(''))],
});

const textPart = (text: string): JsonObject => ({ type: 'output_text', text, annotations: [], logprobs: [] });

/** An event without its place in the sequence. */
interface Event extends JsonObject {
  readonly type: string;
}

const frames = (answer: Answer, ask: Ask): string[] => {
  const begun = response(answer, ask, 'begun');
  const done = response(answer, ask, 'done');
  const events: Event[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...itemsOf(answer, ask).flatMap((item, at) => itemEvents(item, at, answer)),
    { type: `response.${String(done.status)}`, response: done },
  ];
  return events.map((event, sequence_number) => frame({ ...event, sequence_number }));
};

const itemEvents = (item: JsonObject, output_index: number, answer: Answer): Event[] => {
  const place = { item_id: item.id ?? null, output_index };
  return [
    { type: 'response.output_item.added', output_index, item: emptied(item) },
    ...insideOf(item, answer).map((event) => ({ ...event, ...place })),
    { type: 'response.output_item.done', output_index, item },
  ];
};

/** An item as it is announced. */
const emptied = (item: JsonObject): JsonObject => {
  switch (item.type) {
    case 'message':
      return { ...item, status: 'in_progress', content: [] };
    case 'function_call':
      return { ...item, status: 'in_progress', arguments: '' };
    default:
      return { ...item, summary: [] };
  }
};

const insideOf = (item: JsonObject, answer: Answer): Event[] => {
  switch (item.type) {
    case 'message':
      return messageEvents(answer);
    case 'function_call':
      return callEvents(item);
    default:
      return answer.reasoningShown ? summaryEvents(answer) : [];
  }
};

const messageEvents = ({ pieces }: Answer): Event[] => {
  const text = pieces.join('');
  const events: Event[] = [
    { type: 'response.content_part.added', part: textPart('') },
    ...pieces.map((delta) => ({ type: 'response.output_text.delta', delta, logprobs: [] })),
    { type: 'response.output_text.done', text, logprobs: [] },
    { type: 'response.content_part.done', part: textPart(text) },
  ];
  return events.map((event) => ({ ...event, content_index: 0 }));
};

const callEvents = ({ name = '', arguments: json = '' }: JsonObject): Event[] => [
  ...slices(String(json), 8).map((delta) => ({ type: 'response.function_call_arguments.delta', delta })),
  { type: 'response.function_call_arguments.done', name, arguments: json },
];

const summaryEvents = ({ reasoning: text }: Answer): Event[] => {
  const events: Event[] = [
    { type: 'response.reasoning_summary_part.added', part: { type: 'summary_text', text: '' } },
    ...slices(text, 12).map((delta) => ({ type: 'response.reasoning_summary_text.delta', delta })),
    { type: 'response.reasoning_summary_text.done', text },
    { type: 'response.reasoning_summary_part.done', part: { type: 'summary_text', text } },
  ];
  return events.map((event) => ({ ...event, summary_index: 0 }));
};

const frame = (event: JsonObject): string =>
  `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`;

/** Recorded so in 2025: the members stand in `error`, not beside it. */
const errorFrame = (error: ProviderError): string =>
  frame({ type: 'error', sequence_number: 1, error: openai.errorBody(error).error ?? null });
