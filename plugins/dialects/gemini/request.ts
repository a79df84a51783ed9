import type {
  ModelRequest,
  OutputFormat,
  ReasoningEffort,
  ReasoningSettings,
  Sampling,
  Tool,
  ToolChoice,
  Vendor,
} from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import { hasLongInteger, parseExact } from '../../wire/exact-json.ts';
import { isJsonObject, type JsonDocument, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';
import { present } from '../../wire/present.ts';
import { wrongType } from '../fields.ts';
import { decodeContents, decodeSystem } from './contents.ts';
import { ProtoFields } from './fields.ts';
import { readPath } from './path.ts';
import { readFrom } from './provenance.ts';
import { fromApiSchema } from './schema.ts';
import { member, name } from './wire.ts';

// ProtoFields: ai.google.dev API reference, "Generating content", and the types of `@google/genai` 3.3.0, read 2026-11-28.

/** Where a request came from; found again by its vendor bag, which every changed copy of the request still carries. */
export interface Origin {
  readonly document: JsonDocument;
  /** The document's value, with integers that no double holds digit for digit. */
  readonly wire: JsonObject;
  readonly request: ModelRequest;
  /** False: the client reads a stream as one growing JSON array. */
  readonly eventStream: boolean;
}

const origins = notes<Origin>('origin of gemini');

/** What `request` was read from, perhaps changed since; undefined for one that came in another dialect. */
export const originOf = ({ vendor }: ModelRequest): Origin | undefined => origins.get(vendor);

/**
 * Wire → model; the model and whether to stream stand in the client's `path`. Throws `RequestError`: `not_found` for a
 * method that is not served here, `invalid_request` for missing `contents` and for members of the wrong type. What we do
 * not know is kept in `vendor` or as an opaque part, never refused.
 */
export const decodeRequest = (document: JsonDocument, path?: string): ModelRequest => {
  const { model, verb, eventStream } = readPath(path);
  if (verb !== 'generateContent' && verb !== 'streamGenerateContent') throw new RequestError('not_found');
  const wire = exactValue(document);
  const request = decodeBody(wire, { model, stream: verb === 'streamGenerateContent' });
  origins.set(request.vendor, { document, wire, request, eventStream });
  return request;
};

/**
 * The body of "Counting tokens": `contents` alone, a whole body inside of `generateContentRequest` (Gemini API), or the
 * same without that (Vertex AI).
 */
export const decodeCountRequest = (document: JsonDocument, path?: string): ModelRequest => {
  const wire = exactValue(document);
  const inner = member(wire, 'generateContentRequest');
  const { model } = readPath(path);
  const request = decodeBody(isJsonObject(inner) ? inner : wire, { model, stream: false });
  return { ...request, operation: 'count-tokens' };
};

const decodeBody = (
  wire: JsonObject,
  { model, stream }: { readonly model: string; readonly stream: boolean },
): ModelRequest => {
  const fields = new ProtoFields(wire, '');
  fields.take('model'); // sent by some clients beside the path, which alone counts
  const turns = decodeContents(decodeList(fields, 'contents'));
  const tools = decodeTools(fields);
  const choice = decodeToolConfig(fields);
  const config = decodeConfig(fields);
  const serviceTier = fields.optionalString('serviceTier');
  const request: ModelRequest = {
    operation: 'chat',
    dialect: name,
    requestModel: model,
    stream,
    streamUsage: true,
    system: decodeSystem(fields.take('systemInstruction')),
    turns,
    tools,
    ...present({ toolChoice: choice.toolChoice, serviceTier }),
    ...config.settings,
    vendor: { ...fields.rest, ...choice.rest, ...config.rest },
  };
  const needed = essentialOf(request.vendor);
  return needed.length === 0 ? request : { ...request, essential: needed };
};

/** Members that ask for another kind of answer, or for what only this provider holds. */
const essential: ReadonlySet<string> = new Set([
  'cachedContent',
  'cached_content',
  'generationConfig.responseModalities',
  'generationConfig.responseMimeType',
  'generationConfig.responseSchema',
  'generationConfig.speechConfig',
]);

const essentialOf = (vendor: Vendor): string[] => Object.keys(vendor).filter((key) => essential.has(key));

/** The document again when it holds integers that `JSON.parse` would round. */
export const exactValue = ({ text, value }: JsonDocument): JsonObject => {
  if (!hasLongInteger(text)) return value;
  const exact = parseExact(text);
  return isJsonObject(exact) ? exact : value;
};

const decodeList = (fields: ProtoFields, key: string): JsonValue[] => {
  const list = fields.optionalList(key);
  if (list === undefined || list.length === 0)
    throw wrongType(key, 'an array with at least one entry', undefined);
  return list;
};

// Tools

/** Each function is a tool; whatever else an entry holds (`googleSearch`, `codeExecution`) is one that only Google runs. */
const decodeTools = (fields: ProtoFields): Tool[] =>
  (fields.optionalList('tools') ?? []).flatMap((value, at) => {
    const entry = new ProtoFields(value, `tools[${at}]`);
    const functions = (entry.optionalList('functionDeclarations') ?? []).map((declared, index) =>
      decodeFunction(new ProtoFields(declared, `${entry.path}.functionDeclarations[${index}]`), entry.wire),
    );
    const others = Object.entries(entry.rest).map(
      ([key, setting]): Tool => ({
        kind: 'opaque',
        dialect: name,
        wireType: key,
        name: key,
        value: { [key]: setting },
      }),
    );
    return [...functions, ...others.map((tool) => readFrom(tool, entry.wire))];
  });

const decodeFunction = (fields: ProtoFields, entry: JsonObject): Tool => {
  const called = fields.string('name');
  const description = fields.optionalString('description');
  const api = fields.optionalObject('parameters')?.wire;
  const schema = fields.optionalObject('parametersJsonSchema')?.wire ?? (api && fromApiSchema(api));
  return readFrom(
    { kind: 'function', name: called, ...present({ description, schema }), vendor: fields.rest } as const,
    entry,
  );
};

interface DecodedChoice {
  readonly toolChoice?: ToolChoice;
  readonly rest: Vendor;
}

const decodeToolConfig = (fields: ProtoFields): DecodedChoice => {
  const config = fields.optionalObject('toolConfig');
  const calling = config?.optionalObject('functionCallingConfig');
  const names = calling?.optionalStrings('allowedFunctionNames') ?? [];
  const mode = modeOf(calling?.take('mode'));
  const toolChoice = mode === undefined ? undefined : choiceOf(mode, names);
  const rest = {
    ...dotted('toolConfig', config?.rest ?? {}),
    ...dotted('toolConfig.functionCallingConfig', calling?.rest ?? {}),
    // Other dialects have nothing that checks calls without demanding one.
    ...(mode === 'VALIDATED' ? { 'toolConfig.functionCallingConfig.mode': mode } : {}),
  };
  return { rest, ...present({ toolChoice }) };
};

/** Older clients tell enumerations by number. */
const numberedModes: readonly string[] = ['MODE_UNSPECIFIED', 'AUTO', 'ANY', 'NONE', 'VALIDATED'];

const modeOf = (value: JsonValue | undefined): string | undefined => {
  if (typeof value === 'number') return numberedModes[value];
  if (value === undefined || typeof value === 'string') return value;
  throw wrongType('toolConfig.functionCallingConfig.mode', 'a string', value);
};

const choiceOf = (mode: string, names: readonly string[]): ToolChoice | undefined => {
  const [only, ...more] = names;
  switch (mode.toUpperCase()) {
    case 'ANY':
      if (only === undefined) return { mode: 'required' };
      return more.length === 0 ? { mode: 'named', name: only } : { mode: 'allowed', required: true, names };
    case 'NONE':
      return { mode: 'none' };
    case 'VALIDATED':
      return only === undefined ? { mode: 'auto' } : { mode: 'allowed', required: false, names };
    case 'AUTO':
      return { mode: 'auto' };
    default:
      return undefined;
  }
};

/** The members of an inner object, each named by its path, as the drop of one is told. */
const dotted = (path: string, members: Vendor): JsonObject =>
  Object.fromEntries(Object.entries(members).map(([key, value]) => [`${path}.${key}`, value]));

// Generation

type Settings = Pick<
  ModelRequest,
  'sampling' | 'maxOutputTokens' | 'stopSequences' | 'logprobs' | 'reasoning' | 'output'
>;

const decodeConfig = (fields: ProtoFields): { settings: Settings; rest: Vendor } => {
  const config = fields.optionalObject('generationConfig') ?? new ProtoFields({}, 'generationConfig');
  const output = decodeOutput(config);
  const modalities = config.optionalStrings('responseModalities');
  const speaksOnly = modalities === undefined || modalities.every((it) => it.toUpperCase() === 'TEXT');
  const settings: Settings = {
    sampling: decodeSampling(config),
    stopSequences: config.optionalStrings('stopSequences') ?? [],
    ...present({
      maxOutputTokens: config.optionalCount('maxOutputTokens'),
      logprobs: decodeLogprobs(config),
      reasoning: decodeThinking(config),
      output: output.format,
    }),
  };
  const rest = dotted('generationConfig', {
    ...config.rest,
    ...output.rest,
    ...(speaksOnly ? {} : { responseModalities: modalities }),
  });
  return { settings, rest };
};

const decodeSampling = (config: ProtoFields): Sampling =>
  present({
    temperature: config.optionalNumber('temperature'),
    topP: config.optionalNumber('topP'),
    topK: config.optionalNumber('topK'),
    seed: config.optionalNumber('seed'),
    presencePenalty: config.optionalNumber('presencePenalty'),
    frequencyPenalty: config.optionalNumber('frequencyPenalty'),
    choices: config.optionalCount('candidateCount'),
  });

const decodeLogprobs = (config: ProtoFields): ModelRequest['logprobs'] => {
  const asked = config.optionalBoolean('responseLogprobs');
  const topLogprobs = config.optionalCount('logprobs') ?? 0;
  return asked ? { topLogprobs } : undefined;
};

const efforts: ReadonlyMap<string, ReasoningEffort> = new Map([
  ['MINIMAL', 'minimal'],
  ['LOW', 'low'],
  ['MEDIUM', 'medium'],
  ['HIGH', 'high'],
]);

/** Thoughts are shown to those who ask for them. To ask for them alone, or for −1 tokens, is to let the model decide. */
const decodeThinking = (config: ProtoFields): ReasoningSettings | undefined => {
  const thinking = config.optionalObject('thinkingConfig');
  if (!thinking) return undefined;
  const show = thinking.optionalBoolean('includeThoughts') ? 'summary' : 'omitted';
  const budgetTokens = thinking.optionalNumber('thinkingBudget');
  const level = thinking.optionalString('thinkingLevel');
  const effort = efforts.get(level?.toUpperCase() ?? '');
  if (effort) return { effort, show };
  if (budgetTokens === 0) return { mode: 'off', show };
  if (budgetTokens !== undefined && budgetTokens > 0) return { mode: 'fixed', budgetTokens, show };
  if (show === 'omitted' && budgetTokens === undefined) return undefined;
  return { mode: 'adaptive', effort: 'medium', show };
};

const jsonType = 'application/json';

/** A schema without the type of JSON (an enumeration of plain words) is something that only this API has. */
const decodeOutput = (config: ProtoFields): { format?: OutputFormat; rest: Vendor } => {
  const type = config.optionalString('responseMimeType');
  const api = config.optionalObject('responseSchema')?.wire;
  const json =
    config.optionalObject('responseJsonSchema')?.wire ?? config.optionalObject('_responseJsonSchema')?.wire;
  const schema = json ?? (api && fromApiSchema(api));
  if (type === undefined) return { rest: present({ responseSchema: api ?? json }) };
  if (type === 'text/plain') return { format: { kind: 'text' }, rest: {} };
  if (type !== jsonType) return { rest: present({ responseMimeType: type, responseSchema: api ?? json }) };
  return { format: schema ? { kind: 'schema', schema } : { kind: 'json' }, rest: {} };
};
