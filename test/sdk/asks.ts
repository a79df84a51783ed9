/** What a healthy provider answers to `text`. */
export const said = (text: string): string => `You said: ${text}\n\nThis is a fake provider on this machine.`;

/** What one thinks about `text`. */
export const thoughtAbout = (text: string): string => `The user wrote ${text.length} characters.`;

/** Tokens of a text, as the providers count them. */
export const tokensOf = (text: string): number => Math.ceil(text.length / 4);

/** Two, three and four bytes long in UTF-8, joined and right to left, and what JSON must escape. */
export const unicode = 'hällo 日本語 👩‍👩‍👧 مرحبا e\u0301 \u2028 "quoted" \\ \u0000\ttab';

/** JSON Schema of the arguments of `get_weather`. The providers fill it with `sample 1` and 1, `sample 2` and 2, … */
export const weatherSchema = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const }, days: { type: 'integer' as const } },
  required: ['city', 'days'],
  additionalProperties: false,
};

/** Arguments of the calls that a provider makes when it is told to `call tools: 2`. */
export const twoCalls = [
  { city: 'sample 1', days: 1 },
  { city: 'sample 2', days: 2 },
];

/** A PNG of one pixel, in base64. */
export const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
