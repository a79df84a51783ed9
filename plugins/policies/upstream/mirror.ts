import type { CopyClaim } from '../../policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Claim, CounterStore } from '../../ports/counter-store.ts';
import type { Random } from '../../ports/random.ts';
import type { Candidate } from './candidate.ts';
import type { MirrorConfig } from './config.ts';

/** Copies of the requests of one model. */
export interface Mirror {
  /** Who gets a copy of this request, if anybody, as far as this process knows. */
  readonly draw: () => Candidate | undefined;
  /** Counts the copy `id`, which was drawn, with those of all processes. Rejects where the store does. */
  readonly claim: (id: string) => Promise<CopyClaim>;
}

export interface MirrorPorts {
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  /** Where copies are counted over all processes; absent: this one counts alone. */
  readonly counters?: CounterStore | undefined;
  /** Who counts, for people. */
  readonly owner?: string | undefined;
}

/** How many copies may be sent at once, and in what time as many come back. */
interface Rate {
  readonly atOnce: number;
  readonly refillSeconds: number;
}

/** What comes at once and what comes back within the minute are `maxPerMinute` together, or a little less. */
const rateOf = ({ maxPerMinute }: MirrorConfig): Rate => {
  const atOnce = Math.max(1, Math.floor(maxPerMinute / 10));
  return { atOnce, refillSeconds: Math.ceil((atOnce * 60) / Math.max(1, maxPerMinute - atOnce)) };
};

/** A copy is settled as soon as it is counted; this is only for a process that dies between the two. */
const leaseMs = 10_000;

/**
 * Draws requests by chance, each by itself, so `share` holds however many processes draw. `maxPerMinute` holds in this
 * process by a count of its own, which costs nothing, and over all of them by `claim`, for the few that are left.
 */
export const mirrorOf = (
  config: MirrorConfig,
  { model, to, ports }: { readonly model: string; readonly to: Candidate; readonly ports: MirrorPorts },
): Mirror => {
  const { clock, random, counters, owner = '' } = ports;
  const rate = rateOf(config);
  const { atOnce, refillSeconds } = rate;
  const claimed = claimOf(model, rate);
  let left = atOnce;
  let lastMs = clock.nowMs();
  let enoughUntilMs = Number.NEGATIVE_INFINITY;
  return {
    draw: () => {
      if (random.unit() >= config.share) return undefined;
      const nowMs = clock.nowMs();
      left = Math.min(atOnce, left + ((nowMs - lastMs) * atOnce) / (refillSeconds * 1000));
      lastMs = nowMs;
      if (left < 1 || nowMs < enoughUntilMs) return undefined;
      left--;
      return to;
    },
    claim: async (id) => {
      if (!counters) return 'granted';
      const reserved = await counters.reserve({
        id: `${id}.mirror.claim`,
        owner,
        claims: [claimed],
        output: { least: 0, most: 0 },
        leaseMs,
      });
      if (reserved.kind === 'lost') return 'uncounted';
      if (reserved.kind === 'refused') {
        enoughUntilMs = clock.nowMs() + (reserved.states[0]?.resetMs ?? 0);
        return 'enough';
      }
      await counters.settle(`${id}.mirror.claim`, [1]);
      return 'granted';
    },
  };
};

/** No budget has a name with a colon in it. */
const claimOf = (model: string, { atOnce, refillSeconds }: Rate): Claim => ({
  budget: 'mirror:copies',
  scope: `model=${model}`,
  unit: 'requests',
  window: { kind: 'smooth', seconds: refillSeconds },
  limit: atOnce,
  carryOver: 0,
  enforced: true,
  base: 1,
  perMillionOutput: 0,
});
