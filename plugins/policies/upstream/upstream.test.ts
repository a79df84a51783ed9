import { describe, expect, it } from 'vitest';
import { requestOf } from '../../../bench/routing/simulation.ts';
import { EventQueue, seededRandom } from '../../../test/fakes/time.ts';
import { configSchema } from '../../config/schema.ts';
import type { Attempt, AttemptResult, Consumer, Exchange, Note, Outcome, Upstream } from '../../exchange.ts';
import type { ModelRequest, Part } from '../../model/request.ts';
import type { Verdict } from '../../policy.ts';
import { readyProviders } from '../../providers.ts';
import type { ModelFacts } from './candidate.ts';
import { localHealthBoard } from './health.ts';
import { upstreamPolicy } from './upstream.ts';

const load = { inputTokens: 100, pace: 'small/stream' } as const;
const bad: AttemptResult = { fate: 'failed', status: 503, durationMs: 1 };
const calm = { failures: 1, coolMs: 1000, maxCoolMs: 1000 };

interface Ask {
  readonly request?: Partial<ModelRequest>;
  readonly consumer?: Partial<Consumer>;
  readonly notes?: readonly Note[];
}

/** A policy over providers `us1`, `us2` (us), `eu` and `here` (no region), and one model with these settings. */
const policyWith = (
  model: object,
  more: {
    readonly top?: object;
    readonly provider?: object;
    readonly factsOf?: (it: Upstream) => ModelFacts;
  } = {},
) => {
  const queue = new EventQueue();
  let nowMs = 1000;
  const pass = (ms: number) => {
    nowMs += ms;
    queue.runUntil(nowMs);
  };
  pass(0);
  const provider = (region?: string) => ({
    dialect: 'openai',
    baseUrl: 'http://a.invalid/v1',
    ...(region ? { region } : {}),
    ...more.provider,
  });
  const config = configSchema.parse({
    version: 1,
    providers: { us1: provider('us'), us2: provider('us'), eu: provider('eu'), here: provider() },
    models: { m: { candidates: ['us1', 'us2', 'eu'].map((it) => ({ provider: it, model: 'x' })), ...model } },
    teams: { legal: {}, both: { regions: ['eu', 'us'] }, europe: { regions: ['eu'] } },
    ...more.top,
  });
  const unit = seededRandom(1);
  const board = localHealthBoard({ clock: queue.clock, random: { unit: () => 0.5 } });
  const counted: Record<string, string>[] = [];
  const policy = upstreamPolicy(config, readyProviders(config, { secrets: new Map() }), {
    board,
    clock: queue.clock,
    random: { unit },
    stickySecret: 'secret',
    meter: { count: (_, labels) => void counted.push({ ...labels }), observe: () => {} },
    ...(more.factsOf ? { factsOf: more.factsOf } : {}),
  });
  const begin = ({ request = {}, consumer = {}, notes = [] }: Ask = {}) => {
    const exchange: Exchange = {
      id: 'x',
      operation: 'chat',
      dialect: 'openai-chat',
      consumer: { keyId: 'k', ...consumer },
      startedMs: queue.clock.nowMs(),
      notes: [...notes],
    };
    const hooks = policy.begin(exchange);
    const asked: ModelRequest = { ...requestOf(100), requestModel: 'm', ...request };
    const verdict = hooks.request?.(asked) as Verdict;
    return { exchange, hooks, asked, verdict, note: exchange.notes.find((it) => it.policy === 'upstream') };
  };
  const healthOf = (name: string) => board.of({ provider: name, model: 'x' });
  return {
    pass,
    begin,
    healthOf,
    counted,
    /** Providers of the plan, in order. */
    plan: (ask?: Ask) => {
      const { verdict } = begin(ask);
      return verdict.kind === 'pass' ? verdict.plan?.map((it) => it.provider).join(' ') : verdict.error.code;
    },
    /** `provider reason` of everyone judged; an asterisk for those in the plan. */
    judged: (ask?: Ask) => {
      const candidates = begin(ask).note?.facts.candidates as {
        upstream: string;
        reason: string;
        taken: boolean;
      }[];
      return candidates.map((it) => `${it.upstream.split('/')[0]}${it.taken ? '*' : ''} ${it.reason}`);
    },
    message: (ask?: Ask) => {
      const { verdict } = begin(ask);
      return verdict.kind === 'refuse' ? `${verdict.error.code}: ${verdict.error.message}` : 'passed';
    },
    fail: (name: string) => healthOf(name).begin(load, calm).ended(bad),
  };
};

const of = (...parts: Part[]): Partial<ModelRequest> => ({ turns: [{ role: 'user', parts }] });
const image: Part = { type: 'image', source: { kind: 'url', url: 'https://a.invalid/a.png' } };
const use = (provider: string) => ({ use: [{ provider, model: 'y' }] });

describe('who may be asked', () => {
  it('names the models that a caller may use, and no others', () => {
    const policy = policyWith({}, { top: { teams: { narrow: { models: [] } } } });
    expect(policy.message({ request: { requestModel: 'no' } })).toBe(
      'model_not_found: The model does not exist. This key may use: m.',
    );
    expect(policy.message({ consumer: { team: 'narrow' } })).toBe(
      'model_not_allowed: This key may not use the model. This key may use no model.',
    );
  });

  it('keeps a team to its regions, also where that leaves nobody', () => {
    const policy = policyWith({ fallback: [{ provider: 'here', model: 'x' }] });
    expect(policy.judged({ consumer: { team: 'europe' } })).toEqual([
      'eu* listed',
      'us1 region',
      'us2 region',
      'here region',
    ]);
    const nobody = policyWith({ candidates: [{ provider: 'us1', model: 'x' }] });
    expect(nobody.message({ consumer: { team: 'europe' } })).toBe(
      'region_not_allowed: This key may use the region eu only. No upstream of this model lies there.',
    );
  });

  const pii: Note = { policy: 'pii', verdict: 'flagged', facts: { dataClasses: ['pii'] } };

  it('keeps a request with data of a class to the regions of the class, whoever fails', () => {
    const policy = policyWith(
      { fallback: [{ provider: 'here', model: 'x' }] },
      { top: { dataClasses: { pii: ['eu'] } } },
    );
    expect(policy.plan()).toBe('us1 us2 eu');
    expect(policy.plan({ notes: [pii] })).toBe('eu');
    policy.fail('eu');
    expect(policy.judged({ notes: [pii] })).toEqual([
      'eu* last-resort',
      'us1 data-class-region',
      'us2 data-class-region',
      'here data-class-region',
    ]);
  });

  it('takes what the class, the team and the class at the team leave together', () => {
    const top = {
      dataClasses: { pii: ['eu', 'us'], health: ['eu'] },
      teams: { legal: { regions: ['us', 'eu'], dataClasses: { pii: ['us'] } } },
    };
    const policy = policyWith({}, { top });
    expect(policy.plan({ consumer: { team: 'legal' }, notes: [pii] })).toBe('us1 us2');
    const both = { ...pii, facts: { dataClasses: ['pii', 'health', 'unknown'] } };
    expect(policy.plan({ notes: [both] })).toBe('eu');
    expect(policy.message({ consumer: { team: 'legal' }, notes: [both] })).toBe(
      'region_not_allowed: A request with data of the class pii, health may go to no region. No upstream of this model lies there.',
    );
  });

  it('keeps copies to the same regions', () => {
    const policy = policyWith(
      { mirror: { use: { provider: 'us1', model: 'z' }, share: 1 } },
      { top: { dataClasses: { pii: ['eu'] } } },
    );
    expect(policy.begin().verdict).toMatchObject({ mirror: { to: { provider: 'us1', model: 'z' } } });
    expect(policy.begin({ notes: [pii] }).verdict).not.toHaveProperty('mirror');
  });

  it('sends no copy to who is left alone for now', () => {
    const policy = policyWith(
      { mirror: { use: { provider: 'here', model: 'x' }, share: 1 } },
      { provider: { health: calm } },
    );
    expect(policy.begin().verdict).toHaveProperty('mirror');
    policy.healthOf('here').begin(load, calm)?.ended(bad);
    expect(policy.begin().verdict).not.toHaveProperty('mirror');
    policy.pass(2000);
    expect(policy.begin().verdict).toHaveProperty('mirror');
  });
});

describe('who can serve it', () => {
  it('leaves out who lacks what the request asks for, and says what', () => {
    const capabilities = [{ images: false }, { tools: false, contextTokens: 1000 }, { jsonSchema: false }];
    const policy = policyWith({
      candidates: ['us1', 'us2', 'eu'].map((provider, at) => ({
        provider,
        model: 'x',
        capabilities: capabilities[at],
      })),
    });
    expect(policy.judged({ request: of(image) })).toEqual(['us2* listed', 'eu* listed', 'us1 no-images']);
    expect(policy.judged({ request: { tools: [{ kind: 'function', name: 'f' }] } })).toContain(
      'us2 no-tools',
    );
    expect(policy.judged({ request: { output: { kind: 'schema', schema: {} } } })).toContain('eu no-schema');
    expect(policy.judged({ request: { turns: requestOf(2000).turns } })).toContain('us2 context-too-small');
  });

  it('refuses what nobody can serve, and says why', () => {
    const only = (capabilities: object) =>
      policyWith({ candidates: [{ provider: 'us1', model: 'x', capabilities }] });
    expect(only({ images: false }).message({ request: of(image) })).toBe(
      'unsupported_field: No upstream of this model where this request may go takes images.',
    );
    expect(only({ contextTokens: 10 }).plan()).toBe('context_length_exceeded');
  });

  it('lets what nexus.yaml says hold against the catalogue', () => {
    const policy = policyWith(
      {
        candidates: [
          { provider: 'us1', model: 'x', capabilities: { images: true } },
          { provider: 'eu', model: 'x' },
        ],
      },
      { factsOf: () => ({ images: false }) },
    );
    expect(policy.plan({ request: of(image) })).toBe('us1');
  });

  it('does not go below the quality that the model asks for, as fallback neither', () => {
    const policy = policyWith({
      minQuality: 0.5,
      candidates: [
        { provider: 'us1', model: 'x', quality: 0.4 },
        { provider: 'us2', model: 'x', quality: 0.5 },
      ],
      fallback: [{ provider: 'eu', model: 'x' }],
    });
    expect(policy.judged()).toEqual(['us2* listed', 'us1 quality', 'eu quality']);
  });
});

describe('health', () => {
  it('puts those that cool behind the fallback, the one that recovers first in front', () => {
    const policy = policyWith({ fallback: [{ provider: 'here', model: 'x' }], maxAttempts: 5 });
    policy.fail('us2');
    policy.pass(100);
    policy.fail('us1');
    expect(policy.judged()).toEqual([
      'eu* listed',
      'here* fallback',
      'us2* cooling-down',
      'us1* cooling-down',
    ]);
  });

  it('never leaves a request without a try', () => {
    const policy = policyWith({ candidates: [{ provider: 'us1', model: 'x' }] });
    policy.fail('us1');
    expect(policy.judged()).toEqual(['us1* last-resort']);
  });

  it('probes with one request and sends the others past', () => {
    const policy = policyWith({});
    policy.fail('us1');
    policy.pass(1100);
    expect(policy.judged()[0]).toBe('us1* probe');
    expect(policy.judged()).toEqual(['us2* listed', 'eu* listed', 'us1* cooling-down']);
  });

  it('leaves a full provider out, unless there is nobody else', () => {
    const policy = policyWith({}, { provider: { maxConcurrent: 1 } });
    policy.healthOf('us1').begin(load, calm);
    expect(policy.judged()).toEqual(['us2* listed', 'eu* listed', 'us1 full']);
    for (const name of ['us2', 'eu']) policy.healthOf(name).begin(load, calm);
    expect(policy.judged()).toEqual(['us1* last-resort', 'us2* last-resort', 'eu* last-resort']);
  });

  it('puts a provider whose account is used up behind the others', () => {
    const policy = policyWith({});
    const limits = [{ unit: 'requests', limit: 10, remaining: 0, resetMs: 60_000 }] as const;
    policy.healthOf('us1').begin(load, calm).ended({ fate: 'served', durationMs: 1, limits });
    expect(policy.judged()).toEqual(['us2* listed', 'eu* listed', 'us1* rate-limited']);
  });

  it('gives one that is listed twice one place', () => {
    const policy = policyWith({
      candidates: [{ provider: 'us1', model: 'x' }],
      fallback: ['us1', 'us2', 'eu'].map((provider) => ({ provider, model: 'x' })),
      peak: { when: { queueOver: 99 }, use: [{ provider: 'us1', model: 'x' }] },
    });
    expect(policy.plan()).toBe('us1 us2 eu');
    policy.fail('us1');
    expect(policy.plan()).toBe('us2 eu us1');
    for (const name of ['us2', 'eu']) policy.fail(name);
    expect(policy.plan()).toBe('us1 us2 eu');
  });

  it('tries no more than maxAttempts', () => {
    expect(policyWith({ maxAttempts: 2 }).judged()).toEqual(['us1* listed', 'us2* listed', 'eu maxAttempts']);
  });
});

describe('sticky', () => {
  it('keeps a user at one candidate, by weight', () => {
    const policy = policyWith({ pick: 'weighted', sticky: 'user' });
    const firsts = new Set<string>();
    for (let n = 0; n < 50; n++) {
      const asked = { consumer: { user: `user-${n}` } };
      const [first] = policy.judged(asked);
      expect(first).toMatch(/sticky$/);
      expect(policy.judged(asked)[0]).toBe(first);
      firsts.add(first ?? '');
    }
    expect(firsts.size).toBe(3);
  });

  it('keeps a conversation as it grows, and lets short ones go where they like', () => {
    const policy = policyWith({ pick: 'weighted', sticky: 'conversation' });
    const said = (text: string): ModelRequest['turns'][number] => ({
      role: 'user',
      parts: [{ type: 'text', text }],
    });
    const firsts = new Set<string | undefined>();
    for (let n = 0; n < 30; n++) {
      const begun = [said(`${n} ${'x'.repeat(5000)}`)];
      const [first] = policy.judged({ request: { turns: begun } });
      firsts.add(first);
      expect(policy.judged({ request: { turns: [...begun, said('more')] } })[0]).toBe(first);
    }
    expect(firsts.size).toBe(3);
    expect(policy.judged()[0]).toMatch(/weight$/);
  });
});

describe('capture', () => {
  const europe = { consumer: { team: 'europe' } };
  it.each<[string, object, Ask, Ask]>([
    ['contextOver', { contextOver: 100 }, { request: { turns: requestOf(101).turns } }, {}],
    ['images', { images: true }, { request: of(image) }, {}],
    ['no tools', { tools: false }, {}, { request: { tools: [{ kind: 'function', name: 'f' }] } }],
    [
      'jsonSchema',
      { jsonSchema: true },
      { request: { output: { kind: 'schema', schema: {} } } },
      { request: { output: { kind: 'json' } } },
    ],
    ['team', { team: 'legal' }, { consumer: { team: 'legal' } }, europe],
    ['application', { application: 'desk' }, { consumer: { application: 'desk' } }, {}],
    ['region', { region: 'eu' }, europe, {}],
    ['region, and not where more than it is left', { region: 'eu' }, europe, { consumer: { team: 'both' } }],
    [
      'when',
      { when: 'user == "alice" && inputTokens < 1000' },
      { consumer: { user: 'alice' } },
      { consumer: { user: 'bob' } },
    ],
    [
      'all of it',
      { team: 'legal', images: true },
      { consumer: { team: 'legal' }, request: of(image) },
      { request: of(image) },
    ],
  ])('by %s', (_, rule, fitting, other) => {
    const policy = policyWith({ capture: { name: 'rule', ...rule, ...use('eu') } });
    expect(policy.judged(fitting)[0]).toBe('eu* capture:rule');
    expect(policy.judged(other)[0]).not.toMatch(/capture/);
  });

  it('by the hour, in its time zone, also past midnight', () => {
    // The clock of these tests begins on 2027-01-15 at 08:00:01 UTC.
    const first = (hours: string, timeZone: string) =>
      policyWith({ capture: { hours, timeZone, ...use('eu') } }).judged()[0];
    expect(first('08:00-09:00', 'UTC')).toBe('eu* capture:1');
    expect(first('08:00-09:00', 'Europe/Berlin')).toBe('us1* listed');
    expect(first('09:00-10:00', 'Europe/Berlin')).toBe('eu* capture:1');
    expect(first('22:00-08:00', 'UTC')).toBe('us1* listed');
    expect(first('22:00-08:01', 'UTC')).toBe('eu* capture:1');
  });

  it('takes the first rule that fits, asks nobody else, and says so of them', () => {
    const capture = [
      { team: 'legal', ...use('us2') },
      { when: 'true', name: 'all', ...use('eu') },
    ];
    const policy = policyWith({ capture });
    expect(policy.judged({ consumer: { team: 'legal' } })).toEqual([
      'us2* capture:1',
      'us1 captured',
      'us2 captured',
      'eu captured',
    ]);
    expect(policy.counted.map(({ reason }) => reason)).toContain('capture');
  });

  it('is no way around residency', () => {
    const policy = policyWith({ capture: { images: true, ...use('us1') } });
    expect(policy.plan({ ...europe, request: of(image) })).toBe('region_not_allowed');
  });
});

describe('a peak', () => {
  const peak = {
    when: { inFlightOver: 2 },
    use: [{ provider: 'here', model: 'y' }],
    hysteresis: { holdMs: 5000 },
  };

  const busy = (policy: ReturnType<typeof policyWith>, count: number) =>
    Array.from({ length: count }, () => policy.healthOf('us1').begin(load, calm));

  it('begins over a limit, and ends when all has been quiet for a while', () => {
    const policy = policyWith({ peak });
    expect(policy.plan()).toBe('us1 us2 eu');
    const trials = busy(policy, 3);
    policy.pass(300);
    expect(policy.judged()[0]).toBe('here* peak');
    for (const trial of trials) trial.ended({ fate: 'served', durationMs: 1 });
    policy.pass(300);
    expect(policy.plan()).toBe('here us1 us2');
    policy.pass(4000);
    expect(policy.plan()).toBe('here us1 us2');
    policy.pass(1100);
    expect(policy.plan()).toBe('us1 us2 eu');
  });

  it('does not end just below the limit, and begins anew to count when it is busy again', () => {
    const policy = policyWith({ peak });
    const [one, ...others] = busy(policy, 3);
    policy.pass(300);
    expect(policy.plan()).toBe('here us1 us2');
    one?.ended({ fate: 'served', durationMs: 1 }); // 2 of 2: no longer over, but above 0.8 of it
    for (let n = 0; n < 10; n++) {
      policy.pass(1000);
      expect(policy.plan()).toBe('here us1 us2');
    }
    others[0]?.ended({ fate: 'served', durationMs: 1 });
    policy.pass(5100);
    expect(policy.plan()).toBe('us1 us2 eu');
  });

  it('relieves the classes that are named, and leaves one of twenty requests the usual way', () => {
    const policy = policyWith({ peak: { ...peak, classes: [{ team: 'legal' }, { when: 'tools' }] } });
    busy(policy, 3);
    policy.pass(300);
    expect(policy.plan()).toBe('us1 us2 eu');
    expect(policy.plan({ request: { tools: [{ kind: 'function', name: 'f' }] } })).toBe('here us1 us2');
    const firsts = Array.from({ length: 40 }, () => policy.judged({ consumer: { team: 'legal' } })[0]);
    expect(firsts.filter((it) => it === 'us1* listed')).toHaveLength(2);
  });

  it.each([
    ['queueOver', { queueOver: 2 }],
    ['firstChunkP95MsOver', { firstChunkP95MsOver: 500 }],
  ])('begins by %s, too', (_, when) => {
    const policy = policyWith({ peak: { ...peak, when } });
    for (const trial of busy(policy, 20)) {
      if ('firstChunkP95MsOver' in when) trial.ended({ fate: 'served', firstChunkMs: 900, durationMs: 900 });
    }
    policy.pass(300);
    expect(policy.plan()).toBe('here us1 us2');
  });
});

describe('attempts', () => {
  const attempt = (number: number, provider: string): Attempt => ({
    number,
    upstream: { provider, dialect: 'openai-chat', model: 'x' },
  });
  const outcome = (change: Partial<Outcome>): Outcome => ({
    ending: 'complete',
    status: 200,
    stream: true,
    attempts: [],
    durationMs: 50,
    ...change,
  });

  it.each([
    ['lower what its model cannot write', 128_000, 1000],
    ['keep what it can', 1000, 1000],
  ])('%s', (_, maxOutputTokens, expected) => {
    const { hooks, asked } = policyWith({}, { factsOf: () => ({ maxOutputTokens: 1000 }) }).begin({
      request: { maxOutputTokens },
    });
    const verdict = hooks.attempt?.(asked, attempt(1, 'us1'));
    expect(verdict).toMatchObject({ kind: 'pass', request: { maxOutputTokens: expected } });
  });

  it('leave a limit alone where the provider calls the model as the client does', () => {
    const { hooks, asked } = policyWith(
      { candidates: [{ provider: 'us1', model: 'm' }] },
      { factsOf: () => ({ maxOutputTokens: 1000 }) },
    ).begin({ request: { maxOutputTokens: 128_000 } });
    const { upstream } = attempt(1, 'us1');
    const verdict = hooks.attempt?.(asked, { number: 1, upstream: { ...upstream, model: 'm' } });
    expect(verdict).toEqual({ kind: 'pass', request: asked });
  });

  it('are concluded where a host tells nothing: the next one shows that one failed, the end shows the last', () => {
    const policy = policyWith({}, { provider: { health: { failures: 1 } } });
    const { hooks, asked } = policy.begin();
    hooks.attempt?.(asked, attempt(1, 'us1'));
    policy.pass(20);
    hooks.attempt?.(asked, attempt(2, 'us2'));
    hooks.attempt?.(asked, attempt(2, 'us2'));
    expect([policy.healthOf('us1').inFlight, policy.healthOf('us2').inFlight]).toEqual([0, 1]);
    expect(policy.healthOf('us1').circuit).toBe('cooling');
    policy.pass(30);
    hooks.settle?.(
      outcome({ served: attempt(2, 'us2'), firstChunkMs: 40, usage: { inputTokens: 9, outputTokens: 7 } }),
    );
    const health = policy.healthOf('us2');
    expect([health.inFlight, health.circuit, health.outputTokens]).toEqual([0, 'ready', 7]);
    expect(health.paceOf('small/stream')?.firstChunkMs).toBeCloseTo(20);
  });

  it.each<[string, Partial<Outcome>, string]>([
    ['an upstream that broke off', { ending: 'truncated', served: attempt(1, 'us1') }, 'cooling'],
    ['an upstream that was not reached', { ending: 'failed', error: 'upstream_timeout' }, 'cooling'],
    ['a client that has gone', { ending: 'aborted' }, 'ready'],
    ['a refusal of ours', { ending: 'refused', error: 'policy_unavailable' }, 'ready'],
    ["the client's own fault", { ending: 'failed', error: 'upstream_invalid_request' }, 'ready'],
  ])('are judged after %s', (_, change, circuit) => {
    const policy = policyWith({}, { provider: { health: { failures: 1 } } });
    const { hooks, asked } = policy.begin();
    hooks.attempt?.(asked, attempt(1, 'us1'));
    hooks.settle?.(outcome(change));
    expect([policy.healthOf('us1').inFlight, policy.healthOf('us1').circuit]).toEqual([0, circuit]);
  });

  it('hold what a host tells against what would be concluded', () => {
    const policy = policyWith({}, { provider: { health: { failures: 1 } } });
    const { hooks, asked } = policy.begin();
    hooks.attempt?.(asked, attempt(1, 'us1'));
    hooks.answering?.(attempt(1, 'us1'), { status: 200, firstChunkMs: 15 });
    expect(policy.healthOf('us1').waiting).toBe(0);
    hooks.attempted?.(attempt(1, 'us1'), { fate: 'served', status: 200, durationMs: 20 });
    hooks.settle?.(outcome({ ending: 'truncated', served: attempt(1, 'us1') }));
    expect(policy.healthOf('us1').circuit).toBe('ready');
  });
});

it('notes sizes, kinds and names, and nothing of what was said', () => {
  const policy = policyWith({ fallback: [{ provider: 'here', model: 'x' }] });
  const { exchange, note } = policy.begin({
    request: {
      ...of({ type: 'text', text: 'SECRET words' }, image),
      endUser: 'SECRET',
      metadata: { a: 'SECRET' },
    },
    consumer: { team: 'europe' },
  });
  expect(JSON.stringify(exchange.notes)).not.toContain('SECRET');
  expect(note).toEqual({
    policy: 'upstream',
    verdict: 'passed',
    facts: {
      model: 'm',
      pick: 'ordered',
      size: 'medium',
      inputTokens: 1003,
      kinds: ['stream', 'images'],
      regions: ['eu'],
      candidates: [
        { upstream: 'eu/x', region: 'eu', reason: 'listed', taken: true },
        { upstream: 'us1/x', region: 'us', reason: 'region', taken: false },
        { upstream: 'us2/x', region: 'us', reason: 'region', taken: false },
        { upstream: 'here/x', reason: 'region', taken: false },
      ],
    },
  });
  expect(policy.counted).toContainEqual({
    gen_ai_request_model: 'm',
    gen_ai_provider_name: 'us1',
    gen_ai_response_model: 'x',
    taken: 'false',
    reason: 'region',
  });
});
