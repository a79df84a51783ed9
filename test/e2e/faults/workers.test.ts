import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
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

/** The calls that got no 200, in words for a failed expectation. */
const failed = async (calls: readonly LoadCall[]): Promise<string[]> => {
  const answers = await Promise.all(calls.map(({ answer }) => answer));
  return answers.flatMap((it) =>
    it instanceof Error ? [it.message] : it.status === 200 ? [] : [`${it.status} ${it.text}`],
  );
};

const workerAt = ({ stack }: Place, index: number): RunningWorker => {
  const worker = stack.workers[index];
  if (!worker) throw new Error(`there is no worker ${index}`);
  return worker;
};

/** How one worker goes and comes back. */
const events: Readonly<Record<string, { go: NodeJS.Signals; back(place: Place): Promise<void> }>> = {
  killed: { go: 'SIGKILL', back: ({ stack }) => stack.restart(0) },
  frozen: { go: 'SIGSTOP', back: async (place) => void workerAt(place, 0).process.kill('SIGCONT') },
  'told to stop': {
    go: 'SIGTERM',
    back: async (place) => {
      await workerAt(place, 0).stop();
      await place.stack.restart(0);
    },
  },
};

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
    });
  });
  afterAll(() => place?.stop());
  afterEach(() => {
    expect(unjudged(place, Object.keys(models))).toEqual([]);
  });

  /** Calls `model` from 1 s before worker 0 goes until 1 s after it is back. */
  const loadAround = async (model: string, { go, back }: (typeof events)[string], awayMs: number) => {
    let over = false;
    const load = openLoop(
      () => chat(place.url, { model }),
      () => over,
    );
    await sleep(1000);
    workerAt(place, 0).process.kill(go);
    const goneMs = performance.now();
    await sleep(awayMs);
    await back(place);
    await sleep(1000);
    over = true;
    const calls = await load;
    return {
      before: calls.filter(({ startedMs }) => startedMs < goneMs),
      after: calls.filter(({ startedMs }) => startedMs >= goneMs),
    };
  };

  test.each(Object.entries(events))('%s: no call that starts afterwards fails', async (_, event) => {
    // Longer than it takes to give up a frozen one, so that calls that wait on it have to be moved.
    const { before, after } = await loadAround('quick', event, event.go === 'SIGSTOP' ? 3000 : 500);
    expect(await failed(after)).toEqual([]);
    for (const fault of await failed(before)) expect(fault).toMatch(/^503 .*"code":"policy_unavailable"/);
    expect(after.length).toBeGreaterThan(perSecond);
  });

  test('killed while providers think: its calls get a typed 503, no others', async () => {
    const { before, after } = await loadAround('slow', { go: 'SIGKILL', back: ({ stack }) => stack.restart(0) }, 500);
    expect(await failed(after)).toEqual([]);
    const faults = await failed(before);
    for (const fault of faults) expect(fault).toMatch(/^503 .*"code":"policy_unavailable"/);
    expect(faults.length).toBeLessThan(before.length / 2);
  });

  test('killed inside streams: its clients can tell, the providers are left, the other streams end well', async () => {
    const survivors = [workerAt(place, 1), workerAt(place, 2)];
    const before = await Promise.all(survivors.map(endingsOf));
    const { journal } = place.provider('streamed');
    const answers = Array.from({ length: 12 }, () => chat(place.url, { model: 'streamed', stream: true }));
    await expect.poll(() => journal.entries.filter((it) => it.bytesWritten > 0).length).toBe(12);
    workerAt(place, 0).process.kill('SIGKILL');
    const endings = (await Promise.all(answers)).map((it) => readAnswer('openai-chat', it).ending);
    const cut = endings.filter((ending) => ending === 'cut').length;
    expect(cut).toBeGreaterThan(0);
    expect(endings.filter((ending) => ending === 'complete')).toHaveLength(12 - cut);
    await expect.poll(() => journal.entries.filter(({ ended }) => ended === 'left').length).toBe(cut);
    expect(journal.entries.filter(({ ended }) => ended === 'complete')).toHaveLength(12 - cut);
    const after = await Promise.all(survivors.map(endingsOf));
    expect(sum(after, 'complete') - sum(before, 'complete')).toBe(12 - cut);
    expect(sum(after, 'aborted')).toBe(sum(before, 'aborted'));
    await place.stack.restart(0);
  });

  test('told to stop inside streams: they end well, then it ends with 0; Envoy saw no stream end early', async () => {
    const { journal } = place.provider('streamed');
    journal.clear();
    const answers = Array.from({ length: 12 }, () => chat(place.url, { model: 'streamed', stream: true }));
    await expect.poll(() => journal.entries.filter((it) => it.bytesWritten > 0).length).toBe(12);
    const { process } = workerAt(place, 0);
    const exited = once(process, 'exit');
    process.kill('SIGTERM');
    expect((await chat(place.url, { model: 'quick' })).status).toBe(200);
    const endings = (await Promise.all(answers)).map((it) => readAnswer('openai-chat', it).ending);
    expect(endings.filter((ending) => ending !== 'complete')).toEqual([]);
    expect(await exited).toEqual([0, null]);
    expect(await place.stack.envoy.stat('http.nexus.ext_proc.router.server_half_closed')).toBe(0);
    expect(await place.stack.envoy.stat('http.nexus.ext_proc.router.streams_started')).toBeGreaterThan(100);
  });
});

const sum = (endings: readonly Readonly<Record<string, number>>[], ending: string): number =>
  endings.reduce((total, it) => total + (it[ending] ?? 0), 0);

describe.skipIf(!envoyBinary)('all workers', () => {
  const messageTimeoutMs = 1500;
  const models = { any: ['a/a-model'] };
  let place: Place;
  beforeAll(async () => {
    place = await startPlace({
      providers: { a: { dialect: 'openai', key: 'key-of-a' } },
      models,
      workers: 2,
      messageTimeoutMs,
    });
  });
  afterAll(() => place?.stop());

  /** Both dialects are refused in their own words in time, and nothing gets out. */
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

  const expectRecovery = () =>
    expect.poll(async () => (await chat(place.url, { model: 'any' })).status, { timeout: 10_000 }).toBe(200);

  test('frozen: a typed 503 within the message timeout, nothing sent; then they serve again', async () => {
    for (const { process } of place.stack.workers) process.kill('SIGSTOP');
    try {
      await expectRefusals();
    } finally {
      for (const { process } of place.stack.workers) process.kill('SIGCONT');
    }
    await expectRecovery();
  });

  test('dead: a typed 503, nothing sent; then new ones serve again', async () => {
    await Promise.all(place.stack.workers.map((worker) => worker.stop('SIGKILL')));
    await expectRefusals();
    await Promise.all([place.stack.restart(0), place.stack.restart(1)]);
    await expectRecovery();
  });
});
