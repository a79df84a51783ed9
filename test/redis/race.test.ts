import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { connectCounters } from '../../plugins/io/counters/connect.ts';
import type { Count, CounterStore } from '../../plugins/ports/counter-store.ts';
import { allRaceClaims, type RaceReport, raceOrganisation, startRacer } from './race.ts';
import { ask, noRedis, Servers } from './servers.ts';

const hosts = ['host-1', 'host-2'];
const workersEach = 4;
const attemptsEach = 13_000;

/** Looks at all counts, over and over, until told to stop. How often it looked. */
const watch = (store: CounterStore) => {
  let isOver = false;
  const looked = (async () => {
    for (let times = 0; ; times++) {
      for (const count of (await store.read(allRaceClaims())) ?? []) {
        if (count.used + count.open > count.limit)
          throw new Error(`over the limit: ${JSON.stringify(count)}`);
      }
      if (isOver) return times;
      await sleep(5);
    }
  })();
  return {
    stop: () => {
      isOver = true;
      return looked;
    },
  };
};

/** Cuts all connections now and then, with whatever is on its way. How often. */
const cutConnections = (socket: string) => {
  let isOver = false;
  const cut = (async () => {
    for (let times = 0; ; times++) {
      if (isOver) return times;
      await ask({ path: socket }, 'CLIENT', 'KILL', 'TYPE', 'normal');
      await sleep(2000);
    }
  })();
  return {
    stop: () => {
      isOver = true;
      return cut;
    },
  };
};

const companyOf = async (store: CounterStore): Promise<Count | undefined> =>
  (await store.read(allRaceClaims()))?.find(({ budget }) => budget === 'company');

/** Nothing may be held when all leases have ended. */
const quiet = async (store: CounterStore): Promise<void> => {
  await sleep(2500);
  expect(await store.holds()).toEqual([]);
  for (const count of (await store.read(allRaceClaims())) ?? []) {
    expect(count.open).toBe(0);
    expect(count.used).toBeLessThanOrEqual(count.limit);
  }
};

const total = (reports: readonly RaceReport[], field: keyof RaceReport): number =>
  reports.reduce((sum, report) => sum + report[field], 0);

const race = async (servers: Servers, isSliced: boolean) => {
  const { socket } = await servers.start(isSliced ? 'sliced' : 'direct');
  const store = connectCounters({ redis: { url: socket }, organisation: raceOrganisation, timeoutMs: 1000 });
  await store.ready(5000);
  const watching = watch(store);
  const startedMs = performance.now();
  const racers = hosts.flatMap((host, index) =>
    Array.from({ length: workersEach }, (_, worker) => {
      const team = index === 0 ? 'a' : 'b';
      const job = {
        redis: socket,
        owner: `${host}/${worker}`,
        team,
        attempts: attemptsEach,
        tasks: 25,
        isSliced,
      };
      return startRacer(job);
    }),
  );
  return { socket, store, watching, racers, seconds: () => (performance.now() - startedMs) / 1000 };
};

const tell = (name: string, reports: readonly RaceReport[], seconds: number, used: number | undefined) =>
  console.log(
    `${name}: ${total(reports, 'attempts')} attempts in ${seconds.toFixed(1)} s, ${total(reports, 'granted')} granted, ` +
      `${total(reports, 'lost')} lost; ${used} of 1000000 used`,
  );

describe('a race of 8 processes on 2 hosts', () => {
  beforeEach(({ skip }) => skip(noRedis !== undefined, noRedis));
  const servers = new Servers();
  afterAll(() => servers.stop());

  it('is charged to the micro-dollar', { timeout: 120_000 }, async () => {
    const { socket, store, watching, racers, seconds } = await race(servers, false);
    const cutting = cutConnections(socket);
    const reports = await Promise.all(racers.map(({ report }) => report));
    const took = seconds();
    expect(await cutting.stop()).toBeGreaterThan(1);
    expect(await watching.stop()).toBeGreaterThan(10);
    await quiet(store);
    const company = await companyOf(store);
    tell('direct', reports, took, company?.used);
    expect(total(reports, 'attempts')).toBeGreaterThanOrEqual(100_000);
    expect(company?.used).toBe(total(reports, 'spent') + total(reports, 'abandoned'));
    expect(company?.unconfirmed).toBe(total(reports, 'abandoned'));
    expect(company?.used).toBeGreaterThan(990_000);
    store.close();
  });

  it('stays within its limits with slices, though a process is killed', { timeout: 120_000 }, async () => {
    const { store, watching, racers, seconds } = await race(servers, true);
    await sleep(1500);
    racers[0]?.process.kill('SIGKILL');
    const reports = await Promise.all(racers.slice(1).map(({ report }) => report));
    const took = seconds();
    await watching.stop();
    await quiet(store);
    const company = await companyOf(store);
    tell('sliced', reports, took, company?.used);
    expect(company?.used).toBeGreaterThanOrEqual(total(reports, 'spent') + total(reports, 'abandoned'));
    expect(company?.used).toBeGreaterThan(950_000);
    store.close();
  });
});
