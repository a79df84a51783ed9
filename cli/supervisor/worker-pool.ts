import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../run.ts';
import { type ReloadResult, sumMetrics, Worker, type WorkerOptions } from './worker.ts';

export interface WorkerPoolOptions extends Pick<WorkerOptions, 'config' | 'onEvent'> {
  readonly count: number;
  /** Where the sockets go. */
  readonly directory: string;
  /** Where the logs go; absent: our own stdout and stderr. */
  readonly logDirectory?: string;
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

/** The ext_proc workers of one Envoy. */
export class WorkerPool {
  readonly sockets: readonly string[];
  readonly #workers: readonly Worker[];

  constructor({ count, directory, logDirectory, config, onEvent }: WorkerPoolOptions) {
    this.sockets = Array.from({ length: count }, (_, index) => join(directory, `worker-${index}.sock`));
    this.#workers = this.sockets.map((socketPath, index) => {
      const logFile = logDirectory && join(logDirectory, `worker-${index}.log`);
      return new Worker({ index, config, socketPath, logFile, onEvent });
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
    return sumMetrics(counts.flat()).metrics();
  }

  reload(): Promise<readonly ReloadResult[]> {
    return Promise.all(this.#workers.map((worker) => worker.reload()));
  }

  /** Lets each finish what it does, at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop(graceMs)));
  }
}
