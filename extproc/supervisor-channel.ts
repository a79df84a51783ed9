import type { DecisionRecord } from '../plugins/decision.ts';
import type { HealthFact } from '../plugins/ports/health-board.ts';

/** What the supervisor says to a worker. */
export type ToWorker =
  | { readonly type: 'metrics'; readonly id: number }
  | { readonly type: 'reload' }
  /** What other workers say of upstreams. */
  | { readonly type: 'health'; readonly facts: readonly HealthFact[] }
  /** Is the decision one of yours? */
  | { readonly type: 'find-decision'; readonly id: number; readonly decision: string }
  /** The answer of all other workers to our question. */
  | { readonly type: 'decision'; readonly id: number; readonly record: DecisionRecord | undefined };

/** What a worker says to its supervisor. */
export type FromWorker =
  | { readonly type: 'ready'; readonly digest: string }
  | { readonly type: 'metrics'; readonly id: number; readonly metrics: unknown }
  | { readonly type: 'reloaded'; readonly digest: string }
  | { readonly type: 'refused'; readonly problems: readonly string[] }
  | Extract<ToWorker, { type: 'health' | 'find-decision' | 'decision' }>;

type Handlers = {
  readonly [Type in Exclude<ToWorker['type'], 'decision'>]: (
    message: Extract<ToWorker, { type: Type }>,
  ) => void | Promise<void>;
};

const answerTimeoutMs = 1000;

/** A worker's end of the channel to its supervisor; without one nothing is said and nobody answers. */
export class SupervisorChannel {
  readonly #asked = new Map<number, (record: DecisionRecord | undefined) => void>();
  #lastId = 0;

  tell(message: FromWorker): void {
    process.send?.(message);
  }

  listen(handlers: Handlers): void {
    process.on('message', (message: ToWorker) => {
      if (message.type === 'decision') this.#asked.get(message.id)?.(message.record);
      else void (handlers[message.type] as (it: ToWorker) => void | Promise<void>)(message); // of its own type
    });
  }

  /** Asks the other workers for a decision; undefined when none has it, or none answers in time. */
  findDecision(decision: string): Promise<DecisionRecord | undefined> {
    if (!process.send) return Promise.resolve(undefined);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const done = (record: DecisionRecord | undefined) => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(record);
      };
      const timer = setTimeout(() => done(undefined), answerTimeoutMs);
      this.#asked.set(id, done);
      this.tell({ type: 'find-decision', id, decision });
    });
  }
}
