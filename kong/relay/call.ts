import type { IncomingMessage } from 'node:http';
import type { AnswerFrame } from '../../plugins/answer.ts';
import { movesOn } from '../../plugins/failover.ts';
import type { Clock } from '../../plugins/ports/clock.ts';
import { type GatewayError, gatewayError } from '../../plugins/refusals.ts';
import type { Reply } from '../../plugins/reply.ts';
import type { Forward, Session } from '../../plugins/session.ts';
import type { UpstreamCall } from '../../plugins/upstream-call.ts';
import { type Body, readBody } from './body.ts';
import type { Client } from './client.ts';
import type { Egress, EgressAnswer } from './egress.ts';
import { encodeRecord, recordHeader } from './record.ts';

/** Time for a client's body, as in Envoy. */
const bodyTimeoutMs = 120_000;

export interface CallSetup {
  readonly session: Session;
  readonly client: Client;
  readonly egress: Egress;
  readonly clock: Clock;
  /** Told of what the core throws. */
  readonly onFault: (cause: unknown) => void;
}

type Answer = Extract<EgressAnswer, { kind: 'answer' }>;
type AnswerHead = NonNullable<AnswerFrame['head']>;

/**
 * One client call that the plugin let pass, from its body to the last byte of its answer. Carries out what the session
 * says; decides nothing.
 */
export class RelayedCall {
  readonly #session: Session;
  readonly #client: Client;
  readonly #setup: CallSetup;

  constructor(setup: CallSetup) {
    this.#session = setup.session;
    this.#client = setup.client;
    this.#setup = setup;
    setup.client.left.addEventListener('abort', () => setup.session.abort());
  }

  /** Resolves when the call is answered, or its answer is on its way. Never rejects. */
  async run(incoming: IncomingMessage): Promise<void> {
    try {
      await this.#run(incoming);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  async #run(incoming: IncomingMessage): Promise<void> {
    const { clock } = this.#setup;
    const maxBytes = this.#session.maxRequestBytes;
    const body = await readBody(incoming, { maxBytes, timeoutMs: bodyTimeoutMs, clock });
    if (body.kind !== 'whole') return this.#refuseBody(body.kind, maxBytes);
    const decided = await this.#session.request(body.bytes);
    if (decided.kind === 'reply') return this.#reply(decided);
    return this.#tryUpstreams(decided);
  }

  /** Ends the call after a fault of ours, in the head if it can still be told there. */
  #fail(cause: unknown): void {
    this.#setup.onFault(cause);
    if (this.#client.isAnswered) this.#breakOff();
    else this.#reply(this.#session.refuse(gatewayError('policy_unavailable')));
  }

  #refuseBody(why: Exclude<Body['kind'], 'whole'>, maxBytes: number): void {
    if (why === 'broken') return this.#breakOff();
    this.#reply(this.#session.refuse(bodyErrors[why](maxBytes)));
  }

  async #tryUpstreams({ call, plan, firstByteTimeoutMs }: Forward): Promise<void> {
    const { egress } = this.#setup;
    const limits = { firstByteTimeoutMs, signal: this.#client.left };
    let current: UpstreamCall | Reply = call;
    for (let number = 1; ; number++) {
      if (this.#client.left.aborted) return;
      if (current.kind === 'reply') return this.#reply(current);
      const answer = await egress.call(current, limits);
      if (this.#client.left.aborted) return;
      // As in Envoy, whose circuit breaker is not retried: a limit is the operator's word, and no fault of the provider.
      if (number >= plan.length || answer.kind === 'full') return this.#settleOn(answer, number);
      if (answer.kind === 'answer') {
        if (!movesOn(answer.head.status)) return this.#pass(answer, number);
        answer.body.destroy();
      }
      const failed = answer.kind === 'answer' ? answer.head : undefined;
      current = await this.#session.attempt(number + 1, failed);
    }
  }

  #settleOn(answer: EgressAnswer, number: number): void {
    if (answer.kind === 'answer') return this.#pass(answer, number);
    const code = answer.kind === 'full' ? 'upstream_unavailable' : answer.code;
    this.#reply(this.#session.unreachable(number, code));
  }

  /** Passes an answer on as it comes, no faster than the client takes it. */
  #pass({ head, body }: Answer, number: number): void {
    const client = this.#client;
    const reader = this.#session.response(number, head, (frame) => {
      this.#send(frame);
      if (frame.end && !body.complete) body.destroy();
    });
    const guarded = (step: () => void) => {
      try {
        step();
      } catch (cause) {
        body.destroy();
        this.#fail(cause);
      }
    };
    body.on('data', (chunk: Buffer) => {
      guarded(() => reader.push(chunk));
      if (!client.isFull) return;
      body.pause();
      client.onceDrained(() => body.resume());
    });
    body.once('end', () => guarded(() => reader.end()));
    body.once('error', () => this.#brokenBy(number));
  }

  /** With a record for Kong: in the head, which is all there is of a whole answer, and before the end of a stream. */
  #send({ head, body, end }: AnswerFrame): void {
    const client = this.#client;
    if (head) return client.send({ head: this.#recorded(head), ...(body && { body }), end });
    if (!end) return client.send({ ...(body && { body }), end });
    if (body) client.send({ body, end: false });
    void this.#setup.egress
      .keepRecord(encodeRecord(this.#session.logFields()))
      .then(() => client.send({ end: true }));
  }

  #reply({ status, headers, body }: Reply): void {
    this.#send({ head: { status, headers }, body, end: true });
  }

  #recorded(head: AnswerHead): AnswerHead {
    return { ...head, headers: [...head.headers, [recordHeader, encodeRecord(this.#session.logFields())]] };
  }

  /** The upstream's connection broke: the client must be able to tell. */
  #brokenBy(number: number): void {
    if (this.#session.settled) return;
    if (this.#client.isAnswered) this.#breakOff();
    else this.#reply(this.#session.unreachable(number, 'upstream_unavailable'));
  }

  #breakOff(): void {
    this.#session.abort();
    this.#client.breakOff();
  }
}

const bodyErrors: Record<'too-large' | 'late', (maxBytes: number) => GatewayError> = {
  'too-large': (maxBytes) =>
    gatewayError('request_too_large', { message: `The request is larger than ${maxBytes} bytes.` }),
  late: () =>
    gatewayError('invalid_request', { status: 408, message: 'The request did not arrive in time.' }),
};
