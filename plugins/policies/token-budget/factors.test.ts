import fc from 'fast-check';
import { expect, it } from 'vitest';
import { learningFactors } from './factors.ts';

const seat = { provider: 'p', model: 'gpt-x' };
const claude = { provider: 'p', model: 'claude-x' };

it('begins at the estimate, higher for Claude', () => {
  expect(learningFactors().of(seat)).toBe(1);
  expect(learningFactors().of(claude)).toBeGreaterThan(1);
});

it('comes back slowly, to no less than it began with', () => {
  const factors = learningFactors();
  factors.learn(seat, 2000, 1000);
  for (let call = 0; call < 10; call++) factors.learn(seat, 550, 1000);
  expect(factors.of(seat)).toBeGreaterThan(1.2);
  for (let call = 0; call < 500; call++) factors.learn(seat, 300, 1000);
  expect(factors.of(seat)).toBe(1);
});

it('goes up at once', () => {
  const factors = learningFactors();
  factors.learn(seat, 1900, 1000);
  expect(factors.of(seat)).toBeGreaterThanOrEqual(1.9);
});

it('learns nothing from short prompts, and of each place alone', () => {
  const factors = learningFactors();
  factors.learn(seat, 1000, 100);
  expect(factors.of(seat)).toBe(1);
  factors.learn(seat, 4000, 1000);
  expect(factors.of({ ...seat, provider: 'q' })).toBe(1);
});

it('covers the last report, whatever came before', () => {
  const ratio = fc.double({ min: 0.1, max: 4, noNaN: true });
  fc.assert(
    fc.property(fc.array(ratio, { minLength: 1, maxLength: 40 }), (ratios) => {
      const factors = learningFactors();
      for (const it of ratios) factors.learn(seat, it * 1000, 1000);
      expect(factors.of(seat)).toBeGreaterThanOrEqual(Math.min(4, ratios.at(-1) ?? 0) * 0.999);
    }),
  );
});
