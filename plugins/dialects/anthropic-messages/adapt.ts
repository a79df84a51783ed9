import type {
  FilePart,
  ImagePart,
  ModelRequest,
  OutputFormat,
  Part,
  Sampling,
  SystemBlock,
  Tool,
  ToolChoice,
  ToolResultPart,
  Turn,
  Vendor,
} from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import { present } from '../../wire/present.ts';
import { isNoLoss } from '../losses.ts';
import { type ModelTraits, traitsOf } from './models.ts';
import { legalName, maxNameLength } from './names.ts';
import { adaptThinking } from './reasoning.ts';
import { subsetSchema } from './schema.ts';

/** A request of another dialect as this API can take it. */
export interface Adapted {
  readonly request: ModelRequest;
  /** Names of what could not be carried. */
  readonly dropped: readonly string[];
}

/** Collects the names of what is lost on the way, each once. */
type Lose = (field: string) => void;

/**
 * Model → model: what another dialect's client asked for, in the means of this API. What only changes taste is dropped
 * and named by its usual wire name; what changes meaning throws `RequestError('unsupported_field')`.
 */
export const adaptRequest = (request: ModelRequest, model: string): Adapted => {
  const lost = new Set<string>();
  const lose: Lose = (field) => lost.add(field);
  refuseImpossible(request);
  const traits = traitsOf(model);
  const turns = adaptTurns(request.turns, lose);
  const forced = forcesTool(request);
  const thinking = adaptThinking(request.reasoning, {
    traits,
    maxOutputTokens: request.maxOutputTokens,
    excludesBudget: forced || isLoopWithoutThinking(turns),
  });
  if (thinking.lost) lose('reasoning_effort');
  loseVendor(request.vendor, '', lose);
  const adapted: ModelRequest = {
    ...basicsOf(request),
    ...present({
      reasoning: thinking.reasoning,
      output: adaptOutput(request.output, lose),
      endUser: request.endUser,
      serviceTier: adaptTier(request.serviceTier, lose),
    }),
    ...adaptTools(request, lose),
    maxOutputTokens: thinking.maxOutputTokens,
    system: adaptSystem(request, lose),
    turns,
    sampling: adaptSampling(request.sampling, {
      traits,
      thinks: thinking.reasoning !== undefined && thinking.reasoning.mode !== 'off',
      lose,
    }),
    stopSequences: adaptStops(request.stopSequences, lose),
  };
  nameTaste(request, lose);
  return { request: keepLastMarks(adapted, lose), dropped: [...lost] };
};

/** The members that every request has, as this dialect's own. */
const basicsOf = ({ operation, requestModel, stream }: ModelRequest) => ({
  operation,
  requestModel,
  stream,
  dialect: 'anthropic-messages' as const,
  streamUsage: true,
  vendor: {},
});

const unsupported = (param: string, message: string): RequestError =>
  new RequestError('unsupported_field', { param, message });

const refuseImpossible = ({ sampling, logprobs }: ModelRequest): void => {
  if ((sampling.choices ?? 1) > 1)
    throw unsupported('n', 'The upstream of this model gives one answer per request.');
  if (logprobs) throw unsupported('logprobs', 'The upstream of this model gives no log probabilities.');
};

/** Fields that only change taste and have no place here. Values that change nothing are no loss. */
const nameTaste = ({ sampling, metadata, verbosity }: ModelRequest, lose: Lose): void => {
  if (sampling.seed !== undefined) lose('seed');
  if (sampling.presencePenalty) lose('presence_penalty');
  if (sampling.frequencyPenalty) lose('frequency_penalty');
  if (sampling.logitBias && Object.keys(sampling.logitBias).length > 0) lose('logit_bias');
  if (metadata && Object.keys(metadata).length > 0) lose('metadata');
  if (verbosity !== undefined && verbosity !== 'medium') lose('verbosity');
};

const loseVendor = (vendor: Vendor | undefined, place: string, lose: Lose): void => {
  for (const [field, value] of Object.entries(vendor ?? {}))
    if (!isNoLoss(field, value)) lose(`${place}${field}`);
};

interface SamplingContext {
  readonly traits: ModelTraits;
  readonly thinks: boolean;
  readonly lose: Lose;
}

/** Newer models and thinking take only the defaults, temperature goes to 1, and never both of temperature and top_p. */
const adaptSampling = ({ temperature, topP, topK }: Sampling, context: SamplingContext): Sampling => {
  const { traits, thinks, lose } = context;
  if (!traits.takesSampling || thinks) {
    if ((temperature ?? 1) !== 1) lose('temperature');
    if ((topP ?? 1) !== 1) lose('top_p');
    if (topK !== undefined) lose('top_k');
    return {};
  }
  if (temperature === undefined) return present({ topP, topK });
  if (temperature > 1) lose('temperature');
  if (topP !== undefined) lose('top_p');
  return present({ temperature: Math.min(temperature, 1), topK });
};

/** A stop sequence of nothing but white space is refused by the API. */
const adaptStops = (sequences: readonly string[], lose: Lose): string[] => {
  const taken = sequences.filter((sequence) => sequence.trim() !== '');
  if (taken.length < sequences.length) lose('stop');
  return taken;
};

const tiers: ReadonlyMap<string, string> = new Map([
  ['auto', 'auto'],
  ['default', 'standard_only'],
  ['standard_only', 'standard_only'],
]);

const adaptTier = (tier: string | undefined, lose: Lose): string | undefined => {
  const taken = tiers.get(tier ?? '');
  if (tier !== undefined && taken === undefined) lose('service_tier');
  return taken;
};

// System

/** There is no JSON mode without a schema, so the model is asked for it. */
const jsonHint = 'Answer with one valid JSON value and nothing else: no Markdown fence, no text around it.';

const adaptSystem = ({ system, output }: ModelRequest, lose: Lose): SystemBlock[] => {
  const blocks = system.filter(({ text }) => text.trim() !== '').map(withoutVendor('messages.', lose));
  return output?.kind === 'json' ? [...blocks, { text: jsonHint }] : blocks;
};

const withoutVendor =
  (place: string, lose: Lose) =>
  <T extends { readonly vendor?: Vendor }>({ vendor, ...node }: T): Omit<T, 'vendor'> => {
    loseVendor(vendor, place, lose);
    return node;
  };

// Turns

/**
 * Turns as the API wants them: user first, roles in turn, results of tools before all else in the user turn after the
 * calls, nothing empty.
 */
const adaptTurns = (turns: readonly Turn[], lose: Lose): Turn[] => {
  const merged: { role: 'user' | 'assistant'; parts: Part[] }[] = [];
  for (const turn of turns) {
    const role = turn.role === 'assistant' ? 'assistant' : 'user';
    const parts = adaptTurn(turn, lose);
    const last = merged.at(-1);
    if (parts.length === 0) continue;
    if (last?.role === role) last.parts.push(...parts);
    else merged.push({ role, parts });
  }
  if (merged[0]?.role !== 'user') {
    lose('messages[0].role');
    merged.unshift({ role: 'user', parts: [{ type: 'text', text: '.' }] });
  }
  return merged.map(({ role, parts }) => ({ role, parts: resultsFirst(parts) }));
};

const adaptTurn = (turn: Turn, lose: Lose): Part[] => {
  if (turn.name !== undefined) lose('messages.name');
  loseVendor(turn.vendor, 'messages.', lose);
  const parts = turn.parts.flatMap((part) => adaptPart(part, lose));
  if (turn.role !== 'system' || parts.length === 0) return parts;
  lose('messages.role');
  return parts.map((part) => (part.type === 'text' ? { ...part, text: wrapped(part.text) } : part));
};

/** Instructions in the middle of a conversation: a role of their own is only known to newer models. */
const wrapped = (text: string): string => `<system>\n${text}\n</system>`;

const resultsFirst = (parts: readonly Part[]): Part[] => [
  ...parts.filter((part) => part.type === 'tool-result'),
  ...parts.filter((part) => part.type !== 'tool-result'),
];

/** The part in this API's means; nothing for one that may not be sent. */
const adaptPart = (original: Part, lose: Lose): Part[] => {
  if (original.type === 'opaque')
    throw unsupported(
      original.wireType,
      `The upstream of this model knows nothing like ${original.wireType}.`,
    );
  const { vendor, ...part } = original;
  loseVendor(vendor, 'messages.content.', lose);
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text.trim() === '' ? [] : [{ ...part, type: 'text' }];
    case 'image':
      return [adaptImage(part, lose)];
    case 'file':
      return [adaptFile(part)];
    case 'reasoning':
      if (part.signature !== undefined || part.redacted !== undefined) return [part];
      lose('reasoning_content'); // refused without the seal of this API
      return [];
    case 'tool-call':
      return [
        { ...part, id: legalName(part.id), name: shortName(part.name, 'messages.tool_calls.function.name') },
      ];
    case 'tool-result':
      return [adaptResult(part, lose)];
    case 'audio':
      throw unsupported('input_audio', 'The upstream of this model takes no audio.');
  }
};

const adaptResult = (part: ToolResultPart, lose: Lose): ToolResultPart => ({
  ...part,
  callId: legalName(part.callId),
  parts: part.parts.flatMap((inner) => adaptPart(inner, lose)),
});

const imageTypes: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

const adaptImage = ({ detail, ...part }: ImagePart, lose: Lose): ImagePart => {
  if (detail !== undefined && detail !== 'auto') lose('messages.content.image_url.detail');
  const { source } = part;
  if (source.kind === 'file') refuseForeignFile(source.owner, 'image_url');
  if (source.kind === 'base64' && !imageTypes.has(source.mediaType))
    throw unsupported('image_url', `The upstream of this model takes no images of type ${source.mediaType}.`);
  return part;
};

const adaptFile = (part: FilePart): FilePart => {
  const { source } = part;
  if (source.kind === 'file') refuseForeignFile(source.owner, 'file');
  if (source.kind !== 'base64' || source.mediaType === 'application/pdf') return part;
  if (!source.mediaType.startsWith('text/'))
    throw unsupported('file', `The upstream of this model takes no files of type ${source.mediaType}.`);
  return { ...part, source: { kind: 'text', text: Buffer.from(source.data, 'base64').toString('utf8') } };
};

const refuseForeignFile = (owner: string, param: string): void => {
  if (owner === 'anthropic-messages') return;
  throw unsupported(param, 'The upstream of this model does not know the file; send its bytes.');
};

/** A fixed budget demands that the calls under way begin with the thinking that led to them. */
const isLoopWithoutThinking = (turns: readonly Turn[]): boolean => {
  const last = turns.at(-1);
  if (!last?.parts.some((part) => part.type === 'tool-result')) return false;
  return turns.at(-2)?.parts[0]?.type !== 'reasoning';
};

// Tools

type AdaptedTools = Pick<ModelRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>;

const adaptTools = (request: ModelRequest, lose: Lose): AdaptedTools => {
  const { toolChoice, parallelToolCalls } = request;
  const tools = offeredTools(request).map((tool) => adaptTool(tool, lose));
  if (tools.length === 0) return { tools };
  return {
    tools,
    ...present({
      toolChoice: toolChoice && adaptChoice(toolChoice),
      // Several calls at once are the default.
      parallelToolCalls: parallelToolCalls === false ? false : undefined,
    }),
  };
};

/** A choice among some of the tools offers only these. */
const offeredTools = ({ tools, toolChoice }: ModelRequest): readonly Tool[] =>
  toolChoice?.mode === 'allowed' ? tools.filter(({ name }) => toolChoice.names.includes(name)) : tools;

const adaptChoice = (choice: ToolChoice): ToolChoice => {
  switch (choice.mode) {
    case 'named':
      return { mode: 'named', name: shortName(choice.name, 'tool_choice.function.name') };
    case 'allowed':
      return { mode: choice.required ? 'required' : 'auto' };
    default:
      return choice;
  }
};

const forcesTool = ({ tools, toolChoice }: ModelRequest): boolean =>
  tools.length > 0 &&
  (toolChoice?.mode === 'required' ||
    toolChoice?.mode === 'named' ||
    (toolChoice?.mode === 'allowed' && toolChoice.required));

const adaptTool = (tool: Tool, lose: Lose): Tool => {
  if (tool.kind === 'opaque')
    throw unsupported('tools', `The upstream of this model has no tool of type ${tool.wireType}.`);
  const { vendor, strict, ...rest } = tool;
  loseVendor(vendor, 'tools.', lose);
  const schema: Vendor = { type: 'object', properties: {}, ...tool.schema };
  return {
    ...rest,
    name: shortName(tool.name, 'tools.function.name'),
    schema: strict ? subsetSchema(schema, (keyword) => lose(`tools.${keyword}`)) : schema,
    ...(strict ? { strict } : {}),
  };
};

const shortName = (name: string, param: string): string => {
  const legal = legalName(name);
  if (legal.length <= maxNameLength) return legal;
  throw unsupported(
    param,
    `The upstream of this model takes tool names of at most ${maxNameLength} characters.`,
  );
};

// Output

const adaptOutput = (output: OutputFormat | undefined, lose: Lose): OutputFormat | undefined => {
  if (output?.kind === 'json') lose('response_format');
  if (output?.kind !== 'schema') return undefined;
  loseVendor(output.vendor, 'response_format.', lose);
  const schema = subsetSchema(output.schema, (keyword) => lose(`response_format.${keyword}`));
  const { description } = output;
  return { kind: 'schema', schema: description === undefined ? schema : { description, ...schema } };
};

// Cache

/** Most cache marks of one request (platform.claude.com, "Prompt caching", read 2026-11-24). */
const maxMarks = 4;

/** The last marks stay: they cover the longest prefixes. */
const keepLastMarks = (request: ModelRequest, lose: Lose): ModelRequest => {
  let surplus = countMarks(request) - maxMarks;
  if (surplus <= 0) return request;
  lose('cache_control');
  const unmark = <T extends { readonly cache?: unknown }>(node: T): T => {
    if (node.cache === undefined || surplus <= 0) return node;
    surplus--;
    const { cache: _, ...unmarked } = node;
    return unmarked as T;
  };
  return {
    ...request,
    tools: request.tools.map((tool) => (tool.kind === 'function' ? unmark(tool) : tool)),
    system: request.system.map(unmark),
    turns: request.turns.map((turn) => ({ ...turn, parts: turn.parts.map(unmark) })),
  };
};

const countMarks = ({ tools, system, turns }: ModelRequest): number =>
  [...tools, ...system, ...turns.flatMap(({ parts }) => parts)].filter(
    (node) => 'cache' in node && node.cache !== undefined,
  ).length;
