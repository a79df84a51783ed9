import { styleText } from 'node:util';

/** Adds to the line of a running step; the last word stays when it is done. */
export type Note = (text: string) => void;

const clearLine = '\r\x1b[2K';

/**
 * Prints one line per step with its seconds. On a terminal the line shows what goes on; elsewhere it is printed once,
 * when the step is over.
 */
export class Steps {
  readonly #out: NodeJS.WriteStream;
  readonly #signal: AbortSignal;
  readonly #startedMs = performance.now();

  /** No step begins once `signal` is aborted, and the one that it interrupts leaves no line. */
  constructor(signal: AbortSignal, out: NodeJS.WriteStream = process.stdout) {
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
      this.#end(`${this.#mark('green', '✓')} ${line} ${this.#mark('dim', seconds(startedMs))}`);
      return result;
    } catch (cause) {
      if (!this.#signal.aborted) this.#end(`${this.#mark('red', '✗')} ${line}`);
      throw cause;
    }
  }

  #mark(style: 'green' | 'red' | 'dim', text: string): string {
    return styleText(style, text, { stream: this.#out }); // plain for a pipe and under NO_COLOR
  }

  #show(line: string): void {
    if (this.#out.isTTY) this.#out.write(`${clearLine}… ${line.slice(0, this.#out.columns - 3)}`);
  }

  #end(line: string): void {
    this.#out.write(`${this.#out.isTTY ? clearLine : ''}${line}\n`);
  }
}

const seconds = (startedMs: number): string => `${((performance.now() - startedMs) / 1000).toFixed(2)} s`;
