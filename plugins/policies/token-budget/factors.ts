import type { Seat } from '../../catalog/price-book.ts';

/** What each model makes of the tokens that we estimate. */
export interface Factors {
  /** Reported ÷ estimated tokens of a text, as a high guess; multiplies the estimate. */
  of(seat: Seat): number;
  /** Learns from a report. `estimated` is without the factor. */
  learn(seat: Seat, reported: number, estimated: number): void;
}

/**
 * Before anything is reported, and never less: what a model makes of prose must not lower what is held for random letters
 * and digits, of which the estimate is nearly exact. Claude's tokenizer makes more of a text than the others; Sonnet 5's
 * 1.4 times what Sonnet 4.6's did (dev.to/synthorai, read 2026-11-28).
 */
const initial = ({ model }: Seat): number => (/claude/i.test(model) ? 1.25 : 1);

const highest = 4;

/** Weight of one more report, and how many mean deviations a prompt may lie above the mean. */
const step = 0.05;
const deviations = 4;

/** Prompts below this are mostly frame, and say little of a tokenizer. */
const leastTokens = 200;

interface Learned {
  mean: number;
  deviation: number;
}

/** Learns fast upwards (a report above the guess raises it at once) and slowly back. */
export const learningFactors = (): Factors => {
  const learned = new Map<string, Learned>(); // by configured place: few
  const nameOf = ({ provider, model }: Seat): string => `${provider}/${model}`;
  return {
    of: (seat) => {
      const known = learned.get(nameOf(seat));
      if (!known) return initial(seat);
      return Math.min(highest, Math.max(initial(seat), known.mean + deviations * known.deviation));
    },
    learn: (seat, reported, estimated) => {
      if (estimated < leastTokens) return;
      const ratio = Math.min(highest, reported / estimated);
      const name = nameOf(seat);
      const known = learned.get(name) ?? { mean: initial(seat), deviation: 0.1 };
      const off = Math.abs(ratio - known.mean);
      known.deviation = Math.max(
        known.deviation + step * (off - known.deviation),
        (ratio - known.mean) / deviations,
      );
      known.mean += step * (ratio - known.mean);
      learned.set(name, known);
    },
  };
};
