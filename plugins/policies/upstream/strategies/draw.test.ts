import { expect, it } from 'vitest';
import { testBoard, testCandidate, usualHealth } from '../../../../test/fakes/candidates.ts';
import { seededRandom } from '../../../../test/fakes/time.ts';
import { drawLessBusy } from './draw.ts';

const load = { inputTokens: 1, pace: 'small/stream' } as const;
const drawn = (candidates: ReturnType<typeof testCandidate>[], times: number) => {
  const random = { unit: seededRandom(3) };
  return Array.from({ length: times }, () => drawLessBusy(candidates, random)?.name);
};

it('takes the less busy of two, so a busy one gets only what it is drawn twice for', () => {
  const { board } = testBoard();
  const candidates = ['a', 'b', 'c'].map((name) => testCandidate(name, {}, board));
  for (let at = 0; at < 5; at++) candidates[0]?.health.begin(load, usualHealth);
  const busy = drawn(candidates, 900).filter((name) => name === 'p-a/m').length;
  expect(busy).toBeGreaterThan(50); // 1 in 9
  expect(busy).toBeLessThan(150);
});

it('draws by weight where all are alike', () => {
  const candidates = [1, 9].map((weight, at) => testCandidate(String(at), { weight }));
  const heavy = drawn(candidates, 1000).filter((name) => name === 'p-1/m').length;
  expect(heavy).toBeGreaterThan(850);
  expect(heavy).toBeLessThan(950);
});

it('draws nobody from nobody', () => {
  expect(drawLessBusy([], { unit: () => 0 })).toBeUndefined();
});
