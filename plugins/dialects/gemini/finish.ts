import type { Finish } from '../../model/events.ts';
import type { FinishReason } from '../../model/usage.ts';
import type { JsonValue } from '../../wire/json.ts';
import type { FinishWord } from './wire.ts';

/** `FinishReason` and `BlockedReason` of `@google/genai` 3.3.0, read 2026-11-28. */
const reasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['IMAGE_SAFETY', 'content_filter'],
  ['IMAGE_PROHIBITED_CONTENT', 'content_filter'],
  ['IMAGE_RECITATION', 'content_filter'],
  ['MODEL_ARMOR', 'content_filter'],
  ['ESCALATION', 'content_filter'],
  ['CONTINUATION', 'pause'],
  ['MALFORMED_FUNCTION_CALL', 'error'],
  ['MALFORMED_RESPONSE', 'error'],
  ['UNEXPECTED_TOOL_CALL', 'error'],
  ['TOO_MANY_TOOL_CALLS', 'error'],
  ['MISSING_THOUGHT_SIGNATURE', 'error'],
  ['LANGUAGE', 'error'],
  ['NO_IMAGE', 'error'],
  ['IMAGE_OTHER', 'error'],
  ['OTHER', 'error'],
]);

/** The words that a reason of the model says in full. */
const plainWords: ReadonlySet<string> = new Set(['STOP', 'MAX_TOKENS', 'SAFETY']);

/** The words that both services number alike, for answers whose enumerations are told by number. */
const numbered: readonly string[] = ['', 'STOP', 'MAX_TOKENS', 'SAFETY', 'RECITATION', 'OTHER'];

/** `finishReason` as a word; undefined when there is none yet. */
export const finishWordOf = (value: JsonValue | undefined): string | undefined => {
  if (typeof value === 'number') return numbered[value] ?? String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** How a candidate ended, as far as its upstream said it. */
export interface Ending {
  readonly choice: number;
  readonly word: string;
  readonly hasParts: boolean;
  readonly called: boolean;
}

/** The end of a candidate. A word that we do not know ends an answer well if there is one. */
export const finishOf = ({ choice, word, hasParts, called }: Ending): Finish => {
  const known = reasons.get(word) ?? (hasParts ? 'stop' : 'error');
  return {
    type: 'finish',
    choice,
    reason: known === 'stop' && called ? 'tool_calls' : known,
    ...(plainWords.has(word) ? {} : { rawReason: word }),
  };
};

/** Why a prompt got no answer at all. */
export const blockedFinish = (blockReason: string): Finish => ({
  type: 'finish',
  choice: 0,
  reason: 'content_filter',
  rawReason: blockReason,
});

/** `finishReason` per reason; `error` of another dialect never gets here, it is told as an error. */
export const finishWords = {
  stop: 'STOP',
  stop_sequence: 'STOP',
  length: 'MAX_TOKENS',
  context_full: 'MAX_TOKENS',
  tool_calls: 'STOP',
  content_filter: 'SAFETY',
  pause: 'STOP',
  error: 'OTHER',
} as const satisfies Record<FinishReason, FinishWord>;
