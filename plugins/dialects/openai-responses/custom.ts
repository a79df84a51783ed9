import type { Tool, Vendor } from '../../model/request.ts';
import { parseJsonObject } from '../../wire/json.ts';

// A custom tool is called with free text. To all other dialects it is a function with one text, `input`: its schema and its
// calls are so in the model, and are free text again for this dialect's servers and clients.

/** Schema of the function that stands for a custom tool. */
export const customSchema: Vendor = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
  additionalProperties: false,
};

/** Is it a custom tool of this dialect? */
export const isCustom = (tool: Tool): boolean => tool.kind === 'function' && tool.vendor?.type === 'custom';

/** What stands around a text in `wrapInput`, the quotes of it included. */
export const [inputStart, inputEnd] = ['{"input":"', '"}'];

export const wrapInput = (text: string): string => JSON.stringify({ input: text });

/** The free text in arguments; those of another shape (a model does not always keep to its schema) are the text themselves. */
export const unwrapInput = (json: string): string => {
  const input = parseJsonObject(json)?.input;
  return typeof input === 'string' ? input : json;
};
