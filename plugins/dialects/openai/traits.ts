/** What a request for a model may hold, where models of this API differ. */
export interface ModelTraits {
  /**
   * `always`: reasons when not told otherwise. `asked`: reasons when it is asked to. `never`: refuses the settings of
   * reasoning. `unknown`: a model of another maker, which gets what the client asked for.
   */
  readonly reasons: 'always' | 'asked' | 'never' | 'unknown';
}

/**
 * First row that fits. Sources: platform.openai.com "Reasoning models" and "Using GPT-5.1" (whose default effort is
 * `none`), read 2026-11-24; `temperature` of gpt-5 answered with 400 in a recording of 2025.
 */
const rows: readonly (readonly [name: RegExp, reasons: ModelTraits['reasons']])[] = [
  [/^gpt-5(?:\.\d+)?-chat/, 'never'],
  [/^(?:gpt-[34]|chatgpt-)/, 'never'],
  [/^(?:o\d|codex|gpt-5(?:-|$)|gpt-5\.\d+-(?:codex|pro))/, 'always'],
  [/^gpt-(?:5\.\d+|[6-9])/, 'asked'],
];

/** By a provider's name of a model: `gpt-5-mini-2025-08-07`, `openai/gpt-5.4`. */
export const traitsOf = (model: string): ModelTraits => {
  const bare = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  return { reasons: rows.find(([name]) => name.test(bare))?.[1] ?? 'unknown' };
};
