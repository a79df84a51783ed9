import { expect, test } from 'vitest';
import { fakePorts } from '../test/fakes/ports.ts';
import { hashKey } from './config/keys.ts';
import { loadConfig } from './config/load.ts';
import { Gateway } from './gateway.ts';
import type { Clock } from './ports/clock.ts';

const clock: Clock = { nowMs: () => 0, epochMs: () => 0, after: () => () => {} };

/** What goes out for a client's call to a model of Google that is reached at `baseUrl`. */
const sent = async (baseUrl: string, { path, ask }: { path: string; ask: object }) => {
  const config = {
    version: 1,
    providers: { p: { dialect: 'gemini', baseUrl } },
    models: { m: { candidates: [{ provider: 'p', model: 'text-embedding-005' }] } },
    keys: [{ hash: hashKey('k'), user: 'u' }],
  };
  const loaded = loadConfig(JSON.stringify(config), { file: 'x.json', env: {}, readFile: () => '' });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const gateway = new Gateway({ ...loaded, secrets: new Map() }, fakePorts(clock));
  const headers = new Map([
    ['x-goog-api-key', 'k'],
    ['content-type', 'application/json'],
  ]);
  const session = await gateway.open({ method: 'POST', path, headers });
  if (!('request' in session)) throw new Error(session.body);
  const reply = await session.request(Buffer.from(JSON.stringify(ask)));
  session.abort();
  if (reply.kind !== 'forward') throw new Error(JSON.stringify(reply));
  return { path: reply.call.path, body: JSON.parse(reply.call.body) as unknown };
};

const vertex = 'http://127.0.0.1:9/v1/projects/p/locations/l/publishers/google';
const content = { parts: [{ text: 'a' }] };

test.each([vertex, `${vertex}/`])(
  'Vertex AI, told by its path, is asked in its own form (%s)',
  async (baseUrl) => {
    const embedding = { path: '/v1beta/models/m:embedContent', ask: { content } };
    expect(await sent(baseUrl, embedding)).toEqual({
      path: '/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict',
      body: { instances: [{ content: 'a' }] },
    });
    const whole = { contents: [{ role: 'user', ...content }], systemInstruction: content };
    const counting = { path: '/v1beta/models/m:countTokens', ask: { generateContentRequest: whole } };
    expect((await sent(baseUrl, counting)).body).toEqual(whole);
  },
);

test('the Gemini API is asked in its own', async () => {
  const embedding = { path: '/v1beta/models/m:embedContent', ask: { content } };
  expect(await sent('http://127.0.0.1:9/v1beta', embedding)).toEqual({
    path: '/v1beta/models/text-embedding-005:embedContent',
    body: { content },
  });
});
