import { cpuMs } from './cpu.ts';
import type { Job, JobResult } from './load.ts';
import { eventsPerStream, isStream, requestOf, type Scenario, spreadMs } from './scenarios.ts';
import { sum } from './statistics.ts';
import type { Variant } from './variants.ts';

/** One round of one scenario against one variant. */
export interface Sample extends JobResult {
  /** CPU time while it ran. */
  readonly hostMs: number;
  readonly workersMs: number;
}

/** Has the load process do a job. */
export type RunJob = (job: Job) => Promise<JobResult>;

/** Drives `variant` for `seconds` and counts the CPU time of its processes meanwhile. */
export const measure = async (
  { port, hostPids, workerPids }: Variant,
  scenario: Scenario,
  { seconds, runJob }: { seconds: number; runJob: RunJob },
): Promise<Sample> => {
  const cpu = () => ({ hostMs: sum(hostPids.map(cpuMs)), workersMs: sum(workerPids.map(cpuMs)) });
  const before = cpu();
  const result = await runJob({
    port,
    ...requestOf(scenario),
    concurrency: scenario.concurrency,
    durationMs: seconds * 1000,
    spreadMs: spreadMs(scenario),
    events: isStream(scenario) ? eventsPerStream : 0,
  });
  const after = cpu();
  return {
    ...result,
    hostMs: after.hostMs - before.hostMs,
    workersMs: after.workersMs - before.workersMs,
  };
};
