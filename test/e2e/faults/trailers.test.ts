import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Message } from '../../../envoy/proto.ts';
import { envoyBinary } from '../envoy.ts';
import { http2Call } from './http2.ts';
import { bodyOf, clientKey, type Place, startPlace } from './place.ts';

/** HTTP/2 to providers, as Envoy speaks it with one behind TLS. */
const http2ToProviders = (configuration: Message): Message =>
  JSON.parse(JSON.stringify(configuration), (key, value) =>
    key === 'explicit_http_config' && value.http_protocol_options ? { http2_protocol_options: {} } : value,
  ) as Message;

const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'one',
  choices: [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};

const chunk = {
  ...completion,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content: 'yes' }, finish_reason: 'stop' }],
};

/** Tells of its account in trailers, and remembers the trailers that it got. */
const startProvider = async () => {
  const seen: { readonly body: string; readonly trailers: IncomingHttpHeaders }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const bytes of request) body += bytes;
    seen.push({ body, trailers: { ...request.trailers } });
    const streamed = body.includes('"stream":true');
    response.writeHead(200, { 'content-type': streamed ? 'text/event-stream' : 'application/json' });
    response.addTrailers({
      'set-cookie': 'of-the-account',
      'openai-organization': 'org',
      'x-nexus-model': 'forged',
    });
    response.end(
      streamed ? `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n` : JSON.stringify(completion),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return { seen, url: `http://127.0.0.1:${port}`, close: () => void server.close() };
};

describe.skipIf(!envoyBinary)('trailers, where both sides speak HTTP/2', () => {
  let provider: Awaited<ReturnType<typeof startProvider>>;
  let place: Place;
  beforeAll(async () => {
    provider = await startProvider();
    place = await startPlace({
      others: { a: { dialect: 'openai', url: provider.url } },
      models: { any: ['a/one'] },
      reshape: http2ToProviders,
    });
  });
  afterAll(async () => {
    await place?.stop();
    provider?.close();
  });
  beforeEach(() => provider.seen.splice(0));

  const headers = {
    ':path': '/v1/chat/completions',
    authorization: `Bearer ${clientKey}`,
    'content-type': 'application/json',
  };
  const trailers = {
    authorization: 'Bearer other',
    'x-api-key': 'other',
    cookie: 'a=b',
    note: 'a prompt nobody judged',
  };

  test.each([false, true])(
    'of the client do not reach the provider, its own not the client (streamed: %s)',
    async (stream) => {
      const answer = await http2Call(place.url, {
        headers,
        body: bodyOf({ model: 'any', stream }),
        trailers,
      });
      expect(answer.status).toBe(200);
      expect(answer.text).toContain('yes');
      expect(answer.trailers).toEqual({});
      expect(provider.seen.map((it) => it.trailers)).toEqual([{}]);
      expect(provider.seen[0]?.body).toContain('"one"');
    },
  );

  test('in the place of a body are no request', async () => {
    const answer = await http2Call(place.url, { headers, body: '', trailers });
    expect(answer.status).toBeOneOf([400, 503]);
    expect(answer.text).toContain('"error"');
    expect(provider.seen).toEqual([]);
  });
});
