import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Entity } from '../../../kong/render/entities.ts';
import { httpCall } from '../../contract/http.ts';
import { type FakeProvider, startProvider } from '../../fakes/provider.ts';
import { egressSecret, type RunningKong, startKong } from './kong.ts';
import { noKong, kongProgram as program } from './program.ts';

const example = join(import.meta.dirname, '../../../examples/kong');

describe('Nexus in a Kong that has other traffic', () => {
  beforeEach(({ skip }) => skip(!program, noKong));

  const shopCalls: IncomingMessage[] = [];
  const shop = createServer((incoming, response) => {
    shopCalls.push(incoming);
    response.end('a shop');
  });
  let llama: FakeProvider;
  let kong: RunningKong;

  beforeAll(async () => {
    if (!program) return;
    llama = await startProvider({ dialect: 'openai', key: 'key-of-llama' });
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
    const address = shop.address();
    const shopPort = typeof address === 'object' && address ? address.port : 0;
    /** A file of the example as it stands, but with the ports and the secret of this run. */
    const read = (name: string): string =>
      readFileSync(join(example, name), 'utf8')
        .replaceAll('10300', String(shopPort))
        .replaceAll(/1030[12]/g, new URL(llama.url).port)
        .replaceAll('a-secret-that-everybody-can-read-here', egressSecret);
    kong = await startKong(program, {
      configText: read('nexus.yaml'),
      env: { NEXUS_EXAMPLE_KEY: 'key-of-llama' },
      reshape: () => parse(read('kong.yml')) as Entity,
    });
  });

  afterAll(async () => {
    await kong?.stop();
    shop.close();
    await llama?.close();
  });

  const headers = { 'content-type': 'application/json', 'x-api-key': 'shop-app-key' };
  const body = (model: string) =>
    JSON.stringify({ model, max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] });

  test('leaves the other traffic alone', async () => {
    const answer = await httpCall(kong.url, {
      method: 'GET',
      path: '/shop/cart',
      headers: { apikey: 'shop-app-key' },
    });
    expect([answer.status, answer.text]).toEqual([200, 'a shop']);
    expect(shopCalls.map(({ url }) => url)).toEqual(['/cart']);
    expect((await httpCall(kong.url, { method: 'GET', path: '/elsewhere' })).text).toContain(
      'no Route matched',
    );
  });

  test('governs a consumer of Kong as a member of the team', async () => {
    const answer = await httpCall(kong.url, { path: '/v1/messages', headers, body: body('assistant') });
    expect([answer.status, answer.headers.get('x-nexus-model')]).toEqual([200, 'llama-a/llama-4-70b']);
    expect(llama.journal.last.headers).toMatchObject({ authorization: 'Bearer key-of-llama' });
    expect(JSON.stringify(llama.journal.last.headers)).not.toContain('shop-app');
    const models = await httpCall(kong.url, { method: 'GET', path: '/v1/models', headers });
    expect(models.text).toContain('"assistant"');
  });

  test('leaves the refusals of other plugins alone', async () => {
    const unknown = { ...headers, 'x-api-key': 'nobody' };
    const answer = await httpCall(kong.url, {
      path: '/v1/messages',
      headers: unknown,
      body: body('assistant'),
    });
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('Unauthorized')]);
  });
});
