import type { Candidate } from '../candidate.ts';
import type { Strategy } from './strategy.ts';

/**
 * Smooth weighted round robin (nginx, `ngx_http_upstream_round_robin`, 2012): each call every candidate gains its
 * weight and the richest pays the sum of all, so over any run of calls each is first as often as its weight says, give
 * or take one call, and never in bursts. The others follow, richest first. Whoever cannot serve a request neither gains
 * nor pays, so it does not come back with a debt to be paid out in one burst.
 */
export const weighted = (): Strategy => {
  const credits = new Map<Candidate, number>();
  const creditOf = (candidate: Candidate): number => credits.get(candidate) ?? 0;
  return {
    order: (_, candidates) => {
      let total = 0;
      for (const candidate of candidates) {
        total += candidate.weight;
        credits.set(candidate, creditOf(candidate) + candidate.weight);
      }
      const richest = candidates.toSorted((a, b) => creditOf(b) - creditOf(a));
      if (richest[0]) credits.set(richest[0], creditOf(richest[0]) - total);
      return richest.map((candidate) => ({ candidate, reason: 'weight' }));
    },
  };
};
