import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { Failure } from './failure.ts';
import { restartDelayMs } from './worker.ts';

export interface CountersKeeperOptions {
  /** Where the counts are served. */
  readonly socketPath: string;
  /** Takes what the process prints. */
  readonly directory: string;
  /** Directory of the journal, if there is one. */
  readonly journal: string | undefined;
  /** Told, in words, of what happens unasked. */
  readonly onEvent: (text: string) => void;
}

const script = join(import.meta.dirname, 'counters-process.ts');
const graceMs = 2000;
const pollMs = 20;
/** How a process ends that has found another one in its place. */
const alreadyThere = 'exit code 0';

/**
 * Sees to it that a process serves counts at a socket, whoever started it: `counters-process.ts`, which outlives us.
 * Holds a connection to it all the time, and starts one when there is none.
 */
export class CountersKeeper {
  readonly #options: CountersKeeperOptions;
  #child: Child | undefined;
  #failures = 0;
  #isLeaving = false;
  #letGo: () => void = () => {};

  constructor(options: CountersKeeperOptions) {
    this.#options = options;
  }

  /** Resolves when it is there. Throws a `Failure` with the last words of a process that cannot do it. */
  async start(): Promise<void> {
    let ended: string | undefined = alreadyThere;
    while (!(await this.#hold()) && !this.#isLeaving) {
      if (ended === alreadyThere) {
        ended = undefined;
        void this.#launch().ended.then((how) => {
          ended = how;
        });
      } else if (ended !== undefined) throw this.#failure();
      await sleep(pollMs);
    }
  }

  /** Lets it alone; it ends when nobody else holds it. */
  leave(): void {
    this.#isLeaving = true;
    this.#letGo();
  }

  /** Ends it. */
  async end(): Promise<void> {
    this.leave();
    await this.#child?.stop(graceMs);
  }

  #launch(): Child {
    const { socketPath, directory, journal } = this.#options;
    const child = startChild({
      name: 'counters',
      command: process.execPath,
      args: [
        ...[...process.execArgv, script, '--socket', socketPath],
        ...(journal === undefined ? [] : ['--dir', journal]),
      ],
      logFile: join(directory, 'counters.log'),
      channel: 'none',
    });
    child.process.unref();
    this.#child = child;
    return child;
  }

  /** Connects for good; false when there is nobody to connect to. */
  #hold(): Promise<boolean> {
    const socket = connect(this.#options.socketPath);
    this.#letGo = () => socket.destroy();
    return new Promise((resolve) => {
      let isHeld = false;
      socket.once('connect', () => {
        isHeld = true;
        this.#failures = 0;
        resolve(true);
      });
      socket.on('error', () => {}); // 'close' follows
      socket.once('close', () => {
        if (isHeld && !this.#isLeaving) void this.#again();
        resolve(false);
      });
    });
  }

  async #again(): Promise<void> {
    this.#options.onEvent('the process that keeps the counts of budgets has ended; it is started again');
    while (!this.#isLeaving) {
      try {
        return await this.start();
      } catch (cause) {
        this.#options.onEvent(cause instanceof Error ? cause.message : String(cause));
        this.#failures++;
        await sleep(restartDelayMs(this.#failures + 1));
      }
    }
  }

  #failure(): Failure {
    return new Failure(
      [
        'The process that keeps the counts of budgets did not start:',
        ...(this.#child?.lastLines(3) ?? []),
      ].join('\n  '),
    );
  }
}
