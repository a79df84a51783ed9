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
  '/v1/responses': 'openai-responses',
  '/v1/messages': 'anthropic-messages',
};

const modelsPath = '/v1/models';

/** Every path that is served, with the dialect of those who call it without another sign. */
export const servedPaths: Readonly<Record<string, DialectName>> = {
  ...chatPaths,
  [modelsPath]: 'openai-chat',
};

/** The route of a call by method and path; errors are told in the dialect that the caller most likely speaks. */
export const routeOf = ({ method, path, headers }: RequestHead): Route => {
  const plainPath = pathOf(path);
  const chat = Object.hasOwn(chatPaths, plainPath) ? chatPaths[plainPath] : undefined;
  const dialect = chat ?? (headers.has('anthropic-version') ? 'anthropic-messages' : 'openai-chat');
  if (chat)
    return method === 'POST'
      ? { kind: 'chat', dialect }
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
