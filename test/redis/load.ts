import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../plugins/io/clock.ts';
import type { StoreState } from '../../plugins/io/counters/breaker.ts';
import { connectCounters } from '../../plugins/io/counters/connect.ts';
import type { ConnectedCounters } from '../../plugins/io/counters/guard.ts';
import type { CounterStore } from '../../plugins/ports/counter-store.ts';
import { askOf, claimOf } from './conformance.ts';

const month = { kind: 'calendar', per: 'month', zone: 'UTC' } as const;
export const loadClaim = claimOf({ window: month, limit: 1_000_000_000, base: 100 });

/** Counts in the Redis at `socket`, as shipped, and what it said of its state. */
export const connectWatched = async (socket: string, organisation: string) => {
  const states: StoreState[] = [];
  const store = connectCounters({
    redis: { url: socket },
    organisation,
    onState: (state) => states.push(state),
    sweepEveryMs: 300,
  });
  await store.ready(5000);
  return { store, states };
};

/** Calls, 200 a second in all, each reserved and settled 20 ms later. What was used is charged, whatever happens. */
export const startLoad = (store: CounterStore, name: string) => {
  const took: number[] = [];
  const kinds = { granted: 0, refused: 0, lost: 0 };
  let spent = 0;
  let isOver = false;
  const call = async (id: string): Promise<void> => {
    const startedMs = performance.now();
    const { kind } = await store.reserve(askOf(id, [loadClaim], { leaseMs: 1000 }));
    took.push(performance.now() - startedMs);
    kinds[kind]++;
    if (kind !== 'granted') return;
    await sleep(20);
    spent += 60;
    await store.settle(id, [60]);
  };
  const run = (async () => {
    const calls: Promise<void>[] = [];
    for (let index = 0; !isOver; index++) {
      calls.push(call(`${name}/${index}`));
      await sleep(5);
    }
    await Promise.all(calls);
  })();
  return {
    took,
    kinds,
    spent: () => spent,
    stop: async () => {
      isOver = true;
      await run;
    },
  };
};

/** How late timers are in this process: what no timeout can undo. */
export const measureLag = () => {
  let most = 0;
  let lastMs = systemClock.nowMs();
  const timer = setInterval(() => {
    const now = systemClock.nowMs();
    most = Math.max(most, now - lastMs - 5);
    lastMs = now;
  }, 5);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
};

/** Waits until every settlement has been delivered and every lease of the load has ended. */
export const settleDown = async (store: ConnectedCounters): Promise<void> => {
  for (let waited = 0; store.undelivered > 0 && waited < 200; waited++) await sleep(50);
  await sleep(1200);
};

export const quantile = (values: readonly number[], fraction: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * fraction)] ?? 0;
