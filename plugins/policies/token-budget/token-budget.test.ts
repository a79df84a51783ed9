import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../exchange.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import type { PolicyHooks } from '../../policy.ts';
import type { CounterStore, Reserved } from '../../ports/counter-store.ts';
import { alice, answer, ask, bob, configOf, ended, first, upstreamOf, world } from './fake-world.ts';

const perDay = { id: 'each', user: '*', per: 'day' };

describe('before the call', () => {
  it('holds the prompt and the answer, and caps the answer', async () => {
    const { begin, asks } = world(configOf([{ ...perDay, tokens: 100_000 }]));
    const { hooks } = begin();
    const request = ask();
    const verdict = await hooks.request?.(request);
    expect(verdict).toEqual({ kind: 'pass', request: { ...request, maxOutputTokens: 4000 } }); // the model's own most
    expect(hooks.headers?.(first, undefined)).toContainEqual(['x-nexus-max-output-tokens', '4000']);
    const [claim] = asks[0]?.claims ?? [];
    expect(claim).toMatchObject({ scope: 'user=alice', unit: 'tokens', limit: 100_000, enforced: true });
    expect(claim?.base).toBeGreaterThan(8); // 31 characters
    expect(claim?.base).toBeLessThan(80);
    expect(claim?.perMillionOutput).toBe(1_000_000);
  });

  it('lowers what the client asks for to what is left, and says so', async () => {
    const { begin } = world(configOf([{ ...perDay, tokens: 500 }]));
    const { hooks, exchange } = begin();
    const verdict = await hooks.request?.(ask({ maxOutputTokens: 128_000 }));
    if (verdict?.kind !== 'pass') throw new Error('refused');
    const lowered = verdict.request?.maxOutputTokens ?? 0;
    expect(lowered).toBeGreaterThan(300);
    expect(lowered).toBeLessThan(500);
    expect(exchange.notes).toEqual([
      { policy: 'token-budget', verdict: 'changed', facts: { maxOutputTokens: lowered } },
    ]);
    expect(hooks.headers?.(first, undefined)).toContainEqual(['x-nexus-max-output-tokens', String(lowered)]);
  });

  it('leaves a request alone whose limits do not count its answer', async () => {
    const budgets = [{ ...perDay, requests: 5, concurrent: 5, inputTokens: 1000 }];
    const { begin, asks } = world(configOf(budgets));
    const { hooks } = begin();
    expect(await hooks.request?.(ask())).toEqual({ kind: 'pass' });
    expect(asks[0]?.output).toEqual({ least: 16, most: 4000 });
    expect(asks[0]?.claims.map(({ perMillionOutput }) => perMillionOutput)).toEqual([0, 0, 0]);
    expect(hooks.headers?.(first, undefined)).toEqual([]);
  });

  it('leaves a request alone whose own limit fits', async () => {
    const { begin } = world(configOf([{ ...perDay, tokens: 5000 }]));
    expect(await begin().hooks.request?.(ask({ maxOutputTokens: 100 }))).toEqual({ kind: 'pass' });
  });

  it('counts every answer that the client wants', async () => {
    const { begin, asks } = world(configOf([{ ...perDay, tokens: 1000, usd: 1 }]));
    const { hooks } = begin();
    const verdict = await hooks.request?.(ask({ sampling: { choices: 4 } }));
    expect(asks[0]?.claims.map((it) => it.perMillionOutput)).toEqual([4_000_000, 40_000_000]);
    if (verdict?.kind !== 'pass') throw new Error('refused');
    expect(verdict.request?.maxOutputTokens).toBeLessThan(250);
  });

  it('takes the dearest place that may be tried', async () => {
    const { begin, asks } = world(configOf([{ ...perDay, usd: 1 }]));
    await begin().hooks.request?.(ask({ requestModel: 'm' }));
    expect(asks[0]?.claims[0]?.perMillionOutput).toBe(15_000_000);
    expect(asks[0]?.output.most).toBe(8000);
  });

  it('leaves room for thinking', async () => {
    const { begin } = world(configOf([{ ...perDay, tokens: 900 }]));
    const verdict = await begin().hooks.request?.(
      ask({ maxOutputTokens: 4000, reasoning: { mode: 'fixed', budgetTokens: 1024 } }),
    );
    expect(verdict).toMatchObject({ kind: 'refuse', error: { code: 'budget_exceeded' } });
  });

  it('refuses money for a model without a price', async () => {
    const { begin, calls } = world(configOf([{ ...perDay, usd: 1 }]));
    const verdict = await begin().hooks.request?.(ask({ requestModel: 'own' }));
    expect(verdict).toMatchObject({ kind: 'refuse', error: { code: 'policy_unavailable', retry: false } });
    expect(calls).toEqual([]);
  });

  it('holds a model without a price at the ceiling', async () => {
    const prices = { unknownModel: { input: 20, output: 100 } };
    const { begin, asks } = world(configOf([{ ...perDay, usd: 10 }], { prices }));
    await begin().hooks.request?.(ask({ requestModel: 'own' }));
    expect(asks[0]?.claims[0]?.perMillionOutput).toBe(100_000_000);
  });

  it('counts a prompt that seems too large, and lets it pass when it is not', async () => {
    const text = 'word '.repeat(1000); // 1250 tokens to the tokenizer, twice as many to the estimate
    const { begin, calls } = world(configOf([{ ...perDay, inputTokens: 1400 }]));
    const verdict = await begin().hooks.request?.(
      ask({ turns: [{ role: 'user', parts: [{ type: 'text', text }] }] }),
    );
    expect(verdict?.kind).toBe('pass');
    expect(calls).toEqual(['reserve refused', 'reserve granted']);
  });

  it('holds a token for each byte where nothing may pass', async () => {
    const text = 'word '.repeat(100);
    const { begin, asks } = world(configOf([{ ...perDay, inputTokens: 1400, inputBound: 'bytes' }]));
    await begin().hooks.request?.(ask({ turns: [{ role: 'user', parts: [{ type: 'text', text }] }] }));
    expect(asks[0]?.claims[0]?.base).toBeGreaterThanOrEqual(500);
    expect(asks[0]?.claims[0]?.base).toBeLessThan(560);
  });

  it('does not ask when nothing counts the call', async () => {
    const { begin, calls } = world(
      configOf([
        { id: 'b', team: 'other', per: 'day', tokens: 1 },
        { ...perDay, id: 'off', tokens: 1, mode: 'off' },
      ]),
    );
    const { hooks } = begin();
    expect(await hooks.request?.(ask())).toEqual({ kind: 'pass' });
    await hooks.settle?.(
      ended('complete', { served: first, usage: { inputTokens: 1000, outputTokens: 100 } }),
    );
    expect(calls).toEqual([]);
  });
});

describe('refusals', () => {
  const fill = async (budget: object, times: number, consumer = alice) => {
    const it = world(configOf([budget]));
    let verdict: Awaited<ReturnType<NonNullable<PolicyHooks['request']>>> | undefined;
    let last: ReturnType<typeof it.begin> | undefined;
    for (let time = 0; time < times; time++) {
      last = it.begin(consumer);
      verdict = await last.hooks.request?.(ask({ maxOutputTokens: 100 }));
    }
    if (verdict?.kind !== 'refuse') throw new Error('not refused');
    return { error: verdict.error, limits: last?.hooks.limits?.(), exchange: last?.exchange };
  };

  it('says which budget of the caller is spent, and until when', async () => {
    const { error, limits, exchange } = await fill({ ...perDay, tokens: 200 }, 2);
    expect(error).toMatchObject({
      code: 'budget_exceeded',
      status: 429,
      retry: false,
      retryAfterMs: 43_200_000,
    });
    expect(error.message).toMatch(
      /^The budget each allows 200 tokens per day; \d+ tokens are left, and this call may need \d+ tokens\. Try again in 12 hours\.$/,
    );
    expect(limits).toEqual([
      { unit: 'tokens', limit: 200, remaining: expect.any(Number), resetMs: 43_200_000 },
    ]);
    expect(exchange?.notes).toEqual([
      { policy: 'token-budget', verdict: 'refused', facts: { budget: 'each', unit: 'tokens' } },
    ]);
  });

  it('tells no number of a budget that others share', async () => {
    const { error, limits } = await fill({ id: 'company', per: 'month', tokens: 200 }, 2);
    expect(error.message).toBe('A budget that this call counts against is spent. Try again in 3 days.');
    expect(limits).toEqual([]);
  });

  it.each([
    [{ ...perDay, per: 'minute', requests: 1 }, 'rate_limited', true],
    [{ id: 'r', smooth: { seconds: 30 }, requests: 1 }, 'rate_limited', true],
    [{ id: 'c', application: 'helpdesk', concurrent: 1 }, 'too_many_parallel', true],
    [{ ...perDay, requests: 1 }, 'budget_exceeded', false],
  ])('%j', async (budget, code, retry) => {
    const { error } = await fill(budget, 2);
    expect(error).toMatchObject({ code, retry, status: 429 });
    expect(error.retryAfterMs).toBeGreaterThan(0);
  });

  it('does not send away for a while who can never pass', async () => {
    const { error } = await fill({ ...perDay, tokens: 20 }, 1);
    expect(error).toMatchObject({ code: 'budget_exceeded', retry: false });
    expect(error.retryAfterMs).toBeUndefined();
    expect(error.message).toContain('larger than the whole budget');
  });

  it('keeps users apart, and all of them below the company', async () => {
    const { begin, used } = world(
      configOf([
        { ...perDay, tokens: 300 },
        { id: 'all', per: 'day', tokens: 350 },
      ]),
    );
    const kinds = [];
    for (const consumer of [alice, bob]) {
      const { hooks } = begin(consumer);
      kinds.push((await hooks.request?.(ask({ maxOutputTokens: 100 })))?.kind);
      answer(hooks, { inputTokens: 20, outputTokens: 100 });
      await hooks.settle?.(ended('complete', { served: first }));
    }
    expect(kinds).toEqual(['pass', 'pass']);
    expect(await used()).toEqual({
      'each user=alice tokens': 120,
      'each user=bob tokens': 120,
      'all all tokens': 240,
    });
  });
});

describe('modes', () => {
  it('shadow counts, notes what it would refuse, and lets it pass', async () => {
    const { begin, metrics } = world(configOf([{ ...perDay, tokens: 10, mode: 'shadow' }]));
    const { hooks, exchange } = begin();
    expect((await hooks.request?.(ask()))?.kind).toBe('pass');
    expect(exchange.notes[0]).toMatchObject({ verdict: 'would-refuse', facts: { budget: 'each' } });
    expect(metrics.get('nexus_budget_refusals_total each tokens shadow')).toBe(1);
  });

  it('shadow changes no request and cuts no answer', async () => {
    const { begin } = world(configOf([{ ...perDay, tokens: 1000, mode: 'shadow' }]));
    const { hooks } = begin();
    expect(await hooks.request?.(ask({ stream: true, maxOutputTokens: 9000 }))).toEqual({ kind: 'pass' });
    const watch = hooks.watch?.(first);
    const piece: ModelEvent = { type: 'text-delta', part: 0, text: 'abcd'.repeat(20_000) };
    expect(watch?.see(piece)).toBeUndefined();
  });

  it('an override holds for its time and its name', async () => {
    const overrides = [{ until: '2026-11-29', for: 'alice', tokens: 100_000 }];
    const { begin, asks, advance } = world(configOf([{ ...perDay, tokens: 10, overrides }]));
    await begin().hooks.request?.(ask());
    await begin(bob).hooks.request?.(ask());
    await advance(13 * 3_600_000);
    await begin().hooks.request?.(ask());
    const limits = asks.map(({ id, claims }) => `${id} ${claims[0]?.limit}`);
    expect([...new Set(limits)]).toEqual(['x1 100000', 'x2 10', 'x3 10']);
  });

  it('warns once in a window', async () => {
    const { begin, metrics } = world(configOf([{ ...perDay, requests: 10, warnAt: [0.2, 0.5] }]));
    for (let time = 0; time < 6; time++) await begin().hooks.request?.(ask());
    expect(Object.fromEntries(metrics)).toMatchObject({
      'nexus_budget_warnings_total each requests 0.2': 1,
      'nexus_budget_warnings_total each requests 0.5': 1,
    });
  });
});

describe('a store that is lost', () => {
  it.each([
    [['refuse'], 'refuse'],
    [['slice'], 'slice'],
    [['allow'], 'slice'],
    [['allow', 'slice'], 'slice'],
    [['slice', 'refuse', 'allow'], 'refuse'],
  ])('may be stood in for by slices under %j: %s', async (onLoss, expected) => {
    const budgets = onLoss.map((it, at) => ({ ...perDay, id: `b${at}`, tokens: 1000, onLoss: it }));
    const { begin, asks } = world(configOf(budgets));
    await begin().hooks.request?.(ask());
    expect(asks[0]?.onLoss).toBe(expected);
  });

  const lost = (store: CounterStore): CounterStore => ({
    ...store,
    reserve: async (): Promise<Reserved> => ({ kind: 'lost' }),
  });

  it.each([
    [['refuse'], 'refuse'],
    [['slice'], 'refuse'],
    [['allow'], 'pass'],
    [['allow', 'refuse'], 'refuse'],
  ])('%j: %s', async (onLoss, kind) => {
    const budgets = onLoss.map((it, at) => ({ ...perDay, id: `b${at}`, tokens: 1000, onLoss: it }));
    const { begin, metrics, calls } = world(configOf(budgets), lost);
    const { hooks, exchange } = begin();
    const verdict = await hooks.request?.(ask());
    expect(verdict?.kind).toBe(kind);
    if (verdict?.kind === 'refuse') {
      expect(verdict.error).toMatchObject({ code: 'policy_unavailable', status: 503 });
    }
    const result = kind === 'pass' ? 'passed' : 'refused';
    expect(metrics.get(`nexus_budget_store_lost_total ${result}`)).toBe(1);
    expect(exchange.notes[0]?.facts).toEqual({ storeLost: true });
    await hooks.settle?.(ended('complete', { served: first }));
    expect(calls).toEqual([]);
  });
});

describe('after the call', () => {
  const tokens = {
    ...perDay,
    tokens: 5000,
    inputTokens: 5000,
    outputTokens: 5000,
    usd: 1,
    requests: 9,
    concurrent: 9,
  };

  /** What is settled: tokens, input, output, micro-dollars, requests, concurrent. */
  const settled = async (
    stream: boolean,
    run: (hooks: PolicyHooks) => Outcome | Promise<Outcome>,
    change: Partial<ModelRequest> = {},
  ) => {
    const it = world(configOf([tokens]));
    const { hooks, exchange } = it.begin();
    const verdict = await hooks.request?.(ask({ stream, maxOutputTokens: 100, ...change }));
    expect(verdict?.kind).toBe('pass');
    const outcome = await run(hooks);
    await hooks.settle?.({ ...outcome, stream });
    expect(it.calls.filter((call) => call.startsWith('reserve granted'))).toHaveLength(1);
    expect(it.calls.filter((call) => call.startsWith('settle'))).toHaveLength(1);
    expect(await it.inner.holds()).toEqual([]);
    const counts = Object.values(await it.used());
    const source = exchange.notes.at(-1)?.facts.source;
    return { counts, source, metrics: it.metrics, exchange };
  };

  const usage = { inputTokens: 20, outputTokens: 50 };
  const cost = 20 * 2 + 50 * 10;

  it.each([false, true])('charges what is reported (stream: %s)', async (stream) => {
    const { counts, source, exchange, metrics } = await settled(stream, (hooks) => {
      answer(hooks, usage);
      return ended('complete', { served: first, usage });
    });
    expect(counts).toEqual([70, 20, 50, cost, 1, 0]);
    expect(source).toBe('reported');
    expect(exchange.notes.at(-1)?.facts).toMatchObject({
      costMicroUsd: cost,
      prices: expect.stringMatching(/^sha256:/),
    });
    expect(metrics.get('nexus_cost_micro_usd_total support helpdesk openai gpt-5.4')).toBe(cost);
  });

  it('charges its own count when nothing is reported', async () => {
    const { counts, source } = await settled(true, (hooks) => {
      const watch = hooks.watch?.(first);
      watch?.see({ type: 'text-delta', part: 0, text: 'y'.repeat(160) });
      watch?.see({ type: 'finish', choice: 0, reason: 'stop' });
      watch?.see({ type: 'message-stop' });
      return ended('complete', { served: first });
    });
    expect(source).toBe('own-count');
    expect(counts[2]).toBe(42); // 40 tokens, and 5 % for tokenizers that make more
    expect(counts[1]).toBeGreaterThanOrEqual(8);
  });

  it('takes the last of two reports', async () => {
    const { counts } = await settled(true, (hooks) => {
      answer(hooks, { inputTokens: 9, outputTokens: 9 });
      hooks.watch?.(first);
      answer(hooks, usage);
      return ended('complete', { served: first });
    });
    expect(counts).toEqual([70, 20, 50, cost, 1, 0]);
  });

  it.each([
    { inputTokens: -5, outputTokens: 5 },
    { inputTokens: 20, outputTokens: 1.5 },
    { inputTokens: 1_000_000_000, outputTokens: 5 },
    { inputTokens: 20, outputTokens: 1_000_000 },
    { inputTokens: 20, outputTokens: 5, cacheReadTokens: Number.NaN },
  ])('does not believe %j', async (report) => {
    const { source, metrics, counts } = await settled(true, (hooks) => {
      const watch = hooks.watch?.(first);
      watch?.see({ type: 'text-delta', part: 0, text: 'y'.repeat(160) });
      watch?.see({ type: 'finish', choice: 0, reason: 'stop' });
      watch?.see({ type: 'usage', usage: report });
      watch?.see({ type: 'message-stop' });
      return ended('complete', { served: first, usage: report });
    });
    expect(source).toBe('own-count');
    expect(counts[2]).toBe(42);
    expect(metrics.get('nexus_usage_implausible_total openai gpt-5.4')).toBe(1);
  });

  it('does not believe that a text cost nothing', async () => {
    const { source, counts } = await settled(true, (hooks) => {
      const watch = hooks.watch?.(first);
      watch?.see({ type: 'text-delta', part: 0, text: 'y'.repeat(160) });
      watch?.see({ type: 'usage', usage: { inputTokens: 0, outputTokens: 0 } });
      watch?.see({ type: 'message-stop' });
      return ended('complete', { served: first });
    });
    expect(source).toBe('own-count');
    expect(counts[2]).toBe(42);
  });

  it.each(['aborted', 'truncated', 'stalled', 'failed'] as const)(
    '%s in the middle: the prompt and what was delivered',
    async (ending) => {
      const { source, counts } = await settled(true, (hooks) => {
        const watch = hooks.watch?.(first);
        watch?.see({ type: 'usage', usage: { inputTokens: 20, outputTokens: 1 } }); // as Anthropic does at the start
        watch?.see({ type: 'text-delta', part: 0, text: 'y'.repeat(160) });
        return ended(ending, { served: first });
      });
      expect(source).toBe('own-count');
      expect(counts.slice(0, 3)).toEqual([62, 20, 42]);
    },
  );

  it('gone before the first byte of a stream: the prompt', async () => {
    const { counts, source } = await settled(true, () => ended('aborted'));
    expect(counts[1]).toBeGreaterThanOrEqual(8);
    expect(counts[2]).toBe(0);
    expect(source).toBe('own-count');
  });

  it('gone before a whole answer: all that was held, for the provider bills it', async () => {
    const { counts, source } = await settled(false, () => ended('aborted'));
    expect(counts[2]).toBe(100);
    expect(source).toBe('reserved');
  });

  it('refused by another policy later: nothing', async () => {
    const { counts } = await settled(false, () => ended('refused', { attempts: [] }));
    expect(counts).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('no upstream answered: the call alone', async () => {
    const second = { number: 2, upstream: upstreamOf('anthropic', 'claude-sonnet-5') };
    const { counts } = await settled(true, () => ended('failed', { attempts: [first, second] }));
    expect(counts).toEqual([0, 0, 0, 0, 1, 0]);
  });

  it('the third attempt answered: its bill, at its price', async () => {
    const third = { number: 3, upstream: upstreamOf('anthropic', 'claude-sonnet-5') };
    const { counts } = await settled(
      true,
      (hooks) => {
        answer(hooks, usage, third);
        return ended('complete', { attempts: [first, { ...first, number: 2 }, third], served: third });
      },
      { requestModel: 'm' },
    );
    expect(counts).toEqual([70, 20, 50, 20 * 3 + 50 * 15, 1, 0]);
  });

  it('an attempt that was billed and then failed is paid, too', async () => {
    const second = { number: 2, upstream: upstreamOf('anthropic', 'claude-sonnet-5') };
    const { counts } = await settled(
      true,
      (hooks) => {
        answer(hooks, { inputTokens: 20, outputTokens: 10 });
        answer(hooks, usage, second);
        return ended('complete', { attempts: [first, second], served: second });
      },
      { requestModel: 'm' },
    );
    expect(counts.slice(0, 3)).toEqual([100, 40, 60]);
  });

  it('counts what it used beyond what was held', async () => {
    const { counts, metrics } = await settled(false, (hooks) => {
      answer(hooks, { inputTokens: 20, outputTokens: 150 });
      return ended('complete', { served: first });
    });
    expect(counts[2]).toBe(150);
    expect(metrics.get('nexus_budget_overrun_total each outputTokens')).toBe(50);
  });

  it('counting tokens is free', async () => {
    const { counts } = await settled(
      false,
      (hooks) => {
        answer(hooks, usage);
        return ended('complete', { served: first, usage });
      },
      { operation: 'count-tokens' },
    );
    expect(counts).toEqual([0, 0, 0, 0, 1, 0]);
  });

  it('holds no tokens for counting them, whatever the model', async () => {
    const { begin, asks } = world(configOf([{ ...perDay, tokens: 1 }]));
    await begin().hooks.request?.(ask({ operation: 'count-tokens', requestModel: 'own' }));
    expect(asks[0]?.claims[0]?.base).toBe(0);
  });
});

describe('embeddings and images', () => {
  it('hold and charge the prompt of embeddings, and set no output', async () => {
    const { begin, used, asks } = world(configOf([{ ...perDay, tokens: 5000 }]));
    const { hooks } = begin();
    expect(await hooks.request?.(ask({ operation: 'embeddings' }))).toEqual({ kind: 'pass' });
    expect(asks[0]?.output).toEqual({ least: 0, most: 0 });
    await hooks.settle?.(ended('complete', { served: first, usage: { inputTokens: 9, outputTokens: 0 } }));
    expect(await used()).toEqual({ 'each user=alice tokens': 9 });
  });

  it('hold images at their price', async () => {
    const prices = { 'openai/gpt-5.4': { input: 1, output: 1, image: 0.25 } };
    const { begin, used, asks } = world(configOf([{ ...perDay, usd: 5 }], { prices }));
    const { hooks } = begin();
    await hooks.request?.(ask({ operation: 'images', image: { count: 3 } }));
    expect(asks[0]?.claims[0]?.base).toBeGreaterThanOrEqual(750_000);
    hooks.watch?.(first);
    await hooks.settle?.(ended('complete', { served: first, usage: { inputTokens: 9, outputTokens: 0 } }));
    expect(await used()).toEqual({ 'each user=alice microUsd': 750_000 });
  });
});

describe('a stream that goes on beyond its cap', () => {
  const started = async () => {
    const it = world(configOf([{ ...perDay, tokens: 5000 }]));
    const { hooks } = it.begin();
    await hooks.request?.(ask({ stream: true, maxOutputTokens: 100 }));
    return { ...it, hooks, watch: hooks.watch?.(first) };
  };
  const piece: ModelEvent = { type: 'text-delta', part: 0, text: 'abcd' }; // one token

  it('is cut, and charged up to the cap', async () => {
    const { hooks, watch, used, metrics } = await started();
    let passed = 0;
    let cut = watch?.see(piece);
    while (!cut && passed < 1000) {
      cut = watch?.see(piece);
      passed++;
    }
    expect(cut).toMatchObject({ reason: 'length', usage: { outputTokens: 100 } });
    expect(passed).toBe(113); // 5 % and 8 tokens of doubt
    await hooks.settle?.(ended('cut', { stream: true, served: first }));
    expect((await used())['each user=alice tokens']).toBeLessThanOrEqual(100 + 50);
    expect(metrics.get('nexus_budget_cuts_total openai gpt-5.4')).toBe(1);
  });

  it('is not cut when it keeps to the cap, however long its text is', async () => {
    const { watch } = await started();
    for (let token = 0; token < 100; token++) expect(watch?.see(piece)).toBeUndefined();
  });

  it('is not cut when it comes whole: it has been paid for', async () => {
    const { begin } = world(configOf([{ ...perDay, tokens: 5000 }]));
    const { hooks } = begin();
    await hooks.request?.(ask({ maxOutputTokens: 100 }));
    const watch = hooks.watch?.(first);
    for (let token = 0; token < 500; token++) expect(watch?.see(piece)).toBeUndefined();
  });
});

describe('a reservation', () => {
  it('is renewed also when the store could not be asked in between, but not once it has ended', async () => {
    const answers = [undefined, undefined, true, false];
    const renewed: (boolean | undefined)[] = [];
    const forgetful = (store: CounterStore): CounterStore => ({
      ...store,
      renew: async () => {
        const open = answers[renewed.length];
        renewed.push(open);
        return open;
      },
    });
    const { begin, advance } = world(configOf([{ ...perDay, tokens: 5000 }]), forgetful);
    await begin().hooks.request?.(ask());
    for (let time = 0; time < 10; time++) await advance(20_000);
    expect(renewed).toEqual(answers);
  });

  it('is renewed as long as the call runs', async () => {
    const { begin, calls, advance, timers } = world(configOf([{ ...perDay, tokens: 5000 }]));
    const { hooks } = begin();
    await hooks.request?.(ask());
    for (let time = 0; time < 10; time++) await advance(20_000);
    expect(calls.filter((call) => call === 'renew')).toHaveLength(10);
    await hooks.settle?.(ended('complete', { served: first, usage: { inputTokens: 1, outputTokens: 1 } }));
    expect(calls.at(-1)).toBe('settle 2 settled');
    expect(timers).toEqual([]);
  });

  it('is given back when the client went while it was made', async () => {
    const { begin, inner } = world(configOf([{ ...perDay, tokens: 5000 }]));
    const { hooks } = begin();
    const verdict = hooks.request?.(ask());
    await hooks.settle?.(ended('aborted', { attempts: [] }));
    await verdict;
    await Promise.resolve();
    expect(await inner.holds()).toEqual([]);
  });
});

describe('headers', () => {
  it('tell the cost of a whole answer, and what is held for a stream', async () => {
    const { begin } = world(configOf([{ ...perDay, tokens: 100_000 }]));
    const { hooks } = begin();
    await hooks.request?.(ask({ maxOutputTokens: 1000 }));
    expect(hooks.headers?.(first, { inputTokens: 1000, outputTokens: 10 })).toEqual([
      ['x-nexus-cost-usd', '0.002100'],
    ]);
    const [[name, held] = []] = hooks.headers?.(first, undefined) ?? [];
    expect(name).toBe('x-nexus-cost-usd');
    expect(Number(held)).toBeGreaterThan(0.01);
    expect(Number(held)).toBeLessThan(0.0103);
  });

  it('tell the cost where no budget holds', async () => {
    const { begin } = world(configOf([]));
    const { hooks } = begin();
    await hooks.request?.(ask());
    expect(hooks.headers?.(first, { inputTokens: 1000, outputTokens: 10 })).toEqual([
      ['x-nexus-cost-usd', '0.002100'],
    ]);
    expect(hooks.headers?.(first, undefined)).toEqual([]);
  });
});
