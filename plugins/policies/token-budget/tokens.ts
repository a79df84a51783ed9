/** How many tokens a model makes of a text, at most, for each that o200k makes. */
export const perO200kToken = (model: string): number => {
  if (/(^|\/)(gpt-|chatgpt|codex|o\d)/i.test(model)) return 1.05; // o200k itself, or cl100k before GPT-4o
  return /claude/i.test(model) ? 1.75 : 1.4;
};

/**
 * Tokens by o200k above which an answer has certainly passed a cap of its model's own tokens: its tokenizer may do with
 * fewer, up to a fifth for those of 256,000 entries; our count is up to two too high for each piece counted alone.
 */
export const certainlyAbove = (model: string, cap: number): number =>
  perO200kToken(model) === 1.05 ? Math.ceil(cap * 1.05) + 8 : Math.ceil(cap * 1.25) + 16;
