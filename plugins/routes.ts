import type { DialectName, Operation } from './model/request.ts';
import type { RequestHead } from './session.ts';

/** What a path of ours is for. */
export type Route =
  | { readonly kind: 'call'; readonly dialect: DialectName; readonly operation: Operation }
  | { readonly kind: 'models'; readonly dialect: DialectName }
  | {
      readonly kind: 'none';
      readonly dialect: DialectName;
      readonly code: 'not_found' | 'method_not_allowed';
    };

/** What each path of a POST asks for, and in whose words. */
const callPaths: Readonly<Record<string, { readonly dialect: DialectName; readonly operation: Operation }>> =
  {
    '/v1/chat/completions': { dialect: 'openai-chat', operation: 'chat' },
    '/v1/embeddings': { dialect: 'openai-chat', operation: 'embeddings' },
    '/v1/images/generations': { dialect: 'openai-chat', operation: 'images' },
    '/v1/messages': { dialect: 'anthropic-messages', operation: 'chat' },
    '/v1/messages/count_tokens': { dialect: 'anthropic-messages', operation: 'count-tokens' },
  };

const modelsPath = '/v1/models';

/** Every path that is served, with the dialect of those who call it without another sign. */
export const servedPaths: Readonly<Record<string, DialectName>> = {
  ...Object.fromEntries(Object.entries(callPaths).map(([path, { dialect }]) => [path, dialect])),
  [modelsPath]: 'openai-chat',
};

/** The route of a call by method and path; errors are told in the dialect that the caller most likely speaks. */
export const routeOf = ({ method, path, headers }: RequestHead): Route => {
  const plainPath = pathOf(path);
  const call = Object.hasOwn(callPaths, plainPath) ? callPaths[plainPath] : undefined;
  const dialect = call?.dialect ?? (headers.has('anthropic-version') ? 'anthropic-messages' : 'openai-chat');
  if (call)
    return method === 'POST'
      ? { kind: 'call', ...call }
      : { kind: 'none', dialect, code: 'method_not_allowed' };
  if (plainPath !== modelsPath) return { kind: 'none', dialect, code: 'not_found' };
  return method === 'GET'
    ? { kind: 'models', dialect }
    : { kind: 'none', dialect, code: 'method_not_allowed' };
};

const pathOf = (path: string): string => {
  const at = path.indexOf('?');
  return at === -1 ? path : path.slice(0, at);
};
