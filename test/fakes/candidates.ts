import type { Candidate } from '../../plugins/policies/upstream/candidate.ts';
import type { RequestFacts } from '../../plugins/policies/upstream/facts.ts';
import { localHealthBoard } from '../../plugins/policies/upstream/health.ts';
import type { HealthBoard, HealthSettings } from '../../plugins/ports/health-board.ts';
import { EventQueue } from './time.ts';

/** As nexus.yaml has it when it says nothing. */
export const usualHealth: HealthSettings = { failures: 3, coolMs: 1000, maxCoolMs: 30_000 };

/** A board on a clock of its own. Chance is always in the middle. */
export const testBoard = (writer = 'test') => {
  const queue = new EventQueue();
  queue.runUntil(1000);
  return { queue, board: localHealthBoard({ clock: queue.clock, random: { unit: () => 0.5 }, writer }) };
};

/** A candidate `p-NAME/m` about which nothing is known. */
export const testCandidate = (
  name: string,
  change: Partial<Candidate> = {},
  board?: HealthBoard,
): Candidate => {
  const upstream = { provider: `p-${name}`, dialect: 'openai-chat' as const, model: 'm' };
  return {
    upstream,
    name: `p-${name}/m`,
    weight: 1,
    quality: undefined,
    facts: {},
    price: () => undefined,
    serves: () => true,
    maxConcurrent: Number.POSITIVE_INFINITY,
    health: (board ?? testBoard().board).of(upstream),
    settings: usualHealth,
    ...change,
  };
};

/** A small streamed request. */
export const testFacts = (change: Partial<RequestFacts> = {}): RequestFacts => ({
  inputTokens: 500,
  maxOutputTokens: undefined,
  size: 'small',
  pace: 'small/stream',
  turns: 1,
  stream: true,
  images: false,
  audio: false,
  files: false,
  tools: false,
  jsonSchema: false,
  ...change,
});
