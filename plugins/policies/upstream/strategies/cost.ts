import type { Candidate } from '../candidate.ts';
import type { RequestFacts } from '../facts.ts';
import type { Reason } from '../reasons.ts';
import { expectedMs, expectedOutputTokens } from './pace.ts';
import { inFront, type Strategy } from './strategy.ts';

/**
 * The candidate at which this request is expected to cost least first: its own input, the output that each candidate's
 * answers usually have, and the part of the input that its prompt cache usually takes. Within `tolerance` of the
 * cheapest, the fastest. A price that nobody knows is the highest.
 */
export const cost = ({ tolerance }: { readonly tolerance: number }): Strategy => ({
  order: (request, candidates) => {
    const priced = candidates
      .map((candidate) => ({ candidate, microUsd: expectedMicroUsd(request, candidate) }))
      .sort((a, b) => (a.microUsd ?? Number.MAX_VALUE) - (b.microUsd ?? Number.MAX_VALUE));
    const leastMicroUsd = priced[0]?.microUsd;
    const ranked = priced.map(({ candidate, microUsd }) => ({
      candidate,
      reason: reasonOf(microUsd, leastMicroUsd),
    }));
    if (leastMicroUsd === undefined) return ranked;
    const most = leastMicroUsd * (1 + tolerance);
    const allowed = priced.filter(({ microUsd }) => microUsd !== undefined && microUsd <= most);
    const fastest = fastestOf(
      request,
      allowed.map(({ candidate }) => candidate),
    );
    return fastest && fastest !== ranked[0]?.candidate ? inFront(fastest, ranked, 'tolerated') : ranked;
  },
});

const reasonOf = (microUsd: number | undefined, least: number | undefined): Reason => {
  if (microUsd === undefined) return 'no-price';
  return microUsd === least ? 'cheaper' : 'dearer';
};

/** What a request is expected to cost, in micro-dollars; undefined without a price. */
export const expectedMicroUsd = (request: RequestFacts, { price, health }: Candidate): number | undefined => {
  const usual = price();
  if (!usual) return undefined;
  const { longContext } = usual;
  const {
    input,
    output,
    cacheRead = input,
  } = longContext && request.inputTokens > longContext.above ? longContext : usual;
  const perInput = input + (cacheRead - input) * health.cachedShare;
  const outputTokens = expectedOutputTokens(request, health.outputTokens);
  return (request.inputTokens * perInput + outputTokens * output) / 1e6;
};

/** The one whose time is not known is first: it is how its time becomes known. */
const fastestOf = (request: RequestFacts, candidates: readonly Candidate[]): Candidate | undefined => {
  if (candidates.length < 2) return candidates[0];
  const timed = candidates.map((candidate) => ({ candidate, ms: expectedMs(request, candidate, 0) ?? 0 }));
  return timed.sort((a, b) => a.ms - b.ms)[0]?.candidate;
};
