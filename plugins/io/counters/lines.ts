/** What came is no message of ours. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

/** Far above the largest ask; bounds what a stray peer can make us hold. A list of reservations may be longer. */
const maxLineBytes = 64 * 1024 * 1024;

const newline = 0x0a;

/** One message: JSON never holds a newline, so that is where it ends. */
export const line = (message: unknown): string => `${JSON.stringify(message)}\n`;

/** Finds messages in what a socket brings. */
export class LineReader {
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** The messages that are complete with this chunk. Throws a `LineError` for what is no JSON, or never ends. */
  push(chunk: Buffer): unknown[] {
    const messages: unknown[] = [];
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      messages.push(parse(Buffer.concat([...this.#rest, chunk.subarray(from, end)]).toString('utf8')));
      this.#rest = [];
      this.#restBytes = 0;
      from = end + 1;
    }
    if (from < chunk.length) this.#rest.push(chunk.subarray(from));
    this.#restBytes += chunk.length - from;
    if (this.#restBytes > maxLineBytes) throw new LineError('a line without an end');
    return messages;
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new LineError('no JSON');
  }
};
