import { describe, expect, it, test } from 'vitest';
import { buildDecision, decisionLogFields, mayReadDecision, RecentDecisions } from './decision.ts';
import type { AttemptResult, Exchange, Outcome } from './exchange.ts';

const upstream = (provider: string, region?: string) => ({
  provider,
  dialect: 'openai-chat' as const,
  model: 'm',
  ...(region ? { region } : {}),
});

const exchange: Exchange = {
  id: 'd1',
  operation: 'chat',
  dialect: 'openai-chat',
  consumer: { keyId: 'k1', user: 'alice', team: 'legal' },
  startedMs: 10,
  notes: [
    { policy: 'pii', verdict: 'flagged', facts: { dataClasses: ['pii'] } },
    {
      policy: 'upstream',
      verdict: 'passed',
      facts: {
        pick: 'latency',
        candidates: [
          { upstream: 'a/m', region: 'eu', reason: 'capture:long', taken: true },
          { upstream: 'b/m', reason: 'near', taken: true },
          { upstream: 'c/m', reason: 'region', taken: false },
        ],
      },
    },
    { policy: 'token-budget', verdict: 'passed', facts: { costMicroUsd: 42 } },
  ],
};

const outcome: Outcome = {
  ending: 'complete',
  status: 200,
  requestModel: 'support',
  stream: true,
  attempts: [
    { number: 1, upstream: upstream('a', 'eu') },
    { number: 2, upstream: upstream('b') },
  ],
  served: { number: 2, upstream: upstream('b') },
  usage: { inputTokens: 5, outputTokens: 7 },
  finishReason: 'stop',
  durationMs: 1500,
  firstChunkMs: 300,
};

const results = new Map<number, AttemptResult>([
  [
    1,
    {
      fate: 'failed',
      status: 429,
      durationMs: 100,
      limits: [{ unit: 'requests', limit: 9, remaining: 0, resetMs: 1 }],
    },
  ],
]);

const source = {
  exchange,
  outcome,
  results,
  configDigest: 'sha256:abc',
  endedEpochMs: Date.parse('2026-11-28T12:00:01.500Z'),
};

describe('buildDecision', () => {
  it('tells who was judged and why, what was tried, and how it ended', () => {
    expect(buildDecision(source)).toEqual({
      id: 'd1',
      at: '2026-11-28T12:00:00.000Z',
      consumer: exchange.consumer,
      operation: 'chat',
      dialect: 'openai-chat',
      requestModel: 'support',
      stream: true,
      configDigest: 'sha256:abc',
      routing: exchange.notes[1]?.facts,
      notes: [
        { policy: 'pii', verdict: 'flagged', facts: { dataClasses: ['pii'] } },
        { policy: 'token-budget', verdict: 'passed', facts: { costMicroUsd: 42 } },
      ],
      attempts: [
        {
          number: 1,
          upstream: 'a/m',
          region: 'eu',
          reason: 'capture:long',
          result: { fate: 'failed', status: 429, durationMs: 100 },
        },
        { number: 2, upstream: 'b/m', reason: 'near' },
      ],
      served: 'b/m',
      usage: outcome.usage,
      costMicroUsd: 42,
      ending: 'complete',
      status: 200,
      finishReason: 'stop',
      durationMs: 1500,
      firstChunkMs: 300,
    });
  });

  it('is JSON, and needs no routing when another policy refused before', () => {
    const refused: Outcome = {
      ending: 'refused',
      status: 400,
      error: 'prompt_blocked',
      stream: false,
      attempts: [],
      durationMs: 1,
    };
    const record = buildDecision({ ...source, exchange: { ...exchange, notes: [] }, outcome: refused });
    expect(record).not.toHaveProperty('routing');
    expect(record).toMatchObject({ code: 'prompt_blocked', ending: 'refused' });
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });
});

it('log fields have few values: a rule is not among them', () => {
  expect(decisionLogFields(exchange.notes)).toEqual({ pick: 'latency', reason: 'capture', candidates: 3 });
  expect(decisionLogFields([])).toEqual({ pick: '', reason: '', candidates: 0 });
});

test('only the key that made the call may read of it', () => {
  const record = buildDecision(source);
  expect(mayReadDecision(record, { ...exchange.consumer })).toBe(true);
  expect(mayReadDecision(record, { ...exchange.consumer, keyId: 'another' })).toBe(false);
});

test('the oldest decisions make place for new ones', () => {
  const recent = new RecentDecisions(2);
  for (const id of ['d1', 'd2', 'd3']) recent.add({ ...source, exchange: { ...exchange, id } });
  expect(['d1', 'd2', 'd3'].map((id) => recent.find(id)?.id)).toEqual([undefined, 'd2', 'd3']);
});
