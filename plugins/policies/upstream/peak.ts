import type { Clock } from '../../ports/clock.ts';
import type { Call } from './call-facts.ts';
import type { Candidate } from './candidate.ts';
import { conditionTest } from './capture.ts';
import type { PeakConfig } from './config.ts';

/** Who answers in a peak, and whether there is one. */
export interface Peak {
  readonly use: readonly Candidate[];
  /** Is this request to be relieved now? */
  readonly relieves: (call: Call) => boolean;
}

/** How often the figures are looked at: a peak is a matter of seconds, and requests come by the thousand. */
const lookEveryMs = 200;

/** Of the requests of a peak, one in so many goes the usual way, so that it shows when the peak is over. */
const stillUsualEvery = 20;

/** Makes a peak of its settings. `usual` are the candidates whose load is looked at. */
export const peakOf = (
  { when, classes, hysteresis }: PeakConfig,
  {
    use,
    usual,
    clock,
  }: { readonly use: readonly Candidate[]; readonly usual: readonly Candidate[]; readonly clock: Clock },
): Peak => {
  const watch = new PeakWatch({ when, hysteresis }, usual);
  const tests = classes.map(classTest);
  let relieved = 0;
  return {
    use,
    relieves: (call) => {
      if (!watch.isPeak(clock.nowMs())) return false;
      if (tests.length > 0 && !tests.some((test) => test(call))) return false;
      return ++relieved % stillUsualEvery !== 0;
    },
  };
};

const classTest = ({ team, application, when }: PeakConfig['classes'][number]) => {
  const holds = when === undefined ? undefined : conditionTest(when);
  return (call: Call): boolean =>
    (team === undefined || call.exchange.consumer.team === team) &&
    (application === undefined || call.exchange.consumer.application === application) &&
    (holds?.(call) ?? true);
};

/**
 * A peak begins when one figure is over its limit, and lasts `holdMs` at least. It ends when all have been below their
 * limits, by a margin, for as long without a break.
 */
class PeakWatch {
  readonly #config: Pick<PeakConfig, 'when' | 'hysteresis'>;
  readonly #usual: readonly Candidate[];
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** When a figure was last not far enough below its limit. */
  #busyMs = Number.NEGATIVE_INFINITY;
  #isPeak = false;

  constructor(config: Pick<PeakConfig, 'when' | 'hysteresis'>, usual: readonly Candidate[]) {
    this.#config = config;
    this.#usual = usual;
  }

  isPeak(nowMs: number): boolean {
    if (nowMs - this.#lookedMs < lookEveryMs) return this.#isPeak;
    this.#lookedMs = nowMs;
    const { below, holdMs } = this.#config.hysteresis;
    const fullness = this.#fullness();
    if (fullness > 1 || (this.#isPeak && fullness > below)) this.#busyMs = nowMs;
    this.#isPeak = fullness > 1 || (this.#isPeak && nowMs - this.#busyMs < holdMs);
    return this.#isPeak;
  }

  /** The figure that is nearest its limit, or farthest over it, as a part of it. */
  #fullness(): number {
    const { inFlightOver, queueOver, firstChunkP95MsOver } = this.#config.when;
    const sum = (of: (candidate: Candidate) => number) =>
      this.#usual.reduce((total, it) => total + of(it), 0);
    return Math.max(
      inFlightOver === undefined
        ? 0
        : part(
            sum(({ health }) => health.inFlight),
            inFlightOver,
          ),
      queueOver === undefined
        ? 0
        : part(
            sum(({ health }) => health.waiting),
            queueOver,
          ),
      firstChunkP95MsOver === undefined ? 0 : part(this.#slowest(), firstChunkP95MsOver),
    );
  }

  #slowest(): number {
    return Math.max(0, ...this.#usual.map(({ health }) => health.firstChunkP95Ms ?? 0));
  }
}

const part = (figure: number, limit: number): number => {
  if (limit === 0) return figure > 0 ? Number.POSITIVE_INFINITY : 0;
  return figure / limit;
};
