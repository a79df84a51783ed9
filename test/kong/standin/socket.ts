import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { cutFrame, framed } from './wire.ts';

/** What a cosocket of Kong says when it fails: `closed`, `timeout`, `connection refused`. */
export class SocketError extends Error {
  override readonly name = 'SocketError';
}

/** One connection to a plugin server as a Kong worker holds it. */
export class KongSocket {
  /** How often Kong had to wait for the plugin server. */
  waits = 0;
  readonly #socket: Duplex;
  #bytes: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake = () => {};

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static open(path: string): Promise<KongSocket> {
    const socket = connect(path);
    return new Promise((resolve, reject) => {
      socket.once('error', () => reject(new SocketError('connection refused')));
      socket.once('connect', () => resolve(new KongSocket(socket)));
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Kong sends the length and the payload by themselves. */
  write(payload: Uint8Array): void {
    const frame = framed(payload);
    this.#socket.write(frame.subarray(0, 4));
    this.#socket.write(frame.subarray(4));
  }

  async read(timeoutMs: number): Promise<Buffer> {
    for (let hasWaited = false; ; hasWaited = true) {
      const cut = cutFrame(this.#bytes);
      if (cut) {
        this.#bytes = cut.rest;
        return cut.payload;
      }
      if (this.#isClosed) throw new SocketError('closed');
      if (!hasWaited) this.waits++;
      await this.#more(timeoutMs);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #more(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new SocketError('timeout')), timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
