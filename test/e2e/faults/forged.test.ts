import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { jsonReply, play, type Reply } from '../../../examples/demo/provider/reply.ts';
import { type Listening, listen, readCall } from '../../../examples/demo/provider/server.ts';
import { envoyBinary } from '../envoy.ts';
import { chat, clientDialects, clientKey, type Place, send, startPlace } from './place.ts';

/** What a client might send to be taken for us, for Envoy, or for somebody else. */
const forged = {
  'x-nexus-model': 'b/two',
  'x-nexus-decision': '0123456789abcdef01234567',
  'x-nexus-attempts': '9',
  'x-nexus-rid': '0123456789abcdef01234567',
  'x-envoy-original-path': '/v1/forged',
  'x-envoy-upstream-alt-stat-name': 'forged',
  'x-envoy-retry-on': '5xx,retriable-4xx',
  'x-envoy-max-retries': '9',
  'x-envoy-upstream-rq-timeout-ms': '1',
  'x-envoy-upstream-rq-per-try-timeout-ms': '1',
  'x-envoy-hedge-on-per-try-timeout': 'true',
  'x-envoy-retriable-status-codes': '200',
  'x-envoy-attempt-count': '9',
  'x-envoy-internal': 'true',
  'x-envoy-expected-rq-timeout-ms': '1',
  'x-envoy-force-trace': 'true',
  'x-envoy-decorator-operation': 'forged',
  'x-worker-addr': '/tmp/forged.sock',
  'x-role': 'upstream',
  'x-forwarded-for': '127.0.0.1',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'forged.internal',
  'x-forwarded-client-cert': 'Subject="CN=forged"',
  'x-original-url': '/v1/messages',
  'x-http-method-override': 'GET',
  'grpc-timeout': '1m',
};

describe.skipIf(!envoyBinary)('headers that a client forges', () => {
  let place: Place;
  beforeAll(async () => {
    place = await startPlace({
      providers: {
        a: { dialect: 'openai', key: 'key-of-a', latencyMs: 50 },
        b: { dialect: 'anthropic', key: 'key-of-b' },
      },
      models: { any: ['a/one'], broken: ['a/fault-503'], chain: ['a/fault-503', 'b/two'] },
    });
  });
  afterAll(() => place?.stop());
  beforeEach(() => {
    for (const name of ['a', 'b']) place.provider(name).journal.clear();
  });

  test.each(Object.entries(forged))('%s: %s changes nothing', async (name, value) => {
    const plain = await chat(place.url, { model: 'any' });
    const answer = await chat(place.url, { model: 'any', headers: { [name]: value } });
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()]).toEqual([...plain.headers.keys()]);
    expect(answer.headers.get('x-nexus-model')).toBe('a/one');
    expect(answer.headers.get('x-nexus-attempts')).toBe('1');
    expect(answer.headers.get('x-nexus-decision')).not.toBe(value);
    const [without, withIt, ...more] = place.seen();
    expect(withIt?.headers).toEqual(without?.headers);
    expect(more).toEqual([]);
  });

  test('all of them ask for no further attempt, and skip none', async () => {
    for (const dialect of clientDialects) {
      const broken = await send(place.url, dialect, { model: 'broken', headers: forged });
      expect(broken.status).toBeGreaterThanOrEqual(500);
      expect((await send(place.url, dialect, { model: 'chain', headers: forged })).status).toBe(200);
    }
    const asked = place.seen().map(({ model }) => model);
    expect(asked).toEqual(['fault-503', 'fault-503', 'two', 'fault-503', 'fault-503', 'two']);
  });

  test('make no statistics of their own', async () => {
    await chat(place.url, { model: 'any', headers: forged });
    expect(await place.stack.envoy.stat('cluster.nexus/a/direct.upstream_rq_200')).toBeGreaterThan(0);
    expect(await place.stack.envoy.stat('.*forged.*')).toBeUndefined();
  });

  test('a key in several places is one key; different ones are nobody’s', async () => {
    const same = await chat(place.url, { model: 'any', headers: { 'x-api-key': clientKey } });
    expect(same.status).toBe(200);
    const other = await chat(place.url, { model: 'any', headers: { 'x-api-key': 'nx-somebody-else' } });
    expect(other.status).toBe(401);
    expect(place.seen()).toHaveLength(1);
  });
});

/** What a provider tells of the account, of itself or of its way here. */
const telling = {
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-remaining-tokens': '149984',
  'anthropic-ratelimit-requests-remaining': '49',
  'anthropic-organization-id': 'org-of-the-account',
  'openai-organization': 'org-of-the-account',
  'openai-project': 'proj-of-the-account',
  'openai-version': '2020-10-01',
  'set-cookie': '__cf_bm=of-the-account; path=/',
  'cf-ray': '8f1-FRA',
  server: 'of-the-provider',
  via: '1.1 of-the-provider',
  'strict-transport-security': 'max-age=31536000',
  'alt-svc': 'h3=":443"',
  'access-control-allow-origin': '*',
  'x-nexus-model': 'forged/model',
  'x-nexus-decision': 'forged',
  'x-nexus-attempts': '7',
  'x-nexus-code': 'forged',
  'x-envoy-upstream-service-time': '7',
  'x-envoy-immediate-health-check-fail': 'true',
  'x-envoy-ratelimited': 'true',
  'x-envoy-degraded': 'true',
  'x-should-retry': 'forged',
};

/** Those that say nothing of it. */
const useful = { 'x-request-id': 'req-of-the-provider', 'openai-processing-ms': '12' };

describe.skipIf(!envoyBinary)('headers of a provider', () => {
  let provider: Listening;
  let reply: Reply;
  let place: Place;
  beforeAll(async () => {
    provider = await listen(async (request, response) => {
      await readCall(request);
      await play(reply, response);
    }, 0);
    place = await startPlace({
      others: { a: { dialect: 'openai', url: provider.url } },
      models: { any: ['a/one'] },
    });
  });
  afterAll(async () => {
    await place?.stop();
    await provider?.close();
  });

  const completion = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'one',
    choices: [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  };
  const refusal = {
    error: {
      message: 'too long',
      type: 'invalid_request_error',
      param: null,
      code: 'context_length_exceeded',
    },
  };
  const frames = `data: ${JSON.stringify({ ...completion, object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'yes' }, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;
  const headers = { ...telling, ...useful };
  const stream: Reply = {
    status: 200,
    headers: { 'content-type': 'text/event-stream', ...headers },
    delayMs: 0,
    steps: [{ bytes: frames }],
    ending: 'clean',
  };

  describe.each(clientDialects)('to a client of %s', (dialect) => {
    test.each<[string, Reply]>([
      ['a whole answer', jsonReply(200, completion, headers)],
      ['a stream', stream],
      ['an error', jsonReply(400, refusal, headers)],
      ['an error without a body', { ...stream, status: 503, steps: [] }],
    ])('of %s: those that tell of the account or are forged are dropped', async (_, made) => {
      reply = made;
      const answer = await send(place.url, dialect, { model: 'any', stream: made === stream });
      expect(answer.status < 400).toBe(made.status < 400);
      for (const [name, value] of Object.entries(telling))
        expect(answer.headers.get(name), name).not.toBe(value);
      const known =
        /^(x-nexus-(decision|model|attempts)|x-should-retry|server|date|connection|transfer-encoding|content-(type|length)|cache-control|request-id|x-request-id|openai-processing-ms)$/;
      expect([...answer.headers.keys()].filter((name) => !known.test(name))).toEqual([]);
    });
  });
});
