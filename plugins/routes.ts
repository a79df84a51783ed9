import { verbOf } from './dialects/gemini/path.ts';
import type { DialectName, Operation } from './model/request.ts';
import type { RequestHead } from './session.ts';

/** What a path of ours is for. */
export type Route =
  | { readonly kind: 'call'; readonly dialect: DialectName; readonly operation: Operation }
  | { readonly kind: 'models'; readonly dialect: DialectName }
  | { readonly kind: 'decision'; readonly dialect: DialectName; readonly id: string }
  | {
      readonly kind: 'none';
      readonly dialect: DialectName;
      readonly code: 'not_found' | 'method_not_allowed';
    };

interface Call {
  readonly dialect: DialectName;
  readonly operation: Operation;
}

/** What each path of a POST asks for, and in whose words. */
const callPaths: Readonly<Record<string, Call>> = {
  '/v1/chat/completions': { dialect: 'openai-chat', operation: 'chat' },
  '/v1/responses': { dialect: 'openai-responses', operation: 'chat' },
  '/v1/responses/input_tokens': { dialect: 'openai-responses', operation: 'count-tokens' },
  '/v1/embeddings': { dialect: 'openai-chat', operation: 'embeddings' },
  '/v1/images/generations': { dialect: 'openai-chat', operation: 'images' },
  '/v1/messages': { dialect: 'anthropic-messages', operation: 'chat' },
  '/v1/messages/count_tokens': { dialect: 'anthropic-messages', operation: 'count-tokens' },
};

const modelsPath = '/v1/models';
const geminiModelsPath = '/v1beta/models';
/** Ends where the id of a decision begins. */
const decisionsPath = '/v1/nexus/decisions/';

/** Every path that is served, with the dialect of those who call it without another sign. */
export const servedPaths: Readonly<Record<string, DialectName>> = {
  ...Object.fromEntries(Object.entries(callPaths).map(([path, { dialect }]) => [path, dialect])),
  [modelsPath]: 'openai-chat',
  [geminiModelsPath]: 'gemini',
  [decisionsPath]: 'openai-chat',
};

/** Paths that hold the name of a model, as regular expressions of what they begin with, in the same way. */
export const servedPatterns: Readonly<Record<string, DialectName>> = {
  '/v1(alpha|beta1?)?/(projects/[^/]+/locations/[^/]+/)?(publishers/google/)?models/[^?]+:[A-Za-z]+':
    'gemini',
};

/** What a method of a model asks for. */
const callVerbs: ReadonlyMap<string, Operation> = new Map([
  ['generateContent', 'chat'],
  ['streamGenerateContent', 'chat'],
  ['countTokens', 'count-tokens'],
  ['embedContent', 'embeddings'],
  ['batchEmbedContents', 'embeddings'],
]);

/** The route of a call by method and path; errors are told in the dialect that the caller most likely speaks. */
export const routeOf = ({ method, path, headers }: RequestHead): Route => {
  const plainPath = pathOf(path);
  const call = callOf(plainPath);
  const dialect = call?.dialect ?? dialectOf(plainPath, headers);
  if (call)
    return method === 'POST'
      ? { kind: 'call', ...call }
      : { kind: 'none', dialect, code: 'method_not_allowed' };
  const page = pageOf(plainPath, dialect);
  if (!page) return { kind: 'none', dialect, code: 'not_found' };
  return method === 'GET' ? page : { kind: 'none', dialect, code: 'method_not_allowed' };
};

const pageOf = (plainPath: string, dialect: DialectName): Route | undefined => {
  if (plainPath === modelsPath || plainPath === geminiModelsPath) return { kind: 'models', dialect };
  const id = plainPath.startsWith(decisionsPath) ? plainPath.slice(decisionsPath.length) : '';
  return id === '' ? undefined : { kind: 'decision', dialect, id };
};

const callOf = (plainPath: string): Call | undefined => {
  const verb = verbOf(plainPath);
  if (verb === undefined) return Object.hasOwn(callPaths, plainPath) ? callPaths[plainPath] : undefined;
  const operation = callVerbs.get(verb);
  return operation && { dialect: 'gemini', operation };
};

/** SDKs that share a path tell themselves apart by their headers. */
const dialectOf = (plainPath: string, headers: RequestHead['headers']): DialectName => {
  if (headers.has('anthropic-version')) return 'anthropic-messages';
  const isGemini =
    plainPath.startsWith(geminiModelsPath) ||
    verbOf(plainPath) !== undefined ||
    headers.has('x-goog-api-key');
  return isGemini ? 'gemini' : 'openai-chat';
};

const pathOf = (path: string): string => {
  const at = path.indexOf('?');
  return at === -1 ? path : path.slice(0, at);
};
