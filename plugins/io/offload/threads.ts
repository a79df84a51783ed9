import { Worker } from 'node:worker_threads';
import type { Offload } from '../../ports/offload.ts';

export interface Task {
  readonly id: number;
  readonly task: string;
  readonly input: unknown;
}

export interface Done {
  readonly id: number;
  readonly result?: unknown;
  readonly failed?: boolean;
}

export interface Threads extends Offload {
  close(): Promise<void>;
}

/** More tasks than this waiting for the thread: the caller is sooner done by itself. */
const mostWaiting = 16;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (cause: Error) => void;
}

/**
 * One thread for tasks that take long, started with the first of them. When it dies, its tasks are rejected and the
 * next one starts another. It keeps no process alive that has nothing else to do.
 */
export const threads = (): Threads => {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let next = 0;
  const lose = (lost: Worker) => {
    if (worker === lost) worker = undefined;
    for (const { reject } of waiting.values()) reject(new Error('the thread is gone'));
    waiting.clear();
  };
  const start = (): Worker => {
    const started = new Worker(new URL('./worker.ts', import.meta.url));
    started.unref();
    started.on('message', ({ id, result, failed }: Done) => {
      const task = waiting.get(id);
      waiting.delete(id);
      if (waiting.size === 0) started.unref();
      if (failed) task?.reject(new Error('the task failed'));
      else task?.resolve(result);
    });
    started.on('error', () => lose(started));
    started.on('exit', () => lose(started));
    return started;
  };
  return {
    run: (task, input) => {
      if (waiting.size >= mostWaiting) return Promise.reject(new Error('the thread is busy'));
      worker ??= start();
      const to = worker;
      const id = next++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        to.ref();
        to.postMessage({ id, task, input } satisfies Task);
      });
    },
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    close: async () => {
      await worker?.terminate();
    },
  };
};
