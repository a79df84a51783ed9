import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isJsonObject, type JsonObject } from '../../../plugins/wire/json.ts';
import { anthropic } from './anthropic.ts';
import { type Answer, type Ask, answerTo } from './ask.ts';
import { type ProviderDialect, ProviderError } from './dialect.ts';
import { gemini } from './gemini.ts';
import { openai } from './openai.ts';
import { openaiResponses } from './openai-responses.ts';
import { jsonReply, play, type Reply, streamReply } from './reply.ts';

/** How one provider behaves. */
export interface ProviderSettings {
  readonly dialect: 'openai' | 'openai-responses' | 'anthropic' | 'gemini';
  /** Credential that calls must carry, in the dialect's own header; absent: they must carry none. */
  readonly key?: string;
  /** Models that exist; absent: any. */
  readonly models?: readonly string[];
  /** Waited before each answer. */
  readonly latencyMs?: number;
  /** Text deltas of each stream; absent: one a word. */
  readonly events?: number;
  /** Waited between two events of a stream. */
  readonly eventGapMs?: number;
  /** Status that every call of a model gets instead of an answer. */
  readonly always?: number;
}

/** One call as it came. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A healthy reply and all that it was made from. */
export interface Healthy {
  readonly dialect: ProviderDialect;
  readonly ask: Ask;
  readonly answer: Answer;
  readonly reply: Reply;
}

/** What may stand between a model and its answer. */
export interface Fault {
  /** Changes what is said. */
  answer?(answer: Answer): Answer;
  /** Changes what is sent. */
  reply?(healthy: Healthy): Reply;
}

export interface Listening {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Cuts whatever still runs. */
  close(): Promise<void>;
}

const dialects = { openai, 'openai-responses': openaiResponses, anthropic, gemini } satisfies Record<
  ProviderSettings['dialect'],
  ProviderDialect
>;

/** Starts a provider without faults on `port` (0: any that is free) of this machine. */
export const startDemoProvider = (settings: ProviderSettings, port: number): Promise<Listening> =>
  listen(async (request, response) => play(replyTo(await readCall(request), settings), response), port);

/** The reply to a call. `faultOf` may put a fault in the way of a model, also of one that does not exist. */
export const replyTo = (
  call: Call,
  settings: ProviderSettings,
  faultOf: (model: string) => Fault | undefined = () => undefined,
): Reply => {
  const dialect = dialects[settings.dialect];
  try {
    admit(call, settings);
    if (call.method === 'GET' && /^\/v1(beta)?\/models$/.test(call.path)) {
      return jsonReply(200, dialect.models(settings.models ?? []));
    }
    const other = dialect.others?.[call.path];
    if (other) return otherReply(call, other, settings);
    const said = dialect.saidByPath?.(call.path) ?? (call.path === dialect.path ? {} : undefined);
    if (!said) throw new ProviderError(404, `unknown path ${call.path}`);
    if (call.method !== 'POST') throw new ProviderError(405, `${call.path} takes POST`);
    const ask = dialect.readAsk(readJson(call), call.headers, said);
    const fault = faultOf(ask.model);
    if (!fault) checkModel(ask.model, settings);
    const plain = answerTo(ask, settings.events);
    const answer = fault?.answer?.(plain) ?? plain;
    const healthy = { dialect, ask, answer, reply: healthyReply(dialect, ask, answer, settings) };
    return fault?.reply?.(healthy) ?? healthy.reply;
  } catch (fault) {
    if (fault instanceof ProviderError) return errorReply(dialect, fault);
    throw fault;
  }
};

const otherReply = (
  call: Call,
  answer: (body: JsonObject) => JsonObject,
  settings: ProviderSettings,
): Reply => {
  if (call.method !== 'POST') throw new ProviderError(405, `${call.path} takes POST`);
  const body = readJson(call);
  checkModel(String(body.model), settings);
  return { ...jsonReply(200, answer(body)), delayMs: settings.latencyMs ?? 0 };
};

/** An error as `dialect` tells it. */
export const errorReply = (
  dialect: ProviderDialect,
  error: ProviderError,
  headers: Reply['headers'] = {},
): Reply => jsonReply(error.status, dialect.errorBody(error), headers);

const healthyReply = (
  dialect: ProviderDialect,
  ask: Ask,
  answer: Answer,
  { latencyMs = 0, eventGapMs = 0 }: ProviderSettings,
): Reply => {
  const reply = ask.stream
    ? streamReply(dialect.frames(answer, ask), eventGapMs)
    : jsonReply(200, dialect.unary(answer, ask));
  return { ...reply, delayMs: latencyMs };
};

/** Headers that carry the credential of some provider. */
const credentialHeaders = ['authorization', 'proxy-authorization', 'x-api-key', 'api-key', 'x-goog-api-key'];

/** Nothing of the gateway, of its clients or for another provider may arrive here. */
const admit = ({ headers }: Call, { dialect, key }: ProviderSettings): void => {
  const valid = key === undefined ? {} : dialects[dialect].credentials(key);
  const names = Object.keys(headers);
  const sent = names.filter((name) => credentialHeaders.includes(name));
  const wrong = sent.filter((name) => headers[name] !== valid[name]);
  const isAuthentic = wrong.length < sent.length;
  const leak =
    names.find((name) => /^(x-nexus-|x-envoy-|cookie$)/.test(name)) ??
    wrong.find((name) => isAuthentic || !Object.hasOwn(valid, name));
  if (leak !== undefined) throw new ProviderError(400, `leak: ${leak}`, { code: 'leak', param: leak });
  if (key !== undefined && !isAuthentic) {
    throw new ProviderError(401, `expected ${Object.keys(valid).join(' or ')}`, { code: 'invalid_api_key' });
  }
};

const readJson = ({ headers, body }: Call): JsonObject => {
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) {
    throw new ProviderError(400, 'expected content-type application/json');
  }
  const value = parsed(body);
  if (!isJsonObject(value)) throw new ProviderError(400, 'expected a JSON object');
  return value;
};

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new ProviderError(400, 'the body is not valid JSON');
  }
};

const checkModel = (model: string, { models, always }: ProviderSettings): void => {
  if (models && !models.includes(model)) {
    throw new ProviderError(404, `the model ${model} does not exist`, { code: 'model_not_found' });
  }
  if (always !== undefined) throw new ProviderError(always, `this provider always answers ${always}`);
};

export const readCall = async (request: IncomingMessage): Promise<Call> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = request;
  return { method, path: url.split('?')[0] ?? '', headers, body: Buffer.concat(chunks) };
};

/** An HTTP server on `port` of this machine, 0 for any that is free. A caller that goes away is no fault of `handle`. */
export const listen = async (
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  port: number,
): Promise<Listening> => {
  // Connections stay open: a pool that picks one in the moment in which it is closed would see a broken request.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    handle(request, response).catch((cause: unknown) => {
      if (!request.destroyed) console.error(cause);
      response.destroy();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo; // it listens on TCP
  return { port: bound, url: `http://127.0.0.1:${bound}`, close: () => closeServer(server) };
};

const closeServer = async (server: Server): Promise<void> => {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
};
