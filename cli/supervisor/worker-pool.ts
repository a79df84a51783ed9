import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { workerSocket } from '../../extproc/names.ts';
import { UsageError } from '../run.ts';
import { type ReloadResult, sumMetrics, Worker, type WorkerOptions } from './worker.ts';

export interface WorkerPoolOptions extends Pick<WorkerOptions, 'config' | 'countersPath' | 'onEvent'> {
  /** One worker listens on each. */
  readonly sockets: readonly string[];
  /** Where the logs go; absent: our own stdout and stderr. */
  readonly logDirectory?: string | undefined;
}

export interface WorkerState {
  readonly worker: number;
  /** `silent`: runs, but did not answer in time. */
  readonly state: 'ready' | 'starting' | 'silent';
  readonly pid: number | undefined;
  readonly restarts: number;
}

/** As many as the machine has cores, at most 2 unless told otherwise. Throws a `UsageError`. */
export const parseWorkerCount = (text: string | undefined): number => {
  if (text === undefined) return Math.min(2, availableParallelism());
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= maxWorkers) return count;
  throw new UsageError(`--workers ${text}: expected a number, 1 to ${maxWorkers}`);
};

const maxWorkers = 64;

/** Paths of the sockets of `count` workers, where `nexus envoy render` expects them. */
export const workerSockets = (directory: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => workerSocket(directory, index));

/** The ext_proc workers of one Envoy. */
export class WorkerPool {
  readonly #workers: readonly Worker[];

  constructor({ sockets, logDirectory, ...shared }: WorkerPoolOptions) {
    this.#workers = sockets.map((socketPath, index) => {
      const logFile = logDirectory && join(logDirectory, `worker-${index}.log`);
      return new Worker({
        ...shared,
        index,
        socketPath,
        logFile,
        onHealth: (from, facts) => {
          for (const worker of this.#workers) if (worker !== from) worker.tellHealth(facts);
        },
        findElsewhere: async (from, decision) => {
          const others = this.#workers.filter((worker) => worker !== from);
          const records = await Promise.all(others.map((worker) => worker.findDecision(decision)));
          return records.find((record) => record !== undefined);
        },
      });
    });
  }

  /** Resolves when all are ready. Throws when one ends before. */
  async start(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.start()));
  }

  /** Asks every worker for a sign of life. */
  probe(): Promise<readonly WorkerState[]> {
    return Promise.all(
      this.#workers.map(async (worker, index) => {
        const answered = (await worker.askMetrics()) !== undefined;
        const state = answered ? 'ready' : worker.ready ? 'silent' : 'starting';
        return { worker: index, state, pid: worker.pid, restarts: worker.restarts } as const;
      }),
    );
  }

  /** What all workers have counted together, in Prometheus' text format. */
  async metrics(): Promise<string> {
    await Promise.all(this.#workers.map((worker) => worker.askMetrics()));
    const counts = await Promise.all(this.#workers.map((worker) => worker.counted()));
    return (await sumMetrics(counts.flat())).metrics();
  }

  reload(): Promise<readonly ReloadResult[]> {
    return Promise.all(this.#workers.map((worker) => worker.reload()));
  }

  /** Lets each finish what it does, at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop(graceMs)));
  }
}
