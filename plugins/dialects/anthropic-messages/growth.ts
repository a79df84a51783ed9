import { isJsonObject, type JsonObject } from '../../wire/json.ts';
import type { Differing } from '../../wire/likeness.ts';

/** The member of each kind of delta that holds more of a text. */
const members: ReadonlyMap<unknown, string> = new Map([
  ['text_delta', 'text'],
  ['thinking_delta', 'thinking'],
  ['input_json_delta', 'partial_json'],
]);

/** What an event says that brings more of one text, and nothing besides. */
export const growthOf = ({ type, delta }: JsonObject): Differing | undefined => {
  const member = type === 'content_block_delta' && isJsonObject(delta) ? members.get(delta.type) : undefined;
  const text = member === undefined || !isJsonObject(delta) ? undefined : delta[member];
  return typeof text === 'string' && member !== undefined ? { told: [member, text], padding: [] } : undefined;
};
