import type { JsonObject } from '../../wire/json.ts';
import type { Differing, Member } from '../../wire/likeness.ts';
import { isText } from '../openai/wire.ts';

/** The text that a delta brings. Nobody reads its number, nor what makes all packets equally long. */
export const growthOf = (event: JsonObject): Differing | undefined => {
  const { type, delta, sequence_number: at, obfuscation } = event;
  if (!isText(type) || !type.endsWith('.delta') || !isText(delta)) return undefined;
  const padding: Member[] = [];
  if (typeof at === 'number') padding.push(['sequence_number', at]);
  if (typeof obfuscation === 'string') padding.push(['obfuscation', obfuscation]);
  return { told: ['delta', delta], padding };
};
