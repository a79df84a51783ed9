import { describe, expect, it } from 'vitest';
import { holdsSeal, openSeal, wrapSeal } from './seals.ts';

const seal = { dialect: 'anthropic-messages', kind: 'signature', value: 'a:b\nc=' } as const;

describe('seals', () => {
  it('come back as they were', () => {
    expect(openSeal(wrapSeal(seal))).toEqual(seal);
  });

  it('that we did not wrap are none', () => {
    expect(openSeal('EqQBCgIYAhIM')).toBeUndefined();
    expect(openSeal(undefined)).toBeUndefined();
  });

  it('are found inside of a longer text', () => {
    expect(holdsSeal(JSON.stringify({ deep: [wrapSeal(seal)] }))).toBe(true);
    expect(holdsSeal('nexus1')).toBe(false);
  });
});
