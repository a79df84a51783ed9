import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { UpstreamHead } from '../../plugins/answer.ts';
import type { Clock } from '../../plugins/ports/clock.ts';
import type { UpstreamCall } from '../../plugins/upstream-call.ts';
import { egressHeader, egressPrefix, recordPath, sourceHeader } from './names.ts';
import { Places } from './places.ts';
import { recordHeader } from './record.ts';

export interface EgressOptions {
  /** The unix socket on which Kong listens for the relay alone. */
  readonly socketPath: string;
  /** Value of the `x-nexus-egress` header. */
  readonly secret: string;
}

/** What came of a call to a provider. */
export type EgressAnswer =
  /** The provider's answer; its body is still to come. */
  | { readonly kind: 'answer'; readonly head: UpstreamHead; readonly body: IncomingMessage }
  /** Kong could not reach it, or it did not begin to answer in time. */
  | { readonly kind: 'unreachable'; readonly code: 'upstream_unavailable' | 'upstream_timeout' }
  /** Nothing was sent: it has as many calls under way as it may have. */
  | { readonly kind: 'full' };

export interface CallLimits {
  readonly firstByteTimeoutMs: number;
  /** Aborts the call, also while its answer passes. */
  readonly signal: AbortSignal;
}

class FirstByteTimeout extends Error {}

/** A record is worth no more delay at the end of a stream. */
const recordTimeoutMs = 200;

/** Before Kong (nginx, 75 s) closes an idle connection: a request must not meet one that is being closed. */
const idleTimeoutMs = 60_000;

/** Calls providers through Kong, which finds, balances and verifies them. */
export class Egress {
  readonly #options: EgressOptions;
  readonly #clock: Clock;
  readonly #places = new Places();
  readonly #agent = new Agent({ keepAlive: true, timeout: idleTimeoutMs });

  constructor(options: EgressOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Never rejects. */
  async call(call: UpstreamCall, limits: CallLimits): Promise<EgressAnswer> {
    const { upstream, maxConcurrent = Number.POSITIVE_INFINITY } = call;
    const leave = this.#places.take(upstream.provider, maxConcurrent);
    if (!leave) return { kind: 'full' };
    const answer = await this.#call(call, limits);
    if (answer.kind === 'answer') answer.body.once('close', leave);
    else leave();
    return answer;
  }

  async #call(call: UpstreamCall, limits: CallLimits): Promise<EgressAnswer> {
    const outgoing = this.#request(call);
    outgoing.on('error', () => {}); // also one that comes after the head of the answer
    limits.signal.addEventListener('abort', () => outgoing.destroy());
    const stopTimer = this.#clock.after(limits.firstByteTimeoutMs, () =>
      outgoing.destroy(new FirstByteTimeout()),
    );
    outgoing.end(call.body);
    try {
      const [body] = (await once(outgoing, 'response')) as [IncomingMessage];
      return answerOf(body);
    } catch (cause) {
      if (cause instanceof FirstByteTimeout) return { kind: 'unreachable', code: 'upstream_timeout' };
      // Kong has closed a connection that was kept, as it does on a reload, before it could have read the request.
      if (outgoing.reusedSocket && !limits.signal.aborted) return this.#call(call, limits);
      return { kind: 'unreachable', code: 'upstream_unavailable' };
    } finally {
      stopTimer();
    }
  }

  /** Leaves the last word on a call with Kong, for its record. Resolves when it is there, or does not come through. */
  keepRecord(record: string): Promise<void> {
    const { socketPath, secret } = this.#options;
    const headers = { [egressHeader]: secret, [recordHeader]: record };
    return new Promise((resolve) => {
      const outgoing = request({ agent: this.#agent, socketPath, path: recordPath, headers }, (answer) => {
        answer.resume().once('close', resolve);
      });
      outgoing.once('error', () => resolve());
      const stopTimer = this.#clock.after(recordTimeoutMs, () => outgoing.destroy());
      outgoing.once('close', stopTimer);
      outgoing.end();
    });
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #request({ upstream, method, path, headers }: UpstreamCall): ClientRequest {
    const { socketPath, secret } = this.#options;
    return request({
      agent: this.#agent,
      socketPath,
      method,
      path: egressPrefix(upstream.provider) + path,
      headers: { ...Object.fromEntries(headers), [egressHeader]: secret },
    });
  }
}

const answerOf = (body: IncomingMessage): EgressAnswer => {
  const { statusCode: status = 0, headers } = body;
  if (headers[sourceHeader] === 'service') {
    const named = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
    return { kind: 'answer', head: { status, headers: new Map(named) }, body };
  }
  body.resume(); // Kong's own words
  return { kind: 'unreachable', code: status === 504 ? 'upstream_timeout' : 'upstream_unavailable' };
};
