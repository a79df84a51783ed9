import type {
  FilePart,
  ImagePart,
  ModelRequest,
  OutputFormat,
  Part,
  ReasoningPart,
  Sampling,
  Source,
  SystemBlock,
  Tool,
  ToolCallPart,
  ToolChoice,
  Turn,
  Vendor,
} from '../../model/request.ts';
import { openSeal } from '../../model/seals.ts';
import { present } from '../../wire/present.ts';
import { cannotCarry, type Losses } from '../losses.ts';
import { type ModelTraits, traitsOf } from './models.ts';
import { legalName, maxNameLength } from './names.ts';
import { isTakenAddress } from './render.ts';
import { adaptThinking } from './thinking.ts';
import { name } from './wire.ts';

interface Adapting {
  readonly traits: ModelTraits;
  readonly losses: Losses;
}

/**
 * Model → model: what another dialect's client asked for, in the means of this API. What only changes taste is dropped
 * and named by its usual wire name; what changes meaning throws `RequestError('unsupported_field')`.
 */
export const adaptRequest = (request: ModelRequest, model: string, losses: Losses): ModelRequest => {
  const adapting: Adapting = { traits: traitsOf(model), losses };
  refuseImpossible(request, adapting);
  losses.dropVendor(request.vendor);
  nameTaste(request, losses);
  return {
    operation: request.operation,
    dialect: name,
    requestModel: request.requestModel,
    stream: request.stream,
    streamUsage: true,
    system: adaptSystem(request.system, losses),
    turns: adaptTurns(request.turns, adapting),
    ...adaptTools(request, adapting),
    ...present({
      maxOutputTokens: request.maxOutputTokens,
      logprobs: request.logprobs,
      reasoning: adaptThinking(request, adapting),
      output: adaptOutput(request.output, losses),
      serviceTier: adaptTier(request.serviceTier, losses),
    }),
    sampling: adaptSampling(request.sampling, losses),
    stopSequences: adaptStops(request.stopSequences, losses),
    vendor: validated(request, adapting),
  };
};

const refuseImpossible = ({ output, tools }: ModelRequest, { traits }: Adapting): void => {
  const wantsJson = output?.kind === 'json' || output?.kind === 'schema';
  if (wantsJson && tools.length > 0 && !traits.isThird)
    throw cannotCarry('response_format', 'a format of the answer together with tools');
};

/** Fields that only change taste and have no place here. Values that change nothing are no loss. */
const nameTaste = (request: ModelRequest, losses: Losses): void => {
  const { sampling, metadata, verbosity, endUser, parallelToolCalls, tools } = request;
  if (sampling.logitBias && Object.keys(sampling.logitBias).length > 0) losses.drop('logit_bias');
  if (metadata && Object.keys(metadata).length > 0) losses.drop('metadata');
  if (verbosity !== undefined && verbosity !== 'medium') losses.drop('verbosity');
  if (endUser !== undefined) losses.drop('user');
  if (parallelToolCalls === false && tools.length > 0) losses.drop('parallel_tool_calls');
};

const maxTemperature = 2;

const adaptSampling = (sampling: Sampling, losses: Losses): Sampling => {
  const { logitBias: _, temperature, ...taken } = sampling;
  if (temperature === undefined) return taken;
  if (temperature > maxTemperature) losses.drop('temperature');
  return { ...taken, temperature: Math.min(temperature, maxTemperature) };
};

/** Most stop sequences of a request ("GenerationConfig", read 2026-11-28). */
const maxStopSequences = 5;

const adaptStops = (sequences: readonly string[], losses: Losses): string[] => {
  const taken = sequences.filter((sequence) => sequence !== '');
  if (taken.length < sequences.length) losses.drop('stop');
  if (taken.length > maxStopSequences)
    throw cannotCarry('stop', `more than ${maxStopSequences} stop sequences`);
  return taken;
};

/** The standard tier is what every provider uses when not asked. */
const tiers: ReadonlyMap<string, string | undefined> = new Map([
  ['auto', undefined],
  ['default', undefined],
  ['standard_only', undefined],
  ['flex', 'flex'],
  ['priority', 'priority'],
]);

const adaptTier = (tier: string | undefined, losses: Losses): string | undefined => {
  if (tier === undefined) return undefined;
  if (!tiers.has(tier)) losses.drop('service_tier');
  return tiers.get(tier);
};

const adaptSystem = (system: readonly SystemBlock[], losses: Losses): SystemBlock[] =>
  system.flatMap(({ text, vendor }) => {
    losses.dropVendor(vendor, 'messages.');
    return text.trim() === '' ? [] : [{ text }];
  });

// Turns

/** Turns as the API wants them: user first, roles in turn, results in the order of their calls, nothing empty. */
const adaptTurns = (turns: readonly Turn[], adapting: Adapting): Turn[] => {
  const merged: { role: 'user' | 'assistant'; parts: Part[] }[] = [];
  for (const turn of turns) {
    const role = turn.role === 'assistant' ? 'assistant' : 'user';
    const parts = adaptTurn(turn, adapting);
    const last = merged.at(-1);
    if (parts.length === 0) continue;
    if (last?.role === role) last.parts.push(...parts);
    else merged.push({ role, parts });
  }
  if (merged[0]?.role !== 'user') {
    adapting.losses.drop('messages[0].role');
    merged.unshift({ role: 'user', parts: [{ type: 'text', text: '.' }] });
  }
  return merged.map(({ role, parts }, at) => ({
    role,
    parts: role === 'user' ? resultsFirst(parts, merged[at - 1]?.parts ?? [], adapting) : sealCalls(parts),
  }));
};

const adaptTurn = (turn: Turn, adapting: Adapting): Part[] => {
  const { losses } = adapting;
  if (turn.name !== undefined) losses.drop('messages.name');
  losses.dropVendor(turn.vendor, 'messages.');
  const parts = turn.parts.flatMap((part) => adaptPart(part, adapting));
  if (turn.role !== 'system' || parts.length === 0) return parts;
  losses.drop('messages.role');
  return parts.map((part) => (part.type === 'text' ? { ...part, text: wrapped(part.text) } : part));
};

/** Instructions in the middle of a conversation have no role of their own here. */
const wrapped = (text: string): string => `<system>\n${text}\n</system>`;

/** Results by the order of their calls, before all else. Older models take no images in them: these come after. */
const resultsFirst = (
  parts: readonly Part[],
  before: readonly Part[],
  { traits, losses }: Adapting,
): Part[] => {
  const order = before.flatMap((part) => (part.type === 'tool-call' ? [part.id] : []));
  const place = (id: string): number => (order.includes(id) ? order.indexOf(id) : order.length);
  const results = parts
    .filter((part) => part.type === 'tool-result')
    .sort((a, b) => place(a.callId) - place(b.callId));
  const others = parts.filter((part) => part.type !== 'tool-result');
  if (traits.isThird) return [...results, ...others];
  const moved = results.flatMap((result) => result.parts.filter((part) => part.type !== 'text'));
  if (moved.length > 0) losses.drop('messages.content.tool_result.image');
  const plain = results.map((result) => ({
    ...result,
    parts: result.parts.filter((part) => part.type === 'text'),
  }));
  return [...plain, ...moved, ...others];
};

/** Seals over calls and texts came beside them, in reasoning: they go back to what they seal. */
const sealCalls = (parts: readonly Part[]): Part[] => {
  const seals = parts.flatMap((part) => {
    const seal = part.type === 'reasoning' ? openSeal(part.signature) : undefined;
    return seal && part.type === 'reasoning' ? [{ ...seal, wrapped: part.signature ?? '' }] : [];
  });
  const calls = parts.filter((part) => part.type === 'tool-call');
  const sealed = new Map<Part, string>();
  for (const seal of seals) {
    if (seal.kind !== 'call') continue;
    const call = calls.find(({ id }) => id === seal.callId) ?? calls.find((it) => !sealed.has(it));
    if (call) sealed.set(call, seal.wrapped);
  }
  const text = parts.findLast((part) => part.type === 'text');
  const textSeal = seals.findLast(({ kind }) => kind === 'text');
  if (text && textSeal) sealed.set(text, textSeal.wrapped);
  return parts.flatMap((part) => {
    const seal = sealed.get(part);
    if (part.type === 'reasoning' && part.text === '' && openSeal(part.signature)?.kind !== 'thought')
      return [];
    return seal === undefined ? [part] : [{ ...part, seal }];
  });
};

/** The part in this API's means; nothing for one that may not be sent. */
const adaptPart = (original: Part, adapting: Adapting): Part[] => {
  const { losses } = adapting;
  if (original.type === 'opaque') throw cannotCarry(original.wireType, `anything like ${original.wireType}`);
  const { vendor, cache: _, ...part } = original;
  losses.dropVendor(vendor, 'messages.content.');
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text.trim() === '' ? [] : [{ type: 'text', text: part.text }];
    case 'image':
      return [adaptImage(part, adapting)];
    case 'audio':
      return [{ ...part, source: adaptSource(part.source, 'input_audio') }];
    case 'file':
      return [adaptFile(part)];
    case 'reasoning':
      return adaptReasoning(part, losses);
    case 'tool-call':
      return [adaptCall(part)];
    case 'tool-result':
      return [
        {
          ...part,
          parts: part.parts.flatMap((it) => adaptPart(it, adapting)),
        },
      ];
  }
};

const adaptCall = (part: ToolCallPart): ToolCallPart => ({
  ...part,
  name: shortName(part.name, 'messages.tool_calls.function.name'),
});

/** Thoughts are this API's own when they bear its seal, or that of the call that they led to. */
const adaptReasoning = (part: ReasoningPart, losses: Losses): Part[] => {
  if (openSeal(part.signature)?.dialect === name) return [part];
  if (part.text !== '' || part.signature !== undefined || part.redacted !== undefined)
    losses.drop('reasoning_content');
  return [];
};

const resolutions: ReadonlyMap<string, string> = new Map([
  ['low', 'MEDIA_RESOLUTION_LOW'],
  ['high', 'MEDIA_RESOLUTION_HIGH'],
]);

const adaptImage = ({ detail, ...part }: ImagePart, { traits, losses }: Adapting): ImagePart => {
  const level = resolutions.get(detail ?? '');
  const image: ImagePart = { ...part, source: adaptSource(part.source, 'image_url') };
  if (level !== undefined && traits.isThird) return { ...image, vendor: { mediaResolution: { level } } };
  if (detail !== undefined && detail !== 'auto') losses.drop('messages.content.image_url.detail');
  return image;
};

const adaptFile = (part: FilePart): FilePart => {
  const { source } = part;
  return source.kind === 'text' ? part : { ...part, source: adaptSource(source, 'file') };
};

const adaptSource = (source: Source, param: string): Source => {
  if (source.kind === 'file' && source.owner !== name)
    throw cannotCarry(param, 'the id of a file that it does not hold; send its bytes');
  if (source.kind === 'url' && !isTakenAddress(source.url))
    throw cannotCarry(param, 'files by their address; send their bytes');
  return source;
};

// Tools

const adaptTools = (
  { tools, toolChoice }: ModelRequest,
  adapting: Adapting,
): Pick<ModelRequest, 'tools' | 'toolChoice'> => {
  const { traits } = adapting;
  const filters = toolChoice?.mode === 'allowed' && !toolChoice.required && !traits.takesJsonSchema;
  const offered = filters ? tools.filter((tool) => toolChoice.names.includes(tool.name)) : tools;
  const adapted = offered.map((tool) => adaptTool(tool, adapting));
  if (adapted.length === 0) return { tools: [] };
  return {
    tools: adapted,
    ...present({ toolChoice: filters ? undefined : toolChoice && adaptChoice(toolChoice) }),
  };
};

const adaptChoice = (choice: ToolChoice): ToolChoice => {
  const short = (called: string) => shortName(called, 'tool_choice.function.name');
  if (choice.mode === 'named') return { mode: 'named', name: short(choice.name) };
  return choice.mode === 'allowed' ? { ...choice, names: choice.names.map(short) } : choice;
};

const adaptTool = (tool: Tool, { traits, losses }: Adapting): Tool => {
  if (tool.kind === 'opaque') throw cannotCarry('tools', `a tool of type ${tool.wireType}`);
  losses.dropVendor(tool.vendor, 'tools.');
  if (tool.strict && !traits.takesJsonSchema) losses.drop('tools.strict');
  const { description, schema } = tool;
  return {
    kind: 'function',
    name: shortName(tool.name, 'tools.function.name'),
    ...present({ description }),
    schema: { type: 'object', properties: {}, ...schema },
  };
};

const shortName = (called: string, param: string): string => {
  const legal = legalName(called);
  if (legal.length <= maxNameLength) return legal;
  throw cannotCarry(param, `names of more than ${maxNameLength} characters`);
};

/** Calls of a strict tool fit its schema; a demanded call (`ANY`) does so anyway. */
const validated = ({ tools, toolChoice }: ModelRequest, { traits }: Adapting): Vendor =>
  traits.takesJsonSchema &&
  (toolChoice === undefined || toolChoice.mode === 'auto') &&
  tools.some((tool) => tool.kind === 'function' && tool.strict)
    ? { 'toolConfig.functionCallingConfig.mode': 'VALIDATED' }
    : {};

// Output

/** A schema always holds here; name and description have no place. */
const adaptOutput = (output: OutputFormat | undefined, losses: Losses): OutputFormat | undefined => {
  if (output?.kind === 'json') return output;
  if (output?.kind !== 'schema') return undefined;
  losses.dropVendor(output.vendor, 'response_format.');
  return { kind: 'schema', schema: output.schema };
};
