import { join } from 'node:path';
import type { ToStandby } from '../../kong/standby.ts';
import { type Child, startNode } from './child.ts';
import { restartDelayMs } from './worker.ts';

export interface KongStandbyOptions {
  /** The published nexus.yaml. */
  readonly config: string;
  readonly socketDirectory: string;
  readonly egressSocket: string;
  /** Where the counts of budgets are kept for both processes; absent: in Redis. */
  readonly countersPath: string | undefined;
  /** Of a Kong that is to end with this process, its directory with it; absent: Kong starts us. */
  readonly kongPrefix?: string | undefined;
  /** Told, in words, of what happens unasked. */
  readonly onEvent: (text: string) => void;
}

const script = join(import.meta.dirname, '../../kong/standby.ts');
/** Several in the time after which the standby takes us for hung. */
const aliveMs = 500;
const graceMs = 2000;

/** A second process that takes over when this one ends or hangs (`kong/standby.ts`); started again whenever it ends. */
export class KongStandby {
  readonly #options: KongStandbyOptions;
  #child: Child | undefined;
  #stopping = false;
  #failures = 0;
  readonly #timer = setInterval(() => this.#tell({ type: 'alive' }), aliveMs);

  constructor(options: KongStandbyOptions) {
    this.#options = options;
    this.#launch();
  }

  /** Has it read its nexus.yaml again. */
  reload(): void {
    this.#tell({ type: 'reload' });
  }

  /** Ends it, so that it does not take over. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await this.#child?.stop(graceMs);
  }

  #launch(): void {
    const { config, socketDirectory, egressSocket, countersPath, kongPrefix } = this.#options;
    const paths = ['--config', config, '--socket-dir', socketDirectory, '--egress-socket', egressSocket];
    const counters = countersPath === undefined ? [] : ['--counters', countersPath];
    const kong = kongPrefix === undefined ? [] : ['--kong-prefix', kongPrefix];
    const child = startNode(script, {
      name: 'standby',
      args: [...paths, ...counters, ...kong],
      // Not our own output: if Kong reads that, it takes us for alive until the standby ends, too.
      logFile: join(socketDirectory, 'standby.log'),
    });
    this.#child = child;
    child.process.once('message', () => {
      this.#failures = 0;
    });
    void child.ended.then((how) => this.#onEnd(child, how));
  }

  #onEnd(child: Child, how: string): void {
    if (this.#stopping) return;
    this.#failures++;
    this.#options.onEvent([`the standby ended (${how})`, ...child.lastLines(3)].join('\n  '));
    setTimeout(() => this.#stopping || this.#launch(), restartDelayMs(this.#failures + 1)).unref();
  }

  #tell(message: ToStandby): void {
    if (this.#child?.process.connected) this.#child.process.send(message, () => {});
  }
}
