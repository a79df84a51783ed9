import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Claim } from '../../plugins/ports/counter-store.ts';
import { claimOf } from './conformance.ts';

export interface RaceJob {
  /** Where Redis listens. */
  readonly redis: string;
  /** Host and worker. */
  readonly owner: string;
  readonly team: string;
  readonly attempts: number;
  /** So many at once. */
  readonly tasks: number;
  readonly isSliced: boolean;
}

export interface RaceReport {
  readonly attempts: number;
  readonly granted: number;
  readonly refused: number;
  readonly lost: number;
  /** Settled, of each claim. */
  readonly spent: number;
  /** Granted and never settled. */
  readonly abandoned: number;
}

export const raceOrganisation = 'race';

const month = { kind: 'calendar', per: 'month', zone: 'Europe/Berlin' } as const;

/** Money of a company, of one of its two teams, and of one of five users. All of an output token's price is a micro-dollar. */
export const raceClaims = (team: string, user: string): Claim[] => {
  const cost = { unit: 'microUsd', window: month, base: 5, perMillionOutput: 1_000_000 } as const;
  return [
    claimOf({ ...cost, budget: 'company', scope: '', limit: 1_000_000 }),
    claimOf({ ...cost, budget: 'team', scope: `team=${team}`, limit: 700_000 }),
    claimOf({ ...cost, budget: 'user', scope: `user=${user}`, limit: 300_000 }),
  ];
};

/** Every claim that is raced for. */
export const allRaceClaims = (): Claim[] => {
  const [company, ...rest] = ['a', 'b'].flatMap((team) =>
    [0, 1, 2, 3, 4].flatMap((user) => raceClaims(team, `user-${user}`)),
  );
  const distinct = new Map(
    [...rest, ...(company ? [company] : [])].map((claim) => [`${claim.budget}${claim.scope}`, claim]),
  );
  return [...distinct.values()];
};

/** A process that races. */
export const startRacer = (
  job: RaceJob,
): { readonly process: ChildProcess; readonly report: Promise<RaceReport> } => {
  const child = fork(join(import.meta.dirname, 'race-worker.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const report = Promise.race([
    once(child, 'message').then(([message]) => message as RaceReport), // what race-worker.ts sends
    once(child, 'exit').then(([code, signal]) => {
      throw new Error(`a racer ended: ${code ?? signal}`);
    }),
  ]);
  report.catch(() => {}); // whoever kills one does not wait for it
  child.send(job);
  return { process: child, report };
};
