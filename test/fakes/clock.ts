import type { Clock } from '../../plugins/ports/clock.ts';

export interface FakeClock extends Clock {
  /** Lets time pass; timers that come due are called in their order, at their time. */
  advance(byMs: number): void;
  /** Sets the wall clock, and nothing else. */
  setEpoch(epochMs: number): void;
}

/** A clock that a test owns. Its wall clock begins at `epochMs`, the other one at 0. */
export const fakeClock = (epochMs: number): FakeClock => {
  let now = 0;
  let offset = epochMs;
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  const nextBy = (end: number) =>
    [...timers].filter(({ atMs }) => atMs <= end).toSorted((a, b) => a.atMs - b.atMs)[0];
  return {
    nowMs: () => now,
    epochMs: () => now + offset,
    after: (delayMs, callback) => {
      const timer = { atMs: now + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (byMs) => {
      const end = now + byMs;
      for (let due = nextBy(end); due; due = nextBy(end)) {
        timers.delete(due);
        now = due.atMs;
        due.callback();
      }
      now = end;
    },
    setEpoch: (to) => {
      offset = to - now;
    },
  };
};
