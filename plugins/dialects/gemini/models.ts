/** What a request for a model may hold, where models of this API differ. */
export interface ModelTraits {
  /** How thinking is asked for: not at all, by a number of tokens, or by a level. */
  readonly thinking: 'none' | 'budget' | 'level';
  /** Of budgets: the least and the most. A least of 0 says that thinking can be switched off. */
  readonly minBudgetTokens: number;
  readonly maxBudgetTokens: number;
  /** Of levels: those that it knows, least first. */
  readonly levels: readonly ThinkingLevel[];
  /** Takes JSON Schema as it is (`parametersJsonSchema`, `responseJsonSchema`), and the mode `VALIDATED`. */
  readonly takesJsonSchema: boolean;
  /**
   * Gemini 3 and later: calls have ids, seals over calls are checked, results may hold images, images have a resolution
   * of their own, and tools go together with a schema for the answer.
   */
  readonly isThird: boolean;
}

export type ThinkingLevel = 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH';

const unknown: ModelTraits = {
  thinking: 'none',
  minBudgetTokens: 0,
  maxBudgetTokens: 0,
  levels: [],
  takesJsonSchema: true,
  isThird: false,
};

const first: ModelTraits = { ...unknown, takesJsonSchema: false };

const second: ModelTraits = { ...unknown, thinking: 'budget' };

const third: ModelTraits = {
  ...unknown,
  thinking: 'level',
  levels: ['LOW', 'MEDIUM', 'HIGH'],
  isThird: true,
};

interface Row {
  readonly names: RegExp;
  readonly traits: ModelTraits;
}

/**
 * The first row that fits counts. Sources: ai.google.dev "Thinking", "Thought signatures", "Structured outputs", read
 * 2026-11-28. A name without a version (`gemini-flash-latest`) is taken for the newest.
 */
const rows: readonly Row[] = [
  { names: /^gemini-(?:[01]|2\.0|2-)/, traits: first },
  { names: /^gemini-2\.\d+-pro/, traits: { ...second, minBudgetTokens: 128, maxBudgetTokens: 32_768 } },
  { names: /^gemini-2\./, traits: { ...second, maxBudgetTokens: 24_576 } },
  { names: /^gemini-3-pro/, traits: { ...third, levels: ['LOW', 'HIGH'] } },
  { names: /^gemini-(?:[\d.]+-)?pro/, traits: third },
  { names: /^gemini/, traits: { ...third, levels: ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'] } },
];

/** By a provider's name of a model, whatever collection it stands in. Of other names little is known. */
export const traitsOf = (model: string): ModelTraits => {
  const name = model.toLowerCase().split('/').at(-1) ?? '';
  return rows.find(({ names }) => names.test(name))?.traits ?? unknown;
};
