import { describe, expect, it } from 'vitest';
import { holdsSeal, markSeal, openSeal, readSeal } from './seals.ts';

const seal = { owner: 'anthropic-messages', kind: 'signature', value: 'a:b\nc=' } as const;

describe('seals', () => {
  it('come back as they were', () => {
    expect(readSeal(markSeal(seal))).toEqual(seal);
    expect(openSeal(markSeal(seal), 'anthropic-messages')).toBe('a:b\nc=');
  });

  it('open for their owner only', () => {
    expect(openSeal(markSeal(seal), 'openai-chat')).toBeUndefined();
  });

  it('without a mark are as they came, whoever asks', () => {
    expect(readSeal('EqQBCgIYAhIM')).toBeUndefined();
    expect(openSeal('EqQBCgIYAhIM', 'openai-chat')).toBe('EqQBCgIYAhIM');
    expect(readSeal('nexus1:openai-chat:other:x')).toBeUndefined();
  });

  it('are found inside of a longer text', () => {
    expect(holdsSeal(JSON.stringify({ deep: [markSeal(seal)] }))).toBe(true);
    expect(holdsSeal('nexus')).toBe(false);
  });
});
