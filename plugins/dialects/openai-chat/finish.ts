import type { Finish } from '../../model/events.ts';
import type { FinishReason } from '../../model/usage.ts';

/** How a choice ended, as far as its upstream said it. */
export interface Ending {
  readonly index: number;
  /** The wire's word. */
  readonly finish: string | undefined;
  readonly stopSequence: string | undefined;
  readonly hasParts: boolean;
  readonly calls: readonly unknown[];
}

/** Finish reasons of OpenAI, then of compatible servers. */
const reasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool_calls', 'tool_calls'],
  ['content_filter', 'content_filter'],
  ['function_call', 'tool_calls'],
  ['eos', 'stop'], // Together
  ['eos_token', 'stop'], // Hugging Face
  ['stop_sequence', 'stop_sequence'], // Hugging Face
  ['model_length', 'context_full'], // Mistral
  ['error', 'error'], // Mistral, OpenRouter
  ['insufficient_system_resource', 'error'], // DeepSeek
  ['abort', 'error'], // vLLM, SGLang
]);

/** The reasons that this dialect's own words say in full. */
const ownWords = new Set(['stop', 'length', 'tool_calls', 'content_filter']);

/** A word that we do not know ends an answer well if there is one. `[DONE]` without a word did so too. */
export const reasonOf = ({ finish = 'stop', hasParts, calls, stopSequence }: Ending): FinishReason => {
  const reason = reasons.get(finish) ?? (hasParts ? 'stop' : 'error');
  if (reason === 'stop' && calls.length > 0) return 'tool_calls';
  return reason === 'stop' && stopSequence !== undefined ? 'stop_sequence' : reason;
};

/** The event that ends a choice. */
export const finishOf = (ending: Ending): Finish => {
  const { index, finish = 'stop', stopSequence } = ending;
  const reason = reasonOf(ending);
  return {
    type: 'finish',
    choice: index,
    reason,
    ...(reason === 'stop_sequence' && stopSequence !== undefined ? { stopSequence } : {}),
    ...(ownWords.has(finish) ? {} : { rawReason: finish }),
  };
};
