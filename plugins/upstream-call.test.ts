import { describe, expect, it } from 'vitest';
import type { Provider } from './providers.ts';
import { RequestError } from './refusals.ts';
import { upstreamCall } from './upstream-call.ts';

const provider: Provider = {
  name: 'p',
  dialect: 'openai-chat',
  authority: 'api.test',
  scheme: 'https',
  pathPrefix: '/v1',
  credential: [['authorization', 'Bearer k']],
};
const upstream = { provider: 'p', dialect: 'openai-chat', model: 'gpt 5' } as const;
const encoded = {
  path: '/chat/completions',
  headers: [['content-type', 'application/json']],
  body: '{}',
  dropped: [],
} as const;

describe('a call', () => {
  it('goes where its provider is, with its credential', async () => {
    const call = await upstreamCall(encoded, { upstream, provider, query: '?beta=true' });
    expect(call).toMatchObject({ authority: 'api.test', path: '/v1/chat/completions?beta=true' });
    expect(call.headers).toEqual([
      ['content-type', 'application/json'],
      ['user-agent', 'nexus'],
      ['authorization', 'Bearer k'],
    ]);
  });

  it('names the deployment in the paths of older Azure', async () => {
    const azure = { ...provider, pathPrefix: '/openai', azureApiVersion: '2024-10-21' };
    const { path } = await upstreamCall(encoded, { upstream, provider: azure, query: '?x=1' });
    expect(path).toBe('/openai/deployments/gpt%205/chat/completions?api-version=2024-10-21');
  });

  it('gets the headers that were made for it', async () => {
    const signed: Provider = {
      ...provider,
      credential: [],
      authorize: async ({ url, body }) => [['authorization', `signed ${url} ${body}`]],
    };
    const { headers } = await upstreamCall(encoded, { upstream, provider: signed });
    expect(headers.at(-1)).toEqual(['authorization', 'signed https://api.test/v1/chat/completions {}']);
  });

  it('is not made without a credential, and the reason stays here', async () => {
    const signed: Provider = { ...provider, authorize: () => Promise.reject(new Error('secret')) };
    const call = upstreamCall(encoded, { upstream, provider: signed });
    await expect(call).rejects.toThrow(RequestError);
    await expect(call).rejects.not.toThrow(/secret/);
  });
});
