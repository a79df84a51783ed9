import type { HeaderList } from '../plugins/dialects/dialect.ts';
import { dialects, isDialectName } from '../plugins/dialects/registry.ts';
import type { Orphan } from '../plugins/gateway.ts';
import { gatewayError } from '../plugins/refusals.ts';
import { errorReply, type Reply } from '../plugins/reply.ts';
import type { UpstreamCall } from '../plugins/upstream-call.ts';
import { isJsonObject, type JsonObject } from '../plugins/wire/json.ts';
import { encodeBodyAnswer, encodeHeadersAnswer, encodeImmediate, type ProcessingRequest } from './codec.ts';
import { failureIn } from './failure.ts';
import { requestHead, withoutPseudo } from './headers.ts';
import { attemptKeys, namespaces, routingKeys } from './names.ts';
import { othersThan, type Send, type WorkerContext } from './router-stream.ts';

/**
 * One stream of the filter in a provider's cluster: one attempt after the first. Writes the request anew for its
 * provider, so that nothing of the attempt before it remains. Without the mark of the router filter nothing passes:
 * then no policy has seen the request.
 */
export class UpstreamStream {
  readonly #context: WorkerContext;
  readonly #send: Send;
  #headerNames: readonly string[] = [];
  #orphan: Omit<Orphan, 'body'> | undefined;

  constructor(context: WorkerContext, send: Send) {
    this.#context = context;
    this.#send = send;
  }

  /** Takes one message. Messages of one stream must not overlap: wait for the promise. */
  take(message: ProcessingRequest): Promise<void> {
    switch (message.kind) {
      case 'request_headers':
        return this.#requestHeaders(message);
      case 'request_body':
        return this.#requestBody(message.body);
      default:
        throw new Error(`Envoy sent ${message.kind}, which this filter is not configured for`);
    }
  }

  close(): void {}

  async #requestHeaders(message: ProcessingRequest): Promise<void> {
    const { headers, attributes, metadata } = message;
    const routing = metadata.get(namespaces.routing);
    const exchange = routing?.[routingKeys.exchange];
    if (typeof exchange !== 'string') return this.#refuse();
    this.#headerNames = withoutPseudo(headers);
    const number = Number(attributes.get('upstream.request_attempt_count') ?? 0);
    const session = this.#context.gateway.sessions.find(exchange);
    if (session) {
      const failure = failureIn(message);
      // One before that gave no answer leaves standing what Envoy noted of an earlier one.
      const failed = failure?.number === number - 1 ? failure.head : undefined;
      return this.#replace(await session.attempt(number, failed), number);
    }
    const orphan = orphanOf(routing, number);
    if (!orphan) return this.#refuse();
    const { path } = requestHead(headers);
    this.#orphan = { ...orphan, path };
    // The worker that holds the exchange is gone: ask for the body that was made for the first upstream.
    this.#send(
      encodeHeadersAnswer({
        phase: 'request',
        modeOverride: { requestBodyMode: 'BUFFERED', responseHeaderMode: 'SKIP' },
      }),
    );
  }

  async #requestBody(body: Buffer): Promise<void> {
    if (!this.#orphan) throw new Error('a body came that was not asked for');
    const call = await this.#context.gateway.orphanCall({ ...this.#orphan, body });
    if (call.kind === 'reply') return this.#immediate(call);
    const { body: made } = call;
    const set: HeaderList = [...headersOf(call), ['content-length', String(Buffer.byteLength(made))]];
    this.#send(
      encodeBodyAnswer({
        phase: 'request',
        body: made,
        setHeaders: set,
        removeHeaders: othersThan(set, this.#headerNames),
      }),
    );
  }

  #replace(call: UpstreamCall | Reply, number: number): void {
    if (call.kind === 'reply') return this.#immediate(call);
    const { body } = call;
    const set = headersOf(call);
    this.#send(
      encodeHeadersAnswer({
        phase: 'request',
        body,
        setHeaders: set,
        removeHeaders: othersThan(set, this.#headerNames),
        // Envoy drops the length of a replaced body; the header_mutation filter after us writes it from here.
        dynamicMetadata: {
          [namespaces.attempt]: {
            [attemptKeys.contentLength]: String(Buffer.byteLength(body)),
            [attemptKeys.number]: number,
          },
        },
      }),
    );
  }

  /** Without the router filter's mark we do not know the client's dialect; most speak this one. */
  #refuse(): void {
    this.#immediate(
      errorReply(gatewayError('policy_unavailable'), { dialect: dialects['openai-chat'], id: '' }),
    );
  }

  #immediate({ status, headers, body, code }: Reply): void {
    this.#send(encodeImmediate({ status, headers, body, details: `nexus_${code}` }));
  }
}

/** What the router filter's mark says of the `number`th upstream. */
const orphanOf = (routing: JsonObject | undefined, number: number): Omit<Orphan, 'body'> | undefined => {
  const groups = routing?.[routingKeys.priorityGroups];
  const group = Array.isArray(groups) ? groups[Math.min(number, groups.length) - 1] : undefined;
  const to = isJsonObject(group) ? group.name : undefined;
  const from = routing?.[routingKeys.bodyDialect];
  const client = routing?.[routingKeys.dialect];
  return typeof to === 'string' && isDialectName(from) && isDialectName(client)
    ? { from, to, client }
    : undefined;
};

const headersOf = ({ path, authority, headers }: UpstreamCall): HeaderList => [
  [':path', path],
  [':authority', authority],
  ...headers,
];
