import { styleText } from 'node:util';

/** Adds to the line of a running step; the last word stays when it is done. */
export type Note = (text: string) => void;

/** Where steps are printed: `process.stdout`. */
export interface Printer {
  /** A terminal, where a line can be written over. */
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const clearLine = '\r\x1b[2K';

/**
 * Prints one line per step with its seconds. On a terminal the line shows what goes on; elsewhere it is printed once,
 * when the step is over.
 */
export class Steps {
  readonly #out: Printer;
  readonly #signal: AbortSignal;
  readonly #startedMs = performance.now();

  /** No step begins once `signal` is aborted, and the one that it interrupts leaves no line. */
  constructor(signal: AbortSignal, out: Printer = process.stdout) {
    this.#signal = signal;
    this.#out = out;
  }

  /** Seconds since the first step, for people: `0.4 s`. */
  elapsed(): string {
    return seconds(this.#startedMs);
  }

  /** Runs `work` as the step `name`. Throws what it throws. */
  async run<T>(name: string, work: (note: Note) => T | Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    const startedMs = performance.now();
    let line = name;
    const note: Note = (text) => {
      line = `${name}: ${text}`;
      this.#show(line);
    };
    this.#show(line);
    try {
      const result = await work(note);
      this.#end(`${styleText('green', '✓')} ${line} ${styleText('dim', seconds(startedMs))}`);
      return result;
    } catch (cause) {
      if (!this.#signal.aborted) this.#end(`${styleText('red', '✗')} ${line}`);
      throw cause;
    }
  }

  #show(line: string): void {
    const { isTTY, columns } = this.#out;
    if (isTTY) this.#out.write(`${clearLine}… ${line.slice(0, (columns || 80) - 3)}`); // some terminals say 0
  }

  #end(line: string): void {
    this.#out.write(`${this.#out.isTTY ? clearLine : ''}${line}\n`);
  }
}

const seconds = (startedMs: number): string => `${((performance.now() - startedMs) / 1000).toFixed(2)} s`;
