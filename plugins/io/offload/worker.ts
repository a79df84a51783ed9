import { parentPort } from 'node:worker_threads';
import { type PiiJob, piiTask, scanAll } from '../../policies/pii/job.ts';
import { Detector } from '../../policies/prompt-guard/detector.ts';
import { type GuardJob, guardTask, judgeAll } from '../../policies/prompt-guard/job.ts';
import type { Done, Task } from './threads.ts';

/** What this thread can do, by the names that callers use. */
const tasks: Readonly<Record<string, (input: never) => unknown>> = {
  [guardTask]: (job: GuardJob) =>
    judgeAll(detector(), job, { nowMs: () => performance.now(), breathe: () => undefined }),
  [piiTask]: (job: PiiJob) => scanAll(job),
};

let made: Detector | undefined;
const detector = (): Detector => {
  made ??= new Detector();
  return made;
};

parentPort?.on('message', async ({ id, task, input }: Task) => {
  const run = tasks[task];
  // Only whether it failed: a message of an error might hold a part of a text.
  const done: Done = await Promise.resolve()
    .then(() => {
      if (!run) throw new Error('unknown task');
      return run(input as never);
    })
    .then((result) => ({ id, result }))
    .catch(() => ({ id, failed: true }));
  parentPort?.postMessage(done);
});
