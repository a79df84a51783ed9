import { Buffer } from 'node:buffer';

/** Reads texts into one buffer that is used again: code units are quicker to look at there than in a string. */
export class Codes {
  #bytes = Buffer.alloc(0);
  #units = new Uint16Array(0);

  /**
   * The code units of a text, and eight zeros behind them, for those who look ahead. What stands behind these is
   * left from other texts. Valid until the next call.
   */
  of(text: string): Uint16Array {
    if (text.length + 8 > this.#units.length) this.#grow(text.length + 8);
    this.#bytes.write(text, 'utf16le');
    return this.#units.fill(0, text.length, text.length + 8);
  }

  #grow(length: number): void {
    const buffer = new ArrayBuffer(4 * Math.max(1024, length));
    this.#bytes = Buffer.from(buffer);
    this.#units = new Uint16Array(buffer);
  }
}
