import { expect } from 'vitest';
import { thoughtAbout } from './asks.ts';
import type { UpstreamName } from './upstream.ts';

/** Who answers the second and the third turn of a conversation that `first` began: always the same, or not. */
export const routesFrom = (first: UpstreamName): (readonly [UpstreamName, UpstreamName])[] => {
  const other = first === 'openai' ? 'anthropic' : 'openai';
  return [
    [first, first],
    [other, first],
    [first, other],
  ];
};

/**
 * Blocks of thinking that an Anthropic upstream sees again after two turns, in which two tools are called and bring
 * `sunny`. It takes a thought back only under its own seal.
 */
export const sealedThoughts = (turns: readonly [UpstreamName, UpstreamName]) =>
  ['call tools: 2', 'sunny\nsunny']
    .filter((_, at) => turns[at] === 'anthropic')
    .map((text) => ({
      type: 'thinking',
      thinking: thoughtAbout(text),
      signature: expect.stringMatching(/./),
    }));
