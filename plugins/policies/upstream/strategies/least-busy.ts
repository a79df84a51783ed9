import type { Random } from '../../../ports/random.ts';
import type { Candidate } from '../candidate.ts';
import type { Strategy } from './strategy.ts';

/** Fewest requests under way for its weight first; chance decides between those that are alike. */
export const leastBusy = (random: Pick<Random, 'unit'>): Strategy => ({
  order: (_, candidates) =>
    candidates
      .map((candidate) => ({ candidate, busy: busyOf(candidate), lot: random.unit() }))
      .sort((a, b) => a.busy - b.busy || a.lot - b.lot)
      .map(({ candidate }, at) => ({ candidate, reason: at === 0 ? 'least-busy' : 'busier' })),
});

/** Counted with the request that would come on top: of two idle candidates the one of greater weight is less busy. */
const busyOf = ({ health, weight }: Candidate): number => (health.inFlight + 1) / Math.max(weight, 1e-6);
