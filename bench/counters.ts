import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryCounters } from '../plugins/counters/memory.ts';
import { slices } from '../plugins/counters/slices.ts';
import { systemClock } from '../plugins/io/clock.ts';
import { connectSocketCounters } from '../plugins/io/counters/client.ts';
import { connectCounters } from '../plugins/io/counters/connect.ts';
import { serveCounters } from '../plugins/io/counters/serve.ts';
import { systemRandom } from '../plugins/io/random.ts';
import type { Claim, CounterStore } from '../plugins/ports/counter-store.ts';
import { median, quantile } from './statistics.ts';

/** One line of the table. */
interface Row {
  readonly what: string;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Calls on the store in the end, for each request. */
  readonly perRequest: number;
  /** Requests that waited for such a call. */
  readonly waited: string;
}

const month = { kind: 'calendar', per: 'month', zone: 'Europe/Berlin' } as const;
const open = { budget: 'b', window: month, carryOver: 0, enforced: true, limit: 1e12 } as const;

/** A company's money, a team's tokens and one of twenty users' requests. */
const claimsOf = (user: number): Claim[] => [
  { ...open, scope: 'company', unit: 'microUsd', base: 1200, perMillionOutput: 15_000_000 },
  { ...open, scope: 'team=support', unit: 'tokens', base: 900, perMillionOutput: 1_000_000 },
  { ...open, scope: `user=${user}`, unit: 'requests', limit: 1e6, base: 1, perMillionOutput: 0 },
];
const users = 20;
const output = { least: 16, most: 1000 };

let ids = 0;

/** One request: checked, then settled by half of what was held. How long the check took, in microseconds. */
const request = async (store: CounterStore): Promise<number> => {
  const id = `bench-${++ids}`;
  const claims = claimsOf(ids % users);
  const startedMs = performance.now();
  const { kind } = await store.reserve({ id, owner: 'bench', claims, output, leaseMs: 60_000 });
  const tookUs = (performance.now() - startedMs) * 1000;
  if (kind !== 'granted') throw new Error(`a request was ${kind}`);
  await store.settle(id, [8700, 1400, 1]);
  return tookUs;
};

/** Counts the calls that reach `store`. */
const counted = (store: CounterStore) => {
  const calls = { all: 0, waited: 0 };
  const reserve: CounterStore['reserve'] = (ask) => {
    calls.all++;
    if (ask.id.startsWith('bench-')) calls.waited++;
    return store.reserve(ask);
  };
  const settle: CounterStore['settle'] = (id, amounts) => {
    calls.all++;
    return store.settle(id, amounts);
  };
  const renew: CounterStore['renew'] = (id, leaseMs) => {
    calls.all++;
    return store.renew(id, leaseMs);
  };
  const asked: CounterStore = {
    reserve,
    settle,
    renew,
    read: (claims) => store.read(claims),
    holds: () => store.holds(),
    adjust: (claim, amount) => store.adjust(claim, amount),
  };
  return { asked, calls };
};

const percent = (part: number, of: number): string => `${((100 * part) / of).toFixed(1)} %`;

/** `requests` one after another, `pauseMs` between bursts of ten; medians of five rounds after one that is not counted. */
const measure = async (
  what: string,
  store: CounterStore,
  { requests, pauseMs, calls }: { requests: number; pauseMs: number; calls: { all: number; waited: number } },
): Promise<Row> => {
  const rounds: { p50: number; p99: number }[] = [];
  for (let round = 0; round < 6; round++) {
    if (round === 1) Object.assign(calls, { all: 0, waited: 0 });
    const took = new Float64Array(requests);
    for (let index = 0; index < requests; index++) {
      took[index] = await request(store);
      if (pauseMs > 0 && index % 10 === 9) await sleep(pauseMs);
    }
    took.sort();
    if (round > 0) rounds.push({ p50: quantile(took, 0.5), p99: quantile(took, 0.99) });
  }
  const total = 5 * requests;
  return {
    what,
    p50Us: median(rounds.map(({ p50 }) => p50)),
    p99Us: median(rounds.map(({ p99 }) => p99)),
    perRequest: calls.all / total,
    waited: percent(calls.waited, total),
  };
};

const startRedis = async (directory: string) => {
  const socket = join(directory, 'redis.sock');
  const settings = ['--port', '0', '--save', '', '--dir', directory, '--unixsocket', socket];
  const server = spawn('redis-server', settings, { stdio: 'ignore' });
  server.on('error', () => {}); // the rows of Redis are left out
  const store = connectCounters({ redis: { url: socket }, organisation: 'bench', timeoutMs: 1000 });
  return { server, store, isThere: await store.ready(3000) };
};

const sliced = (store: CounterStore) =>
  slices(store, { clock: systemClock, random: systemRandom, owner: 'bench' });

/** All rows. Every request has three claims, and its check is timed; settlements are not. */
const run = async (): Promise<Row[]> => {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-bench-'));
  const rows: Row[] = [];
  const row = async (
    what: string,
    store: CounterStore,
    wrap: (asked: CounterStore) => CounterStore,
    pauseMs = 0,
  ) => {
    const { asked, calls } = counted(store);
    const requests = pauseMs > 0 ? 1500 : 20_000;
    rows.push(await measure(what, wrap(asked), { requests, pauseMs, calls }));
  };
  const same = (store: CounterStore) => store;
  const memory = memoryCounters({ clock: systemClock });
  await row('in process', memory, same);

  const service = await serveCounters(memory, join(directory, 'counters.sock'));
  const client = connectSocketCounters({ path: join(directory, 'counters.sock'), timeoutMs: 1000 });
  await client.ready(3000);
  await row('local socket', client, same);
  await row('slices over a local socket, 500/s', client, sliced, 20);

  const redis = await startRedis(directory);
  if (redis.isThere) {
    await row('Redis on a unix socket', redis.store, same);
    await row('slices over Redis, 500/s', redis.store, sliced, 20);
  }
  client.close();
  service.close();
  redis.store.close();
  redis.server.kill();
  rmSync(directory, { recursive: true, force: true });
  return rows;
};

const loadBefore = loadavg()[0] ?? 0;
const rows = await run();
console.log(
  `${availableParallelism()} cores of ${cpus()[0]?.model.trim()}, load average ${loadBefore.toFixed(1)} before, Node ${process.versions.node}`,
);
console.log(
  '| check of 3 claims | p50 µs | p99 µs | calls on the store a request | requests that waited for one |',
);
console.log('| --- | --: | --: | --: | --: |');
for (const { what, p50Us, p99Us, perRequest, waited } of rows) {
  console.log(
    `| ${what} | ${p50Us.toFixed(1)} | ${p99Us.toFixed(1)} | ${perRequest.toFixed(2)} | ${waited} |`,
  );
}
process.exit(0); // slices keep their clock going
