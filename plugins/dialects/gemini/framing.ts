import type { ModelRequest } from '../../model/request.ts';
import type { GatewayError } from '../../refusals.ts';
import { SseSplitter } from '../../wire/sse.ts';
import type { ByteFilter } from '../dialect.ts';
import { encodeStreamError as encodeErrorFrame, errorBody } from './error.ts';
import { originOf } from './request.ts';

/** How the chunks of a stream stand in its bytes. */
export interface Framing {
  readonly contentType: string;
  chunk(json: string): string;
  /** After the last chunk. */
  end(): string;
}

/** As Google's servers end their lines. */
const eventStream: Framing = {
  contentType: 'text/event-stream',
  chunk: (json) => `data: ${json}\r\n\r\n`,
  end: () => '',
};

/** One array that grows chunk by chunk: what a stream is without `alt=sse`. */
const jsonArray = (): Framing => {
  let begun = false;
  return {
    contentType: 'application/json',
    chunk: (json) => {
      const before = begun ? ',\r\n' : '[';
      begun = true;
      return before + json;
    },
    end: () => (begun ? ']' : '[]'),
  };
};

/** The framing that the client of `request` reads. */
export const framingOf = (request: ModelRequest): Framing =>
  wantsArray(request) ? jsonArray() : eventStream;

const wantsArray = (request: ModelRequest): boolean => originOf(request)?.eventStream === false;

/** Streams come as server-sent events, whatever the client asked for: for the others the events become an array. */
export const passStream = (request: ModelRequest): ByteFilter | undefined =>
  request.stream && wantsArray(request) ? new ArrayFilter() : undefined;

class ArrayFilter implements ByteFilter {
  readonly #sse = new SseSplitter();
  readonly #framing = jsonArray();

  get contentType(): string {
    return this.#framing.contentType;
  }

  push(bytes: Uint8Array): Uint8Array {
    return Buffer.from(
      this.#sse
        .push(bytes)
        .map(({ data }) => this.#framing.chunk(data))
        .join(''),
    );
  }

  end(): Uint8Array {
    const last = this.#sse.end().map(({ data }) => this.#framing.chunk(data));
    return Buffer.from(last.join('') + this.#framing.end());
  }
}

/** The last piece of a stream that fails after its first chunk was sent. */
export const encodeStreamError = (error: GatewayError, requestId: string, request?: ModelRequest): string =>
  request && wantsArray(request)
    ? `,\r\n${JSON.stringify(errorBody(error, requestId))}]`
    : encodeErrorFrame(error, requestId);
