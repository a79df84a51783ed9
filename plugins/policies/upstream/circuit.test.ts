import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CircuitFact } from '../../ports/health-board.ts';
import { laterCircuit } from './circuit.ts';

const circuit = fc.record<CircuitFact>({
  changedEpochMs: fc.integer({ min: 0, max: 3 }),
  by: fc.constantFrom('a', 'b', 'c'),
  untilEpochMs: fc.constantFrom(0, 5),
  level: fc.nat(2),
  wins: fc.nat(1),
});

/** One writer never says two things of one moment. */
const distinct = fc.uniqueArray(circuit, {
  selector: ({ changedEpochMs, by }) => `${changedEpochMs} ${by}`,
  minLength: 1,
});

it('laterCircuit comes to the same in whatever order words are taken in', () => {
  fc.assert(
    fc.property(distinct, fc.infiniteStream(fc.nat()), (words, lots) => {
      const shuffled = words
        .map((word) => ({ word, lot: lots.next().value }))
        .toSorted((a, b) => a.lot - b.lot)
        .map(({ word }) => word);
      expect(shuffled.reduce(laterCircuit)).toBe(words.reduce(laterCircuit));
    }),
  );
});
