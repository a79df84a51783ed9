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

/** Runs that are too long, blank or not. In a group, so that `split` keeps them. */
const longRuns = new RegExp(`(\\S{${longestRun + 1},}|\\s{${longestRun + 1},})`);

/** Cuts long runs into pieces, each of which may come out a token or two higher; all else is counted as it stands. */
export const guarded =
  (count: TokenCounter): TokenCounter =>
  (text) => {
    const parts = text.split(longRuns); // every other one is a long run
    return parts.reduce((sum, part, at) => sum + (at % 2 === 0 ? count(part) : countPieces(part, count)), 0);
  };

const countPieces = (run: string, count: TokenCounter): number => {
  let tokens = 0;
  for (let at = 0; at < run.length; at += longestRun) tokens += count(run.slice(at, at + longestRun));
  return tokens;
};

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
