/** One server-sent event. `event` is empty when the stream named none. */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

/** Longest event that is kept while its end has not come. */
export const maxSseEventBytes = 8 * 1024 * 1024;

const lf = 0x0a;
const cr = 0x0d;

const nothing = Buffer.alloc(0);

const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Just after the last end of a line. (`at` would cost a tenth of all that it costs to split a frame.) */
const endOfLines = (bytes: Buffer): number =>
  bytes[bytes.length - 1] === lf ? bytes.length : Math.max(bytes.lastIndexOf(lf), bytes.lastIndexOf(cr)) + 1;

/**
 * Splits bytes, cut anywhere, into server-sent events (WHATWG HTML, "Server-sent events", read 2026-11-24): LF, CRLF
 * or CR line ends, several `data:` lines joined by LF, comments and unknown fields skipped, a byte order mark
 * ignored. An event without `data` is none. `end()` also returns an event whose blank line never came.
 * Throws a `RangeError` when one event grows over `maxSseEventBytes`.
 */
export class SseSplitter {
  #rest: Buffer = nothing;
  #event = '';
  #data: string | undefined;
  #skipLf = false;
  #first = true;

  push(bytes: Uint8Array): SseEvent[] {
    return this.split(this.lines(bytes));
  }

  /** The first half of `push`: the whole lines that have come, so that no UTF-8 sequence is ever cut. */
  lines(bytes: Uint8Array): string {
    const chunk = asBuffer(bytes);
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const cut = endOfLines(buffer);
    this.#rest = cut === buffer.length ? nothing : Buffer.from(buffer.subarray(cut));
    if (this.#rest.length + (this.#data?.length ?? 0) > maxSseEventBytes)
      throw new RangeError('an event is too large');
    return cut === 0 ? '' : buffer.toString('utf8', 0, cut);
  }

  /** The second half. Who knows what whole events say may leave them out, when `isBetween`. */
  split(text: string): SseEvent[] {
    return text === '' ? [] : this.#lines(text);
  }

  /** Do the next lines begin an event? */
  get isBetween(): boolean {
    return this.#data === undefined && this.#event === '' && !this.#skipLf && !this.#first;
  }

  end(): SseEvent[] {
    const out: SseEvent[] = [];
    if (this.#rest.length > 0) this.#line(this.#rest.toString('utf8'));
    this.#rest = nothing;
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
    if (text.includes('\r')) this.#anyLines(text, from, out);
    else this.#lfLines(text, from, out);
    return out;
  }

  #anyLines(text: string, start: number, out: SseEvent[]): void {
    for (let from = start; from < text.length; ) {
      const atLf = text.indexOf('\n', from);
      const atCr = text.indexOf('\r', from);
      const isCr = atCr !== -1 && (atLf === -1 || atCr < atLf);
      const end = isCr ? atCr : atLf;
      if (end === from) this.#dispatch(out);
      else this.#line(text.slice(from, end));
      from = isCr && atLf === atCr + 1 ? atLf + 1 : end + 1;
    }
  }

  /** What nearly every stream has, in a loop of its own, which is several times quicker. */
  #lfLines(text: string, start: number, out: SseEvent[]): void {
    for (let from = start; from < text.length; ) {
      if (text.charCodeAt(from) === lf) {
        this.#dispatch(out);
        from++;
        continue;
      }
      const end = text.indexOf('\n', from);
      if (text.startsWith('data: ', from)) this.#add(text.slice(from + 6, end));
      else if (text.startsWith('event: ', from)) this.#event = text.slice(from + 7, end);
      else this.#line(text.slice(from, end));
      from = end + 1;
    }
  }

  #line(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1);
    if (name === 'data') this.#add(value);
    else if (name === 'event') this.#event = value;
  }

  #add(data: string): void {
    this.#data = this.#data === undefined ? data : `${this.#data}\n${data}`;
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
