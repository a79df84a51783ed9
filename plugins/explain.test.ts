import { expect, test } from 'vitest';
import { testBoard } from '../test/fakes/candidates.ts';
import { chatRequest } from '../test/fakes/requests.ts';
import { emptyCatalog } from './catalog/catalog.ts';
import { configSchema } from './config/schema.ts';
import { explain } from './explain.ts';
import type { ModelRequest } from './model/request.ts';

const config = configSchema.parse({
  version: 1,
  providers: {
    us: { dialect: 'openai', baseUrl: 'https://us.invalid/v1', region: 'us' },
    eu: { dialect: 'cohere', baseUrl: 'https://eu.invalid', region: 'eu' },
  },
  models: {
    support: {
      candidates: [
        { provider: 'us', model: 'a' },
        { provider: 'eu', model: 'b' },
      ],
      capture: { name: 'long', contextOver: 1000, use: [{ provider: 'eu', model: 'c' }] },
    },
    other: { candidates: [{ provider: 'us', model: 'a' }] },
  },
  teams: { legal: { models: ['support'] } },
  dataClasses: { pii: ['eu'] },
  budgets: [
    { id: 'company', per: 'month', usd: 100 },
    { id: 'parallel', team: 'legal', concurrent: 4, mode: 'shadow' },
    { id: 'rate', team: 'sales', requests: 5, smooth: { seconds: 60 } },
  ],
});

const request: ModelRequest = chatRequest({
  requestModel: 'support',
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }],
});

const explained = (change: Partial<ModelRequest> = {}, dataClasses: readonly string[] = []) =>
  explain(
    {
      config,
      configDigest: 'sha256:abc',
      consumer: { keyId: 'k', team: 'legal' },
      request: { ...request, ...change },
      dataClasses,
    },
    { clock: testBoard().queue.clock, random: { unit: () => 0.5 }, catalog: emptyCatalog },
  );

test('tells the same as a decision would, the rules and the limits', () => {
  expect(explained()).toEqual({
    configDigest: 'sha256:abc',
    consumer: { keyId: 'k', team: 'legal' },
    requestModel: 'support',
    models: ['support'],
    routing: {
      model: 'support',
      pick: 'ordered',
      size: 'small',
      inputTokens: 2,
      kinds: [],
      candidates: [
        { upstream: 'us/a', region: 'us', reason: 'listed', taken: true },
        { upstream: 'eu/b', region: 'eu', reason: 'listed', taken: true },
      ],
    },
    rules: ['pick: ordered, at most 3 upstreams', 'capture long: contextOver 1000'],
    budgets: [
      { budget: 'company', scope: 'all', unit: 'microUsd', limit: 100_000_000, per: 'month', enforced: true },
      {
        budget: 'parallel',
        scope: 'team=legal',
        unit: 'concurrent',
        limit: 4,
        per: 'at a time',
        enforced: false,
      },
    ],
  });
});

test('takes data for found, and knows what a dialect cannot do', () => {
  expect(explained({}, ['pii']).routing?.candidates).toMatchObject([
    { upstream: 'eu/b', taken: true },
    { upstream: 'us/a', reason: 'data-class-region', taken: false },
  ]);
  expect(explained({ operation: 'images' }).routing?.candidates).toContainEqual(
    expect.objectContaining({ upstream: 'eu/b', reason: 'no-operation' }),
  );
});

test('tells a refusal as the caller would get it', () => {
  expect(explained({ requestModel: 'other' })).toMatchObject({
    refusal: { code: 'model_not_allowed', status: 403 },
    rules: [],
  });
});
