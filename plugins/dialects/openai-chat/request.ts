import type { ModelRequest, OutputFormat, ReasoningSettings, Sampling, Vendor } from '../../model/request.ts';
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
import { badValue, Fields, wrongType } from '../fields.ts';
import { effortOf, isEffort } from '../openai/effort.ts';
import { isStrict } from '../openai/schema.ts';
import { partVendor } from '../openai/shared-members.ts';
import { encodeTier } from '../openai/tier.ts';
import { bag } from '../openai/wire.ts';
import { Writing } from '../openai/writing.ts';
import { decodeMessages } from './decode-messages.ts';
import { encodeMessages } from './encode-messages.ts';
import { fitServer } from './fit.ts';
import { decodeTools, encodeTools, toolMembers, usesFunctions } from './tools.ts';
import { name } from './wire.ts';

// Fields: OpenAI API reference, "Create chat completion", read 2026-11-24.

/** Where a request came from; found again by its vendor bag, which every changed copy of the request still carries. */
interface Origin {
  readonly document: JsonDocument;
  readonly request: ModelRequest;
}

const origins = notes<Origin>('origin of openai-chat');

/**
 * Wire → model. Throws `RequestError('invalid_request')` for a missing `model` or `messages` and for members of the
 * wrong type. What we do not know is kept in `vendor` or as an opaque part, never refused.
 */
export const decodeRequest = (document: JsonDocument): ModelRequest => {
  const fields = new Fields(document.value, '');
  const requestModel = fields.string('model');
  if (requestModel === '') throw badValue('model', 'the name of a model');
  const streaming = decodeStreaming(fields);
  const known = {
    ...decodeMessages(fields.list('messages')),
    ...decodeTools(fields),
    ...present({
      output: decodeOutput(fields),
      maxOutputTokens: decodeMaxOutput(fields),
      logprobs: decodeLogprobs(fields),
      reasoning: decodeEffort(fields),
      endUser: decodeEndUser(fields),
      serviceTier: fields.optionalString('service_tier'),
      metadata: fields.optionalObject('metadata')?.wire,
      verbosity: fields.optionalString('verbosity'),
    }),
    sampling: decodeSampling(fields),
    stopSequences: decodeStop(fields),
  };
  const request: ModelRequest = {
    operation: 'chat',
    dialect: name,
    requestModel,
    stream: streaming.stream,
    streamUsage: streaming.usage,
    ...known,
    vendor: { ...fields.rest, ...bag('stream_options', streaming.rest) },
  };
  origins.set(request.vendor, { document, request });
  return request;
};

/** Did the client ask with the older `functions`, and so wants `function_call` in its answer? */
export const wantsFunctionCall = ({ vendor }: ModelRequest): boolean => {
  const origin = origins.get(vendor);
  return origin !== undefined && usesFunctions(origin.document.value);
};

const decodeStreaming = (fields: Fields): { stream: boolean; usage: boolean; rest: Vendor } => {
  const options = fields.optionalObject('stream_options');
  const usage = options?.optionalBoolean('include_usage') ?? false;
  return { stream: fields.optionalBoolean('stream') ?? false, usage, rest: options?.rest ?? {} };
};

/** `max_tokens` is the older name. Who sends both gets the tighter one. */
const decodeMaxOutput = (fields: Fields): number | undefined => {
  const limits = maxOutputNames.flatMap((key) => fields.optionalCount(key) ?? []);
  return limits.length === 0 ? undefined : Math.min(...limits);
};

const maxOutputNames = ['max_completion_tokens', 'max_tokens'];

const decodeEndUser = (fields: Fields): string | undefined => {
  const [first] = endUserNames.flatMap((key) => fields.optionalString(key) ?? []);
  return first;
};

/** `user` is the older name, and the one that compatible servers know. */
const endUserNames = ['safety_identifier', 'user'];

const decodeSampling = (fields: Fields): Sampling =>
  present({
    temperature: fields.optionalNumber('temperature'),
    topP: fields.optionalNumber('top_p'),
    topK: fields.optionalNumber('top_k'), // not OpenAI's; most compatible servers take it
    seed: fields.optionalNumber('seed'),
    presencePenalty: fields.optionalNumber('presence_penalty'),
    frequencyPenalty: fields.optionalNumber('frequency_penalty'),
    logitBias: fields.optionalObject('logit_bias')?.wire,
    choices: fields.optionalCount('n'),
  });

const decodeStop = (fields: Fields): string[] => {
  const stop = fields.take('stop') ?? [];
  if (typeof stop === 'string') return [stop];
  if (!Array.isArray(stop)) throw wrongType('stop', 'a string or an array of strings', stop);
  return stop.map((sequence, at) => {
    if (typeof sequence === 'string') return sequence;
    throw wrongType(`stop[${at}]`, 'a string', sequence);
  });
};

const decodeLogprobs = (fields: Fields): ModelRequest['logprobs'] => {
  const asked = fields.optionalBoolean('logprobs');
  const topLogprobs = fields.optionalCount('top_logprobs') ?? 0;
  return asked ? { topLogprobs } : undefined;
};

/** An effort that we do not know (`default` at Groq) stays among the fields without a place. */
const decodeEffort = (fields: Fields): ReasoningSettings | undefined => {
  const effort = fields.optionalString('reasoning_effort');
  if (effort === undefined) return undefined;
  if (isEffort(effort)) return { effort };
  fields.leave('reasoning_effort');
  return undefined;
};

/** A format that we do not know (a grammar) stays among the fields without a place. */
const decodeOutput = (fields: Fields): OutputFormat | undefined => {
  const format = fields.optionalObject('response_format');
  switch (format?.wire.type) {
    case 'text':
      return { kind: 'text' };
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema':
      return decodeSchema(format.object('json_schema'));
    default:
      fields.leave('response_format');
      return undefined;
  }
};

const decodeSchema = (fields: Fields): OutputFormat => ({
  kind: 'schema',
  schema: fields.optionalObject('schema')?.wire ?? {},
  ...present({
    name: fields.optionalString('name'),
    description: fields.optionalString('description'),
    strict: fields.optionalBoolean('strict'),
  }),
  vendor: fields.rest,
});

/** Members of the wire that are written together, and the members of the model that they say. */
interface Group {
  readonly from: readonly (keyof ModelRequest)[];
  readonly members: readonly string[];
  /** `client` is the body that the client sent, for the names that it used. Empty for one of another dialect. */
  readonly write: (request: ModelRequest, client: JsonObject, writing: Writing) => JsonObject;
}

const groups: readonly Group[] = [
  {
    from: ['system', 'turns'],
    members: ['messages'],
    write: (request, _client, writing) => ({ messages: encodeMessages(request, writing) }),
  },
  { from: ['tools', 'toolChoice', 'parallelToolCalls'], members: toolMembers, write: encodeTools },
  {
    from: ['stream', 'streamUsage'],
    members: ['stream', 'stream_options'],
    write: (request, client) => encodeStreaming(request, client),
  },
  {
    from: ['maxOutputTokens'],
    members: maxOutputNames,
    write: ({ maxOutputTokens }, client) => named(maxOutputTokens, client, maxOutputNames),
  },
  {
    from: ['endUser'],
    members: endUserNames,
    write: ({ endUser }, client) => named(endUser, client, endUserNames.toReversed()),
  },
  {
    from: ['sampling'],
    members: [
      'temperature',
      'top_p',
      'top_k',
      'seed',
      'presence_penalty',
      'frequency_penalty',
      'logit_bias',
      'n',
    ],
    write: ({ sampling }) => encodeSampling(sampling),
  },
  {
    from: ['stopSequences'],
    members: ['stop'],
    write: ({ stopSequences }) => encodeStop(stopSequences),
  },
  {
    from: ['logprobs'],
    members: ['logprobs', 'top_logprobs'],
    write: ({ logprobs }) => (logprobs ? { logprobs: true, top_logprobs: logprobs.topLogprobs } : {}),
  },
  {
    from: ['reasoning'],
    members: ['reasoning_effort'],
    write: ({ reasoning }, _client, writing) => encodeEffort(reasoning, writing),
  },
  {
    from: ['output'],
    members: ['response_format'],
    write: ({ output }, _client, writing) => encodeOutput(output, writing),
  },
  {
    from: ['serviceTier'],
    members: ['service_tier'],
    write: ({ serviceTier }, _client, writing) => encodeTier(serviceTier, writing),
  },
  {
    from: ['metadata'],
    members: ['metadata'],
    write: ({ metadata }, _client, writing) => encodeMetadata(metadata, writing),
  },
  { from: ['verbosity'], members: ['verbosity'], write: ({ verbosity }) => present({ verbosity }) },
];

/**
 * Model → wire. What came in this dialect and was not changed goes out as it came, byte for byte; the members that a
 * policy changed are written anew. Throws `RequestError('unsupported_field')` for what Chat cannot say.
 */
export const encodeRequest = (request: ModelRequest, target: UpstreamTarget): EncodedRequest =>
  encodeFrom(origins.get(request.vendor), request, target);

/** The client's own text with the model patched in, and for a stream the wish for its counts. */
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
  const body = origin
    ? patchOrigin(origin, request, { target, writing })
    : wholeBody(request, { target, writing });
  return {
    path: '/chat/completions',
    headers: [
      ['content-type', 'application/json'],
      ['accept', request.stream ? 'text/event-stream' : 'application/json'],
    ],
    body,
    dropped: writing.dropped,
  };
};

interface Task {
  readonly target: UpstreamTarget;
  readonly writing: Writing;
}

const wholeBody = (request: ModelRequest, { target, writing }: Task): string => {
  const written = groups.map(({ write }) => write(request, {}, writing));
  const known: JsonObject = Object.assign({ model: target.model }, ...written);
  const task = { request, target, writing };
  if (writing.own) return JSON.stringify(fitServer(writing.extend(known, request, ''), task));
  const { carried, lost } = partVendor(request.vendor);
  return JSON.stringify(fitServer({ ...carried, ...writing.extend(known, { vendor: lost }, '') }, task));
};

const patchOrigin = ({ document, request: read }: Origin, request: ModelRequest, task: Task): string => {
  const patches: JsonObject = { model: task.target.model };
  const gone = new Set<string>();
  for (const { from, members, write } of groups) {
    const changed = from.some((member) => request[member] !== read[member]) || asksForUsage(members, request);
    if (!changed) continue;
    const written = write(request, document.value, task.writing);
    for (const member of members)
      if (!(member in written || member in request.vendor) && isThere(document.value[member]))
        gone.add(member);
    Object.assign(patches, written);
  }
  const kept = Object.entries(document.value).filter(([key]) => !gone.has(key));
  const body = fitServer({ ...Object.fromEntries(kept), ...patches }, { request, ...task });
  return writeOver(document, body);
};

/** The client's own text wherever `body` has all of its members; a member that is another value is patched in. */
const writeOver = (document: JsonDocument, body: JsonObject): string => {
  if (Object.keys(document.value).some((key) => !(key in body))) return JSON.stringify(body);
  const changed = Object.entries(body).filter(([key, value]) => value !== document.value[key]);
  return patchMembers(document, texts(Object.fromEntries(changed)));
};

const isThere = (value: JsonValue | undefined): boolean => value !== undefined && value !== null;

/** Without the upstream's counts nothing could be settled, so every stream asks for them. */
const asksForUsage = (members: readonly string[], { stream, streamUsage }: ModelRequest): boolean =>
  stream && !streamUsage && members.includes('stream_options');

const texts = (patches: JsonObject): Record<string, string> =>
  Object.fromEntries(Object.entries(patches).map(([key, value]) => [key, JSON.stringify(value)]));

const encodeStreaming = ({ stream, vendor }: ModelRequest, client: JsonObject): JsonObject => {
  if (!stream) return 'stream' in client ? { stream } : {};
  const asked = client.stream_options ?? vendor.stream_options;
  return { stream, stream_options: { ...(isJsonObject(asked) ? asked : {}), include_usage: true } };
};

/** `value` under the names that the client used, else under the first of `names`. */
const named = (value: JsonValue | undefined, client: JsonObject, names: readonly string[]): JsonObject => {
  const used = names.filter((key) => isThere(client[key]));
  const keys = used.length > 0 ? used : names.slice(0, 1);
  return value === undefined ? {} : Object.fromEntries(keys.map((key) => [key, value]));
};

const encodeSampling = (sampling: Sampling): JsonObject =>
  present({
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logit_bias: sampling.logitBias && { ...sampling.logitBias },
    n: sampling.choices,
  });

const encodeStop = (stop: readonly string[]): JsonObject => (stop.length === 0 ? {} : { stop: [...stop] });

const encodeEffort = (reasoning: ReasoningSettings | undefined, writing: Writing): JsonObject => {
  if (!writing.own && reasoning?.show === 'omitted') writing.drop('thinking.display');
  const effort = reasoning && effortOf(reasoning);
  return effort === undefined ? {} : { reasoning_effort: effort };
};

const encodeOutput = (output: OutputFormat | undefined, writing: Writing): JsonObject => {
  switch (output?.kind) {
    case undefined:
      return {};
    case 'text':
      return { response_format: { type: 'text' } };
    case 'json':
      return { response_format: { type: 'json_object' } };
    case 'schema':
      return { response_format: { type: 'json_schema', json_schema: encodeSchema(output, writing) } };
  }
};

/** The API wants a name. Other dialects promise what only `strict` promises here, where the schema allows it. */
const encodeSchema = (output: Extract<OutputFormat, { kind: 'schema' }>, writing: Writing): JsonObject => {
  const { schema, description, strict = writing.own || !isStrict(schema) ? undefined : true } = output;
  const known = present({ name: output.name ?? 'output', description, schema: { ...schema }, strict });
  return writing.extend(known, output, 'output.');
};

/** Labels of another provider's account mean nothing in this one's. */
const encodeMetadata = (metadata: Vendor | undefined, writing: Writing): JsonObject => {
  if (!metadata) return {};
  if (writing.own) return { metadata: { ...metadata } };
  if (Object.keys(metadata).length > 0) writing.drop('metadata');
  return {};
};
