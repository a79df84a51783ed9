/** One server-sent event. `event` is empty when the stream named none. */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

/** Longest event that is kept while its end has not come. */
export const maxSseEventBytes = 8 * 1024 * 1024;

const lf = 0x0a;
const cr = 0x0d;

/**
 * Splits bytes, cut anywhere, into server-sent events (WHATWG HTML, "Server-sent events", read 2026-11-24): LF, CRLF
 * or CR line ends, several `data:` lines joined by LF, comments and unknown fields skipped, a byte order mark
 * ignored. An event without `data` is none. `end()` also returns an event whose blank line never came.
 * Throws a `RangeError` when one event grows over `maxSseEventBytes`.
 */
export class SseSplitter {
  #rest: Buffer = Buffer.alloc(0);
  #event = '';
  #data: string | undefined;
  #skipLf = false;
  #first = true;

  push(bytes: Uint8Array): SseEvent[] {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const cut = Math.max(buffer.lastIndexOf(lf), buffer.lastIndexOf(cr)) + 1;
    // Only whole lines are decoded, so no UTF-8 sequence is ever cut.
    this.#rest = cut === buffer.length ? Buffer.alloc(0) : Buffer.from(buffer.subarray(cut));
    if (this.#rest.length + (this.#data?.length ?? 0) > maxSseEventBytes)
      throw new RangeError('an event is too large');
    if (cut === 0) return [];
    return this.#lines(buffer.toString('utf8', 0, cut));
  }

  end(): SseEvent[] {
    const out: SseEvent[] = [];
    if (this.#rest.length > 0) this.#line(this.#rest.toString('utf8'));
    this.#rest = Buffer.alloc(0);
    this.#dispatch(out);
    return out;
  }

  #lines(text: string): SseEvent[] {
    const out: SseEvent[] = [];
    let from = 0;
    if (this.#first) {
      this.#first = false;
      if (text.charCodeAt(0) === 0xfeff) from = 1;
    }
    if (this.#skipLf && text.charCodeAt(from) === lf) from++;
    this.#skipLf = text.charCodeAt(text.length - 1) === cr;
    const hasCr = text.includes('\r');
    while (from < text.length) {
      let end = text.indexOf('\n', from);
      let next = end + 1;
      if (hasCr) {
        const atCr = text.indexOf('\r', from);
        if (atCr !== -1 && (end === -1 || atCr < end)) {
          end = atCr;
          next = text.charCodeAt(atCr + 1) === lf ? atCr + 2 : atCr + 1;
        }
      }
      if (end === from) this.#dispatch(out);
      else this.#line(text.slice(from, end));
      from = next;
    }
    return out;
  }

  #line(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1);
    if (name === 'data') this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    else if (name === 'event') this.#event = value;
  }

  #dispatch(out: SseEvent[]): void {
    if (this.#data !== undefined) out.push({ event: this.#event, data: this.#data });
    this.#data = undefined;
    this.#event = '';
  }
}

/** One event as text. `event` may be left out, as OpenAI's Chat does. */
export const sseFrame = (data: string, event?: string): string =>
  event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
