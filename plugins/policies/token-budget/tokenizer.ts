/** Counts tokens of a text by o200k_base, the tokenizer of OpenAI's models since GPT-4o. Synchronous. */
export type TokenCounter = (text: string) => number;

/** A tokenizer that is loaded when it is first needed: its tables take 75 MB and a third of a second. */
export interface Tokenizer {
  /** Undefined until it is loaded. */
  readonly count: TokenCounter | undefined;
  /** Loads it; undefined when that fails. Called again, gives the same. */
  load(): Promise<TokenCounter | undefined>;
}

/** Longest run without a blank that the tokenizer gets in one piece: its time grows with the square of a run. */
const longestRun = 256;

/** Runs that are too long, blank or not. */
const longRuns = new RegExp(`\\S{${longestRun + 1},}|\\s{${longestRun + 1},}`);
const pieces = new RegExp(`\\S{1,${longestRun}}|\\s{1,${longestRun}}`, 'g');

/** Cuts what would take the tokenizer long. Cuts add at most a token each, so the count stays a high one. */
export const guarded =
  (count: TokenCounter): TokenCounter =>
  (text) =>
    longRuns.test(text)
      ? (text.match(pieces) ?? []).reduce((sum, piece) => sum + count(piece), 0)
      : count(text);

/** Texts that look like control tokens are words when a client sends them. */
const options = { disallowedSpecial: new Set<string>() };

export const lazyTokenizer = (): Tokenizer => {
  let count: TokenCounter | undefined;
  let loading: Promise<TokenCounter | undefined> | undefined;
  const load = async (): Promise<TokenCounter | undefined> => {
    try {
      const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
      count = guarded((text) => countTokens(text, options));
    } catch {
      // Without it estimates hold, which are high.
    }
    return count;
  };
  return {
    get count() {
      return count;
    },
    load: () => {
      loading ??= load();
      return loading;
    },
  };
};
