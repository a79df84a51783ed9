import { describe, expect, it, vi } from 'vitest';
import { fakeClock } from '../test/fakes/clock.ts';
import { emptyCatalog } from './catalog/catalog.ts';
import { hashKey } from './config/keys.ts';
import { configSchema } from './config/schema.ts';
import { busyAfterMs, type CopyFacts, mostCopies } from './copies.ts';
import { type CopyAnswer, copyTimeoutMs, maxCopyBytes, type SendCopy } from './copy.ts';
import { memoryCounters } from './counters/memory.ts';
import { Gateway } from './gateway.ts';
import type { Ask, CounterStore, Reserved } from './ports/counter-store.ts';
import { gatewayError } from './refusals.ts';
import type { Session } from './session.ts';
import type { UpstreamCall } from './upstream-call.ts';

const key = 'nx-client';
const settle = () => new Promise((resolve) => setImmediate(resolve));

const completion = (promptTokens = 7): CopyAnswer => ({
  kind: 'answer',
  head: { status: 200, headers: new Map([['content-type', 'application/json']]) },
  body: Buffer.from(
    JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      model: 'small',
      choices: [
        { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'a secret answer' } },
      ],
      usage: { prompt_tokens: promptTokens, completion_tokens: 3, total_tokens: promptTokens + 3 },
    }),
  ),
});

const answerOf = (status: number, text: string): CopyAnswer => ({
  kind: 'answer',
  head: { status, headers: new Map() },
  body: Buffer.from(text),
});

const anyPrice = { unknownModel: { input: 1, output: 10 } };

interface Options {
  readonly send?: SendCopy;
  /** How late timers come. */
  readonly lateMs?: number;
  readonly budget?: object;
  /** Answers in place of the store when a copy is to be counted. */
  readonly claim?: () => Promise<Reserved>;
  readonly prices?: object;
  /** Spoken by the candidate and the mirror; absent: each has its own. */
  readonly dialect?: string;
}

/** A gateway whose mirror answers by `send`. */
const gatewayOver = ({
  send = async () => completion(),
  lateMs = 0,
  budget,
  claim,
  prices = anyPrice,
  dialect,
}: Options = {}) => {
  const clock = fakeClock(Date.parse('2026-11-28T12:00:00Z'));
  const inner = memoryCounters({ clock });
  const asks: Ask[] = [];
  const counters: CounterStore = {
    ...inner,
    reserve: (it) => {
      asks.push(it);
      const isClaim = it.claims.some(({ budget: id }) => id === 'mirror:copies');
      return isClaim && claim ? claim() : inner.reserve(it);
    },
  };
  const copies: UpstreamCall[] = [];
  const counted: string[] = [];
  const logged: CopyFacts[] = [];
  const config = configSchema.parse({
    version: 1,
    providers: {
      an: { dialect: dialect ?? 'anthropic', baseUrl: 'http://an.invalid' },
      mi: { dialect: dialect ?? 'openai', baseUrl: 'http://mi.invalid/v1', maxConcurrent: 100 },
    },
    models: {
      m: {
        candidates: [{ provider: 'an', model: 'big' }],
        mirror: { use: { provider: 'mi', model: 'small' }, share: 1, maxPerMinute: 10_000 },
      },
    },
    pii: { mode: 'enforce' },
    prices,
    budgets: budget ? [{ id: 'b', per: 'day', ...budget }] : [],
    keys: [{ hash: hashKey(key) }],
  });
  let ids = 0;
  const gateway = new Gateway(
    { config, digest: 'sha256:abc', secrets: new Map([['mi', 'key-of-mi']]) },
    {
      clock: { ...clock, after: (delayMs, callback) => clock.after(delayMs + lateMs, callback) },
      random: { unit: () => 0.5, id: () => `d${++ids}` },
      meter: {
        count: (name, labels) => {
          if (name === 'nexus_mirrors_total') counted.push(Object.values(labels).join(' '));
        },
        observe: () => {},
      },
      counters,
      catalog: emptyCatalog,
      owner: 'test',
      sendCopy: async (call, limits) => {
        copies.push(call);
        return await send(call, limits);
      },
      onCopy: (facts) => logged.push(facts),
    },
  );
  const ask = async (body: object = {}, path = '/v1/messages') => {
    const headers = new Map([['authorization', `Bearer ${key}`]]);
    const session = (await gateway.open({ method: 'POST', path, headers })) as Session;
    const decided = await session.request(Buffer.from(JSON.stringify({ ...hello, ...body })));
    return { session, decided };
  };
  /** What the decision says of the copy, once both are over. */
  const noteOf = (id: string) =>
    vi.waitFor(() => {
      const note = gateway.decisions.find(id)?.notes.find(({ policy }) => policy === 'mirror');
      if (!note || note.facts.result === 'pending') throw new Error('no word of how the copy ended');
      return note;
    });
  /** Asks, and lets the call end and its copy, too. */
  const askAndEnd = async (body: object = {}) => {
    const asked = await ask(body);
    const { session } = asked;
    clock.advance(lateMs);
    await settle();
    session.abort();
    return { ...asked, note: asked.decided.kind === 'forward' ? await noteOf(session.id) : undefined };
  };
  /** Of the only budget: what is used, and what is held. */
  const counts = async () => {
    const [count] = (await counters.read(asks[0]?.claims ?? [])) ?? [];
    return { used: count?.used, open: count?.open };
  };
  return { clock, gateway, counters, asks, counts, copies, counted, logged, ask, askAndEnd, noteOf };
};

const hello = {
  model: 'm',
  max_tokens: 100,
  stream: true,
  messages: [{ role: 'user', content: 'Hello, I am greta.lindqvist@kollektiv-nord.se' }],
};

describe('a copy', () => {
  it('is made of the request that the policies have left, for the dialect and with the key of the mirror', async () => {
    const { copies, askAndEnd } = gatewayOver();
    const { decided } = await askAndEnd();
    expect(decided).toMatchObject({ kind: 'forward', call: { upstream: { provider: 'an' } } });
    expect(copies).toHaveLength(1);
    expect(copies[0]).toMatchObject({ authority: 'mi.invalid', path: '/v1/chat/completions' });
    expect(new Map(copies[0]?.headers)).toContainEqual(['authorization', 'Bearer key-of-mi']);
    const body = JSON.parse(copies[0]?.body ?? '') as { model: string; stream?: boolean };
    expect(body).toMatchObject({ model: 'small', messages: [{ role: 'user' }] });
    expect(body.stream ?? false).toBe(false);
    expect(copies[0]?.body).toContain('Hello, I am ');
    expect(copies[0]?.body).not.toContain('greta');
  });

  it('of a streamed call in its own dialect asks for no stream, nor for the options of one', async () => {
    const { copies, ask, clock } = gatewayOver();
    await ask({ stream_options: { include_usage: true } }, '/v1/chat/completions');
    clock.advance(0);
    await settle();
    const body = JSON.parse(copies[0]?.body ?? '') as object;
    expect(body).toMatchObject({ stream: false });
    expect(body).not.toHaveProperty('stream_options');
  });

  it('is not begun before the client has its call', async () => {
    const { clock, copies, counters, ask } = gatewayOver({ budget: { tokens: 1_000_000 } });
    await ask();
    await settle();
    expect(copies).toHaveLength(0);
    expect(await counters.holds()).toHaveLength(1);
    clock.advance(0);
    await settle();
    expect(copies).toHaveLength(1);
  });

  it('goes on when the client leaves, and is told with the decision: no content', async () => {
    const { clock, counted, ask, noteOf } = gatewayOver();
    const { session } = await ask();
    session.abort();
    clock.advance(0);
    await settle();
    const note = await noteOf(session.id);
    expect(note).toEqual({
      policy: 'mirror',
      verdict: 'passed',
      facts: {
        id: 'd1.mirror',
        upstream: 'mi/small',
        result: 'answered',
        status: 200,
        durationMs: 0,
        inputTokens: 7,
        outputTokens: 3,
        costMicroUsd: 37,
      },
    });
    expect(counted).toEqual(['m mi small answered']);
  });

  it.each<[string, SendCopy, object]>([
    [
      'an error',
      async () => answerOf(429, '{"error":{"message":"greta"}}'),
      { result: 'failed', status: 429, code: 'upstream_rate_limited' },
    ],
    [
      'nonsense',
      async () => answerOf(200, 'greta'),
      { result: 'failed', status: 200, code: 'upstream_malformed' },
    ],
    ['nothing', async () => ({ kind: 'unreachable' }), { result: 'failed', code: 'upstream_unavailable' }],
    ['half', async () => ({ kind: 'broken' }), { result: 'failed', code: 'upstream_truncated' }],
    ['a fault of ours', () => Promise.reject(new Error('greta')), { result: 'failed' }],
  ])('that gets %s says so', async (_, send, facts) => {
    const { gateway, askAndEnd } = gatewayOver({ send, budget: { tokens: 1_000_000 } });
    const { note, session } = await askAndEnd();
    expect(note?.facts).toMatchObject(facts);
    expect(JSON.stringify(gateway.decisions.find(session.id))).not.toContain('greta');
  });

  it('is pending in the record until it is over; then it has a line of its own, which the first one names', async () => {
    let answer: (it: CopyAnswer) => void = () => {};
    const send: SendCopy = () => new Promise((resolve) => (answer = resolve));
    const { clock, gateway, counted, logged, ask, noteOf } = gatewayOver({ send });
    const { session } = await ask();
    clock.advance(0);
    await settle();
    session.abort();
    await settle();
    const notes = () => gateway.decisions.find(session.id)?.notes.filter(({ policy }) => policy === 'mirror');
    const pending = { id: 'd1.mirror', upstream: 'mi/small', result: 'pending' };
    expect(notes()).toEqual([{ policy: 'mirror', verdict: 'passed', facts: pending }]);
    expect(session.logFields()).toMatchObject({ id: 'd1', mirror: 'd1.mirror' });
    expect([counted, logged]).toEqual([[], []]);
    answer(completion());
    const { facts } = await noteOf(session.id);
    expect(facts).toMatchObject({ ...pending, result: 'answered', status: 200, inputTokens: 7 });
    expect(notes()).toHaveLength(1);
    expect(logged).toEqual([{ decision: 'd1', ...facts }]);
  });

  it('does not follow a request that is refused', async () => {
    const { copies, askAndEnd } = gatewayOver({ budget: { tokens: 10 } });
    expect((await askAndEnd()).decided.kind).toBe('reply');
    expect(copies).toHaveLength(0);
  });
});

/** What a Responses client writes in place of messages. */
const turn = { input: 'Hello', max_tokens: undefined, messages: undefined };

describe('a copy is not sent', () => {
  it.each([
    ['anthropic', '/v1/messages', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['anthropic', '/v1/messages', { mcp_servers: [{ type: 'url', url: 'https://t.invalid', name: 'mail' }] }],
    ['openai', '/v1/chat/completions', { web_search_options: {} }],
    ['openai-responses', '/v1/responses', { ...turn, previous_response_id: 'resp_1' }],
  ])('where a provider would act or has kept something: %s', async (dialect, path, body) => {
    const { clock, copies, counted, ask } = gatewayOver({ dialect });
    expect((await ask(body, path)).decided.kind).toBe('forward');
    clock.advance(0);
    await settle();
    expect(counted).toEqual(['m mi small unfit']);
    expect(copies).toHaveLength(0);
  });

  it('when it is too large', async () => {
    const { copies, askAndEnd } = gatewayOver();
    const system = 'word '.repeat(maxCopyBytes / 5 + 1);
    expect((await askAndEnd({ system })).note?.facts).toMatchObject({ result: 'too-large' });
    expect(copies).toHaveLength(0);
  });

  it('when the process is late', async () => {
    const { copies, askAndEnd } = gatewayOver({ lateMs: busyAfterMs + 1 });
    expect((await askAndEnd()).note).toMatchObject({ verdict: 'skipped', facts: { result: 'busy' } });
    expect(copies).toHaveLength(0);
  });

  it('when enough are under way, and again when they are over', async () => {
    const release: (() => void)[] = [];
    const send: SendCopy = () => new Promise((resolve) => release.push(() => resolve(completion())));
    const { clock, copies, counted, ask } = gatewayOver({ send });
    for (let call = 0; call < mostCopies + 2; call++) await ask();
    clock.advance(0);
    await settle();
    expect(copies).toHaveLength(mostCopies);
    expect(counted).toEqual(['m mi small busy', 'm mi small busy']);
    for (const end of release.splice(0)) end();
    await settle();
    await ask();
    clock.advance(0);
    await settle();
    expect(copies).toHaveLength(mostCopies + 1);
  });

  it('when the processes together have sent enough in this minute, or nobody can say', async () => {
    const results: Record<string, Reserved> = {
      enough: { kind: 'refused', refusedBy: 0, states: [] },
      uncounted: { kind: 'lost' },
    };
    for (const [result, reserved] of Object.entries(results)) {
      const { copies, askAndEnd } = gatewayOver({ claim: async () => reserved });
      expect((await askAndEnd()).note).toMatchObject({ verdict: 'skipped', facts: { result } });
      expect(copies).toHaveLength(0);
    }
  });

  it('before the counts have answered; the client has its call while the counts are still asked', async () => {
    const { clock, asks, copies, ask } = gatewayOver({ claim: () => new Promise(() => {}) });
    expect((await ask()).decided.kind).toBe('forward');
    expect(asks).toEqual([]);
    clock.advance(0);
    await settle();
    expect(asks).toHaveLength(1);
    expect(copies).toHaveLength(0);
  });

  it('when a budget has no room for it, and the call is served', async () => {
    const { copies, askAndEnd } = gatewayOver({ budget: { tokens: 250 } });
    const { decided, note } = await askAndEnd({ max_tokens: 150 });
    expect(decided.kind).toBe('forward');
    expect(note).toMatchObject({ verdict: 'refused', facts: { result: 'refused', code: 'budget_exceeded' } });
    expect(copies).toHaveLength(0);
  });
});

describe('the budget of the caller', () => {
  it('holds for the copy while it is under way, and pays what it used', async () => {
    let answer: (it: CopyAnswer) => void = () => {};
    const send: SendCopy = () => new Promise((resolve) => (answer = resolve));
    const world = gatewayOver({ send, budget: { tokens: 1_000_000 } });
    const { session } = await world.ask();
    session.refuse(gatewayError('upstream_unavailable')); // the call itself costs nothing
    world.clock.advance(0);
    await settle();
    const { used, open } = await world.counts();
    expect(used).toBe(0);
    expect(open).toBeGreaterThan(100);
    answer(completion());
    await settle();
    expect(await world.counts()).toEqual({ used: 10, open: 0 });
  });

  it('counts calls, and a copy is none: it takes no place among those at once', async () => {
    const { asks, copies, askAndEnd } = gatewayOver({ budget: { per: undefined, concurrent: 1 } });
    await askAndEnd();
    await askAndEnd();
    expect(copies).toHaveLength(2);
    const budgeted = asks.filter(({ claims }) => claims.some(({ budget }) => budget === 'b'));
    expect(budgeted.map(({ id }) => id)).toEqual(['d1', 'd2']);
  });

  it('is asked for the price of the mirror for a copy, and never for a call', async () => {
    const prices = { unknownModel: 'refuse', 'an/big': { input: 1, output: 1 } };
    const { copies, askAndEnd } = gatewayOver({ budget: { usd: 100 }, prices });
    const { decided, note } = await askAndEnd();
    expect(decided.kind).toBe('forward');
    expect(note?.facts).toMatchObject({ result: 'refused', code: 'policy_unavailable' });
    expect(copies).toHaveLength(0);
  });
});

describe('a copy that gets no answer', () => {
  /** Answers nothing until it is given up. */
  const hang: SendCopy = (_, { signal }) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve({ kind: 'broken' })));

  it('is given up in time, and charged as held: its provider may have worked for it', async () => {
    const { clock, counters, counts, ask, noteOf } = gatewayOver({
      send: hang,
      budget: { tokens: 1_000_000 },
    });
    const { session } = await ask();
    session.refuse(gatewayError('upstream_unavailable'));
    clock.advance(0);
    await settle();
    clock.advance(copyTimeoutMs);
    await settle();
    expect((await noteOf(session.id)).facts).toMatchObject({ result: 'timeout', durationMs: copyTimeoutMs });
    expect((await counts()).used).toBeGreaterThan(100);
    expect(await counters.holds()).toEqual([]);
  });

  it('ends with the process', async () => {
    const { clock, counters, gateway, ask, noteOf } = gatewayOver({
      send: hang,
      budget: { tokens: 1_000_000 },
    });
    const { session } = await ask();
    clock.advance(0);
    await settle();
    session.abort();
    await gateway.told();
    expect((await noteOf(session.id)).facts).toMatchObject({ result: 'abandoned' });
    expect(await counters.holds()).toEqual([]);
  });
});
