import { createHash } from 'node:crypto';
import type {
  ModelRequest,
  OutputFormat,
  Part,
  ReasoningSettings,
  Source,
  Tool,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from '../../model/request.ts';
import type { JsonObject } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import type { EncodedRequest, UpstreamTarget } from '../dialect.ts';
import { cannotCarry, foreignPart, Losses } from '../losses.ts';
import { inputObject } from '../tool-input.ts';

// Fields: Amazon Bedrock API reference, "Converse", read 2026-11-28.

/** Model → wire. Throws `RequestError('unsupported_field')` for what Converse cannot be asked. */
export const encodeRequest = (request: ModelRequest, { model }: UpstreamTarget): EncodedRequest => {
  const losses = new Losses();
  refuseWhatChangesMeaning(request);
  nameLosses(request, losses);
  const claude = /anthropic|claude/i.test(model);
  const reasoning = encodeReasoning(request, { claude, losses });
  const body = {
    ...encodeConversation(request, losses),
    ...present({
      inferenceConfig: encodeInference(request, { claude, losses }),
      toolConfig: encodeTools(request, losses),
      outputConfig: encodeOutput(request.output, losses),
      additionalModelRequestFields: additional(request, { claude, losses, reasoning }),
      requestMetadata: request.endUser === undefined ? undefined : { user: request.endUser },
    }),
  };
  const verb = request.stream ? 'converse-stream' : 'converse';
  return {
    path: `/model/${encodeURIComponent(model)}/${verb}`,
    headers: [['content-type', 'application/json']],
    body: JSON.stringify(body),
    dropped: losses.dropped,
  };
};

const refuseWhatChangesMeaning = ({ sampling, logprobs }: ModelRequest): void => {
  if ((sampling.choices ?? 1) > 1) throw cannotCarry('n', 'more than one answer');
  if (logprobs) throw cannotCarry('logprobs', 'logprobs');
};

const nameLosses = (
  { vendor, metadata, serviceTier, verbosity, sampling }: ModelRequest,
  losses: Losses,
): void => {
  losses.dropVendor(vendor);
  losses.dropPresent({
    metadata,
    service_tier: serviceTier,
    verbosity,
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logit_bias: sampling.logitBias,
  });
};

/** There is no JSON mode without a schema, so the model is asked for it. */
const jsonHint = 'Answer with one valid JSON value and nothing else: no Markdown fence, no text around it.';

const encodeConversation = ({ system, turns, output }: ModelRequest, losses: Losses): JsonObject => {
  const blocks = system.flatMap(({ text, cache }) =>
    text.trim() === '' ? [] : [{ text }, ...(cache ? [cachePoint(cache.ttl)] : [])],
  );
  if (output?.kind === 'json') blocks.push({ text: jsonHint });
  return {
    messages: joined(turns.map((turn) => encodeTurn(turn, losses))),
    ...(blocks.length > 0 ? { system: blocks } : {}),
  };
};

interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

/** Roles must take turns, and the user begins. */
const joined = (messages: readonly Message[]): JsonObject[] => {
  const out: Message[] = [];
  for (const { role, content } of messages) {
    const last = out.at(-1);
    if (content.length === 0) continue;
    if (last?.role === role) last.content.push(...content);
    else out.push({ role, content: [...content] });
  }
  const begun =
    out[0]?.role === 'assistant' ? [{ role: 'user' as const, content: [{ text: '.' }] }, ...out] : out;
  return begun.map(({ role, content }) => ({ role, content }));
};

const encodeTurn = (turn: Turn, losses: Losses): Message => {
  losses.dropPresent({ 'messages.name': turn.name });
  losses.dropVendor(turn.vendor, 'messages.');
  const blocks = turn.parts.flatMap((part) => encodePart(part, losses));
  const isSystem = turn.role === 'system';
  return {
    role: turn.role === 'assistant' ? 'assistant' : 'user',
    content: isSystem ? blocks.map(({ text }) => ({ text: `<system>${String(text)}</system>` })) : blocks,
  };
};

const encodePart = (part: Part, losses: Losses): JsonObject[] => {
  losses.dropVendor(part.vendor, 'messages.content.');
  return [...encodeBlock(part, losses), ...(part.cache ? [cachePoint(part.cache.ttl)] : [])];
};

/** A block after the one that it marks. */
const cachePoint = (ttl: string | undefined): JsonObject => ({
  cachePoint: { type: 'default', ...present({ ttl }) },
});

const encodeBlock = (part: Part, losses: Losses): JsonObject[] => {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text.trim() === '' ? [] : [{ text: part.text }];
    case 'image':
      losses.dropPresent({ 'messages.content.detail': part.detail });
      return [
        { image: { format: formatOf(part.source, imageFormats), source: { bytes: bytesOf(part.source) } } },
      ];
    case 'audio':
      return [{ audio: { format: part.format, source: { bytes: bytesOf(part.source) } } }];
    case 'file':
      return encodeFile(part.source, part.filename);
    case 'tool-call':
      return [encodeCall(part)];
    case 'tool-result':
      return [encodeResult(part, losses)];
    case 'reasoning':
      losses.drop('messages.reasoning'); // sealed by another API
      return [];
    case 'opaque':
      throw foreignPart(part.wireType, part.dialect);
  }
};

const imageFormats: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
};

const documentFormats: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'text/html': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
};

const formatOf = (source: Source, formats: Readonly<Record<string, string>>): string => {
  const mediaType = source.kind === 'base64' ? source.mediaType : '';
  const format = Object.hasOwn(formats, mediaType) ? formats[mediaType] : undefined;
  if (source.kind !== 'base64') bytesOf(source);
  if (format === undefined) throw cannotCarry('messages.content', mediaType || 'a file of this kind');
  return format;
};

const bytesOf = (source: Source): string => {
  if (source.kind === 'base64') return source.data;
  if (source.kind === 'url') throw cannotCarry('messages.content', 'files by URL; send them as base64');
  throw cannotCarry('messages.content', `files of ${source.owner}`);
};

/** Names of documents hold letters, digits, blanks, hyphens and brackets; the model sees them. */
const encodeFile = (
  source: Source | { readonly kind: 'text'; readonly text: string },
  filename = 'document',
): JsonObject[] => {
  if (source.kind === 'text') return [{ text: source.text }];
  const name = filename
    .replace(/\.[^.]*$/, '')
    .replace(/[^A-Za-z0-9()[\] -]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const format = formatOf(source, documentFormats);
  return [{ document: { format, name: name || 'document', source: { bytes: bytesOf(source) } } }];
};

const encodeCall = ({ id, name, input }: ToolCallPart): JsonObject => ({
  toolUse: { toolUseId: legalId(id), name: legalName(name), input: objectOf(input) },
});

const objectOf = (input: string): JsonObject => {
  const value = inputObject(input);
  if (value) return value;
  throw cannotCarry('messages.tool_calls', 'arguments that are not a JSON object');
};

const encodeResult = ({ callId, parts, isError }: ToolResultPart, losses: Losses): JsonObject => {
  const content = parts.flatMap((part) => encodeBlock(part, losses));
  return {
    toolResult: {
      toolUseId: legalId(callId),
      content: content.length === 0 ? [{ text: '' }] : content,
      ...(isError ? { status: 'error' } : {}),
    },
  };
};

/** Ids and names hold letters, digits, `_` and `-`, at most 64; others become their digest, the same every time. */
const legalId = (id: string): string => (/^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : `id_${digest(id)}`);

/** Answers are read without the request, so a name that would not come back as it was sent is refused. */
const legalName = (name: string): string => {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return name;
  throw cannotCarry(
    'tools.name',
    'a name with other characters than letters, digits, _ and -, or of more than 64',
  );
};

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

const encodeTools = (request: ModelRequest, losses: Losses): JsonObject | undefined => {
  const { toolChoice } = request;
  const names = toolChoice?.mode === 'allowed' ? toolChoice.names : undefined;
  const tools = request.tools.filter(({ name }) => names === undefined || names.includes(name));
  if (tools.length === 0) return undefined;
  losses.dropPresent({ parallel_tool_calls: request.parallelToolCalls === false ? true : undefined });
  return { tools: tools.flatMap(encodeTool), ...present({ toolChoice: encodeChoice(request, losses) }) };
};

const encodeTool = (tool: Tool): JsonObject[] => {
  if (tool.kind === 'opaque') throw foreignPart(tool.wireType, tool.dialect);
  const { name, description, schema, strict, cache } = tool;
  const spec = {
    name: legalName(name),
    ...present({ description: description || undefined, strict: strict || undefined }),
    inputSchema: { json: { type: 'object', properties: {}, ...schema } },
  };
  return [{ toolSpec: spec }, ...(cache ? [cachePoint(cache.ttl)] : [])];
};

/** Converse has no word for "none": the tools stay, since a history with calls needs them, and the choice is named. */
const encodeChoice = ({ toolChoice }: ModelRequest, losses: Losses): JsonObject | undefined => {
  switch (toolChoice?.mode) {
    case 'required':
      return { any: {} };
    case 'named':
      return { tool: { name: legalName(toolChoice.name) } };
    case 'allowed':
      return toolChoice.required ? { any: {} } : undefined;
    case 'none':
      losses.drop('tool_choice');
      return undefined;
    default:
      return undefined;
  }
};

interface Writing {
  readonly claude: boolean;
  readonly losses: Losses;
}

const encodeInference = (
  { sampling, maxOutputTokens, stopSequences }: ModelRequest,
  { claude, losses }: Writing,
): JsonObject | undefined => {
  const temperature = claude
    ? losses.clamp('temperature', sampling.temperature, [0, 1])
    : sampling.temperature;
  const config = present({
    maxTokens: maxOutputTokens,
    temperature,
    topP: sampling.topP,
    stopSequences: stopSequences.length === 0 ? undefined : [...stopSequences],
  });
  return Object.keys(config).length === 0 ? undefined : config;
};

/** What Converse passes on to the model as it is; we know these names for Claude. */
const additional = (
  { sampling }: ModelRequest,
  { claude, losses, reasoning }: Writing & { readonly reasoning: JsonObject | undefined },
): JsonObject | undefined => {
  if (!claude) losses.dropPresent({ top_k: sampling.topK });
  const fields = { ...present({ top_k: claude ? sampling.topK : undefined }), ...reasoning };
  return Object.keys(fields).length === 0 ? undefined : fields;
};

/** Tokens to think with, for clients that name an effort. */
const budgets: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
  max: 32_768,
};

const leastBudget = 1024;

const encodeReasoning = (
  { reasoning, maxOutputTokens, toolChoice }: ModelRequest,
  { claude, losses }: Writing,
): JsonObject | undefined => {
  const budget = reasoning && budgetOf(reasoning);
  if (budget === undefined) return undefined;
  const room = maxOutputTokens === undefined ? budget : Math.min(budget, maxOutputTokens - 1);
  const forced = toolChoice?.mode === 'required' || toolChoice?.mode === 'named';
  if (!claude || forced || room < leastBudget) {
    losses.drop('reasoning_effort');
    return undefined;
  }
  return { thinking: { type: 'enabled', budget_tokens: room } };
};

const budgetOf = ({ effort, budgetTokens, mode }: ReasoningSettings): number | undefined => {
  if (mode === 'off' || effort === 'none') return undefined;
  return budgetTokens ?? (effort === undefined ? budgets.medium : budgets[effort]);
};

/** The schema goes as a text. */
const encodeOutput = (output: OutputFormat | undefined, losses: Losses): JsonObject | undefined => {
  if (output?.kind === 'json') losses.drop('response_format');
  if (output?.kind !== 'schema') return undefined;
  const { schema, name = 'answer', description } = output;
  const jsonSchema = { schema: JSON.stringify(schema), name, ...present({ description }) };
  return { textFormat: { type: 'json_schema', structure: { jsonSchema } } };
};
