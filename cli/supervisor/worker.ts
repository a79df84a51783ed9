import { join } from 'node:path';
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';
import type { FromWorker, ToWorker } from '../../extproc/supervisor-channel.ts';
import type { DecisionRecord } from '../../plugins/decision.ts';
import type { HealthFact } from '../../plugins/ports/health-board.ts';
import { type Child, startNode } from './child.ts';
import { Failure } from './failure.ts';

/** What one process has counted, in prom-client's JSON form. */
export type Metrics = readonly MetricObjectWithValues<MetricValue<string>>[];

/** All counts added up. */
export const sumMetrics = async (counts: readonly Metrics[]): Promise<Registry> => {
  const { AggregatorRegistry } = await import('prom-client'); // slow to load, and no start waits for a sum
  return AggregatorRegistry.aggregate([...counts]);
};

export interface WorkerOptions {
  readonly index: number;
  /** The nexus.yaml. */
  readonly config: string;
  /** Where Envoy finds it. */
  readonly socketPath: string;
  /** Where the counts of all workers are kept; absent: each looks into its nexus.yaml. */
  readonly countersPath?: string | undefined;
  readonly logFile?: string | undefined;
  /** Told what the worker says of upstreams, for the others. */
  readonly onHealth: (from: Worker, facts: readonly HealthFact[]) => void;
  /** Asks all workers but `from` for a decision. */
  readonly findElsewhere: (from: Worker, decision: string) => Promise<DecisionRecord | undefined>;
  /** Told, in words, of what happens unasked. */
  readonly onEvent: (text: string) => void;
}

/** What a worker made of a changed nexus.yaml; `silent` did not answer. */
export type ReloadResult =
  | Extract<FromWorker, { type: 'reloaded' | 'refused' }>
  | { readonly type: 'silent' };

const script = join(import.meta.dirname, '../../extproc/main.ts');
const answerTimeoutMs = 1000;
/** A worker that lived this long was not broken from the start. */
const healthyMs = 10_000;

/** Wait before a worker is started again after `failures` short lives in a row: none at first, then up to 5 s. */
export const restartDelayMs = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(5000, 100 * 2 ** (failures - 2));

/** One place for a worker process: started again whenever it ends unasked. */
export class Worker {
  readonly #options: WorkerOptions;
  #child: Child | undefined;
  #ready = false;
  #stopping = false;
  #restarts = 0;
  #failures = 0;
  #startedMs = 0;
  #lastId = 0;
  #metrics: Metrics | undefined;
  #endedMetrics: Promise<Metrics> = Promise.resolve([]);

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#ready;
  }

  get pid(): number | undefined {
    return this.#child?.process.pid;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Starts it for the first time. Throws a `Failure` with its last words when it ends before it is ready. */
  async start(): Promise<void> {
    const child = this.#launch();
    const ready = new Promise<undefined>((resolve) =>
      child.process.once('message', () => resolve(undefined)),
    );
    const ended = await Promise.race([ready, child.ended]);
    if (ended === undefined) return;
    this.#stopping = true;
    throw new Failure([`${child.name} ended (${ended})`, ...child.lastLines(20)].join('\n'));
  }

  /** Counts of the process that runs now, undefined when it is silent; `counted` has all. */
  async askMetrics(): Promise<Metrics | undefined> {
    const id = ++this.#lastId;
    const answer = await this.#ask({ type: 'metrics', id }, (message) =>
      message.type === 'metrics' && message.id === id ? message : undefined,
    );
    if (answer) this.#metrics = answer.metrics as Metrics; // the worker's registry wrote it
    return answer && this.#metrics;
  }

  /** Counts as of the last `askMetrics`, and of all processes that have ended: a sum over them never falls. */
  async counted(): Promise<readonly Metrics[]> {
    const current = this.#metrics ?? [];
    return [await this.#endedMetrics, current];
  }

  /** Passes on what another worker says of upstreams. */
  tellHealth(facts: readonly HealthFact[]): void {
    if (this.#ready) this.#tell({ type: 'health', facts });
  }

  /** The decision, if it was made here. */
  async findDecision(decision: string): Promise<DecisionRecord | undefined> {
    const id = ++this.#lastId;
    const answer = await this.#ask({ type: 'find-decision', id, decision }, (message) =>
      message.type === 'decision' && message.id === id ? message : undefined,
    );
    return answer?.record;
  }

  async #answerFind({ id, decision }: Extract<FromWorker, { type: 'find-decision' }>): Promise<void> {
    const record = await this.#options.findElsewhere(this, decision);
    this.#tell({ type: 'decision', id, record });
  }

  #tell(message: ToWorker): void {
    this.#child?.process.send(message, () => {}); // one that is gone needs no word
  }

  /** Has it read its nexus.yaml again. */
  async reload(): Promise<ReloadResult> {
    const answer = await this.#ask({ type: 'reload' }, (message) =>
      message.type === 'reloaded' || message.type === 'refused' ? message : undefined,
    );
    return answer ?? { type: 'silent' };
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await this.#child?.stop(graceMs);
  }

  #launch(): Child {
    const { index, config, socketPath, countersPath, logFile } = this.#options;
    const child = startNode(script, {
      name: `worker ${index}`,
      args: [
        ...['--config', config, '--socket', socketPath],
        ...(countersPath === undefined ? [] : ['--counters', countersPath]),
      ],
      logFile,
    });
    this.#child = child;
    this.#startedMs = performance.now();
    child.process.on('message', (message: FromWorker) => {
      if (message.type === 'ready') this.#ready = true;
      if (message.type === 'health') this.#options.onHealth(this, message.facts);
      if (message.type === 'find-decision') void this.#answerFind(message);
    });
    void child.ended.then((how) => this.#onEnd(child, how));
    return child;
  }

  #onEnd(child: Child, how: string): void {
    const { onEvent } = this.#options;
    const wasReady = this.#ready;
    this.#ready = false;
    this.#keepMetrics();
    if (this.#stopping || (!wasReady && this.#restarts === 0)) return;
    this.#failures = performance.now() - this.#startedMs > healthyMs ? 1 : this.#failures + 1;
    this.#restarts++;
    const delayMs = restartDelayMs(this.#failures);
    const when = delayMs === 0 ? 'now' : `in ${delayMs / 1000} s`;
    onEvent([`${child.name} ended (${how}), starting it again ${when}`, ...child.lastLines(3)].join('\n  '));
    const again = () => this.#stopping || this.#launch();
    setTimeout(again, delayMs).unref();
  }

  #keepMetrics(): void {
    const last = this.#metrics ?? [];
    this.#endedMetrics = this.#endedMetrics
      .then((ended) => sumMetrics([ended, last]))
      .then((sum) => sum.getMetricsAsJSON());
    this.#metrics = undefined;
  }

  /** Sends `message`; resolves with what `pick` makes of an answer, or with undefined when none comes in time. */
  #ask<T>(message: ToWorker, pick: (answer: FromWorker) => T | undefined): Promise<T | undefined> {
    const child = this.#child?.process;
    if (!child || !this.#ready) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const done = (answer: T | undefined) => {
        clearTimeout(timer);
        child.off('message', hear);
        resolve(answer);
      };
      const hear = (answer: FromWorker) => {
        const picked = pick(answer);
        if (picked !== undefined) done(picked);
      };
      const timer = setTimeout(() => done(undefined), answerTimeoutMs);
      child.on('message', hear);
      child.send(message, (cause) => {
        if (cause) done(undefined);
      });
    });
  }
}
