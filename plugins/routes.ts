import { verbOf } from './dialects/gemini/path.ts';
import type { DialectName } from './model/request.ts';
import type { RequestHead } from './session.ts';

/** What a path of ours is for. */
export type Route =
  | { readonly kind: 'chat'; readonly dialect: DialectName }
  | { readonly kind: 'models'; readonly dialect: DialectName }
  | {
      readonly kind: 'none';
      readonly dialect: DialectName;
      readonly code: 'not_found' | 'method_not_allowed';
    };

const chatPaths: Readonly<Record<string, DialectName>> = {
  '/v1/chat/completions': 'openai-chat',
  '/v1/messages': 'anthropic-messages',
};

const modelsPath = '/v1/models';
const geminiModelsPath = '/v1beta/models';

/** Every path that is served, with the dialect of those who call it without another sign. */
export const servedPaths: Readonly<Record<string, DialectName>> = {
  ...chatPaths,
  [modelsPath]: 'openai-chat',
  [geminiModelsPath]: 'gemini',
};

/** Paths that hold the name of a model, as regular expressions of what they begin with, in the same way. */
export const servedPatterns: Readonly<Record<string, DialectName>> = {
  '/v1(alpha|beta1?)?/(projects/[^/]+/locations/[^/]+/)?(publishers/google/)?models/[^?]+:[A-Za-z]+': 'gemini',
};

/** Methods of models that are chats. */
const chatVerbs: ReadonlySet<string> = new Set(['generateContent', 'streamGenerateContent']);

/** The route of a call by method and path; errors are told in the dialect that the caller most likely speaks. */
export const routeOf = ({ method, path, headers }: RequestHead): Route => {
  const plainPath = pathOf(path);
  const verb = verbOf(plainPath);
  const chat = verb === undefined ? chatPathOf(plainPath) : 'gemini';
  const dialect = chat ?? dialectOf(plainPath, headers);
  if (verb !== undefined && !chatVerbs.has(verb)) return { kind: 'none', dialect, code: 'not_found' };
  if (chat)
    return method === 'POST'
      ? { kind: 'chat', dialect }
      : { kind: 'none', dialect, code: 'method_not_allowed' };
  if (plainPath !== modelsPath && plainPath !== geminiModelsPath)
    return { kind: 'none', dialect, code: 'not_found' };
  return method === 'GET'
    ? { kind: 'models', dialect }
    : { kind: 'none', dialect, code: 'method_not_allowed' };
};

const chatPathOf = (plainPath: string): DialectName | undefined =>
  Object.hasOwn(chatPaths, plainPath) ? chatPaths[plainPath] : undefined;

/** SDKs that share a path tell themselves apart by their headers. */
const dialectOf = (plainPath: string, headers: RequestHead['headers']): DialectName => {
  if (headers.has('anthropic-version')) return 'anthropic-messages';
  return plainPath.startsWith(geminiModelsPath) || headers.has('x-goog-api-key') ? 'gemini' : 'openai-chat';
};

const pathOf = (path: string): string => {
  const at = path.indexOf('?');
  return at === -1 ? path : path.slice(0, at);
};
