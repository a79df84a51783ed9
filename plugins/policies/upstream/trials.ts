import type { AnswerBegun, Attempt, AttemptResult, Outcome } from '../../exchange.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Trial } from '../../ports/health-board.ts';

interface Open {
  readonly trial: Trial;
  readonly startedMs: number;
}

/**
 * The attempts of one exchange. Hosts differ in what they tell: Envoy shows a failed attempt only by making the next.
 * Whatever is not told is concluded, so that no attempt counts as under way for ever.
 */
export class Trials {
  readonly #open = new Map<number, Open>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An attempt begins; those before it have failed. The same one again changes nothing. */
  begin({ number }: Attempt, start: () => Trial): void {
    if (this.#open.has(number)) return;
    for (const { trial, startedMs } of this.#open.values()) {
      trial.ended({ fate: 'failed', durationMs: this.#clock.nowMs() - startedMs });
    }
    this.#open.set(number, { trial: start(), startedMs: this.#clock.nowMs() });
  }

  answering({ number }: Attempt, { status, firstChunkMs }: AnswerBegun): void {
    if (status < 400) this.#open.get(number)?.trial.answering(firstChunkMs);
  }

  ended({ number }: Attempt, result: AttemptResult): void {
    this.#open.get(number)?.trial.ended(result);
  }

  /** Concludes the last attempt from how it all ended. */
  settle(outcome: Outcome, exchangeStartedMs: number): void {
    const last = [...this.#open.entries()].at(-1);
    if (!last) return;
    const [number, { trial, startedMs }] = last;
    const { usage, error, firstChunkMs } = outcome;
    const served = outcome.served?.number === number;
    trial.ended({
      fate: fateOf(outcome, served),
      durationMs: this.#clock.nowMs() - startedMs,
      ...(served && firstChunkMs !== undefined
        ? { firstChunkMs: Math.max(0, firstChunkMs - (startedMs - exchangeStartedMs)) }
        : {}),
      ...(served && usage ? { usage } : {}),
      ...(error === undefined ? {} : { error }),
    });
  }
}

/** A refusal of ours, and a client that has gone, say nothing of the upstream. */
const fateOf = ({ ending }: Outcome, served: boolean): AttemptResult['fate'] => {
  if (ending === 'refused' || ending === 'aborted') return 'abandoned';
  return served && (ending === 'complete' || ending === 'cut') ? 'served' : 'failed';
};
