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

/** Small letters of which o200k has a token for every two, and one for a blank before each. */
const common = 'abcdefghilmnoprstuvwy';

const isCommon: readonly boolean[] = Array.from({ length: 128 }, (_, code) =>
  common.includes(String.fromCharCode(code)),
);

const blank = 0x20;

/**
 * The most tokens that o200k can make of a text which comes in pieces. In a run of common letters, with a blank before
 * them, no two that follow each other are both tokens of their own, since the two have one: three of them are two tokens
 * at most. All else is taken byte by byte, apostrophes too, which makes up for the cut behind `'s` and its like.
 */
export class MostTokens {
  #tokens = 0;
  /** Characters of the run that the text ends in. */
  #run = 0;

  get tokens(): number {
    return this.#tokens;
  }

  /** The next piece, and its UTF-8 bytes. */
  add(text: string, bytes: number): void {
    let saved = 0;
    let run = this.#run;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (isCommon[code]) {
        run++;
        if (run % 3 === 2) saved++;
      } else run = code === blank ? 1 : 0;
    }
    this.#run = run;
    this.#tokens += bytes - saved;
  }
}
