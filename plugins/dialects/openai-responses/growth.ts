import type { JsonObject } from '../../wire/json.ts';
import type { Member } from '../../wire/likeness.ts';
import type { Growth } from '../alike.ts';
import { isText } from '../openai/wire.ts';

/** Events that bring more of a text. */
const deltas: ReadonlySet<unknown> = new Set([
  'response.output_text.delta',
  'response.refusal.delta',
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
  'response.reasoning_summary_text.delta',
  'response.reasoning_text.delta',
]);

/** The text that an event brings. Nobody reads its number nor what makes packets equally long. */
export const growthOf = ({
  type,
  delta,
  sequence_number: at,
  obfuscation,
}: JsonObject): Growth | undefined => {
  if (!deltas.has(type) || !isText(delta)) return undefined;
  const padding: Member[] = [];
  if (typeof at === 'number') padding.push(['sequence_number', at]);
  if (typeof obfuscation === 'string') padding.push(['obfuscation', obfuscation]);
  return { told: ['delta', delta], padding };
};
