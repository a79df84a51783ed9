import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Message } from '../../envoy/proto.ts';
import { gateCluster, processorCluster, upstreamFilter } from '../../extproc/names.ts';
import { hashKey } from '../../plugins/config/keys.ts';
import type { DecisionRecord } from '../../plugins/decision.ts';
import { httpCall } from '../contract/http.ts';
import { type FakeProvider, startProvider } from '../fakes/provider.ts';
import { envoyBinary } from './envoy.ts';
import { type Stack, startStack } from './stack.ts';

const key = 'nx-failed-heads';

/** How a model of the failing provider answers. */
const failing: Readonly<
  Record<string, { readonly status: number; readonly headers: Record<string, string> }>
> = {
  busy: { status: 429, headers: { 'retry-after': '40' } },
  'busy-ms': { status: 503, headers: { 'retry-after-ms': '45000', 'retry-after': '1' } },
  dated: {
    status: 503,
    headers: { date: 'Sat, 28 Nov 2026 12:00:00 GMT', 'retry-after': 'Sat, 28 Nov 2026 12:00:50 GMT' },
  },
  denied: { status: 401, headers: {} },
  down: { status: 503, headers: {} },
  'used-up': {
    status: 429,
    headers: {
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '200s',
    },
  },
  'busy-too': { status: 429, headers: { 'retry-after': '42' } },
  'busy-first': { status: 429, headers: { 'retry-after': '43' } },
  'busy-last': { status: 429, headers: { 'retry-after': '44' } },
  odd: {
    status: 429,
    headers: {
      'retry-after': `40${'0'.repeat(200)}`,
      'retry-after-ms': 'ÿ40',
      attempt: '2',
      status: '200',
      'x-nexus-provider': 'good',
      'x-envoy-attempt-count': '7',
    },
  },
};

/** Models that clients ask for, and who is tried for each. */
const models: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.keys(failing).map((name) => [name, [`bad/${name}`, 'good/claude-sonnet-5']])),
  second: ['bad/down', 'worse/busy-too', 'good/claude-sonnet-5'],
  'then-refused': ['closed/x', 'bad/busy-first', 'bad/silent', 'good/claude-sonnet-5'],
  'then-nobody': ['bad/busy-last', 'unknown/x'],
};

describe.skipIf(envoyBinary === undefined)('what a failed attempt says in its head', () => {
  let bad: Server;
  let good: FakeProvider;
  let stack: Stack;
  let configText: string;

  beforeAll(async () => {
    bad = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      const { model } = JSON.parse(text) as { model: string };
      const { status, headers } = failing[model] ?? { status: 0, headers: {} };
      if (status === 0) return void request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end('{"error":{"message":"no","type":"server_error"}}');
    });
    await new Promise<void>((resolve) => bad.listen(0, '127.0.0.1', resolve));
    good = await startProvider({ dialect: 'anthropic' });
    const baseUrl = `http://127.0.0.1:${(bad.address() as AddressInfo).port}/v1`;
    configText = JSON.stringify({
      version: 1,
      providers: {
        bad: { dialect: 'openai', baseUrl },
        worse: { dialect: 'openai', baseUrl },
        closed: { dialect: 'openai', baseUrl: 'http://127.0.0.1:1/v1' },
        unknown: { dialect: 'openai', baseUrl: 'http://nowhere.invalid/v1' },
        good: { dialect: 'anthropic', baseUrl: good.url },
      },
      models: Object.fromEntries(
        Object.entries(models).map(([name, candidates]) => [
          name,
          {
            candidates: candidates.map((it) => ({ provider: it.split('/')[0], model: it.split('/')[1] })),
            maxAttempts: 4,
          },
        ]),
      ),
      keys: [{ hash: hashKey(key) }],
    });
    stack = await startStack({ configText });
  });

  afterAll(async () => {
    await stack?.stop();
    bad?.close();
    await good?.close();
  });

  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };

  /** Asks for a model; the record of how it went. */
  const ask = async (model: string, stream = false, { url } = stack): Promise<DecisionRecord> => {
    const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hello' }] });
    const answer = await httpCall(url, { path: '/v1/chat/completions', headers, body });
    const id = answer.headers.get('x-nexus-decision') ?? answer.headers.get('x-request-id');
    return await vi.waitFor(async () => {
      const path = `/v1/nexus/decisions/${id}`;
      const told = await httpCall(url, { method: 'GET', path, headers });
      expect(told.status, `${answer.status} ${answer.text}`).toBe(200);
      return JSON.parse(told.text) as DecisionRecord;
    });
  };

  const resultsOf = ({ attempts }: DecisionRecord) =>
    attempts.map(({ upstream, result }) => [upstream, result?.status, result?.retryAfterMs]);

  test.each([
    ['busy', 429, 40_000],
    ['busy-ms', 503, 45_000],
    ['dated', 503, 50_000],
  ])('%s: the first upstream is left alone for as long as it asks', async (model, status, retryAfterMs) => {
    const first = await ask(model);
    expect(resultsOf(first)).toEqual([
      [`bad/${model}`, status, retryAfterMs],
      ['good/claude-sonnet-5', 200, undefined],
    ]);
    const next = await ask(model);
    expect(next.attempts).toHaveLength(1);
    expect(next.served).toBe('good/claude-sonnet-5');
    expect(next.routing).toMatchObject({
      candidates: [
        { upstream: 'good/claude-sonnet-5' },
        { upstream: `bad/${model}`, reason: 'cooling-down' },
      ],
    });
  });

  test('what another try cannot better is enough at once, and so is an account that is used up', async () => {
    for (const model of ['denied', 'used-up']) {
      await ask(model, true);
      expect((await ask(model)).attempts.map(({ upstream }) => upstream)).toEqual(['good/claude-sonnet-5']);
    }
  });

  test('what a later attempt says counts for its own upstream', async () => {
    expect(resultsOf(await ask('second'))).toEqual([
      ['bad/down', 503, undefined],
      ['worse/busy-too', 429, 42_000],
      ['good/claude-sonnet-5', 200, undefined],
    ]);
    expect((await ask('second')).attempts.map(({ upstream }) => upstream)).toEqual([
      'bad/down', // failed once, asked for nothing
      'good/claude-sonnet-5',
    ]);
  });

  test('an attempt that gave no answer is not taken for the one before, even at the same provider', async () => {
    expect(resultsOf(await ask('then-refused'))).toEqual([
      ['closed/x', undefined, undefined],
      ['bad/busy-first', 429, 43_000],
      ['bad/silent', undefined, undefined],
      ['good/claude-sonnet-5', 200, undefined],
    ]);
  });

  test('what was said is kept when Envoy finds nobody to go on to', async () => {
    const record = await ask('then-nobody');
    expect(record.status).toBe(503);
    expect(resultsOf(record)[0]).toEqual(['bad/busy-last', 429, 44_000]);
  });

  test('an answer of Envoy itself inside the next attempt is not taken for that of the one before', async () => {
    const deaf = await startStack({
      configText,
      reshape: (configuration) => withoutService(configuration, upstreamFilter) as Message,
    });
    onTestFinished(() => deaf.stop());
    const record = await ask('busy', false, deaf);
    expect(record.status).toBe(503);
    expect(resultsOf(record)).toEqual([
      ['bad/busy', 429, 40_000],
      ['good/claude-sonnet-5', undefined, undefined],
    ]);
  });

  test('what is no time is nothing, and no header of a provider writes what is ours', async () => {
    expect(resultsOf(await ask('odd'))).toEqual([
      ['bad/odd', 429, undefined],
      ['good/claude-sonnet-5', 200, undefined],
    ]);
    expect(stack.envoy.log()).not.toMatch(/lua/i); // no script of ours has failed
  });
});

/** A configuration whose filter of that name calls a service that nobody is. */
const withoutService = (value: unknown, filter: string): unknown => {
  if (Array.isArray(value)) return value.map((it) => withoutService(it, filter));
  if (typeof value !== 'object' || value === null) return value;
  if ('name' in value && value.name === filter)
    return JSON.parse(JSON.stringify(value).replace(`"${processorCluster}"`, `"${gateCluster}"`));
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, withoutService(of, filter)]));
};
