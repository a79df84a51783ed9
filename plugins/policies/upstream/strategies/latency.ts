import type { Random } from '../../../ports/random.ts';
import type { Candidate } from '../candidate.ts';
import { drawLessBusy } from './draw.ts';
import { expectedMs, expectedOutputTokens } from './pace.ts';
import { inFront, type Strategy } from './strategy.ts';

/** What is slower than the fastest by no more than this part is as fast: means of noisy times tell no finer. */
const near = 0.15;

/** Part of the time of all requests that may be spent on asking slow candidates again. */
const learningShare = 0.02;
/** At least this many requests between two of them, however slowly requests come. */
const learningGap = 40;
/** What is known of a candidate loses its worth in this time: asking it again is priced at what is left of it. */
const staleMs = 30_000;

/**
 * The candidate that is expected to answer this request soonest first. Several that are about as fast share the
 * requests: two of them are drawn by weight and the less busy one is taken, so that no crowd runs after the last figure.
 * A slow candidate is asked again when that has become cheap: each request saves a fiftieth of its time for it, and the
 * older the figure, the less is charged. So learning costs about 2 %, and a candidate ten times slower that recovers is
 * found again within a minute at one request a second or more. One without a figure for this class of requests is as
 * good as the fastest.
 */
export const latency = (random: Pick<Random, 'unit'>): Strategy => {
  let savedMs = 0;
  let sinceLearning = 0;
  return {
    order: (request, candidates) => {
      const outputTokens = expectedOutputTokens(request, meanOutputTokens(candidates));
      const timed = candidates
        .map((candidate) => ({ candidate, ms: expectedMs(request, candidate, outputTokens) }))
        .sort((a, b) => (a.ms ?? 0) - (b.ms ?? 0));
      const bestMs = timed.find(({ ms }) => ms !== undefined)?.ms ?? 0;
      const alike = timed.filter(({ ms }) => ms === undefined || ms <= bestMs * (1 + near));
      const ranked = timed.map(({ candidate }) => ({ candidate, reason: 'slower' as const }));
      savedMs = Math.min(savedMs + bestMs * learningShare, 100 * bestMs);
      sinceLearning++;
      if (sinceLearning >= learningGap) {
        const cheapest = timed
          .slice(alike.length)
          .map((it) => ({
            ...it,
            priceMs: learningPriceMs(it.candidate.health.paceOf(request.pace)?.ageMs, it.ms, bestMs),
          }))
          .sort((a, b) => a.priceMs - b.priceMs)[0];
        if (cheapest && cheapest.priceMs <= savedMs) {
          savedMs -= cheapest.priceMs;
          sinceLearning = 0;
          return inFront(cheapest.candidate, ranked, 'explore');
        }
      }
      const drawn = drawLessBusy(
        alike.map(({ candidate }) => candidate),
        random,
      );
      return drawn ? inFront(drawn, ranked, drawn === timed[0]?.candidate ? 'faster' : 'near') : ranked;
    },
  };
};

const learningPriceMs = (ageMs = 0, ms = 0, bestMs = 0): number => (ms - bestMs) * Math.exp(-ageMs / staleMs);

/** One figure for all, so that a candidate is not taken for fast because its answers have been short. */
const meanOutputTokens = (candidates: readonly Candidate[]): number | undefined => {
  const known = candidates.flatMap(({ health }) => health.outputTokens ?? []);
  return known.length === 0 ? undefined : known.reduce((sum, it) => sum + it, 0) / known.length;
};
