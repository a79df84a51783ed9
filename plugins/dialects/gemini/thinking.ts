import type { ModelRequest, ReasoningEffort, ReasoningSettings } from '../../model/request.ts';
import type { Losses } from '../losses.ts';
import type { ModelTraits, ThinkingLevel } from './models.ts';

/** Our own scale between efforts and budgets for Gemini 2.5; the highest two take what the model has. */
const budgets: readonly (readonly [effort: Exclude<ReasoningEffort, 'none'>, budgetTokens: number])[] = [
  ['minimal', 512],
  ['low', 1_024],
  ['medium', 8_192],
  ['high', 24_576],
  ['xhigh', Number.POSITIVE_INFINITY],
  ['max', Number.POSITIVE_INFINITY],
];

const wantedLevels: Readonly<Record<ReasoningEffort, ThinkingLevel>> = {
  none: 'MINIMAL',
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
};

const levelEfforts = { MINIMAL: 'minimal', LOW: 'low', MEDIUM: 'medium', HIGH: 'high' } as const;

/** Reasoning as the model can do it. What cannot be followed as it was meant is told to `losses`. */
export const adaptThinking = (
  { reasoning }: ModelRequest,
  { traits, losses }: { readonly traits: ModelTraits; readonly losses: Losses },
): ReasoningSettings | undefined => {
  const effort = reasoning && wantedEffort(reasoning);
  if (!reasoning || effort === undefined) return undefined;
  if (traits.thinking === 'none') {
    if (effort !== 'none') losses.drop('reasoning_effort');
    return undefined;
  }
  // Others show their reasoning unless told not to; here it has to be asked for.
  const show = effort === 'none' || reasoning.show === 'omitted' ? {} : ({ show: 'summary' } as const);
  if (traits.thinking === 'budget') return { ...withBudget(reasoning, effort, traits, losses), ...show };
  const level = nearestLevel(wantedLevels[effort], traits.levels);
  if (effort === 'none' || effort === 'xhigh' || effort === 'max') losses.drop('reasoning_effort');
  return { effort: levelEfforts[level], ...show };
};

const wantedEffort = ({ effort, budgetTokens, mode }: ReasoningSettings): ReasoningEffort | undefined => {
  if (mode === 'off') return 'none';
  if (effort !== undefined) return effort;
  if (budgetTokens === undefined) return mode === 'adaptive' ? 'medium' : undefined;
  return budgets.find(([, tokens]) => budgetTokens <= tokens)?.[0];
};

const withBudget = (
  { budgetTokens }: ReasoningSettings,
  effort: ReasoningEffort,
  { minBudgetTokens, maxBudgetTokens }: ModelTraits,
  losses: Losses,
): ReasoningSettings => {
  if (effort === 'none' && minBudgetTokens === 0) return { mode: 'off' };
  if (effort === 'none') losses.drop('reasoning_effort');
  const wanted = budgetTokens ?? budgets.find(([name]) => name === effort)?.[1] ?? 0;
  const fitted = Math.min(Math.max(wanted, minBudgetTokens), maxBudgetTokens);
  return { mode: 'fixed', budgetTokens: fitted };
};

/** The least level that is no lower; the highest when there is none. */
const nearestLevel = (wanted: ThinkingLevel, known: readonly ThinkingLevel[]): ThinkingLevel => {
  const order: readonly ThinkingLevel[] = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'];
  const from = order.indexOf(wanted);
  return known.find((level) => order.indexOf(level) >= from) ?? known.at(-1) ?? 'HIGH';
};
