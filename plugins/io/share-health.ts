import type { HealthFact, HealthSharing } from '../ports/health-board.ts';

/** How often word goes round; nothing waits for it. */
const everyMs = 250;

/** A way to the other processes that share a board. */
export interface HealthLink {
  send(facts: readonly HealthFact[]): void;
  /** Calls back with what others say. */
  listen(take: (facts: readonly HealthFact[]) => void): void;
}

/** Keeps a board and those at the other end of `links` told of one another. Returns the way to stop. */
export const shareHealth = (board: HealthSharing, links: readonly HealthLink[]): (() => void) => {
  for (const link of links) {
    link.listen((facts) => {
      for (const fact of facts) board.merge(fact);
    });
  }
  const timer = setInterval(() => {
    const facts = board.facts();
    if (facts.length > 0) for (const link of links) link.send(facts);
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
};
