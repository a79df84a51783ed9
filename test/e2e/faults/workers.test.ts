import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ClientAnswer } from '../../contract/host.ts';
import { readAnswer } from '../../contract/read-answer.ts';
import { envoyBinary } from '../envoy.ts';
import type { RunningWorker } from '../stack.ts';
import { chat, clientDialects, endingsOf, type Place, send, startPlace, unjudged } from './place.ts';

/** One call of a load, on the clock of `performance.now()`. */
interface LoadCall {
  readonly startedMs: number;
  readonly answer: Promise<ClientAnswer | Error>;
}

const perSecond = 40;

/** Calls at a fixed rate, whatever becomes of those before, until `over` says so. */
const openLoop = async (call: () => Promise<ClientAnswer>, over: () => boolean): Promise<LoadCall[]> => {
  const calls: LoadCall[] = [];
  const beganMs = performance.now();
  while (!over()) {
    calls.push({ startedMs: performance.now(), answer: call().catch((cause: Error) => cause) });
    await sleep(Math.max(0, beganMs + (calls.length * 1000) / perSecond - performance.now()));
  }
  return calls;
};

/** Those that got no whole 200, in words. */
const failuresAmong = async (calls: readonly LoadCall[]): Promise<string[]> => {
  const answers = await Promise.all(calls.map(({ answer }) => answer));
  return answers.map(inWords).filter((words) => words !== '200 whole');
};

const inWords = (answer: ClientAnswer | Error): string => {
  if (answer instanceof Error) return answer.message;
  const { status, broken, text } = answer;
  if (status !== 200) return `${status} ${text}`;
  return broken ? '200 broken' : '200 whole';
};

/** What a client may see of a worker that dies under it: a typed error, or a body that breaks. */
const honestFailure = /^(503 .*"code":"policy_unavailable"|200 broken)/;

const workerAt = ({ stack }: Place, index: number): RunningWorker => {
  const worker = stack.workers[index];
  if (!worker) throw new Error(`there is no worker ${index}`);
  return worker;
};

const hasEnded = ({ process }: RunningWorker): boolean =>
  process.exitCode !== null || process.signalCode !== null;

/** Which worker goes, how, and for how long. Another one each time: Envoy avoids one that failed for some seconds. */
interface Event {
  readonly victim: number;
  readonly signal: NodeJS.Signals;
  readonly awayMs: number;
}

const events: readonly (readonly [string, Event])[] = [
  ['killed', { victim: 0, signal: 'SIGKILL', awayMs: 500 }],
  // Longer than it takes to give it up, so that calls that wait on it have to be moved.
  ['frozen', { victim: 1, signal: 'SIGSTOP', awayMs: 2000 }],
  ['told to stop', { victim: 2, signal: 'SIGTERM', awayMs: 500 }],
];

describe.skipIf(!envoyBinary)('three workers, one of them', () => {
  const models = { quick: ['quick/q'], slow: ['slow/s'], streamed: ['streamed/t'] };
  let place: Place;
  beforeAll(async () => {
    place = await startPlace({
      providers: {
        quick: { dialect: 'openai', key: 'key-of-quick', latencyMs: 5 },
        slow: { dialect: 'openai', key: 'key-of-slow', latencyMs: 300 },
        streamed: { dialect: 'openai', key: 'key-of-streamed', events: 40, eventGapMs: 50 },
      },
      models,
      workers: 3,
      messageTimeoutMs: 2000,
    });
  });
  afterAll(() => place?.stop());
  beforeEach(() => place.provider('streamed').journal.clear());
  afterEach(async () => {
    for (const [index, worker] of place.stack.workers.entries())
      if (hasEnded(worker)) await place.stack.restart(index);
    expect(unjudged(place, Object.keys(models))).toEqual([]);
  });

  /** Calls `model` while a worker goes and comes back. */
  const loadAround = async (model: string, { victim, signal, awayMs }: Event) => {
    let over = false;
    const load = openLoop(
      () => chat(place.url, { model }),
      () => over,
    );
    await sleep(750);
    const worker = workerAt(place, victim);
    worker.process.kill(signal);
    const goneMs = performance.now();
    await sleep(awayMs);
    if (signal === 'SIGSTOP') worker.process.kill('SIGCONT');
    else {
      await worker.stop();
      await place.stack.restart(victim);
    }
    await sleep(750);
    over = true;
    const calls = await load;
    return {
      before: calls.filter(({ startedMs }) => startedMs < goneMs),
      after: calls.filter(({ startedMs }) => startedMs >= goneMs),
    };
  };

  test.each(events)('%s: no call that starts afterwards fails', async (_, event) => {
    const { before, after } = await loadAround('quick', event);
    expect(await failuresAmong(after)).toEqual([]);
    for (const failure of await failuresAmong(before)) expect(failure).toMatch(honestFailure);
    expect(after.length).toBeGreaterThan(perSecond);
  });

  test('killed while providers think: its own calls may get a typed 503, no others', async () => {
    const { before, after } = await loadAround('slow', { victim: 1, signal: 'SIGKILL', awayMs: 500 });
    expect(await failuresAmong(after)).toEqual([]);
    const failures = await failuresAmong(before);
    for (const failure of failures) expect(failure).toMatch(honestFailure);
    expect(failures.length).toBeLessThan(before.length / 2);
  });

  /** Starts streams of 2 s on all workers and waits until every provider is inside its answer. */
  const startStreams = async (count: number): Promise<Promise<ClientAnswer>[]> => {
    await expect
      .poll(() => place.stack.envoy.stat('cluster.nexus.membership_healthy'), { timeout: 15_000 })
      .toBe(3);
    const { journal } = place.provider('streamed');
    const answers = Array.from({ length: count }, () => chat(place.url, { model: 'streamed', stream: true }));
    const begun = () => journal.entries.filter(({ bytesWritten }) => bytesWritten > 0).length;
    await expect.poll(begun, { timeout: 5000 }).toBe(count);
    return answers;
  };

  const howItEnded = (answer: ClientAnswer) =>
    answer.status === 200 ? readAnswer('openai-chat', answer).ending : `${answer.status} ${answer.text}`;

  test('killed inside streams: its clients can tell, their providers are left, the other streams end well', async () => {
    const survivors = [workerAt(place, 0), workerAt(place, 1)];
    const before = await Promise.all(survivors.map(endingsOf));
    const { journal } = place.provider('streamed');
    const answers = await startStreams(12);
    workerAt(place, 2).process.kill('SIGKILL');
    const endings = (await Promise.all(answers)).map(howItEnded);
    const complete = endings.filter((ending) => ending === 'complete').length;
    for (const ending of endings) expect(ending).toMatch(/^(complete|cut|503 .*"policy_unavailable")/);
    expect(complete).toBeLessThan(12);
    expect(complete).toBeGreaterThan(0);
    await expect
      .poll(() => journal.entries.map(({ ended }) => ended), { timeout: 5000 })
      .not.toContain('open');
    expect(journal.entries.filter(({ ended }) => ended === 'complete')).toHaveLength(complete);
    const after = await Promise.all(survivors.map(endingsOf));
    expect(sum(after, 'complete') - sum(before, 'complete')).toBe(complete);
    expect(sum(after, 'aborted')).toBe(sum(before, 'aborted'));
  });

  test('told to stop inside streams: they end well, then it ends with 0', async () => {
    const answers = await startStreams(12);
    const { process } = workerAt(place, 0);
    const exited = once(process, 'exit');
    process.kill('SIGTERM');
    expect((await chat(place.url, { model: 'quick' })).status).toBe(200);
    const endings = (await Promise.all(answers)).map(howItEnded);
    expect(endings.filter((ending) => ending !== 'complete')).toEqual([]);
    expect(await exited).toEqual([0, null]);
  });

  test('never ended a stream before Envoy did', async () => {
    const stat = (name: string) => place.stack.envoy.stat(`http.nexus.ext_proc.router.${name}`);
    expect(await stat('streams_started')).toBeGreaterThan(100);
    // Envoy counts streams that failed in both. What is left was ended by the service without an error.
    expect((await stat('server_half_closed')) ?? -1).toBe(await stat('streams_failed'));
  });
});

const sum = (endings: readonly Readonly<Record<string, number>>[], ending: string): number =>
  endings.reduce((total, it) => total + (it[ending] ?? 0), 0);

describe.skipIf(!envoyBinary)('all workers', () => {
  const messageTimeoutMs = 1500;
  let place: Place;
  beforeAll(async () => {
    place = await startPlace({
      providers: { a: { dialect: 'openai', key: 'key-of-a' } },
      models: { any: ['a/a-model'] },
      workers: 2,
      messageTimeoutMs,
    });
  });
  afterAll(() => place?.stop());

  /** Both dialects are refused in their own words and in time, and nothing gets out. */
  const expectRefusals = async () => {
    place.provider('a').journal.clear();
    for (const dialect of clientDialects) {
      const startedMs = performance.now();
      const answer = await send(place.url, dialect, { model: 'any' });
      expect(performance.now() - startedMs).toBeLessThan(messageTimeoutMs + 1500);
      expect(answer.status).toBe(503);
      expect(readAnswer(dialect, answer).errorCode).toBe('policy_unavailable');
    }
    expect(place.seen()).toEqual([]);
  };

  const expectService = () =>
    expect.poll(async () => (await chat(place.url, { model: 'any' })).status, { timeout: 10_000 }).toBe(200);

  test('frozen: a typed 503 within the message timeout, nothing sent; then they serve again', async () => {
    await expectService();
    for (const { process } of place.stack.workers) process.kill('SIGSTOP');
    try {
      await expectRefusals();
    } finally {
      for (const { process } of place.stack.workers) process.kill('SIGCONT');
    }
    await expectService();
  });

  test('dead: a typed 503, nothing sent; then new ones serve again', async () => {
    await Promise.all(place.stack.workers.map((worker) => worker.stop('SIGKILL')));
    await expectRefusals();
    await Promise.all([place.stack.restart(0), place.stack.restart(1)]);
    await expectService();
  });
});
