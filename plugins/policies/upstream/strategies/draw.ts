import type { Random } from '../../../ports/random.ts';
import type { Candidate } from '../candidate.ts';

/** The less busy of two candidates drawn by weight (Mitzenmacher, "The Power of Two Choices", 2001). */
export const drawLessBusy = (
  candidates: readonly Candidate[],
  random: Pick<Random, 'unit'>,
): Candidate | undefined => {
  if (candidates.length < 2) return candidates[0];
  const first = draw(candidates, random);
  const second = draw(candidates, random);
  if (!first || !second || first === second) return first;
  return busyOf(second) < busyOf(first) ? second : first;
};

const draw = (candidates: readonly Candidate[], random: Pick<Random, 'unit'>): Candidate | undefined => {
  let left = random.unit() * candidates.reduce((sum, { weight }) => sum + weight, 0);
  const drawn = candidates.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  return drawn ?? candidates.at(-1);
};

const busyOf = ({ health, weight }: Candidate): number => health.inFlight / Math.max(weight, 1e-6);
