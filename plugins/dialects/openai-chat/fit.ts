import { hash } from 'node:crypto';
import type { ModelRequest, ReasoningEffort } from '../../model/request.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import type { UpstreamTarget } from '../dialect.ts';
import { effortOf } from '../openai/effort.ts';
import { traitsOf } from '../openai/traits.ts';
import { isEmptyObject } from '../openai/wire.ts';
import { unsupported, type Writing } from '../openai/writing.ts';
import {
  effortsOfGrok,
  effortsOfMistral,
  refusedByGrok,
  refusedWhileReasoning,
  type Server,
  servers,
  unknownServer,
} from './servers.ts';

// A body of Chat Completions made fit for the kind of server that gets it. A client of this dialect wrote for some
// server of it, so only what this one would refuse is changed, and a limit that it would not hold. A client of another
// dialect did not choose Chat at all: for it the rest counts, too.

/** One body on its way to one kind of server. */
interface Fitting {
  readonly server: Server;
  readonly request: ModelRequest;
  readonly target: UpstreamTarget;
  readonly writing: Writing;
}

/**
 * `body` as the target's kind of server takes it: the same object where that is known of no kind and the client speaks
 * Chat. What is taken out or weakened is named; what only gets another name is not. Throws
 * `RequestError('unsupported_field')` where a client of another dialect would get something else than it asked for.
 */
export const fitServer = (
  body: JsonObject,
  { request, target, writing }: Omit<Fitting, 'server'>,
): JsonObject => {
  if (target.server === undefined && writing.own) return body;
  const server = target.server === undefined ? unknownServer : servers[target.server];
  const fitting = { server, request, target, writing };
  return steps.reduce((fitted, step) => step(fitted, fitting), body);
};

type Step = (body: JsonObject, fitting: Fitting) => JsonObject;

const without = (body: JsonObject, ...members: readonly string[]): JsonObject => {
  if (!members.some((member) => member in body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([key]) => !members.includes(key)));
};

const limitNames = ['max_completion_tokens', 'max_tokens'] as const;

const fitLimit: Step = (body, { server, request, target, writing }) => {
  const other = server.limit === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  const { maxOutputTokens } = request;
  if (maxOutputTokens === undefined || body[other] === undefined) return body;
  // Who prefers the newer name takes the older one, too, except where a model reasons.
  if (writing.own && server.limit !== 'max_tokens' && !mayReason(target)) return body;
  return { ...without(body, ...limitNames), [server.limit]: maxOutputTokens };
};

/** Takes out the server's own members that would let an answer grow past its limit. */
const fitOverrides: Step = (body, { server, request, writing }) => {
  if (request.maxOutputTokens === undefined) return body;
  const out = server.overridesLimit.filter((member) => member in body);
  for (const member of out) writing.drop(member);
  return without(body, ...out);
};

const isOpenai = ({ server }: UpstreamTarget): boolean => server === 'openai' || server === 'azure';

const mayReason = (target: UpstreamTarget): boolean => {
  const { reasons } = traitsOf(target.model);
  return isOpenai(target) && (reasons === 'always' || reasons === 'asked');
};

const willReason = (target: UpstreamTarget, effort: JsonValue | undefined): boolean => {
  const { reasons } = traitsOf(target.model);
  if (!isOpenai(target) || effort === 'none') return false;
  return reasons === 'always' || (reasons === 'asked' && effort !== undefined && effort !== null);
};

/** Takes out what the server or this model of it refuses, and for clients of other dialects what it ignores. */
const fitMembers: Step = (body, fitting) => {
  const { server, target, writing } = fitting;
  const refused = new Set([
    ...server.refuses,
    ...(willReason(target, body.reasoning_effort) ? refusedWhileReasoning : []),
    ...(isOpenai(target) && traitsOf(target.model).reasons === 'never' ? ['reasoning_effort'] : []),
    ...(target.server === 'xai' ? refusedByGrok(target.model) : []),
    ...(writing.own ? [] : server.ignores),
  ]);
  const out = Object.keys(body).filter((member) => refused.has(member) && leaves(member, body, fitting));
  return without(body, ...out);
};

/** Takes `member` out? Names it if it said something; what means something is refused, or left to its server to refuse. */
const leaves = (member: string, body: JsonObject, { writing }: Fitting): boolean => {
  const value = body[member];
  if (saysNothing(member, value)) return true;
  if (!meaningful.has(member)) writing.drop(member);
  else if (writing.own) return false;
  else throw unsupported(member, `${member} at this kind of server`);
  return true;
};

/** Without these an answer is another one. */
const meaningful: ReadonlySet<string> = new Set([
  'tools',
  'functions',
  'tool_choice',
  'n',
  'logprobs',
  'modalities',
  'audio',
  'web_search_options',
]);

/** What each member says when it is left out. */
const usual: Readonly<Record<string, JsonValue>> = {
  n: 1,
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
  top_logprobs: 0,
  store: false,
  service_tier: 'auto',
  parallel_tool_calls: true,
  tool_choice: 'auto',
  prompt_cache_retention: 'in_memory',
};

const saysNothing = (member: string, value: JsonValue | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === usual[member] ||
  (typeof value === 'object' && isEmptyObject(value));

const fitNames: Step = (body, { server }) => {
  const renamed = Object.entries(server.renames).filter(([member]) => member in body);
  if (renamed.length === 0) return body;
  const again = renamed.map(([member, name]) => [name, body[member] ?? null] as const);
  return { ...without(body, ...renamed.map(([member]) => member)), ...Object.fromEntries(again) };
};

const fitStop: Step = (body, { server: { mostStops }, writing }) => {
  const count = Array.isArray(body.stop) ? body.stop.length : 0;
  if (!writing.own && mostStops !== undefined && count > mostStops)
    throw unsupported('stop_sequences', `more than ${mostStops} stop sequences`);
  return body;
};

const fitStreaming: Step = (body, { server }) =>
  server.streamUsage === 'always' ? without(body, 'stream_options') : body;

/** A format is left to the server to refuse where its client speaks to it in its own words. */
const fitFormat: Step = (body, { server, writing }) => {
  const type = isJsonObject(body.response_format) ? body.response_format.type : undefined;
  const isKnown = type !== 'json_object' && type !== 'json_schema' ? true : server.formats.includes(type);
  if (isKnown || writing.own) return body;
  throw unsupported('response_format', `${String(type)} at this kind of server`);
};

const fitChoice: Step = (body, { server: { requiredChoice } }) =>
  body.tool_choice === 'required' && requiredChoice !== 'required'
    ? { ...body, tool_choice: requiredChoice }
    : body;

const order: readonly ReasoningEffort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/** The effort among `known` that is nearest to `asked`, the lesser of two; `none` stands for itself alone. */
const nearest = (asked: ReasoningEffort, known: readonly ReasoningEffort[]): ReasoningEffort | undefined => {
  if (known.includes(asked)) return asked;
  if (asked === 'none') return undefined;
  const far = (effort: ReasoningEffort) => Math.abs(order.indexOf(effort) - order.indexOf(asked));
  const [first] = known.filter((effort) => effort !== 'none').toSorted((a, b) => far(a) - far(b));
  return first;
};

/** Where models of one server differ. */
const effortsOf = ({ server, model }: UpstreamTarget): readonly ReasoningEffort[] | undefined => {
  if (server === 'xai') return effortsOfGrok(model);
  return server === 'mistral' ? effortsOfMistral(model) : undefined;
};

const fitEffort: Step = (body, { server: { effort }, request, target, writing }) => {
  const asked = request.reasoning && effortOf(request.reasoning);
  if (asked === undefined || !('reasoning_effort' in body)) return body;
  const known = effortsOf(target) ?? effort.known;
  const found = known ? nearest(asked, known) : asked;
  if (found !== asked) writing.drop('reasoning_effort');
  const bare = without(body, 'reasoning_effort');
  if (found === undefined) return bare;
  if (writing.own || effort.as === 'reasoning_effort')
    return found === asked ? body : { ...body, reasoning_effort: found };
  if (effort.as === 'reasoning') return { ...bare, reasoning: { effort: found } };
  if (found === 'none') return { ...bare, thinking: { type: 'disabled' } };
  return { ...bare, thinking: { type: 'enabled' }, reasoning_effort: found };
};

/** Does DeepSeek think about it? The names of before V4, to 2026-07, say whether they do. */
const thinks = ({ thinking }: JsonObject, { server, target }: Fitting): boolean =>
  server.thinksUnlessTold &&
  !/^deepseek-(?:chat|reasoner)$/.test(target.model) &&
  !(isJsonObject(thinking) && thinking.type === 'disabled');

/**
 * Where thinking and a call that must be made exclude each other, the call is made without thinking, unless a client said
 * in the server's own words that it shall think.
 */
const fitThinking: Step = (body, fitting) => {
  const { writing } = fitting;
  if (!isForced(body.tool_choice) || !thinks(body, fitting)) return body;
  if (writing.own && isJsonObject(body.thinking)) return body;
  if ('reasoning_effort' in body) writing.drop('reasoning_effort');
  else if (writing.own) writing.drop('thinking');
  return { ...without(body, 'reasoning_effort'), thinking: { type: 'disabled' } };
};

const isForced = (choice: JsonValue | undefined): boolean =>
  choice === 'required' || (isJsonObject(choice) && choice.type === 'function');

/** Taken while it thinks, and not followed. */
const idleWhileThinking = ['temperature', 'presence_penalty', 'frequency_penalty'];

/** While it thinks, it wants back what it thought before each call; to clients that did not keep that, nothing was. */
const fitThoughts: Step = (body, fitting) => {
  if (!thinks(body, fitting)) return body;
  const idle = fitting.writing.own ? [] : idleWhileThinking.filter((member) => member in body);
  const rest = without(body, ...idle.filter((member) => leaves(member, body, fitting)));
  const { messages } = rest;
  if (!Array.isArray(messages)) return rest;
  const whole = messages.map(withThought);
  return whole.every((message, at) => message === messages[at]) ? rest : { ...rest, messages: whole };
};

const withThought = (message: JsonValue): JsonValue =>
  isJsonObject(message) && Array.isArray(message.tool_calls) && !('reasoning_content' in message)
    ? { ...message, reasoning_content: '' }
    : message;

const fitMessages: Step = (body, fitting) => {
  const { messages } = body;
  if (!Array.isArray(messages)) return body;
  const ids = fitting.server.callIds === 'nine' ? new CallIds() : undefined;
  const fitted = messages.map((message) =>
    isJsonObject(message) ? fitMessage(message, fitting, ids) : message,
  );
  const prefixed = prefill(fitted, fitting);
  return prefixed.every((message, at) => message === messages[at]) ? body : { ...body, messages: prefixed };
};

const fitMessage = (message: JsonObject, { server, writing }: Fitting, ids?: CallIds): JsonObject => {
  const refused = server.refusesInMessages.filter((member) => member in message);
  for (const member of refused) if (!saysNothing(member, message[member])) writing.drop(`messages.${member}`);
  const kept = without(message, ...refused);
  const spoken = kept.role === 'developer' && !server.knowsDeveloper ? { ...kept, role: 'system' } : kept;
  return ids ? withIds(spoken, ids) : spoken;
};

/** Mistral goes on with an answer that a client began only if it is told to. */
const prefill = (messages: JsonValue[], { target, writing }: Fitting): JsonValue[] => {
  const last = messages.at(-1);
  if (target.server !== 'mistral' || writing.own || !isJsonObject(last) || last.role !== 'assistant')
    return messages;
  return [...messages.slice(0, -1), { ...last, prefix: true }];
};

const withIds = (message: JsonObject, ids: CallIds): JsonObject => {
  const { tool_call_id: result, tool_calls: calls } = message;
  if (typeof result === 'string') {
    const id = ids.of(result);
    return id === result ? message : { ...message, tool_call_id: id };
  }
  if (!Array.isArray(calls)) return message;
  const renamed = calls.map((call) => {
    if (!isJsonObject(call) || typeof call.id !== 'string') return call;
    const id = ids.of(call.id);
    return id === call.id ? call : { ...call, id };
  });
  return renamed.every((call, at) => call === calls[at]) ? message : { ...message, tool_calls: renamed };
};

/**
 * Ids of nine letters and digits for the ids of one request. The same id always gets the same one, in every request, so
 * that what a server has cached still fits; two ids never get one. The server's own are nine long already and stay.
 */
class CallIds {
  readonly #given = new Map<string, string>();
  readonly #taken = new Set<string>();

  of(id: string): string {
    const known = this.#given.get(id);
    if (known !== undefined) return known;
    const nine = /^[A-Za-z0-9]{9}$/.test(id) && !this.#taken.has(id) ? id : this.#make(id);
    this.#given.set(id, nine);
    this.#taken.add(nine);
    return nine;
  }

  #make(id: string): string {
    for (let turn = 0; ; turn++) {
      const made = hash('sha256', `${turn} ${id}`).slice(0, 9);
      if (!this.#taken.has(made)) return made;
    }
  }
}

const steps: readonly Step[] = [
  fitLimit,
  fitOverrides,
  fitMembers,
  fitNames,
  fitStop,
  fitStreaming,
  fitFormat,
  fitChoice,
  fitEffort,
  fitThinking,
  fitMessages,
  fitThoughts,
];
