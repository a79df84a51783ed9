import type { Candidate } from '../candidate.ts';
import type { RequestFacts } from '../facts.ts';

/** Output tokens of an answer, before any was seen. */
const usualOutputTokens = 300;

/** Output tokens that an answer is expected to have. */
export const expectedOutputTokens = (
  { maxOutputTokens = Number.POSITIVE_INFINITY }: RequestFacts,
  outputTokens: number | undefined,
): number => Math.min(maxOutputTokens, outputTokens ?? usualOutputTokens);

/**
 * Milliseconds until the answer to this request is expected to be complete, after what this candidate did with requests
 * of this class of late; undefined when it had none. One that keeps a request waiting for far longer than is usual is
 * slow before its next answer says so.
 */
export const expectedMs = (
  request: RequestFacts,
  { health }: Candidate,
  outputTokens: number,
): number | undefined => {
  const pace = health.paceOf(request.pace);
  if (!pace) return undefined;
  const late = Math.max(1, health.lateness / muchLater);
  return (pace.firstChunkMs + (request.stream ? (health.perTokenMs ?? 0) * outputTokens : 0)) * late;
};

/** Three answers at a time take twice as long as usual now and then, and nothing is wrong. */
const muchLater = 2;
