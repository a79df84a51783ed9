import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usualHealth } from '../../../test/fakes/candidates.ts';
import { EventQueue } from '../../../test/fakes/time.ts';
import type { AttemptResult } from '../../exchange.ts';
import type { Circuit, HealthFact } from '../../ports/health-board.ts';
import { localHealthBoard } from './health.ts';

const place = { provider: 'p', model: 'm' };
const load = { inputTokens: 100, pace: 'small/stream' } as const;
const good: AttemptResult = { fate: 'served', status: 200, firstChunkMs: 100, durationMs: 200 };
const bad: AttemptResult = { fate: 'failed', status: 503, durationMs: 5 };

const started = (writer = 'test') => {
  const queue = new EventQueue();
  const circuits: Circuit[] = [];
  const board = localHealthBoard({
    clock: queue.clock,
    random: { unit: () => 0.5 }, // neither longer nor shorter
    writer,
    onCircuit: (_, circuit) => circuits.push(circuit),
  });
  const health = board.of(place);
  let nowMs = 1000;
  const pass = (ms: number) => {
    nowMs += ms;
    queue.runUntil(nowMs);
  };
  pass(0);
  const ask = (...results: AttemptResult[]) => {
    for (const result of results) {
      const trial = health.begin(load, usualHealth);
      pass(1);
      trial.ended(result);
      pass(1);
    }
  };
  return { board, health, pass, ask, circuits };
};

describe('a circuit', () => {
  it('cools after failures in a row, and a good answer between them begins the count anew', () => {
    const { health, ask } = started();
    ask(bad, bad, good, bad, bad);
    expect(health.circuit).toBe('ready');
    ask(bad);
    expect(health.circuit).toBe('cooling');
  });

  it.each<[string, AttemptResult]>([
    ['too many requests', { fate: 'failed', status: 429, durationMs: 1 }],
    ['a refused credential', { fate: 'failed', status: 401, durationMs: 1 }],
    ['an unpaid bill', { fate: 'failed', status: 402, durationMs: 1 }],
    ['an overload by code alone', { fate: 'failed', error: 'upstream_overloaded', durationMs: 1 }],
  ])('cools at once after %s', (_, result) => {
    const { health, ask } = started();
    ask(result);
    expect(health.circuit).toBe('cooling');
  });

  it.each<[string, AttemptResult]>([
    ['a bad request', { fate: 'failed', status: 400, durationMs: 1 }],
    ['a prompt too long', { fate: 'failed', status: 400, error: 'context_length_exceeded', durationMs: 1 }],
    ['a client that went away', { fate: 'abandoned', durationMs: 60_000 }],
  ])('does not mind %s', (_, result) => {
    const { health, ask } = started();
    ask(result, result, result, result);
    expect(health.circuit).toBe('ready');
  });

  it('takes a failure without a status for one, and a truncated answer', () => {
    const { health, ask } = started();
    ask(
      { fate: 'failed', durationMs: 1 },
      { fate: 'failed', status: 200, error: 'upstream_truncated', durationMs: 1 },
    );
    ask({ fate: 'failed', error: 'upstream_timeout', durationMs: 1 });
    expect(health.circuit).toBe('cooling');
  });

  it('takes answers that begin too late for failures, where that is configured', () => {
    const { board, pass } = started();
    const health = board.of({ provider: 'slow', model: 'm' });
    for (let n = 0; n < 3; n++) {
      const trial = health.begin(load, { ...usualHealth, slowFirstChunkMs: 50 });
      pass(1);
      trial.ended(good);
    }
    expect(health.circuit).toBe('cooling');
  });

  it('stays away for as long as the provider asks, to a limit', () => {
    const { health, ask } = started();
    ask({ fate: 'failed', status: 429, retryAfterMs: 20_000, durationMs: 1 });
    expect(health.coolingMs).toBeGreaterThan(19_900);
    const greedy = started();
    greedy.ask({ fate: 'failed', status: 429, retryAfterMs: 86_400_000, durationMs: 1 });
    expect(greedy.health.coolingMs).toBeLessThanOrEqual(300_000);
  });

  it('is probed by one request at a time, and closes after two good ones', () => {
    const { health, pass, ask } = started();
    ask(bad, bad, bad);
    pass(1000);
    expect(health.circuit).toBe('half-open');
    expect([health.claimProbe(), health.claimProbe()]).toEqual([true, false]);
    const probe = health.begin(load, usualHealth);
    pass(5000); // the claim was for the way to here; now the probe itself holds the place
    expect(health.claimProbe()).toBe(false);
    probe.ended(good);
    expect(health.circuit).toBe('half-open');
    expect(health.claimProbe()).toBe(true);
    ask(good);
    expect(health.circuit).toBe('ready');
  });

  it('gives the place of a probe away again when the request that claimed it never went', () => {
    const { health, pass, ask } = started();
    ask(bad, bad, bad);
    pass(1000);
    expect(health.claimProbe()).toBe(true);
    pass(2000);
    expect(health.claimProbe()).toBe(true);
  });

  it('cools twice as long each time that a probe fails, up to its limit', () => {
    const { health, pass, ask } = started();
    ask(bad, bad, bad);
    const lengths: number[] = [];
    for (let n = 0; n < 8; n++) {
      lengths.push(Math.round(health.coolingMs / 100) / 10);
      pass(health.coolingMs);
      ask(bad);
    }
    expect(lengths).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  });

  it('counts a hundred requests that fail together as one failure', () => {
    const { health, pass } = started();
    const trials = Array.from({ length: 100 }, () => health.begin(load, usualHealth));
    pass(1);
    for (const trial of trials) {
      trial.ended(bad);
      pass(1);
    }
    expect(health.coolingMs).toBeLessThanOrEqual(1000);
    pass(1000);
    expect(health.circuit).toBe('half-open');
  });

  it('cools no longer because those who have nobody else ask it all the same', () => {
    const { health, ask, pass } = started();
    ask(bad, bad, bad);
    ask(bad, bad, bad, bad);
    pass(1000);
    expect(health.circuit).toBe('half-open');
  });

  it('is not closed by a late good answer, nor opened by a late bad one', () => {
    const { health, pass, ask } = started();
    const late = health.begin(load, usualHealth);
    const later = health.begin(load, usualHealth);
    pass(1);
    ask(bad, bad, bad);
    late.ended(good);
    expect(health.circuit).toBe('cooling');
    pass(1000);
    ask(good, good);
    expect(health.circuit).toBe('ready');
    later.ended({ fate: 'failed', status: 429, durationMs: 1 });
    expect(health.circuit).toBe('ready');
  });

  it('forgives what stayed well for long, and not what fails again at once', () => {
    const { health, pass, ask } = started();
    const cool = () => {
      ask(bad, bad, bad);
      const ms = health.coolingMs;
      pass(ms);
      ask(good, good);
      return Math.round(ms / 1000);
    };
    expect([cool(), cool(), cool()]).toEqual([1, 2, 4]);
    pass(60_000);
    expect(cool()).toBe(1);
  });

  it('never opens where nothing may be left alone', () => {
    const { board } = started();
    const health = board.of({ provider: 'p', model: 'other' });
    for (let n = 0; n < 10; n++) health.begin(load, { ...usualHealth, failures: 0 }).ended(bad);
    expect(health.circuit).toBe('ready');
  });

  it('does not stay open when the wall clock steps back by an hour', () => {
    const steps = { epochMs: 1_800_000_000_000 };
    const board = localHealthBoard({
      clock: { nowMs: () => 0, epochMs: () => steps.epochMs, after: () => () => {} },
      random: { unit: () => 0.5 },
    });
    const health = board.of(place);
    for (let n = 0; n < 3; n++) health.begin(load, usualHealth).ended(bad);
    expect(health.circuit).toBe('cooling');
    steps.epochMs -= 3_600_000;
    expect(health.circuit).toBe('half-open');
  });
});

describe('what is under way', () => {
  it('is counted from beginning to end, once, and over all models of a provider', () => {
    const { board, health } = started();
    const sibling = board.of({ provider: 'p', model: 'other' });
    const trials = [
      health.begin(load, usualHealth),
      health.begin(load, usualHealth),
      sibling.begin(load, usualHealth),
    ];
    expect([health.inFlight, health.waiting, health.providerInFlight]).toEqual([2, 2, 3]);
    trials[0]?.answering(5);
    expect([health.inFlight, health.waiting]).toEqual([2, 1]);
    for (const trial of [...trials, ...trials]) trial.ended(good);
    expect([health.inFlight, health.waiting, health.providerInFlight]).toEqual([0, 0, 0]);
  });

  it('shows an upstream that keeps requests waiting before any answer says so', () => {
    const { health, pass, ask } = started();
    ask(good, good, good);
    health.begin(load, usualHealth);
    pass(1000);
    expect(health.lateness).toBeCloseTo(5, 0); // alone it may be a freak
    health.begin(load, usualHealth);
    health.begin(load, usualHealth);
    pass(1000);
    expect(health.lateness).toBeCloseTo(10, 0);
  });
});

describe('what is left of an account', () => {
  const limits = [{ unit: 'requests', limit: 10, remaining: 1, resetMs: 9000 }] as const;

  it('holds requests back until it has refilled, evenly', () => {
    const { health, pass, ask } = started();
    ask({ ...good, limits });
    expect(health.allowedInMs(100)).toBe(0);
    health.begin(load, usualHealth);
    expect(health.allowedInMs(100)).toBeGreaterThan(900);
    pass(1000);
    expect(health.allowedInMs(100)).toBe(0);
  });

  it('goes by the size of a request where tokens are counted', () => {
    const { health, ask } = started();
    ask({ ...good, limits: [{ unit: 'tokens', limit: 10_000, remaining: 500, resetMs: 60_000 }] });
    expect(health.allowedInMs(400)).toBe(0);
    expect(health.allowedInMs(2000)).toBeGreaterThan(5000);
    expect(health.allowedInMs(1_000_000)).toBeLessThanOrEqual(60_000);
  });
});

describe('sharing', () => {
  it('tells others of a failing upstream, what is under way, how fast it is and what is left', () => {
    const [a, b] = [started('a'), started('b')];
    a.health.begin(load, usualHealth);
    a.ask(
      { ...good, limits: [{ unit: 'requests', limit: 10, remaining: 0, resetMs: 60_000 }] },
      bad,
      bad,
      bad,
    );
    for (const fact of a.board.facts()) b.board.merge(JSON.parse(JSON.stringify(fact)));
    expect(b.health.circuit).toBe('cooling');
    expect(b.health.inFlight).toBe(1);
    expect(b.health.paceOf('small/stream')?.firstChunkMs).toBeCloseTo(100);
    expect(b.health.allowedInMs(1)).toBeGreaterThan(0);
    b.pass(20_000);
    expect(b.health.inFlight).toBe(0); // the other one has gone silent
  });

  it('tells news once, and what must not be forgotten again after a while', () => {
    const { board, health, pass } = started('a');
    expect(board.facts()).toEqual([]);
    health.begin(load, usualHealth);
    expect(board.facts()).toHaveLength(1);
    expect(board.facts()).toEqual([]);
    pass(3000);
    expect(board.facts()).toHaveLength(1);
  });

  it('comes to the same in whatever order facts arrive, and however often', () => {
    const writers = ['a', 'b', 'c'].map((name) => started(name));
    const facts: HealthFact[] = [];
    for (const [at, writer] of [...writers, ...writers].entries()) {
      writer.pass(at * 10);
      writer.ask(good, ...(at % 2 === 0 ? [bad, bad, bad] : [good]));
      writer.health.begin(load, usualHealth);
      facts.push(...writer.board.facts());
    }
    expect(facts).toHaveLength(6);
    const read = (order: readonly HealthFact[]) => {
      const { board, health, pass } = started('reader');
      pass(1000);
      for (const fact of order) board.merge(fact);
      const { circuit, coolingMs, inFlight, waiting, firstChunkP95Ms, outputTokens } = health;
      const pace = health.paceOf('small/stream')?.firstChunkMs.toFixed(9);
      return JSON.stringify({ circuit, coolingMs, inFlight, waiting, firstChunkP95Ms, outputTokens, pace });
    };
    const expected = read(facts);
    expect(expected).toContain('"inFlight":6');
    fc.assert(
      fc.property(fc.shuffledSubarray([...facts, ...facts], { minLength: 12 }), (order) => {
        expect(read(order)).toBe(expected);
      }),
    );
  });

  it('lets a recovery that came later win over a failure that came before', () => {
    const [a, b] = [started('a'), started('b')];
    a.ask(bad, bad, bad);
    const failure = a.board.facts();
    for (const fact of failure) b.board.merge(fact);
    b.pass(2000);
    b.ask(good, good);
    expect(b.health.circuit).toBe('ready');
    for (const fact of failure) b.board.merge(fact);
    for (const fact of b.board.facts()) a.board.merge(fact);
    expect([a.health.circuit, b.health.circuit]).toEqual(['ready', 'ready']);
  });
});
