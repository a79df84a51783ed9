import type { JsonValue } from '../../wire/json.ts';

/** This dialect's name in the model. */
export const name = 'openai-chat';

/** Does a member with this value say nothing? */
export const isEmpty = (value: JsonValue | undefined): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0);
