import { describe, expect, it } from 'vitest';
import { type Behaviour, type SimulationResult, type SimulationSetup, simulate } from './simulation.ts';

const steady = (behaviour: Behaviour) => () => behaviour;

const run = (
  change: Partial<SimulationSetup> & Pick<SimulationSetup, 'upstreams' | 'model'>,
): SimulationResult => simulate({ requestsPerSecond: 20, seconds: 240, seed: 7, ...change });

const meanMs = ({ requests }: SimulationResult): number =>
  requests.reduce((sum, it) => sum + it.durationMs, 0) / requests.length;

/** Part of the requests between two times, in seconds, for which one was tried first. */
const share = (
  { requests }: SimulationResult,
  name: string,
  fromSeconds: number,
  toSeconds: number,
): number => {
  const within = requests.filter(({ atMs }) => atMs >= fromSeconds * 1000 && atMs < toSeconds * 1000);
  return within.filter(({ tried }) => tried[0] === name).length / within.length;
};

/** Requests after `fromSeconds` until the last of ten in a row that `name` was not the first for. */
const drainedAfter = ({ requests }: SimulationResult, name: string, fromSeconds: number): number => {
  const since = requests.filter(({ atMs }) => atMs >= fromSeconds * 1000);
  return since.findIndex((_, at) => since.slice(at, at + 10).every(({ tried }) => tried[0] !== name));
};

describe('latency', () => {
  /** `a` is the fastest, but for two minutes. */
  const changing = [
    {
      name: 'a',
      behaviour: (atMs: number) => ({ firstChunkMs: atMs > 60_000 && atMs < 150_000 ? 4000 : 400 }),
    },
    { name: 'b', behaviour: steady({ firstChunkMs: 600 }) },
    { name: 'c', behaviour: (atMs: number) => ({ firstChunkMs: 900 + 300 * Math.sin(atMs / 20_000) }) },
  ];

  it.each([1, 2, 3])('is within 10 % of the best fixed choice while times change (seed %i)', (seed) => {
    const adaptive = meanMs(run({ upstreams: changing, model: { pick: 'latency' }, seed }));
    const fixed = changing.map((one) => meanMs(run({ upstreams: [one], model: {}, seed })));
    expect(adaptive).toBeLessThanOrEqual(Math.min(...fixed) * 1.1);
  });

  it('drains one that becomes slow, and finds it again within a minute', () => {
    const result = run({ upstreams: changing, model: { pick: 'latency' } });
    expect(share(result, 'a', 30, 60)).toBeGreaterThan(0.9);
    expect(drainedAfter(result, 'a', 60)).toBeLessThan(40); // 2 s: its first slow answer comes after 4
    expect(share(result, 'a', 70, 150)).toBeLessThan(0.05);
    expect(share(result, 'a', 210, 240)).toBeGreaterThan(0.9);
  });

  it.each([1, 2, 5])('drains it within 20 requests at %i a second', (requestsPerSecond) => {
    const result = run({ upstreams: changing, model: { pick: 'latency' }, requestsPerSecond, seconds: 120 });
    expect(drainedAfter(result, 'a', 60)).toBeLessThan(20);
  });

  it('finds it again within a minute at one request a second, too', () => {
    const result = run({
      upstreams: changing,
      model: { pick: 'latency' },
      requestsPerSecond: 1,
      seconds: 300,
    });
    expect(share(result, 'a', 210, 300)).toBeGreaterThan(0.7);
  });

  it('shares requests among those that are about as fast', () => {
    const alike = ['a', 'b', 'c'].map((name) => ({ name, behaviour: steady({ firstChunkMs: 500 }) }));
    const result = run({ upstreams: alike, model: { pick: 'latency' } });
    for (const { name } of alike) expect(share(result, name, 0, 240)).toBeGreaterThan(0.2);
  });

  it('does not run after the last figure: no five seconds belong to one of two that are alike', () => {
    const alike = ['a', 'b'].map((name) => ({ name, behaviour: steady({ firstChunkMs: 500 }) }));
    const result = run({ upstreams: alike, model: { pick: 'latency' }, spread: 0.1 });
    for (let second = 0; second < 240; second += 5) {
      expect(share(result, 'a', second, second + 5)).toBeGreaterThan(0.1);
      expect(share(result, 'a', second, second + 5)).toBeLessThan(0.9);
    }
  });
});

describe('a dead candidate', () => {
  const upstreams = [
    { name: 'dead', behaviour: steady({ firstChunkMs: 100, failing: 1 }) },
    { name: 'b', behaviour: steady({ firstChunkMs: 300 }) },
    { name: 'c', behaviour: steady({ firstChunkMs: 300 }) },
  ];

  it.each(['latency', 'weighted', 'ordered', 'leastBusy'])(
    'wastes under two of a hundred attempts under %s',
    (pick) => {
      const { requests } = run({ upstreams, model: { pick } });
      const wasted = requests.filter(({ tried }) => tried.includes('dead')).length / requests.length;
      expect(wasted).toBeLessThan(0.02);
      expect(requests.every(({ served }) => served !== undefined)).toBe(true);
    },
  );

  it('is found again within a minute of its recovery', () => {
    const recovering = [
      { name: 'a', behaviour: (atMs: number) => ({ firstChunkMs: 200, failing: atMs < 120_000 ? 1 : 0 }) },
      { name: 'b', behaviour: steady({ firstChunkMs: 400 }) },
    ];
    for (const pick of ['ordered', 'latency']) {
      expect(share(run({ upstreams: recovering, model: { pick } }), 'a', 180, 240)).toBeGreaterThan(0.95);
    }
  });
});

it('does not flap: one that fails half the time is tried less and less, not by turns', () => {
  const { circuits, requests } = run({
    upstreams: [
      { name: 'half', behaviour: steady({ firstChunkMs: 300, failing: 0.5 }) },
      { name: 'b', behaviour: steady({ firstChunkMs: 300 }) },
    ],
    model: { pick: 'weighted' },
  });
  const opened = circuits.filter(({ circuit }) => circuit === 'cooling');
  expect(opened.length).toBeGreaterThan(3);
  expect(opened.length).toBeLessThan(30); // in four minutes
  expect(opened.filter(({ atMs }) => atMs > 180_000).length).toBeLessThan(6);
  expect(requests.every(({ served }) => served !== undefined)).toBe(true);
});

it('cost sends to the cheapest that lives, and never elsewhere', () => {
  const upstreams = [
    { name: 'dear', price: { input: 5e6, output: 20e6 }, behaviour: steady({ firstChunkMs: 100 }) },
    {
      name: 'cheap',
      price: { input: 1e6, output: 4e6 },
      behaviour: (atMs: number) => ({ firstChunkMs: 900, failing: atMs > 100_000 && atMs < 150_000 ? 1 : 0 }),
    },
    { name: 'unknown', behaviour: steady({ firstChunkMs: 10 }) },
  ];
  const result = run({ upstreams, model: { pick: 'cost' } });
  expect(share(result, 'cheap', 0, 100)).toBe(1);
  expect(share(result, 'dear', 101, 150)).toBeGreaterThan(0.95);
  expect(share(result, 'cheap', 200, 240)).toBe(1);
  expect(result.requests.every(({ tried }) => !tried.includes('unknown'))).toBe(true);
});

it('weights hold over any thousand requests through the whole policy', () => {
  const upstreams = [70, 20, 7, 3].map((weight) => ({
    name: `w${weight}`,
    candidate: { weight },
    behaviour: steady({ firstChunkMs: 300 }),
  }));
  const { requests } = run({ upstreams, model: { pick: 'weighted' }, requestsPerSecond: 100, seconds: 100 });
  const firsts = requests.map(({ tried }) => tried[0]);
  for (let from = 0; from + 1000 <= firsts.length; from += 250) {
    for (const weight of [70, 20, 7, 3]) {
      const count = firsts.slice(from, from + 1000).filter((name) => name === `w${weight}`).length;
      expect(Math.abs(count / 10 - weight)).toBeLessThanOrEqual(0.5);
    }
  }
});
