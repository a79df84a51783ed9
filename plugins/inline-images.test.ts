import { expect, test } from 'vitest';
import { chatRequest } from '../test/fakes/requests.ts';
import { upstreamDialects } from './dialects/registry.ts';
import { inlineImages } from './inline-images.ts';
import type { ModelRequest, UpstreamDialectName } from './model/request.ts';
import type { FetchImage } from './ports/images.ts';

const limits = { allow: ['images.example'], maxBytes: 100, timeoutMs: 1000 };
const url = 'https://images.example/a.png';

const image = (at: string) => ({ type: 'image' as const, source: { kind: 'url' as const, url: at } });

const ask = (...urls: string[]): ModelRequest =>
  chatRequest({
    turns: [
      { role: 'user', parts: urls.map(image) },
      { role: 'tool', parts: [{ type: 'tool-result', callId: 'c', parts: urls.map(image) }] },
    ],
  });

const inline = async (to: UpstreamDialectName, request: ModelRequest, answer?: 'not public') => {
  const asked: string[] = [];
  const fetch: FetchImage = async (at) => {
    asked.push(at);
    return answer ?? { mediaType: 'image/png', base64: 'AAEC' };
  };
  return { request: await inlineImages(request, upstreamDialects[to], { fetch, limits }), asked };
};

test.each(['gemini', 'anthropic-vertex', 'anthropic-bedrock', 'bedrock-converse'] as const)(
  '%s gets the bytes of each image, fetched once',
  async (to) => {
    const { request, asked } = await inline(to, ask(url));
    expect(asked).toEqual([url]);
    const { body } = upstreamDialects[to].encodeRequest(request, { model: 'm', clientHeaders: new Map() });
    expect(body.split('AAEC').length - 1).toBe(2); // in the words of the user and in a result
    expect(body).not.toContain(url);
  },
);

test('those who fetch images themselves are left to it', async () => {
  const request = ask(url);
  for (const to of ['openai-chat', 'anthropic-messages', 'cohere-chat'] as const)
    expect(await inline(to, request)).toEqual({ request, asked: [] });
  const held = ask('gs://bucket/a.png');
  expect(await inline('gemini', held)).toEqual({ request: held, asked: [] });
  const own: ModelRequest = { ...request, dialect: 'gemini' };
  expect(await inline('gemini', own)).toEqual({ request: own, asked: [] });
});

test('an image that cannot be had refuses the request, and so do too many', async () => {
  await expect(inline('gemini', ask(url), 'not public')).rejects.toThrow(/not public/);
  const many = Array.from({ length: 21 }, (_, at) => `${url}?${at}`);
  await expect(inline('gemini', ask(...many))).rejects.toThrow(/more than 20/);
});
