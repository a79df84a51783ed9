/** Work that would keep everybody else waiting. */
export interface Offload {
  /**
   * Has a task done on another thread: its name and a value that can be copied there. Rejects when no thread can take
   * it (none, all busy, or it failed there); the caller then does it here, in slices.
   */
  run(task: string, input: unknown): Promise<unknown>;
  /** Lets whatever else waits have its turn. */
  breathe(): Promise<void>;
}

/** No other thread: every task is done by its caller. */
export const noThreads: Offload = {
  run: () => Promise.reject(new Error('no other thread')),
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
};
