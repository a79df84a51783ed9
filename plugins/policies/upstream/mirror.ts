import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { Candidate } from './candidate.ts';
import type { MirrorConfig } from './config.ts';

/** Who gets a copy of this request, if anybody. */
export type Mirror = () => Candidate | undefined;

/** Draws requests by chance, and no more of them in a minute than `maxPerMinute`, a few seconds' worth at once. */
export const mirrorOf = (
  { share, maxPerMinute }: MirrorConfig,
  {
    to,
    clock,
    random,
  }: { readonly to: Candidate; readonly clock: Clock; readonly random: Pick<Random, 'unit'> },
): Mirror => {
  const atOnce = Math.max(1, maxPerMinute / 10);
  // What comes at once and what comes back within the minute are `maxPerMinute` together.
  const perMs = Math.max(1, maxPerMinute - atOnce) / 60_000;
  let left = atOnce;
  let lastMs = clock.nowMs();
  return () => {
    if (random.unit() >= share) return undefined;
    const nowMs = clock.nowMs();
    left = Math.min(atOnce, left + (nowMs - lastMs) * perMs);
    lastMs = nowMs;
    if (left < 1) return undefined;
    left--;
    return to;
  };
};
