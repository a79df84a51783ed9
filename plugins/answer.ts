import type {
  AnswerContext,
  Dialect,
  HeaderList,
  ResponseDecoder,
  UpstreamDialect,
} from './dialects/dialect.ts';
import type { Ending } from './exchange.ts';
import type { ModelEvent } from './model/events.ts';
import type { FinishReason, Usage } from './model/usage.ts';
import type { AnswerWatch, Cut, EventFilter } from './policy.ts';
import { type ErrorCode, type GatewayError, gatewayError } from './refusals.ts';
import { requestIdHeaders, retryHeaders } from './reply.ts';
import { decompress } from './wire/encoding.ts';
import { FrameCutter } from './wire/frames.ts';

/** The head of an upstream's answer, as the host saw it. */
export interface UpstreamHead {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
}

/** One piece of the client's answer, in order: the head once and first, then bytes, `end` once and last. */
export interface AnswerFrame {
  readonly head?: { readonly status: number; readonly headers: HeaderList };
  readonly body?: string | Uint8Array;
  readonly end: boolean;
}

/** What is known of an answer while it passes. */
export interface Seen {
  usage?: Usage;
  finishReason?: FinishReason;
  error?: ErrorCode;
  /** How long the upstream asked us to stay away. */
  retryAfterMs?: number;
  /** The upstream said that its answer is complete. */
  complete: boolean;
}

/** How an answer ended for the client. */
export interface AnswerEnd {
  readonly ending: Extract<Ending, 'complete' | 'failed' | 'truncated' | 'cut' | 'stalled'>;
  readonly status: number;
}

/** Takes the upstream's bytes as the host pushes them, cut anywhere. */
export interface AnswerReader {
  push(bytes: Uint8Array): void;
  /** The upstream's bytes are over. */
  end(): void;
  /** Ends the answer with an error of ours: in the head when nothing was sent yet, else as the stream's last frame. */
  fail(error: GatewayError): void;
}

/** What turns one upstream's answer into the client's. */
export interface AnswerSetup extends AnswerContext {
  readonly head: UpstreamHead;
  readonly client: Dialect;
  readonly upstream: UpstreamDialect;
  /** The policies' filter; without one an answer in the client's own dialect passes untouched. */
  readonly filter: EventFilter | undefined;
  /** The policies' watch, which sees every event as the upstream sent it. */
  readonly watch: AnswerWatch | undefined;
  /** Headers of ours, asked for when the head is sent; `usage` is known for whole answers. */
  readonly headers: (usage: Usage | undefined) => HeaderList;
  readonly maxBytes: number;
  /** Called once, just before the frame that ends the answer. */
  readonly ended: (end: AnswerEnd) => void;
  readonly emit: (frame: AnswerFrame) => void;
  readonly seen: Seen;
}

/** Reads an answer: event streams as they come, everything else whole. */
export const readAnswer = (setup: AnswerSetup): AnswerReader => {
  const { head, request, client, upstream, filter } = setup;
  const asStream = head.status < 400 && request.stream && isStream(head, upstream) && !isCompressed(head);
  if (!asStream) return new WholeAnswer(setup);
  return client === upstream && !filter ? new PassedStream(setup) : new TranslatedStream(setup);
};

/** Does the upstream answer with its kind of stream? */
export const isStream = (
  { headers }: UpstreamHead,
  { streamType = 'text/event-stream' }: UpstreamDialect,
): boolean => headers.get('content-type')?.trim().toLowerCase().startsWith(streamType) ?? false;

/** We ask for plain bytes; an upstream that compresses all the same is read whole, so that we know what passes. */
const isCompressed = ({ headers }: UpstreamHead): boolean =>
  (headers.get('content-encoding') ?? 'identity').trim().toLowerCase() !== 'identity';

/** Keeps what accounts for an answer. */
export const note = (seen: Seen, event: ModelEvent): void => {
  switch (event.type) {
    case 'usage':
      if (isPlausible(event.usage)) seen.usage = event.usage;
      return;
    case 'finish':
      seen.finishReason ??= event.reason;
      return;
    case 'error':
      seen.error ??= event.error.code;
      return;
    case 'message-stop':
      seen.complete = true;
  }
};

/** A negative or broken count would refund what was used: such a report counts as none. */
const isPlausible = ({ inputTokens, outputTokens }: Usage): boolean =>
  Number.isSafeInteger(inputTokens) &&
  Number.isSafeInteger(outputTokens) &&
  inputTokens >= 0 &&
  outputTokens >= 0;

const errorOf = (events: readonly ModelEvent[]): GatewayError | undefined =>
  events.find((event) => event.type === 'error')?.error;

/** Headers of an upstream that help a client and say nothing of the account behind it. */
const passedHeaders = ['openai-processing-ms', 'retry-after', 'retry-after-ms'] as const;

/** The upstream's id of the request is the one that its support asks for. */
const keptHeaders = ({ head: { headers }, requestId }: AnswerSetup): HeaderList => [
  ...requestIdHeaders(headers.get('x-request-id') ?? headers.get('request-id') ?? requestId),
  ...passedHeaders.flatMap((name) => {
    const value = headers.get(name);
    return value === undefined ? [] : [[name, value] as const];
  }),
];

/** Answers with an error whose status the client still gets to see. */
const failHead = (setup: AnswerSetup, error: GatewayError): void => {
  const { status, body } = setup.client.encodeError(error, setup.requestId);
  const headers: HeaderList = [
    ['content-type', 'application/json'],
    ...setup.headers(undefined),
    ...requestIdHeaders(setup.requestId),
    ...retryHeaders(error),
  ];
  setup.seen.error ??= error.code;
  setup.ended({ ending: endingOf(error), status });
  setup.emit({ head: { status, headers }, body: JSON.stringify(body), end: true });
};

const endingOf = ({ code }: GatewayError): AnswerEnd['ending'] => {
  if (code === 'upstream_truncated') return 'truncated';
  return code === 'upstream_stalled' ? 'stalled' : 'failed';
};

/** Which parts and choices of a stream are still open. */
class OpenParts {
  readonly #parts = new Set<number>();
  readonly #choices = new Set<number>([0]);

  see(event: ModelEvent): void {
    if (event.type === 'part-start') {
      this.#parts.add(event.part);
      this.#choices.add(event.choice);
    } else if (event.type === 'part-stop') this.#parts.delete(event.part);
    else if (event.type === 'finish') this.#choices.delete(event.choice);
  }

  /** The events that end the answer here. */
  closing({ reason, usage }: Cut): readonly ModelEvent[] {
    return [
      ...[...this.#parts].map((part) => ({ type: 'part-stop', part }) as const),
      ...[...this.#choices].map((choice) => ({ type: 'finish', choice, reason }) as const),
      { type: 'usage', usage },
      { type: 'message-stop' },
    ];
  }
}

/** What both kinds of stream share: the head waits for the first event, so that an early error can still be a status. */
abstract class StreamedAnswer implements AnswerReader {
  protected readonly setup: AnswerSetup;
  protected readonly decoder: ResponseDecoder;
  readonly #open = new OpenParts();
  #headSent = false;
  #over = false;

  constructor(setup: AnswerSetup, decoder: ResponseDecoder) {
    this.setup = setup;
    this.decoder = decoder;
  }

  push(bytes: Uint8Array): void {
    if (this.#over) return;
    try {
      this.#take(this.decoder.push(bytes), bytes);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      this.fail(gatewayError('upstream_malformed')); // a frame without end
    }
  }

  end(): void {
    if (this.#over) return;
    this.#take(this.decoder.end(), undefined);
    if (this.#over) return;
    const { seen } = this.setup;
    if (!seen.complete && seen.error === undefined) {
      this.fail(gatewayError('upstream_truncated'));
      return;
    }
    this.#finish(this.rest(), { ending: seen.error === undefined ? 'complete' : 'failed', status: 200 });
  }

  fail(error: GatewayError): void {
    if (this.#over) return;
    if (!this.#headSent) {
      this.#over = true;
      failHead(this.setup, error);
      return;
    }
    this.setup.seen.error ??= error.code;
    this.#finish(this.lastWords(error), { ending: endingOf(error), status: 200 });
  }

  /** The client's bytes for these events, which came with these bytes. */
  protected abstract write(events: readonly ModelEvent[], bytes: Uint8Array | undefined): string | Uint8Array;
  protected abstract contentType(): string;
  /** What was held back, now that the upstream has ended properly. */
  protected abstract rest(): string | Uint8Array;
  /** What ends a stream that fails after it began. */
  protected abstract lastWords(error: GatewayError): string;

  /** What the client gets of these events and then the end of its answer, in place of what comes with them. */
  protected abstract cutAfter(events: readonly ModelEvent[], closing: readonly ModelEvent[]): string;

  #take(events: readonly ModelEvent[], bytes: Uint8Array | undefined): void {
    const { seen, watch } = this.setup;
    for (const [at, event] of events.entries()) {
      const cut = watch?.see(event);
      if (cut) {
        this.#cut(events.slice(0, at), cut);
        return;
      }
      note(seen, event);
      this.#open.see(event);
    }
    if (!this.#headSent) {
      const error = errorOf(events);
      if (error) {
        this.fail(error);
        return;
      }
    }
    const body = this.write(events, bytes);
    if (body.length > 0) this.#send(body);
  }

  #cut(before: readonly ModelEvent[], cut: Cut): void {
    const closing = this.#open.closing(cut);
    for (const event of closing) note(this.setup.seen, event);
    this.#finish(this.cutAfter(before, closing), { ending: 'cut', status: 200 });
  }

  #send(body: string | Uint8Array): void {
    const head = this.#headSent ? {} : { head: this.#head() };
    this.#headSent = true;
    this.setup.emit({ ...head, body, end: false });
  }

  #finish(body: string | Uint8Array, end: AnswerEnd): void {
    this.#over = true;
    this.setup.ended(end);
    const head = this.#headSent ? {} : { head: this.#head() };
    this.setup.emit({ ...head, ...(body.length > 0 ? { body } : {}), end: true });
  }

  #head(): NonNullable<AnswerFrame['head']> {
    const { headers } = this.setup;
    return {
      status: 200,
      headers: [
        ['content-type', this.contentType()],
        ['cache-control', 'no-cache'],
        ...headers(undefined),
        ...keptHeaders(this.setup),
      ],
    };
  }
}

const none = new Uint8Array(0);

/**
 * A stream in the client's own dialect: its bytes pass, and a copy is read. Whole frames at a time: if the upstream
 * breaks off inside of one, the client must not see its half.
 */
class PassedStream extends StreamedAnswer {
  readonly #bytes = this.setup.client.passStream(this.setup.request);
  readonly #frames = new FrameCutter();
  /** What an encoder must have been told to write the end of an answer that it did not write. */
  readonly #frame: ModelEvent[] = [];

  constructor(setup: AnswerSetup) {
    super(setup, setup.watch ? setup.client.decodeStream() : setup.client.observeStream());
  }

  protected override contentType(): string {
    return this.#bytes?.contentType ?? this.setup.head.headers.get('content-type') ?? 'text/event-stream';
  }

  protected override write(events: readonly ModelEvent[], bytes: Uint8Array | undefined): Uint8Array {
    if (this.setup.watch)
      this.#frame.push(...(this.setup.client.repeatsAnswer ? events : events.filter(isFrame)));
    if (bytes === undefined) return none;
    const whole = this.#frames.push(bytes);
    return this.#bytes && whole.length > 0 ? this.#bytes.push(whole) : whole;
  }

  protected override rest(): Uint8Array {
    const open = this.#frames.take();
    return this.#bytes ? Buffer.concat([this.#bytes.push(open), this.#bytes.end()]) : open;
  }

  protected override lastWords(error: GatewayError): string {
    return this.setup.client.encodeStreamError(error, this.setup.requestId, this.setup.request);
  }

  protected override cutAfter(events: readonly ModelEvent[], closing: readonly ModelEvent[]): string {
    const encoder = this.setup.client.encodeStream(this.setup);
    // The client has these already; the ping brings out a start that waits for what comes next.
    for (const event of [...this.#frame, { type: 'ping' } as const]) encoder.push(event);
    return [...events, ...closing].map((event) => encoder.push(event)).join('') + encoder.end();
  }
}

const isFrame = ({ type }: ModelEvent): boolean =>
  type === 'message-start' || type === 'part-start' || type === 'part-stop' || type === 'finish';

/** A stream that crosses dialects, or that a policy filters. */
class TranslatedStream extends StreamedAnswer {
  readonly #encoder = this.setup.client.encodeStream(this.setup);

  constructor(setup: AnswerSetup) {
    super(setup, setup.upstream.decodeStream());
  }

  protected override contentType(): string {
    return this.#encoder.contentType;
  }

  protected override write(events: readonly ModelEvent[]): string {
    const { filter } = this.setup;
    let text = '';
    for (const event of events) {
      if (!filter) text += this.#encoder.push(event);
      else for (const passed of filter.push(event)) text += this.#encoder.push(passed);
    }
    return text;
  }

  protected override rest(): string {
    let text = '';
    for (const event of this.setup.filter?.flush?.() ?? []) text += this.#encoder.push(event);
    return text + this.#encoder.end();
  }

  /** The encoder knows how far the stream has come. */
  protected override lastWords(error: GatewayError): string {
    return this.#encoder.push({ type: 'error', error });
  }

  protected override cutAfter(events: readonly ModelEvent[], closing: readonly ModelEvent[]): string {
    return this.write(events) + this.write(closing) + this.rest();
  }
}

/** Errors of an upstream that its own client understands best in its own words. */
const passedErrors: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream_invalid_request',
  'context_length_exceeded',
  'content_filtered',
  'upstream_not_found',
  'upstream_too_large',
]);

/** An answer that is read to its end before anything is sent: unary answers, errors, compressed streams. */
class WholeAnswer implements AnswerReader {
  readonly #setup: AnswerSetup;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #over = false;

  constructor(setup: AnswerSetup) {
    this.#setup = setup;
  }

  push(bytes: Uint8Array): void {
    if (this.#over || bytes.length === 0) return;
    this.#bytes += bytes.length;
    if (this.#bytes > this.#setup.maxBytes) {
      this.fail(this.#tooLarge());
      return;
    }
    this.#chunks.push(bytes);
  }

  end(): void {
    if (this.#over) return;
    const { head, maxBytes } = this.#setup;
    const plain = decompress(this.#whole(), head.headers.get('content-encoding'), maxBytes);
    if (plain.kind === 'too-large') {
      this.fail(this.#tooLarge());
      return;
    }
    if (plain.kind !== 'ok') {
      this.fail(gatewayError('upstream_malformed'));
      return;
    }
    if (head.status >= 400) {
      this.#passError(plain.bytes);
      return;
    }
    this.#answer(plain.bytes);
  }

  fail(error: GatewayError): void {
    if (this.#over) return;
    this.#over = true;
    failHead(this.#setup, error);
  }

  #whole(): Uint8Array {
    const [only, ...more] = this.#chunks;
    return only && more.length === 0 ? only : Buffer.concat(this.#chunks);
  }

  #tooLarge(): GatewayError {
    const message = `The upstream's answer is larger than ${this.#setup.maxBytes} bytes.`;
    return gatewayError('upstream_malformed', { message });
  }

  #passError(bytes: Uint8Array): void {
    const { head, client, upstream, seen, headers } = this.#setup;
    const error = upstream.decodeError(head.status, head.headers, bytes);
    if (error.retryAfterMs !== undefined) seen.retryAfterMs = error.retryAfterMs;
    if (client !== upstream || !passedErrors.has(error.code) || !isJsonBody(head)) {
      this.fail(error);
      return;
    }
    seen.error ??= error.code;
    const own: HeaderList = [
      ['content-type', 'application/json'],
      ...headers(undefined),
      ...keptHeaders(this.#setup),
      ['x-should-retry', String(error.retry)],
    ];
    this.#send({ status: head.status, headers: own, body: bytes, ending: 'failed' });
  }

  #answer(bytes: Uint8Array): void {
    const { head, client, upstream, request, filter, watch, seen } = this.#setup;
    const untouched = client === upstream && !filter && !request.stream && !isStream(head, upstream);
    const decoder = untouched && !watch ? client.observeResponse() : this.#decoder();
    const events = [...decoder.push(bytes), ...decoder.end()];
    for (const event of events) {
      watch?.see(event); // too late for a cut: the answer is made and billed
      note(seen, event);
    }
    const error = errorOf(events) ?? (seen.complete ? undefined : gatewayError('upstream_truncated'));
    if (error) {
      this.fail(error);
      return;
    }
    const { body, contentType } = untouched
      ? { body: bytes, contentType: 'application/json' }
      : this.#translate(events);
    const headers: HeaderList = [
      ['content-type', contentType],
      ...this.#setup.headers(seen.usage),
      ...keptHeaders(this.#setup),
    ];
    this.#send({ status: 200, headers, body, ending: 'complete' });
  }

  #decoder(): ResponseDecoder {
    const { head, upstream } = this.#setup;
    return isStream(head, upstream) ? upstream.decodeStream() : upstream.decodeResponse();
  }

  #translate(events: readonly ModelEvent[]): { body: string; contentType: string } {
    const { client, request, filter } = this.#setup;
    const encoder = request.stream ? client.encodeStream(this.#setup) : client.encodeResponse(this.#setup);
    const passed = filter
      ? [...events.flatMap((event) => filter.push(event)), ...(filter.flush?.() ?? [])]
      : events;
    const body = passed.map((event) => encoder.push(event)).join('') + encoder.end();
    return { body, contentType: encoder.contentType };
  }

  #send(answer: {
    status: number;
    headers: HeaderList;
    body: string | Uint8Array;
    ending: AnswerEnd['ending'];
  }): void {
    this.#over = true;
    const { status, headers, body, ending } = answer;
    this.#setup.ended({ ending, status });
    this.#setup.emit({ head: { status, headers }, body, end: true });
  }
}

const isJsonBody = ({ headers }: UpstreamHead): boolean =>
  headers.get('content-type')?.includes('json') ?? false;
