import { type AnswerFrame, type AnswerReader, readAnswer, type Seen, type UpstreamHead } from './answer.ts';
import type { Config } from './config/schema.ts';
import type { CopyOrder } from './copy.ts';
import { copyIdIn, decisionLogFields } from './decision.ts';
import { crossInto } from './dialects/crossing.ts';
import type {
  Dialect,
  EncodedRequest,
  HeaderList,
  UpstreamDialect,
  UpstreamTarget,
} from './dialects/dialect.ts';
import { dialectFor, dialects, upstreamDialectFor } from './dialects/registry.ts';
import type { AnswerBegun, Attempt, AttemptResult, Ending, Exchange, Outcome, Upstream } from './exchange.ts';
import { type ImageFetching, inlineImages } from './inline-images.ts';
import { countedLocally } from './local-count.ts';
import type { LimitState } from './model/limits.ts';
import type { ModelRequest } from './model/request.ts';
import type { Usage } from './model/usage.ts';
import type { Pipeline } from './pipeline.ts';
import type { Clock } from './ports/clock.ts';
import type { Provider } from './providers.ts';
import { type ErrorCode, type GatewayError, gatewayError, RequestError } from './refusals.ts';
import { errorReply, type Reply } from './reply.ts';
import { readRequestBody } from './request-body.ts';
import { type UpstreamCall, upstreamCall, upstreamName } from './upstream-call.ts';
import { upstreamLimits } from './upstream-limits.ts';
import type { JsonDocument } from './wire/json.ts';
import { present } from './wire/present.ts';
import { retryAfterMs } from './wire/retry-after.ts';

/** The head of a client's call. Header names are lower-case; `path` includes the query. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** Go: the first call, and everyone who may be tried, in order, the first included. */
export interface Forward {
  readonly kind: 'forward';
  readonly call: UpstreamCall;
  readonly plan: readonly Upstream[];
  readonly firstByteTimeoutMs: number;
}

/** An answer that no client gets to see, and the attempt that it came to. */
export interface FailedAttempt {
  readonly number: number;
  readonly head: UpstreamHead;
}

/** What is worth a line in the host's access log: configured names and numbers only. */
export type LogFields = Readonly<Record<string, string | number>>;

/** What a session needs of the gateway that opened it; one version of the configuration for its whole life. */
export interface SessionSetup {
  readonly exchange: Exchange;
  readonly head: RequestHead;
  readonly config: Config;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  /** Absent: images by URL stay URLs. */
  readonly images?: ImageFetching;
  readonly onSettled: (session: Session, settlement: Settlement) => void;
  readonly onDropped: (upstream: Upstream) => void;
  /** Told once when a mirror is to get a copy of the request. Returns before anything of it is done. */
  readonly onCopy: (order: CopyOrder) => void;
}

/** The end of an exchange. */
export interface Settlement {
  readonly outcome: Outcome;
  /** What became of each attempt, by its number. */
  readonly results: ReadonlyMap<number, AttemptResult>;
  /** Resolves when every policy has heard of it. */
  readonly told: Promise<void>;
}

/** What is known so far of the attempt under way. */
interface CurrentAttempt {
  readonly attempt: Attempt;
  readonly startedMs: number;
  begun?: AnswerBegun;
  limits?: readonly LimitState[];
  retryAfterMs?: number | undefined;
}

interface Accepted {
  readonly document: JsonDocument;
  readonly original: ModelRequest;
  readonly request: ModelRequest;
  readonly plan: readonly Upstream[];
}

/**
 * One client call, driven by a host: `request` once, `attempt` once per upstream after the first, `response` once
 * for the answer that the host settled on. Whatever happens, it is settled exactly once; a host that gives up early
 * calls `abort`.
 */
export class Session {
  readonly id: string;
  readonly dialect: Dialect;
  readonly #setup: SessionSetup;
  readonly #seen: Seen = { complete: false };
  readonly #dropped = new Map<number, readonly string[]>();
  readonly #results = new Map<number, AttemptResult>();
  #current: CurrentAttempt | undefined;
  #accepted: Accepted | undefined;
  #requestModel: string | undefined;
  #stream = false;
  #attempts = 0;
  #served: Attempt | undefined;
  #firstChunkMs: number | undefined;
  #outcome: Outcome | undefined;
  #stopTimer: () => void = () => {};

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.id = setup.exchange.id;
    const { dialect, operation } = setup.exchange;
    this.dialect = dialectFor(dialect, operation) ?? dialects[dialect]; // a route leads only to what its dialect has
  }

  /** Largest body that `request` takes; a host that reads one need not read more. */
  get maxRequestBytes(): number {
    return this.#setup.config.limits.maxRequestBytes;
  }

  /** Reads, judges and routes the client's body. A `Reply` has settled the session. */
  async request(body: Uint8Array): Promise<Forward | Reply> {
    try {
      const { config, head, pipeline } = this.#setup;
      const document = readRequestBody(body, head.headers, config.limits.maxRequestBytes);
      const original = this.dialect.decodeRequest(document, head.path);
      this.#requestModel = original.requestModel;
      this.#stream = original.stream;
      const decision = await pipeline.request(original);
      if (decision.kind === 'refuse') return this.refuse(decision.error);
      const { request, plan, mirror } = decision;
      this.#accepted = { document, original, request, plan };
      if (this.#countsItself(plan)) return await this.#count(request);
      const call = await this.attempt(1);
      if (call.kind === 'reply') return call;
      if (mirror) this.#copy(request, { ...mirror, length: document.text.length });
      const firstByteTimeoutMs = config.models[original.requestModel]?.firstByteTimeoutMs ?? 120_000;
      return { kind: 'forward', call, plan, firstByteTimeoutMs };
    } catch (cause) {
      return this.#refuseBadRequest(cause);
    }
  }

  /** What the client sent is never copied, only what the policies have made of it. */
  #copy(request: ModelRequest, order: Omit<CopyOrder, 'request' | 'encode'>): void {
    if (request.operation === 'count-tokens') return; // it has no answer that could be compared
    this.#setup.onCopy({ ...order, request, encode: (copy) => this.#copyCall(copy, order.to) });
  }

  /** Fetches no images: a copy is worth no second visit to where they lie. */
  async #copyCall(request: ModelRequest, to: Upstream): Promise<UpstreamCall> {
    const dialect = this.#upstreamDialect(to);
    const encoded = dialect.encodeRequest(crossInto(dialect, request).request, this.#target(to));
    return await this.#addressed(encoded, to);
  }

  /** Is this a count of tokens that the first upstream cannot do? */
  #countsItself([first]: readonly Upstream[]): boolean {
    const { operation } = this.#setup.exchange;
    return (
      operation === 'count-tokens' && first !== undefined && !upstreamDialectFor(first.dialect, operation)
    );
  }

  async #count(request: ModelRequest): Promise<Reply> {
    const nowSeconds = Math.floor(this.#setup.clock.epochMs() / 1000);
    const reply = await countedLocally(request, { dialect: this.dialect, id: this.id, nowSeconds });
    this.#settle({ ending: 'complete', status: reply.status });
    return reply;
  }

  /**
   * The call for the `number`th upstream tried, from 1, always made from the same request. A `Reply` has settled the
   * session. `failed` is the head for which the host goes on, where it saw one: it may say how long to stay away.
   */
  async attempt(number: number, failed?: UpstreamHead): Promise<UpstreamCall | Reply> {
    const accepted = this.#accepted;
    const upstream = accepted && upstreamAt(accepted.plan, number);
    // A host may have given up while policies were thinking; nobody would hear what became of an attempt then.
    if (!accepted || !upstream || this.settled) return this.refuse(gatewayError('upstream_unavailable'));
    const attempt: Attempt = { number, upstream };
    this.#attempts = Math.max(this.#attempts, number);
    if (failed) this.#failed({ number: number - 1, head: failed });
    this.#attempted('failed'); // the host goes on to the next upstream: the one before gave nothing
    this.#current = { attempt, startedMs: this.#setup.clock.nowMs() };
    try {
      const decision = await this.#setup.pipeline.attempt(accepted.request, attempt);
      if (decision.kind === 'refuse') return this.refuse(decision.error);
      const request = await this.#withImages(decision.request, upstream);
      return await this.#call(this.#encode(accepted, request, upstream), attempt);
    } catch (cause) {
      return this.#refuseBadRequest(cause);
    }
  }

  /**
   * Takes the answer of the `number`th upstream tried. Frames for the client go to `emit`, which may be called at
   * any time until the frame that ends the answer, also by our own timer.
   */
  response(number: number, head: UpstreamHead, emit: (frame: AnswerFrame) => void): AnswerReader {
    const accepted = this.#accepted;
    const upstream = accepted && upstreamAt(accepted.plan, number);
    if (!accepted || !upstream) throw new Error('an answer came for a request that was never sent');
    this.#attempts = Math.max(this.#attempts, number);
    const attempt: Attempt = { number, upstream };
    if (head.status < 400) this.#served = attempt;
    this.#answering(attempt, head);
    const reader = readAnswer({
      head,
      emit: (frame) => {
        this.#firstChunkMs ??= this.#elapsedMs();
        emit(frame);
      },
      ended: (end) => {
        this.#firstChunkMs ??= this.#elapsedMs();
        this.#settle(end);
      },
      request: accepted.request,
      nowSeconds: Math.floor(this.#setup.clock.epochMs() / 1000),
      client: this.dialect,
      upstream: this.#upstreamDialect(upstream),
      filter: this.#setup.pipeline.filter(),
      watch: this.#setup.pipeline.watch(attempt),
      headers: (usage) => this.#ownHeaders(attempt, usage),
      requestId: this.id,
      maxBytes: this.#setup.config.limits.maxResponseBytes,
      seen: this.#seen,
    });
    return this.#guardSilence(reader);
  }

  /**
   * The host could reach no upstream, or gave up on the last one: our word for it. Settles the session. `failed` is an
   * answer for which the host had gone on before it reached nobody.
   */
  unreachable(
    attempts: number,
    code: Extract<ErrorCode, 'upstream_unavailable' | 'upstream_timeout' | 'upstream_stalled'>,
    failed?: FailedAttempt,
  ): Reply {
    if (failed) this.#failed(failed);
    this.#attempts = Math.max(this.#attempts, attempts);
    return this.#reply(gatewayError(code), 'failed');
  }

  /** Ends the exchange with a refusal of ours. */
  refuse(error: GatewayError): Reply {
    return this.#reply(error, 'refused');
  }

  /** The host is done with the exchange: client gone, upstream cut or host stopping. Does nothing after a proper end. */
  abort(): void {
    this.#settle({ ending: 'aborted', status: 0 });
  }

  get settled(): boolean {
    return this.#outcome !== undefined;
  }

  /** For the access log; complete once settled. */
  logFields(): LogFields {
    const { exchange } = this.#setup;
    const { consumer } = exchange;
    const outcome = this.#outcome;
    return {
      id: this.id,
      path: pathOf(this.#setup.head.path),
      consumer: consumer.keyId,
      user: consumer.user ?? '',
      team: consumer.team ?? '',
      application: consumer.application ?? '',
      model: this.#accepted?.original.requestModel ?? '',
      response_model: this.#served ? upstreamName(this.#served.upstream) : '',
      ending: outcome?.ending ?? '',
      code: outcome?.error ?? '',
      ...decisionLogFields(exchange.notes),
      mirror: copyIdIn(exchange.notes),
      ...(outcome?.usage
        ? { input_tokens: outcome.usage.inputTokens, output_tokens: outcome.usage.outputTokens }
        : {}),
    };
  }

  #encode({ document, original }: Accepted, request: ModelRequest, upstream: Upstream): EncodedRequest {
    const target = this.#target(upstream);
    const to = this.#upstreamDialect(upstream);
    const crossed = crossInto(to, request);
    const encoded =
      to === this.dialect && crossed.request === original
        ? this.dialect.patchRequest(document, original, target)
        : to.encodeRequest(crossed.request, target);
    return { ...encoded, dropped: [...crossed.dropped, ...encoded.dropped] };
  }

  #target({ provider, model }: Upstream): UpstreamTarget {
    const { server, platform } = this.#setup.providers.get(provider) ?? {};
    return { model, clientHeaders: this.#setup.head.headers, ...present({ server, platform }) };
  }

  async #withImages(request: ModelRequest, upstream: Upstream): Promise<ModelRequest> {
    const { images } = this.#setup;
    return images ? inlineImages(request, this.#upstreamDialect(upstream), images) : request;
  }

  #upstreamDialect({ dialect, provider }: Upstream): UpstreamDialect {
    const { platform } = this.#setup.providers.get(provider) ?? {};
    const found = upstreamDialectFor(dialect, this.#setup.exchange.operation, platform);
    if (!found)
      throw new RequestError('unsupported_field', {
        message: 'The upstream of this model cannot do what this path asks for.',
      });
    return found;
  }

  #call(encoded: EncodedRequest, { number, upstream }: Attempt): UpstreamCall | Promise<UpstreamCall> {
    this.#dropped.set(number, encoded.dropped);
    if (encoded.dropped.length > 0) this.#setup.onDropped(upstream);
    return this.#addressed(encoded, upstream);
  }

  #addressed(encoded: EncodedRequest, upstream: Upstream): UpstreamCall | Promise<UpstreamCall> {
    const provider = this.#setup.providers.get(upstream.provider);
    if (!provider) throw new Error(`provider ${upstream.provider} is not configured`); // loading the config has checked it
    return upstreamCall(encoded, { upstream, provider, query: this.#query(upstream) });
  }

  /** A query belongs to the client's dialect (`?beta=true`), so only an upstream of that dialect gets it. */
  #query(upstream: Upstream): string {
    const { path } = this.#setup.head;
    const at = path.indexOf('?');
    const isLeftOut = upstream.dialect !== this.dialect.name || this.dialect.forwardsQuery === false;
    return at === -1 || isLeftOut ? '' : path.slice(at);
  }

  #ownHeaders(attempt: Attempt, usage: Usage | undefined): HeaderList {
    const { number, upstream } = attempt;
    const dropped = this.#dropped.get(number) ?? [];
    return [
      ['x-nexus-decision', this.id],
      ['x-nexus-model', upstreamName(upstream)],
      ['x-nexus-attempts', String(number)],
      ...(dropped.length > 0 ? ([['x-nexus-dropped', dropped.join(',')]] as const) : []),
      ...this.#setup.pipeline.headers(attempt, usage),
      ...this.#limitHeaders(),
    ];
  }

  #limitHeaders(): HeaderList {
    const limits = this.#setup.pipeline.limits();
    return limits.length === 0 ? [] : this.dialect.encodeLimits(limits, this.#setup.clock.epochMs());
  }

  /** An upstream that falls silent inside its answer is not waited for without end. */
  #guardSilence(reader: AnswerReader): AnswerReader {
    const { clock, config } = this.#setup;
    const limitMs = config.limits.streamIdleTimeoutMs;
    let lastMs = clock.nowMs();
    const check = () => {
      const leftMs = lastMs + limitMs - clock.nowMs();
      if (leftMs <= 0) reader.fail(gatewayError('upstream_stalled'));
      else this.#stopTimer = clock.after(leftMs, check);
    };
    this.#stopTimer = clock.after(limitMs, check);
    return {
      push: (bytes) => {
        lastMs = clock.nowMs();
        reader.push(bytes);
      },
      end: () => reader.end(),
      fail: (error) => reader.fail(error),
    };
  }

  #refuseBadRequest(cause: unknown): Reply {
    if (cause instanceof RequestError) return this.refuse(cause.error);
    throw cause;
  }

  #reply(error: GatewayError, ending: 'refused' | 'failed'): Reply {
    this.#seen.error = error.code;
    const headers: HeaderList = [
      ...(this.#attempts > 0 ? ([['x-nexus-attempts', String(this.#attempts)]] as const) : []),
      ...this.#limitHeaders(),
    ];
    const reply = errorReply(error, { dialect: this.dialect, id: this.id, headers });
    this.#settle({ ending, status: reply.status });
    return reply;
  }

  #settle({ ending, status }: { ending: Ending; status: number }): void {
    if (this.#outcome) return;
    this.#stopTimer();
    this.#attempted(fates[ending]);
    const { usage, finishReason, error } = this.#seen;
    const plan = this.#accepted?.plan ?? [];
    this.#outcome = {
      ending,
      status,
      stream: this.#stream,
      attempts: Array.from({ length: this.#attempts }, (_, at) => upstreamAt(plan, at + 1)).flatMap(
        (upstream, at) => (upstream ? [{ number: at + 1, upstream }] : []),
      ),
      durationMs: this.#elapsedMs(),
      ...(error === undefined ? {} : { error }),
      ...(this.#requestModel === undefined ? {} : { requestModel: this.#requestModel }),
      ...(this.#served ? { served: this.#served } : {}),
      ...(usage ? { usage } : {}),
      ...(finishReason ? { finishReason } : {}),
      ...(this.#firstChunkMs === undefined ? {} : { firstChunkMs: this.#firstChunkMs }),
    };
    const told = this.#setup.pipeline.settle(this.#outcome);
    this.#setup.onSettled(this, { outcome: this.#outcome, results: this.#results, told });
  }

  #failed({ number, head }: FailedAttempt): void {
    if (this.#current?.attempt.number === number) this.#answering(this.#current.attempt, head);
  }

  #answering(attempt: Attempt, { status, headers }: UpstreamHead): void {
    const current = this.#current;
    if (current?.attempt.number !== attempt.number) return;
    const { clock } = this.#setup;
    const begun = { status, firstChunkMs: clock.nowMs() - current.startedMs };
    current.begun = begun;
    current.limits = upstreamLimits(headers, clock.epochMs());
    current.retryAfterMs = retryAfterMs(headers);
    this.#setup.pipeline.answering(attempt, begun);
  }

  /** Tells what became of the attempt under way, if there is one. */
  #attempted(fate: AttemptResult['fate']): void {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    const { usage, error } = this.#seen;
    const result: AttemptResult = {
      fate,
      durationMs: this.#setup.clock.nowMs() - current.startedMs,
      ...current.begun,
      ...present({
        usage,
        error,
        limits: current.limits,
        retryAfterMs: this.#seen.retryAfterMs ?? current.retryAfterMs,
      }),
    };
    this.#results.set(current.attempt.number, result);
    this.#setup.pipeline.attempted(current.attempt, result);
  }

  #elapsedMs(): number {
    return this.#setup.clock.nowMs() - this.#setup.exchange.startedMs;
  }
}

/** What an exchange's end says of its last attempt. */
const fates = {
  complete: 'served',
  cut: 'served',
  failed: 'failed',
  truncated: 'failed',
  stalled: 'failed',
  refused: 'abandoned',
  aborted: 'abandoned', // the client's leaving and an upstream's breaking off look the same to a host
} as const satisfies Record<Ending, AttemptResult['fate']>;

const pathOf = (path: string): string => path.split('?', 1)[0] ?? path;

/** Hosts stay on the last upstream when a plan is shorter than their count. */
const upstreamAt = (plan: readonly Upstream[], number: number): Upstream | undefined =>
  plan[Math.min(number, plan.length) - 1];
