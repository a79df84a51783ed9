import type { ServerResponse } from 'node:http';
import type { AnswerFrame } from '../../plugins/answer.ts';
import type { HeaderList } from '../../plugins/dialects/dialect.ts';
import type { Reply } from '../../plugins/reply.ts';

/** The client at the other side of Kong: takes an answer, or leaves. */
export class Client {
  readonly #response: ServerResponse;
  readonly #leaving = new AbortController();

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once('close', () => {
      if (!response.writableFinished) this.#leaving.abort();
    });
    response.on('error', () => {}); // 'close' follows
  }

  /** Aborted when the client has left before the end of its answer. */
  get left(): AbortSignal {
    return this.#leaving.signal;
  }

  /** It has the head of an answer, so there can be no other. */
  get isAnswered(): boolean {
    return this.#response.headersSent;
  }

  /** It does not keep up: what is sent now piles up here. */
  get isFull(): boolean {
    return this.#response.writableNeedDrain;
  }

  /** Calls back once it takes more. */
  onceDrained(callback: () => void): void {
    this.#response.once('drain', callback);
  }

  reply({ status, headers, body }: Reply): void {
    this.send({ head: { status, headers }, body, end: true });
  }

  send({ head, body = '', end }: AnswerFrame): void {
    const response = this.#response;
    if (head) {
      const length: HeaderList = end ? [['content-length', String(Buffer.byteLength(body))]] : [];
      response.writeHead(head.status, [...head.headers, ...length].flat());
    }
    if (end) response.end(body);
    else response.write(body);
  }

  /** Ends the connection in the middle of the answer, so that it cannot be taken for whole. */
  breakOff(): void {
    this.#response.destroy();
  }
}
