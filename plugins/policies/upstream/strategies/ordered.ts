import type { Strategy } from './strategy.ts';

/** As they are listed. */
export const ordered = (): Strategy => ({
  order: (_, candidates) => candidates.map((candidate) => ({ candidate, reason: 'listed' })),
});
