import { expect, it } from 'vitest';
import { testBoard, testCandidate, testFacts, usualHealth } from '../../../../test/fakes/candidates.ts';
import { seededRandom } from '../../../../test/fakes/time.ts';
import { leastBusy } from './least-busy.ts';

const load = { inputTokens: 1, pace: 'small/stream' } as const;

it('fills candidates by weight while nothing ends', () => {
  const { board } = testBoard();
  const candidates = [1, 3].map((weight, at) => testCandidate(String(at), { weight }, board));
  const strategy = leastBusy({ unit: seededRandom(1) });
  for (let call = 0; call < 400; call++) {
    strategy.order(testFacts(), candidates)[0]?.candidate.health.begin(load, usualHealth);
  }
  expect(candidates.map(({ health }) => health.inFlight)).toEqual([100, 300]);
});

it('does not send everyone to the first of those that are alike', () => {
  const candidates = ['a', 'b', 'c'].map((name) => testCandidate(name));
  const strategy = leastBusy({ unit: seededRandom(1) });
  const firsts = Array.from({ length: 300 }, () => strategy.order(testFacts(), candidates)[0]?.candidate);
  for (const candidate of candidates) {
    expect(firsts.filter((it) => it === candidate).length).toBeGreaterThan(70);
  }
});
