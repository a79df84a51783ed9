import { isStream, note, type Seen, type UpstreamHead } from './answer.ts';
import { costOf } from './decision.ts';
import type { UpstreamDialect } from './dialects/dialect.ts';
import { upstreamDialectFor } from './dialects/registry.ts';
import type { Attempt, Ending, Exchange, Outcome } from './exchange.ts';
import type { ModelRequest } from './model/request.ts';
import type { Usage } from './model/usage.ts';
import type { Pipeline } from './pipeline.ts';
import type { AnswerWatch, CopyClaim, Mirrored } from './policy.ts';
import type { Clock } from './ports/clock.ts';
import { type ErrorCode, RequestError } from './refusals.ts';
import type { UpstreamCall } from './upstream-call.ts';
import { decompress } from './wire/encoding.ts';
import { present } from './wire/present.ts';

/** Sends a copy to its upstream, on the host's own way out. Never rejects; resolves soon after `signal` is aborted. */
export type SendCopy = (call: UpstreamCall, limits: CopyLimits) => Promise<CopyAnswer>;

export interface CopyLimits {
  /** Of an answer's body, as it comes. */
  readonly maxBytes: number;
  /** Aborted when the copy is given up. */
  readonly signal: AbortSignal;
}

/** `unreachable`: the upstream got nothing of it. `broken`: it may have, and no whole answer came. */
export type CopyAnswer =
  | { readonly kind: 'answer'; readonly head: UpstreamHead; readonly body: Uint8Array }
  | { readonly kind: 'unreachable' | 'broken' };

/** A copy that a mirror is to get. */
export interface CopyOrder extends Mirrored {
  /** As it stands after all policies: what they took out is not in it. */
  readonly request: ModelRequest;
  /** Length of the client's request, in characters. */
  readonly length: number;
  /** Writes the copy for the mirror, credential included. Throws `RequestError` where it cannot be carried there. */
  readonly encode: (copy: ModelRequest) => Promise<UpstreamCall>;
}

/**
 * What became of a copy. `answered`: the mirror gave a whole answer. `failed`: it gave an error, or none. `timeout`: it
 * took too long. `refused`: a budget said no. `unfit`: it cannot be carried there, or asks for more than an answer.
 * `too-large`, `busy`: it would have cost this process too much. `enough`, `uncounted`: it had no place among the copies
 * of a minute. `abandoned`: this process stopped.
 */
export type CopyResult =
  | 'answered'
  | 'failed'
  | 'timeout'
  | 'refused'
  | 'unfit'
  | 'too-large'
  | 'busy'
  | Exclude<CopyClaim, 'granted'>
  | 'abandoned';

/** What is told of a copy: names, codes and numbers, never content. */
export interface CopyEnd {
  readonly result: CopyResult;
  readonly code?: ErrorCode;
  /** HTTP status of the mirror. */
  readonly status?: number;
  readonly durationMs?: number;
  readonly usage?: Usage;
  readonly costMicroUsd?: number;
}

/** Larger copies are not made, so that what they hold of a process's memory is bounded. */
export const maxCopyBytes = 1_048_576;
const maxAnswerBytes = 8_388_608;

/** A copy does not stream, so its first byte is the end of its answer. */
export const copyTimeoutMs = 120_000;

export interface CopySetup {
  readonly order: CopyOrder;
  /** The copy's own. */
  readonly exchange: Exchange;
  /** Of the policies that take part in copies. */
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly send: SendCopy;
  readonly giveUp: AbortController;
}

/** How it went, before it is settled. */
interface Gone {
  readonly result: CopyResult;
  readonly ending: Ending;
  readonly code?: ErrorCode | undefined;
  readonly status?: number | undefined;
  readonly seen?: Seen | undefined;
}

/** One copy, from its reservation to its settlement. Its answer is read for what it used, and thrown away. */
export class Copy {
  readonly #setup: CopySetup;
  readonly #attempt: Attempt;
  #sent = false;
  #timedOut = false;

  constructor(setup: CopySetup) {
    this.#setup = setup;
    this.#attempt = { number: 1, upstream: setup.order.to };
  }

  /** Settles it, whatever happens. Throws only what is a fault of ours, after it is settled. */
  async run(): Promise<CopyEnd> {
    try {
      return await this.#settle(await this.#go());
    } catch (cause) {
      if (cause instanceof RequestError) {
        return this.#settle({ result: 'unfit', ending: 'refused', code: cause.error.code });
      }
      await this.#settle({ result: 'failed', ending: 'aborted' });
      throw cause;
    }
  }

  async #go(): Promise<Gone> {
    const { order, pipeline, clock, giveUp } = this.#setup;
    const decision = await pipeline.request({ ...order.request, stream: false });
    if (decision.kind === 'refuse')
      return { result: 'refused', ending: 'refused', code: decision.error.code };
    const call = await order.encode(decision.request);
    if (Buffer.byteLength(call.body) > maxCopyBytes) return { result: 'too-large', ending: 'refused' };
    if (giveUp.signal.aborted) return { result: 'abandoned', ending: 'refused' };
    const stopTimer = clock.after(copyTimeoutMs, () => {
      this.#timedOut = true;
      giveUp.abort();
    });
    this.#sent = true;
    const answer = await this.#setup.send(call, { maxBytes: maxAnswerBytes, signal: giveUp.signal });
    stopTimer();
    return answer.kind === 'answer' ? this.#read(answer.head, answer.body) : this.#unanswered(answer.kind);
  }

  #unanswered(kind: 'unreachable' | 'broken'): Gone {
    if (kind === 'unreachable') return { result: 'failed', ending: 'failed', code: 'upstream_unavailable' };
    // What it may have cost is not known: it is charged as held.
    if (this.#timedOut) return { result: 'timeout', ending: 'aborted', code: 'upstream_timeout' };
    if (this.#setup.giveUp.signal.aborted) return { result: 'abandoned', ending: 'aborted' };
    return { result: 'failed', ending: 'aborted', code: 'upstream_truncated' };
  }

  #read(head: UpstreamHead, body: Uint8Array): Gone {
    const { status } = head;
    const { exchange, order, pipeline } = this.#setup;
    const upstream = upstreamDialectFor(order.to.dialect, exchange.operation);
    if (!upstream) throw new Error('a copy was written for an upstream that cannot do it');
    const plain = decompress(body, head.headers.get('content-encoding'), maxAnswerBytes);
    if (plain.kind !== 'ok')
      return { result: 'failed', ending: 'aborted', status, code: 'upstream_malformed' };
    if (status >= 400) {
      const { code } = upstream.decodeError(status, head.headers, plain.bytes);
      return { result: 'failed', ending: 'failed', status, code };
    }
    const seen = account(plain.bytes, { head, upstream, watch: pipeline.watch(this.#attempt) });
    const code = seen.error ?? (seen.complete ? undefined : 'upstream_truncated');
    return code === undefined
      ? { result: 'answered', ending: 'complete', status, seen }
      : { result: 'failed', ending: 'truncated', status, code, seen };
  }

  async #settle({ result, ending, code, status, seen }: Gone): Promise<CopyEnd> {
    const { order, exchange, pipeline, clock } = this.#setup;
    const attempt = this.#attempt;
    const durationMs = clock.nowMs() - exchange.startedMs;
    const usage = seen?.usage;
    const outcome: Outcome = {
      ending,
      status: status ?? 0,
      requestModel: order.request.requestModel,
      stream: false,
      attempts: this.#sent ? [attempt] : [],
      durationMs,
      ...(seen ? { served: attempt } : {}),
      ...present({ error: code, usage, finishReason: seen?.finishReason }),
    };
    await pipeline.settle(outcome);
    const costMicroUsd = costOf(exchange.notes);
    const told = present({ code, status, usage, costMicroUsd });
    return { result, ...(this.#sent ? { durationMs } : {}), ...told };
  }
}

interface Answered {
  readonly head: UpstreamHead;
  readonly upstream: UpstreamDialect;
  readonly watch: AnswerWatch | undefined;
}

/** What accounts for an answer. */
const account = (bytes: Uint8Array, { head, upstream, watch }: Answered): Seen => {
  const decoder = isStream(head, upstream) ? upstream.decodeStream() : upstream.decodeResponse();
  const seen: Seen = { complete: false };
  for (const event of [...decoder.push(bytes), ...decoder.end()]) {
    watch?.see(event);
    note(seen, event);
  }
  return seen;
};
