/** What came back for one request. */
export interface Received {
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  /** Of the body; each server-sent event has two. */
  readonly lineFeeds: number;
}

const none: Buffer = Buffer.alloc(0);
const lf = 0x0a;

/**
 * Reads the HTTP/1.1 answers on one connection and keeps only their counts: far cheaper than Node's own client, so that
 * the load takes little of the machine that it measures. Throws when the bytes are no answer.
 */
export class ResponseReader {
  readonly #onFirstByte: () => void;
  readonly #onEnd: (received: Received) => void;
  #rest = none;
  #state: 'head' | 'fixed' | 'size' | 'chunk' | 'trailer' = 'head';
  /** Bytes that the body, or the chunk with its line end, still has. */
  #left = 0;
  #status = 0;
  #bytes = 0;
  #lineFeeds = 0;

  constructor(onFirstByte: () => void, onEnd: (received: Received) => void) {
    this.#onFirstByte = onFirstByte;
    this.#onEnd = onEnd;
  }

  push(bytes: Buffer): void {
    const buffer = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (at < buffer.length) {
      const next = this.#step(buffer, at);
      if (next === at) break;
      at = next;
    }
    this.#rest = at === buffer.length ? none : buffer.subarray(at);
  }

  /** Takes what it can from `at` on; returns where it stopped, `at` when it needs more. */
  #step(buffer: Buffer, at: number): number {
    if (this.#state === 'head') return this.#head(buffer, at);
    if (this.#state === 'size') return this.#size(buffer, at);
    if (this.#state === 'trailer') return this.#trailer(buffer, at);
    const end = Math.min(buffer.length, at + this.#left);
    this.#count(buffer, at, end);
    this.#left -= end - at;
    if (this.#left === 0) this.#bodyPartOver();
    return end;
  }

  #head(buffer: Buffer, at: number): number {
    const end = buffer.indexOf('\r\n\r\n', at);
    if (end === -1) return at;
    const head = buffer.toString('latin1', at, end);
    this.#status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (!this.#status || (length === undefined && !/\r\ntransfer-encoding: *chunked/i.test(head)))
      throw new Error('not an answer of a server that keeps its connections');
    this.#bytes = 0;
    this.#lineFeeds = 0;
    this.#left = Number(length);
    this.#state = length === undefined ? 'size' : 'fixed';
    if (this.#left === 0) this.#bodyPartOver();
    return end + 4;
  }

  #size(buffer: Buffer, at: number): number {
    const end = buffer.indexOf('\r\n', at);
    if (end === -1) return at;
    const size = Number.parseInt(buffer.toString('latin1', at, end), 16);
    this.#left = size + 2; // its line end
    this.#state = size === 0 ? 'trailer' : 'chunk';
    return end + 2;
  }

  /** An empty line; neither Envoy nor our upstream sends trailers. */
  #trailer(buffer: Buffer, at: number): number {
    if (buffer.length < at + 2) return at;
    this.#end();
    return at + 2;
  }

  #count(buffer: Buffer, from: number, to: number): void {
    if (this.#bytes === 0) this.#onFirstByte();
    this.#bytes += to - from;
    for (let at = buffer.indexOf(lf, from); at !== -1 && at < to; at = buffer.indexOf(lf, at + 1)) {
      this.#lineFeeds++;
    }
  }

  #bodyPartOver(): void {
    if (this.#state === 'fixed') this.#end();
    else {
      // The chunk's own line end was counted with it.
      this.#bytes -= 2;
      this.#lineFeeds--;
      this.#state = 'size';
    }
  }

  #end(): void {
    this.#state = 'head';
    this.#onEnd({ status: this.#status, bytes: this.#bytes, lineFeeds: this.#lineFeeds });
  }
}
