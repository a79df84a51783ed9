import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { chatRequest } from '../test/fakes/requests.ts';
import type { Exchange, Outcome, Upstream } from './exchange.ts';
import type { ModelEvent } from './model/events.ts';
import type { ModelRequest } from './model/request.ts';
import { Pipeline } from './pipeline.ts';
import { type Mirrored, type Policy, type PolicyHooks, pass, refuse } from './policy.ts';

const exchange: Exchange = {
  id: 'x1',
  operation: 'chat',
  dialect: 'openai-chat',
  consumer: { keyId: 'k' },
  startedMs: 0,
  notes: [],
};
const request: ModelRequest = chatRequest();
const upstream: Upstream = { provider: 'p', dialect: 'openai-chat', model: 'm1' };
const outcome: Outcome = { ending: 'complete', status: 200, stream: false, attempts: [], durationMs: 1 };

const policy = (name: string, hooks: PolicyHooks, failOpen = false): Policy => ({
  name,
  failOpen,
  begin: () => hooks,
});
const planned = policy('upstream', { request: () => pass({ plan: [upstream] }) });

const pipelineOf = (...policies: Policy[]) => {
  const faults: string[] = [];
  const pipeline = new Pipeline(policies, exchange, ({ policy: name, hook, failOpen }) =>
    faults.push(`${name}.${hook}${failOpen ? ' passed' : ''}`),
  );
  return { pipeline, faults };
};

describe('Pipeline', () => {
  it('hands each policy what the one before made of the request', async () => {
    const limited = policy('limit', { request: (it) => pass({ request: { ...it, maxOutputTokens: 5 } }) });
    let seen: number | undefined;
    const watching = policy('watch', {
      request: (it) => {
        seen = it.maxOutputTokens;
        return pass();
      },
    });
    const { pipeline } = pipelineOf(limited, watching, planned);
    const decision = await pipeline.request(request);
    expect(seen).toBe(5);
    expect(decision).toMatchObject({ kind: 'pass', request: { maxOutputTokens: 5 }, plan: [upstream] });
  });

  it('stops at the first refusal', async () => {
    let reached = false;
    const later = policy('later', {
      request: () => {
        reached = true;
        return pass();
      },
    });
    const { pipeline } = pipelineOf(policy('no', { request: () => refuse('prompt_blocked') }), later);
    expect(await pipeline.request(request)).toMatchObject({
      kind: 'refuse',
      error: { code: 'prompt_blocked' },
    });
    expect(reached).toBe(false);
  });

  it('waits for promises of whatever kind, and heeds what comes of them', async () => {
    const Foreign = runInNewContext('Promise') as PromiseConstructor; // none of ours, as a library may bring
    const saysNo = policy('no', { request: () => Foreign.resolve(refuse('prompt_blocked')) });
    expect(await pipelineOf(saysNo, planned).pipeline.request(request)).toMatchObject({
      error: { code: 'prompt_blocked' },
    });
    const { pipeline, faults } = pipelineOf(
      policy('fails', { request: () => Foreign.reject('down') }),
      planned,
    );
    expect(await pipeline.request(request)).toMatchObject({ error: { code: 'policy_unavailable' } });
    expect(faults).toEqual(['fails.request']);
  });

  it('refuses a request for which no policy has a plan', async () => {
    const { pipeline } = pipelineOf();
    expect(await pipeline.request(request)).toMatchObject({ error: { code: 'upstream_unavailable' } });
  });

  it('makes of a fault a refusal, or lets the request go on where the policy says so; both are told', async () => {
    const broken: PolicyHooks = {
      request: () => {
        throw new Error('broken');
      },
      attempt: () => Promise.reject(new Error('broken')),
    };
    const closed = pipelineOf(policy('closed', broken), planned);
    expect(await closed.pipeline.request(request)).toMatchObject({ error: { code: 'policy_unavailable' } });
    expect(closed.faults).toEqual(['closed.request']);

    const open = pipelineOf(policy('open', broken, true), planned);
    expect((await open.pipeline.request(request)).kind).toBe('pass');
    expect((await open.pipeline.attempt(request, { number: 1, upstream })).kind).toBe('pass');
    expect(open.faults).toEqual(['open.request passed', 'open.attempt passed']);
  });

  it('runs every attempt from the one request', async () => {
    const seen: (number | undefined)[] = [];
    const perAttempt = policy('per-attempt', {
      attempt: (it, { number }) => {
        seen.push(it.maxOutputTokens);
        return pass({ request: { ...it, maxOutputTokens: number } });
      },
    });
    const { pipeline } = pipelineOf(perAttempt, planned);
    await pipeline.request(request);
    for (const number of [1, 2, 3]) {
      expect(await pipeline.attempt(request, { number, upstream })).toMatchObject({
        request: { maxOutputTokens: number },
      });
    }
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it('filters answers last policy first, and what one holds back still passes those after it', () => {
    const held: string[] = [];
    const mark = (letter: string): PolicyHooks => ({
      response: () => ({
        push: (event) => (event.type === 'text-delta' ? [{ ...event, text: event.text + letter }] : [event]),
      }),
    });
    const holding: PolicyHooks = {
      response: () => ({
        push: (event) => {
          if (event.type !== 'text-delta') return [event];
          held.push(event.text);
          return [];
        },
        flush: () => [{ type: 'text-delta', part: 0, text: held.join('') }],
      }),
    };
    const { pipeline } = pipelineOf(policy('a', mark('a')), policy('hold', holding), policy('c', mark('c')));
    const filter = pipeline.filter();
    const delta = (text: string): ModelEvent => ({ type: 'text-delta', part: 0, text });
    expect(filter?.push(delta('1'))).toEqual([]);
    expect(filter?.push(delta('2'))).toEqual([]);
    expect(filter?.flush?.()).toEqual([delta('1c2ca')]);
    expect(pipelineOf(planned).pipeline.filter()).toBeUndefined();
  });

  it('tells every policy once what became of an attempt, whatever another one does', () => {
    const told: string[] = [];
    const listening = (name: string) =>
      policy(name, {
        answering: ({ number }, { status }) => void told.push(`${name} ${number} answers ${status}`),
        attempted: ({ number }, { fate }) => void told.push(`${name} ${number} ${fate}`),
      });
    const broken = policy('broken', {
      attempted: () => {
        throw new Error('broken');
      },
    });
    const { pipeline, faults } = pipelineOf(listening('a'), broken, listening('b'));
    const [first, second] = [1, 2].map((number) => ({ number, upstream }));
    if (!first || !second) throw new Error('two attempts');
    pipeline.attempted(first, { fate: 'failed', durationMs: 5 });
    pipeline.attempted(first, { fate: 'served', durationMs: 9 });
    pipeline.answering(second, { status: 200, firstChunkMs: 3 });
    pipeline.answering(second, { status: 500, firstChunkMs: 3 });
    expect(told).toEqual(['a 1 failed', 'b 1 failed', 'a 2 answers 200', 'b 2 answers 200']);
    expect(faults).toEqual(['broken.attempted passed']);
  });

  it('keeps the last mirror that a policy names', async () => {
    const mirror: Mirrored = { to: upstream, claim: async () => 'granted' };
    const mirroring = policy('mirror', { request: () => pass({ mirror }) });
    const { pipeline } = pipelineOf(mirroring, planned);
    expect(await pipeline.request(request)).toMatchObject({ plan: [upstream], mirror });
  });

  it('settles every policy once, whatever another one does', async () => {
    const settled: string[] = [];
    const settling = (name: string) =>
      policy(name, {
        settle: () => {
          settled.push(name);
        },
      });
    const broken = policy('broken', { settle: () => Promise.reject(new Error('broken')) });
    const { pipeline, faults } = pipelineOf(settling('a'), broken, settling('b'));
    await Promise.all([pipeline.settle(outcome), pipeline.settle(outcome)]);
    expect(settled).toEqual(['a', 'b']);
    expect(faults).toEqual(['broken.settle passed']);
  });
});
