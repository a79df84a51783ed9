import type { Candidate } from '../candidate.ts';
import type { RequestFacts } from '../facts.ts';
import type { Reason } from '../reasons.ts';

/** A candidate in its place, and why it has it. */
export interface Ranked {
  readonly candidate: Candidate;
  readonly reason: Reason;
}

/**
 * Puts candidates in the order in which they are to be tried. Gets only those that may and can serve the request, and
 * gives back each of them once. One object for each model, so it may remember what it did.
 */
export interface Strategy {
  order(request: RequestFacts, candidates: readonly Candidate[]): readonly Ranked[];
}

/** `first` in front, the others behind it as they are. */
export const inFront = (first: Candidate, ranked: readonly Ranked[], reason: Reason): Ranked[] => [
  { candidate: first, reason },
  ...ranked.filter(({ candidate }) => candidate !== first),
];
