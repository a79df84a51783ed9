import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { UpstreamHead } from '../../plugins/answer.ts';
import type { Clock } from '../../plugins/ports/clock.ts';
import type { UpstreamCall } from '../../plugins/upstream-call.ts';
import { egressHeader, egressPrefix, sourceHeader } from './names.ts';

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
  | { readonly kind: 'unreachable'; readonly code: 'upstream_unavailable' | 'upstream_timeout' };

export interface CallLimits {
  readonly firstByteTimeoutMs: number;
  /** Aborts the call, also while its answer passes. */
  readonly signal: AbortSignal;
}

/** Before Kong (nginx, 75 s) closes an idle connection: a request must not meet one that is being closed. */
const idleTimeoutMs = 60_000;

/** Calls providers through Kong, which finds, balances and verifies them. */
export class Egress {
  readonly #options: EgressOptions;
  readonly #clock: Clock;
  readonly #agent = new Agent({ keepAlive: true, timeout: idleTimeoutMs });

  constructor(options: EgressOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Never rejects. */
  call(call: UpstreamCall, limits: CallLimits): Promise<EgressAnswer> {
    return new Promise((resolve) => {
      const outgoing = this.#request(call, limits.signal);
      const unreachable = (code: 'upstream_unavailable' | 'upstream_timeout') =>
        resolve({ kind: 'unreachable', code });
      const stopTimer = this.#clock.after(limits.firstByteTimeoutMs, () => {
        unreachable('upstream_timeout');
        outgoing.destroy();
      });
      outgoing.on('error', () => {
        stopTimer();
        unreachable('upstream_unavailable');
      });
      outgoing.once('response', (body) => {
        stopTimer();
        resolve(answerOf(body));
      });
      outgoing.end(call.body);
    });
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #request({ upstream, method, path, headers }: UpstreamCall, signal: AbortSignal): ClientRequest {
    const { socketPath, secret } = this.#options;
    return request({
      agent: this.#agent,
      socketPath,
      method,
      path: egressPrefix(upstream.provider) + path,
      headers: { ...Object.fromEntries(headers), [egressHeader]: secret },
      signal,
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
