import { expect, test } from 'vitest';
import { fakePorts } from '../test/fakes/ports.ts';
import { hashKey } from './config/keys.ts';
import { loadConfig } from './config/load.ts';
import { Gateway } from './gateway.ts';
import type { Clock } from './ports/clock.ts';

const clock: Clock = { nowMs: () => 0, epochMs: () => 0, after: () => () => {} };

const url = 'https://images.example/a.png';

/** A gateway to an upstream that wants bytes, under a configuration with `imageUrls` or without. */
const gatewayWith = (imageUrls?: { readonly allow: string[] }) => {
  const config = {
    version: 1,
    providers: { p: { dialect: 'gemini', baseUrl: 'http://127.0.0.1:9/v1beta' } },
    models: { m: { candidates: [{ provider: 'p', model: 'gemini-2.5-flash' }] } },
    keys: [{ hash: hashKey('k'), user: 'u' }],
    ...(imageUrls ? { imageUrls } : {}),
  };
  const loaded = loadConfig(JSON.stringify(config), { file: 'x.json', env: {}, readFile: () => '' });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const fetched: unknown[] = [];
  const ports = fakePorts(clock, {
    fetchImage: async (...asked) => {
      fetched.push(asked);
      return { mediaType: 'image/png', base64: 'AAEC' };
    },
  });
  const gateway = new Gateway({ ...loaded, secrets: new Map() }, ports);
  return { gateway, fetched };
};

const content = [{ type: 'image_url', image_url: { url } }];
const body = Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }));

/** A call with an image by URL. */
const call = async (imageUrls?: { readonly allow: string[] }) => {
  const { gateway, fetched } = gatewayWith(imageUrls);
  const headers = new Map([
    ['authorization', 'Bearer k'],
    ['content-type', 'application/json'],
  ]);
  const session = await gateway.open({ method: 'POST', path: '/v1/chat/completions', headers });
  if (!('request' in session)) throw new Error(session.body);
  const reply = await session.request(body);
  session.abort();
  return { reply, fetched };
};

test('an image is fetched where the configuration says so, within its limits', async () => {
  const { reply, fetched } = await call({ allow: ['images.example'] });
  expect(fetched).toEqual([[url, { allow: ['images.example'], maxBytes: 5_242_880, timeoutMs: 10_000 }]]);
  expect(reply).toMatchObject({ kind: 'forward', call: { body: expect.stringContaining('AAEC') } });
});

test('without a word of it none is fetched, and the call is refused', async () => {
  const { reply, fetched } = await call();
  expect(fetched).toEqual([]);
  expect(reply).toMatchObject({ kind: 'reply', status: 400, code: 'unsupported_field' });
});

test('a later upstream gets the bytes, too, when the worker that held the call is gone', async () => {
  const orphan = {
    from: 'openai-chat',
    client: 'openai-chat',
    to: 'p/gemini-2.5-flash',
    body,
    path: '',
  } as const;
  const { gateway, fetched } = gatewayWith({ allow: ['images.example'] });
  expect(await gateway.orphanCall(orphan)).toMatchObject({ body: expect.stringContaining('AAEC') });
  expect(fetched).toHaveLength(1);
  const without = await gatewayWith().gateway.orphanCall(orphan);
  expect(without).toMatchObject({ kind: 'reply', status: 400, code: 'unsupported_field' });
});
