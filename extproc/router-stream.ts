import type { AnswerFrame, AnswerReader } from '../plugins/answer.ts';
import type { HeaderList } from '../plugins/dialects/dialect.ts';
import type { Gateway } from '../plugins/gateway.ts';
import type { Reply } from '../plugins/reply.ts';
import type { Forward, LogFields, Session } from '../plugins/session.ts';
import { upstreamName } from '../plugins/upstream-call.ts';
import {
  type DynamicMetadata,
  encodeBodyAnswer,
  encodeHeadersAnswer,
  encodeImmediate,
  encodeStreamedBody,
  encodeTrailersAnswer,
  type ProcessingRequest,
} from './codec.ts';
import { failureIn } from './failure.ts';
import { requestHead, withoutPseudo } from './headers.ts';
import { directCluster, filteredCluster, namespaces, routingKeys } from './names.ts';

/** Envoy matches no route without it; the route takes it off again. */
const neededForRouting = 'x-forwarded-proto';

/** Where a stream's answers go; each buffer is one encoded ProcessingResponse. */
export type Send = (message: Buffer) => void;

/** What the streams of one worker share. */
export interface WorkerContext {
  readonly gateway: Gateway;
  /** This worker's address as Envoy's configuration spells it: the path of its socket. */
  readonly address: string;
}

const empty = Buffer.alloc(0);

/**
 * One stream of the filter in the HTTP connection manager: a client call from its head to the last byte of its
 * answer. Turns messages into calls on the gateway's session and its answers into messages; decides nothing.
 */
export class RouterStream {
  readonly #context: WorkerContext;
  readonly #send: Send;
  #session: Session | undefined;
  #requestHeaderNames: readonly string[] = [];
  #forwarded = false;
  #reader: AnswerReader | undefined;
  #responseHeaderNames: readonly string[] = [];
  #hasBody = true;
  #answered = false;
  #trailersOpen = false;
  #logged: LogFields = {};

  constructor(context: WorkerContext, send: Send) {
    this.#context = context;
    this.#send = send;
  }

  /** Takes one message. Messages of one stream must not overlap: wait for the promise. */
  take(message: ProcessingRequest): void | Promise<void> {
    switch (message.kind) {
      case 'request_headers':
        return this.#requestHeaders(message);
      case 'request_body':
        return this.#requestBody(message.body);
      case 'request_trailers':
        return this.#requestTrailers(message);
      case 'response_headers':
        return this.#responseHeaders(message);
      case 'response_body':
        return this.#responseBody(message);
      case 'response_trailers':
        return this.#responseTrailers(message);
      default:
        throw new Error(`Envoy sent ${message.kind}, which this filter is not configured for`);
    }
  }

  /** The stream is over, however it went. */
  close(): void {
    this.#session?.abort();
  }

  #requestHeaders({ headers, endOfStream }: ProcessingRequest): void | Promise<void> {
    const opened = this.#context.gateway.open(requestHead(headers));
    if (opened instanceof Promise) return opened.then((reply) => this.#immediate(reply));
    if (!('request' in opened)) return this.#immediate(opened);
    this.#session = opened;
    this.#requestHeaderNames = withoutPseudo(headers).filter((name) => name !== neededForRouting);
    if (endOfStream) return this.#requestBody(empty);
    this.#send(encodeHeadersAnswer({ phase: 'request' }));
  }

  async #requestBody(body: Buffer): Promise<void> {
    const session = this.#open();
    const decided = await session.request(body);
    if (decided.kind === 'reply') return this.#immediate(decided);
    this.#forwarded = true;
    this.#send(this.#forward(decided, session));
  }

  /** No policy looks at them, so none goes on. */
  #requestTrailers({ headers }: ProcessingRequest): void {
    this.#send(encodeTrailersAnswer({ phase: 'request', removeHeaders: withoutPseudo(headers) }));
  }

  #forward({ call, plan, firstByteTimeoutMs }: Forward, session: Session): Buffer {
    const { body } = call;
    const set: HeaderList = [
      [':path', call.path],
      ['content-length', String(Buffer.byteLength(body))],
      ['x-envoy-max-retries', String(plan.length - 1)],
      ['x-envoy-upstream-rq-per-try-timeout-ms', String(firstByteTimeoutMs)],
      ...call.headers,
    ];
    return encodeBodyAnswer({
      phase: 'request',
      body,
      setHeaders: set,
      removeHeaders: othersThan(set, this.#requestHeaderNames),
      clearRouteCache: true,
      dynamicMetadata: {
        // Said now already: a client that leaves or an upstream that breaks off gives us no later word.
        ...this.#log(session),
        [namespaces.routing]: {
          [routingKeys.exchange]: session.id,
          [routingKeys.worker]: this.#context.address,
          [routingKeys.dialect]: session.dialect.name,
          [routingKeys.bodyDialect]: call.upstream.dialect,
          // The first upstream's request is written already; only those after it need the filter in their cluster.
          [routingKeys.priorityGroups]: plan.map((upstream, at) => ({
            name: upstreamName(upstream),
            clusters: [
              { cluster_name: (at === 0 ? directCluster : filteredCluster)(upstream.provider), weight: 1 },
            ],
          })),
        },
      },
    });
  }

  #responseHeaders(message: ProcessingRequest): void {
    const { headers, endOfStream, attributes } = message;
    this.#responseHeaderNames = withoutPseudo(headers);
    this.#hasBody = !endOfStream;
    const session = this.#session;
    // An answer that Envoy or another filter made before our request went out: it is complete as it is.
    if (!session || session.settled || !this.#forwarded)
      return this.#send(encodeHeadersAnswer({ phase: 'response' }));
    const attempts = Number(attributes.get('upstream.request_attempt_count') ?? 1);
    const head = { status: statusOf(headers), headers: new Map(headers) };
    const emit = (frame: AnswerFrame) => this.#emit(frame, session);
    if (attributes.get('response.code_details') !== 'via_upstream') {
      const code = head.status === 504 ? 'upstream_timeout' : 'upstream_unavailable';
      const { status, headers: own, body } = session.unreachable(attempts, code, failureIn(message));
      return emit({ head: { status, headers: own }, body, end: true });
    }
    this.#reader = session.response(attempts, head, emit);
    if (endOfStream) this.#reader.end();
  }

  #responseBody({ body, endOfStream }: ProcessingRequest): void {
    if (this.#answered) return;
    if (!this.#reader) return this.#send(encodeStreamedBody({ body, endOfStream }));
    this.#reader.push(body);
    if (endOfStream) this.#reader.end();
  }

  /** As with headers, what an upstream says of itself is not passed on. */
  #responseTrailers({ headers }: ProcessingRequest): void {
    this.#trailersOpen = true;
    this.#reader?.end();
    this.#send(encodeTrailersAnswer({ phase: 'response', removeHeaders: withoutPseudo(headers) }));
  }

  #emit({ head, body = '', end }: AnswerFrame, session: Session): void {
    if (this.#answered) return;
    this.#answered = end;
    const whole = head !== undefined && end;
    if (head) {
      const length: HeaderList = whole ? [['content-length', String(Buffer.byteLength(body))]] : [];
      const set: HeaderList = [[':status', String(head.status)], ...head.headers, ...length];
      this.#send(
        encodeHeadersAnswer({
          phase: 'response',
          setHeaders: set,
          removeHeaders: othersThan(set, this.#responseHeaderNames),
          // Envoy waits for no body where it has none; ours goes with the head then.
          ...(this.#hasBody ? {} : { body, dynamicMetadata: this.#log(session) }),
        }),
      );
    }
    if (!this.#hasBody) return;
    const metadata = end ? { dynamicMetadata: this.#log(session) } : {};
    this.#send(encodeStreamedBody({ body, endOfStream: end && !this.#trailersOpen, ...metadata }));
  }

  #immediate({ status, headers, body, code }: Reply): void {
    this.#answered = true;
    const log = this.#session ? { dynamicMetadata: this.#log(this.#session) } : {};
    this.#send(encodeImmediate({ status, headers, body, details: `nexus_${code}`, ...log }));
  }

  /** What has not been said yet: Envoy adds it to what it has. */
  #log(session: Session): DynamicMetadata {
    const said = this.#logged;
    const fields = session.logFields();
    this.#logged = fields;
    const fresh: Record<string, string | number> = {};
    for (const name in fields) if (fields[name] !== said[name]) fresh[name] = fields[name] ?? '';
    return { [namespaces.log]: fresh };
  }

  #open(): Session {
    if (!this.#session) throw new Error('a body came before its headers');
    return this.#session;
  }
}

/** Names that are there and not among those set: what must go, so that only what we wrote remains. */
export const othersThan = (
  set: readonly (readonly [string, string])[],
  names: readonly string[],
): string[] => {
  const kept = new Set(set.map(([name]) => name));
  return names.filter((name) => !kept.has(name));
};

const statusOf = (headers: HeaderList): number =>
  Number(headers.find(([name]) => name === ':status')?.[1] ?? 0);
