import { styleText } from 'node:util';

const clearLine = '\r\x1b[2K';

/** One line on a terminal that says what is measured and how long it still takes; nothing elsewhere. */
export class Progress {
  readonly #totalSeconds: number;
  readonly #startedMs = performance.now();

  constructor(totalSeconds: number) {
    this.#totalSeconds = totalSeconds;
  }

  show(text: string): void {
    const left = Math.max(0, Math.round(this.#totalSeconds - (performance.now() - this.#startedMs) / 1000));
    const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} left`;
    if (process.stderr.isTTY) process.stderr.write(`${clearLine}… ${text} ${styleText('dim', clock)}`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write(clearLine);
  }
}
