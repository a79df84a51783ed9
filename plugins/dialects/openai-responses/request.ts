import type { ModelRequest, OutputFormat, ReasoningSettings, Sampling, Vendor } from '../../model/request.ts';
import { holdsSeal } from '../../model/seals.ts';
import {
  isJsonObject,
  type JsonDocument,
  type JsonObject,
  type JsonValue,
  patchMembers,
} from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';
import { present } from '../../wire/present.ts';
import type { EncodedRequest, UpstreamTarget } from '../dialect.ts';
import { badValue, Fields } from '../fields.ts';
import { effortOf, isEffort } from '../openai/effort.ts';
import { isStrict } from '../openai/schema.ts';
import { partVendor } from '../openai/shared-members.ts';
import { encodeTier } from '../openai/tier.ts';
import { type ModelTraits, traitsOf } from '../openai/traits.ts';
import { bag, isEmptyObject } from '../openai/wire.ts';
import { unsupported, Writing } from '../openai/writing.ts';
import { decodeInput } from './decode-items.ts';
import { acceptable, encodeInput } from './encode-items.ts';
import { holdsInvented } from './ids.ts';
import { decodeTools, encodeTools, toolMembers } from './tools.ts';
import { listOf, name } from './wire.ts';

// Fields: OpenAI API reference, "Create a model response", read 2026-11-24.

/** Where a request came from; found again by its vendor bag, which every changed copy of the request still carries. */
interface Origin {
  readonly document: JsonDocument;
  readonly request: ModelRequest;
}

const origins = notes<Origin>(`origin of ${name}`);

/** The body that the client of `request` sent; empty for one of another dialect. */
export const clientBody = ({ vendor }: ModelRequest): JsonObject => origins.get(vendor)?.document.value ?? {};

/**
 * Wire → model. Throws `RequestError('invalid_request')` for a missing `model` and for members of the wrong type. What
 * we do not know is kept in `vendor` or as an opaque part, never refused.
 */
export const decodeRequest = (document: JsonDocument): ModelRequest => {
  const fields = new Fields(document.value, '');
  const requestModel = fields.string('model');
  if (requestModel === '') throw badValue('model', 'the name of a model');
  const text = decodeTextSettings(fields);
  const reasoning = decodeReasoningSettings(fields);
  const include = decodeInclude(fields);
  const known = {
    ...decodeInput(fields),
    ...decodeTools(fields),
    ...present({
      output: text.output,
      verbosity: text.verbosity,
      maxOutputTokens: fields.optionalCount('max_output_tokens'),
      logprobs: include.logprobs,
      reasoning: reasoning.settings,
      endUser: fields.optionalString('safety_identifier') ?? fields.optionalString('user'),
      serviceTier: fields.optionalString('service_tier'),
      metadata: fields.optionalObject('metadata')?.wire,
      essential: decodeEssential(fields.wire),
    }),
    sampling: decodeSampling(fields),
  };
  const request: ModelRequest = {
    operation: 'chat',
    dialect: name,
    requestModel,
    stream: fields.optionalBoolean('stream') ?? false,
    streamUsage: true,
    ...known,
    stopSequences: [],
    vendor: {
      ...fields.rest,
      ...bag('text', text.rest),
      ...bag('reasoning', reasoning.rest),
      ...(include.rest.length > 0 ? { include: include.rest } : {}),
    },
  };
  origins.set(request.vendor, { document, request });
  return request;
};

/** Members that name what only the server holds. They stay in `vendor`, for this dialect. */
const decodeEssential = (wire: JsonObject): string[] | undefined => {
  const held = ['previous_response_id', 'conversation', 'prompt'].filter((member) => isThere(wire[member]));
  if (wire.background === true) held.push('background');
  const reference = listOf(wire.input).findIndex(
    (item) => isJsonObject(item) && item.type === 'item_reference',
  );
  if (reference !== -1) held.push(`input[${reference}]`);
  return held.length === 0 ? undefined : held;
};

const decodeSampling = (fields: Fields): Sampling =>
  present({
    temperature: fields.optionalNumber('temperature'),
    topP: fields.optionalNumber('top_p'),
    presencePenalty: fields.optionalNumber('presence_penalty'),
    frequencyPenalty: fields.optionalNumber('frequency_penalty'),
  });

const encryptedReasoning = 'reasoning.encrypted_content';
const outputLogprobs = 'message.output_text.logprobs';

interface DecodedInclude {
  readonly logprobs?: ModelRequest['logprobs'];
  readonly rest: JsonValue[];
}

/** Seals are always told, so asking for them needs no place in the model. */
const decodeInclude = (fields: Fields): DecodedInclude => {
  const include = fields.optionalList('include') ?? [];
  const topLogprobs = fields.optionalCount('top_logprobs') ?? 0;
  const rest = include.filter((entry) => entry !== encryptedReasoning && entry !== outputLogprobs);
  const asked = include.includes(outputLogprobs) || topLogprobs > 0;
  return { ...(asked ? { logprobs: { topLogprobs } } : {}), rest };
};

interface DecodedReasoning {
  readonly settings?: ReasoningSettings;
  readonly rest: Vendor;
}

/** An effort that we do not know stays among the fields without a place. How long a summary should be is a matter of taste. */
const decodeReasoningSettings = (fields: Fields): DecodedReasoning => {
  const wire = fields.optionalObject('reasoning');
  if (!wire) return { rest: {} };
  const word = wire.optionalString('effort');
  const effort = word !== undefined && isEffort(word) ? word : undefined;
  if (effort === undefined) wire.leave('effort');
  const summary = wire.optionalString('summary') ?? wire.optionalString('generate_summary');
  const settings = present({ effort, show: summary === undefined ? undefined : ('summary' as const) });
  return { ...(isEmptyObject(settings) ? {} : { settings }), rest: wire.rest };
};

interface DecodedText {
  readonly output?: OutputFormat;
  readonly verbosity?: string;
  readonly rest: Vendor;
}

/** A format that we do not know (a grammar) stays among the fields without a place. */
const decodeTextSettings = (fields: Fields): DecodedText => {
  const text = fields.optionalObject('text');
  if (!text) return { rest: {} };
  const format = text.optionalObject('format');
  const output = format && decodeFormat(format);
  if (!output) text.leave('format');
  return { ...present({ output, verbosity: text.optionalString('verbosity') }), rest: text.rest };
};

const decodeFormat = (format: Fields): OutputFormat | undefined => {
  switch (format.take('type')) {
    case 'text':
      return { kind: 'text' };
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema':
      return {
        kind: 'schema',
        schema: format.optionalObject('schema')?.wire ?? {},
        ...present({
          name: format.optionalString('name'),
          description: format.optionalString('description'),
          strict: format.optionalBoolean('strict'),
        }),
        vendor: format.rest,
      };
    default:
      return undefined;
  }
};

/** What the writing of one request goes by. */
interface Task {
  readonly target: UpstreamTarget;
  readonly traits: ModelTraits;
  readonly writing: Writing;
  /** The body that the client sent, for the names that it used. Empty for one of another dialect. */
  readonly client: JsonObject;
}

/** Members of the wire that are written together, and the members of the model that they say. */
interface Group {
  readonly from: readonly (keyof ModelRequest)[];
  readonly members: readonly string[];
  readonly write: (request: ModelRequest, task: Task) => JsonObject;
}

const groups: readonly Group[] = [
  {
    from: ['system', 'turns'],
    members: ['instructions', 'input'],
    write: (request, { client, writing }) => encodeInput(request, client, writing),
  },
  {
    from: ['tools', 'toolChoice', 'parallelToolCalls'],
    members: toolMembers,
    write: (request, { client, writing }) => encodeTools(request, client, writing),
  },
  {
    from: ['stream'],
    members: ['stream'],
    write: ({ stream }, { client }) => (stream || 'stream' in client ? { stream } : {}),
  },
  {
    from: ['maxOutputTokens'],
    members: ['max_output_tokens'],
    write: (request, { writing }) => encodeMaxOutput(request, writing),
  },
  {
    from: ['sampling', 'stopSequences'],
    members: ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty'],
    write: (request, task) => encodeSampling(request, task),
  },
  {
    from: ['logprobs'],
    members: ['include', 'top_logprobs'],
    write: (request, task) => encodeInclude(request, task),
  },
  {
    from: ['reasoning'],
    members: ['reasoning'],
    write: (request, task) => encodeReasoningSettings(request, task),
  },
  {
    from: ['output', 'verbosity'],
    members: ['text'],
    write: (request, { writing }) => encodeTextSettings(request, writing),
  },
  {
    from: ['endUser'],
    members: ['safety_identifier', 'user'],
    write: ({ endUser }, { client }) => encodeEndUser(endUser, client),
  },
  {
    from: ['serviceTier'],
    members: ['service_tier'],
    write: ({ serviceTier }, { writing }) => encodeTier(serviceTier, writing),
  },
  {
    from: ['metadata'],
    members: ['metadata'],
    write: ({ metadata }, { writing }) => encodeMetadata(metadata, writing),
  },
];

/**
 * Model → wire. What came in this dialect and was not changed goes out as it came, byte for byte; the members that a
 * policy changed are written anew. Throws `RequestError('unsupported_field')` for what Responses cannot say.
 */
export const encodeRequest = (request: ModelRequest, target: UpstreamTarget): EncodedRequest =>
  encodeFrom(origins.get(request.vendor), request, target);

/** The client's own text with the model patched in. Every answer tells its usage here, so nothing else is asked for. */
export const patchRequest = (
  document: JsonDocument,
  request: ModelRequest,
  target: UpstreamTarget,
): EncodedRequest => encodeFrom({ document, request }, request, target);

const encodeFrom = (
  origin: Origin | undefined,
  request: ModelRequest,
  target: UpstreamTarget,
): EncodedRequest => {
  const writing = new Writing(request, name);
  const task: Task = {
    target,
    writing,
    traits: traitsOf(target.model),
    client: origin?.document.value ?? {},
  };
  const body = origin && writing.own ? patchOrigin(origin, request, task) : wholeBody(request, task);
  return {
    path: '/responses',
    headers: [
      ['content-type', 'application/json'],
      ['accept', request.stream ? 'text/event-stream' : 'application/json'],
    ],
    body,
    dropped: writing.dropped,
  };
};

const patchOrigin = ({ document, request: read }: Origin, request: ModelRequest, task: Task): string => {
  const patches: JsonObject = { model: task.target.model, ...acceptableInput(document, task.writing) };
  const gone = new Set<string>();
  for (const { from, members, write } of groups) {
    if (from.every((member) => request[member] === read[member])) continue;
    const written = write(request, task);
    for (const member of members)
      if (!(member in written || member in request.vendor) && isThere(document.value[member]))
        gone.add(member);
    Object.assign(patches, written);
  }
  if (gone.size === 0) return patchMembers(document, texts(patches));
  const kept = Object.entries(document.value).filter(([key]) => !gone.has(key));
  return JSON.stringify({ ...Object.fromEntries(kept), ...patches });
};

/** Most conversations never left this dialect, and their items go as they came. */
const acceptableInput = ({ text, value }: JsonDocument, writing: Writing): JsonObject => {
  if (!holdsSeal(text) && !holdsInvented(text)) return {};
  const items = listOf(value.input).filter(isJsonObject);
  return items.length === 0 ? {} : { input: acceptable(items, writing) };
};

const isThere = (value: JsonValue | undefined): boolean => value !== undefined && value !== null;

const texts = (patches: JsonObject): Record<string, string> =>
  Object.fromEntries(Object.entries(patches).map(([key, value]) => [key, JSON.stringify(value)]));

const wholeBody = (request: ModelRequest, task: Task): string => {
  const { writing, target } = task;
  const own: JsonObject = { model: target.model };
  if (writing.own) return JSON.stringify(writing.extend(writeGroups(own, request, task), request, ''));
  refuseImpossible(request);
  const { carried, lost } = partVendor(request.vendor);
  writing.extend({}, { vendor: lost }, '');
  // Nobody could ask for it again: the ids that a client sees are not the server's.
  return JSON.stringify({ ...writeGroups(own, request, task), ...carried, store: false });
};

const writeGroups = (own: JsonObject, request: ModelRequest, task: Task): JsonObject =>
  Object.assign(own, ...groups.map(({ write }) => write(request, task)));

const refuseImpossible = ({ sampling }: ModelRequest): void => {
  if ((sampling.choices ?? 1) > 1) throw unsupported('n', 'more than one answer');
};

/** Smallest `max_output_tokens`. */
const minOutputTokens = 16;

const encodeMaxOutput = ({ maxOutputTokens }: ModelRequest, writing: Writing): JsonObject => {
  if (maxOutputTokens === undefined) return {};
  if (maxOutputTokens < minOutputTokens) writing.drop('max_output_tokens');
  return { max_output_tokens: Math.max(maxOutputTokens, minOutputTokens) };
};

const encodeSampling = (
  { sampling, stopSequences, reasoning }: ModelRequest,
  { writing, traits }: Task,
): JsonObject => {
  const { temperature, topP, presencePenalty, frequencyPenalty } = sampling;
  if (writing.own)
    return present({
      temperature,
      top_p: topP,
      presence_penalty: presencePenalty,
      frequency_penalty: frequencyPenalty,
    });
  nameLostSampling(sampling, writing);
  if (stopSequences.length > 0) writing.drop('stop');
  if (!willReason(reasoning, traits)) return present({ temperature, top_p: topP });
  if ((temperature ?? 1) !== 1) writing.drop('temperature');
  if ((topP ?? 1) !== 1) writing.drop('top_p');
  return {};
};

const nameLostSampling = (sampling: Sampling, writing: Writing): void => {
  const { topK, seed, presencePenalty, frequencyPenalty, logitBias } = sampling;
  if (topK !== undefined) writing.drop('top_k');
  if (seed !== undefined) writing.drop('seed');
  if (presencePenalty) writing.drop('presence_penalty');
  if (frequencyPenalty) writing.drop('frequency_penalty');
  if (logitBias && !isEmptyObject(logitBias)) writing.drop('logit_bias');
};

/** While it reasons, a model takes no other sampling than its own. */
const willReason = (reasoning: ReasoningSettings | undefined, { reasons }: ModelTraits): boolean => {
  if (reasons === 'never' || reasons === 'unknown') return false;
  const effort = reasoning && effortOf(reasoning);
  if (effort !== undefined) return effort !== 'none';
  return reasons === 'always' || reasoning?.mode === 'adaptive';
};

const encodeInclude = (
  { logprobs, reasoning, vendor }: ModelRequest,
  { writing, traits, client }: Task,
): JsonObject => {
  const asked = writing.own ? listOf(client.include ?? vendor.include) : [];
  const include = asked.filter((entry) => entry !== outputLogprobs);
  const seals = !writing.own && wantsSeals(reasoning, traits);
  if (seals) include.push(encryptedReasoning);
  if (logprobs) include.push(outputLogprobs);
  return {
    ...(include.length > 0 || isThere(client.include) ? { include } : {}),
    ...(logprobs && logprobs.topLogprobs > 0 ? { top_logprobs: logprobs.topLogprobs } : {}),
  };
};

/** Models that do not reason refuse to be asked for it. */
const wantsSeals = (reasoning: ReasoningSettings | undefined, { reasons }: ModelTraits): boolean => {
  if (reasons !== 'unknown') return reasons !== 'never';
  return reasoning !== undefined && effortOf(reasoning) !== 'none';
};

const encodeReasoningSettings = (
  { reasoning, vendor }: ModelRequest,
  { writing, traits, client }: Task,
): JsonObject => {
  const rest = writing.own && isJsonObject(vendor.reasoning) ? vendor.reasoning : {};
  const effort = reasoning && effortOf(reasoning);
  const settings = { ...rest, ...present({ effort, summary: reasoning && summaryOf(reasoning, client) }) };
  if (isEmptyObject(settings)) return {};
  if (writing.own || traits.reasons !== 'never') return { reasoning: settings };
  if (effort !== 'none') writing.drop('reasoning_effort');
  return {};
};

/** Where thinking is asked for as such, it is shown unless the client says otherwise. */
const summaryOf = ({ show, mode }: ReasoningSettings, client: JsonObject): JsonValue | undefined => {
  const shown = show === 'summary' || (show === undefined && (mode === 'adaptive' || mode === 'fixed'));
  if (!shown) return undefined;
  return (isJsonObject(client.reasoning) && client.reasoning.summary) || 'auto';
};

const encodeTextSettings = ({ output, verbosity, vendor }: ModelRequest, writing: Writing): JsonObject => {
  const rest = writing.own && isJsonObject(vendor.text) ? vendor.text : {};
  const format = output && encodeFormat(output, writing);
  const text = { ...rest, ...present({ format, verbosity }) };
  return isEmptyObject(text) ? {} : { text };
};

const encodeFormat = (output: OutputFormat, writing: Writing): JsonObject => {
  switch (output.kind) {
    case 'text':
      return { type: 'text' };
    case 'json':
      return { type: 'json_object' };
    case 'schema':
      return encodeSchema(output, writing);
  }
};

/** The API wants a name. Other dialects promise what only `strict` promises here, where the schema allows it. */
const encodeSchema = (output: Extract<OutputFormat, { kind: 'schema' }>, writing: Writing): JsonObject => {
  const { schema, description } = output;
  const strict = output.strict ?? (writing.own ? undefined : isStrict(schema));
  const known = present({
    type: 'json_schema',
    name: output.name ?? 'output',
    description,
    schema: { ...schema },
    strict,
  });
  return writing.extend(known, output, 'output.');
};

/** Longest `safety_identifier`; `user` is the older name, without a limit. */
const maxIdentifierLength = 64;

const encodeEndUser = (endUser: string | undefined, client: JsonObject): JsonObject => {
  if (endUser === undefined) return {};
  const older = isThere(client.user) && !isThere(client.safety_identifier);
  return older || endUser.length > maxIdentifierLength ? { user: endUser } : { safety_identifier: endUser };
};

/** Labels of another provider's account mean nothing in this one's. */
const encodeMetadata = (metadata: Vendor | undefined, writing: Writing): JsonObject => {
  if (!metadata) return {};
  if (writing.own) return { metadata: { ...metadata } };
  if (!isEmptyObject(metadata)) writing.drop('metadata');
  return {};
};
