import type { ReasoningEffort, ReasoningSettings } from '../../model/request.ts';

const efforts: ReadonlySet<string> = new Set<ReasoningEffort>([
  'none',
  'minimal',
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
]);

export const isEffort = (value: string): value is ReasoningEffort => efforts.has(value);

/**
 * Tokens of reasoning up to which an effort stands for a budget. The bounds are ours; the efforts are those that every
 * reasoning model takes.
 */
const budgetEfforts: readonly (readonly [maxTokens: number, effort: ReasoningEffort])[] = [
  [5_120, 'low'],
  [12_288, 'medium'],
  [Number.POSITIVE_INFINITY, 'high'],
];

/** The effort that the settings ask for, whichever way; undefined when they leave it to the model. */
export const effortOf = ({ effort, budgetTokens, mode }: ReasoningSettings): ReasoningEffort | undefined => {
  if (mode === 'off') return 'none';
  if (effort !== undefined || budgetTokens === undefined) return effort;
  return budgetEfforts.find(([maxTokens]) => budgetTokens <= maxTokens)?.[1];
};
