import type { ModelRequest, Part, ReasoningEffort, ReasoningSettings, Turn } from '../../model/request.ts';
import type { ModelTraits } from './models.ts';

/** Smallest `budget_tokens` (API reference, "ThinkingConfigEnabled", read 2026-11-24). */
const minBudgetTokens = 1_024;

/** Tokens that a thinking budget leaves for the answer itself, if `max_tokens` has that many. */
const answerTokens = 4_096;

type Effort = Exclude<ReasoningEffort, 'none'>;

/** Our own scale between efforts and fixed budgets, least first. `max` takes what the model has. */
const budgets: readonly (readonly [effort: Effort, budgetTokens: number])[] = [
  ['minimal', 1_024],
  ['low', 2_048],
  ['medium', 8_192],
  ['high', 16_384],
  ['xhigh', 32_768],
  ['max', Number.POSITIVE_INFINITY],
];

/** What is known when thinking is decided. */
export interface ThinkingContext {
  readonly traits: ModelTraits;
  /** The client's own limit. */
  readonly maxOutputTokens: number | undefined;
  /** Fixed budgets exclude forced tool calls, and loops of calls whose thinking the client did not send back. */
  readonly excludesBudget: boolean;
}

export interface AdaptedThinking {
  readonly maxOutputTokens: number;
  readonly reasoning?: ReasoningSettings;
  /** The settings could not be followed as they were meant. */
  readonly lost: boolean;
}

/** Reasoning as the model can do it, and a `max_tokens` that it fits in. */
export const adaptThinking = (
  settings: ReasoningSettings | undefined,
  context: ThinkingContext,
): AdaptedThinking => {
  const { traits } = context;
  const maxOutputTokens = context.maxOutputTokens ?? traits.defaultOutputTokens;
  const effort = settings && wantedEffort(settings);
  if (!settings || effort === undefined) return { maxOutputTokens, lost: false };
  if (effort === 'none') return { maxOutputTokens, ...turnedOff(traits) };
  if (traits.thinking === 'manual') return withBudget(settings, effort, context);
  if (traits.thinking === 'none') return { maxOutputTokens, lost: true };
  const instead = traits.effortInstead[effort];
  const reasoning: ReasoningSettings = { mode: 'adaptive', effort: instead ?? effort, ...shownAs(settings) };
  return { maxOutputTokens, reasoning, lost: instead !== undefined && effort !== 'minimal' };
};

const wantedEffort = ({ effort, budgetTokens, mode }: ReasoningSettings): ReasoningEffort | undefined => {
  if (mode === 'off') return 'none';
  if (effort !== undefined || budgetTokens === undefined) return effort;
  return budgets.find(([, tokens]) => budgetTokens <= tokens)?.[0];
};

/** Where thinking waits to be asked for, off is the absence of settings. */
const turnedOff = ({ thinking }: ModelTraits): Pick<AdaptedThinking, 'reasoning' | 'lost'> => {
  if (thinking === 'adaptive') return { reasoning: { mode: 'off' }, lost: false };
  return { lost: thinking === 'always' };
};

const shownAs = ({ show }: ReasoningSettings): Pick<ReasoningSettings, 'show'> =>
  show === undefined ? {} : { show };

const withBudget = (
  settings: ReasoningSettings,
  effort: Effort,
  context: ThinkingContext,
): AdaptedThinking => {
  const { traits, excludesBudget } = context;
  const wanted = settings.budgetTokens ?? budgets.find(([name]) => name === effort)?.[1] ?? minBudgetTokens;
  const maxOutputTokens =
    context.maxOutputTokens ?? Math.min(traits.maxOutputTokens, traits.defaultOutputTokens + wanted);
  const budgetTokens = fitBudget(Math.max(wanted, minBudgetTokens), maxOutputTokens);
  if (excludesBudget || budgetTokens === undefined) return { maxOutputTokens, lost: true };
  return { maxOutputTokens, reasoning: { mode: 'fixed', budgetTokens, ...shownAs(settings) }, lost: false };
};

/** The most of `budgetTokens` that fits under `max_tokens` and leaves room to answer; undefined when none does. */
const fitBudget = (budgetTokens: number, maxOutputTokens: number): number | undefined => {
  const room = maxOutputTokens - Math.min(answerTokens, Math.floor(maxOutputTokens / 2));
  return room < minBudgetTokens ? undefined : Math.min(budgetTokens, room);
};

/** The client's own thinking under a `max_tokens` that a policy has lowered; as it was while it fits. */
export const keepUnder = (settings: ReasoningSettings, maxOutputTokens: number): ReasoningSettings => {
  const { mode, budgetTokens } = settings;
  if (mode !== 'fixed' || budgetTokens === undefined || budgetTokens < maxOutputTokens) return settings;
  const fitting = fitBudget(budgetTokens, maxOutputTokens);
  return fitting === undefined ? { mode: 'off' } : { ...settings, budgetTokens: fitting };
};

/**
 * A conversation without the thinking that has no seal: another dialect's upstream thought it, in an earlier turn, and
 * this API refuses it. A fixed budget goes, too, when it was that of calls under way, which would have to begin with
 * their thinking. The same request when everything is sealed.
 */
export const withoutUnsealed = (request: ModelRequest): ModelRequest => {
  if (!request.turns.some(hasUnsealed)) return request;
  const turns = request.turns.flatMap((turn) => (hasUnsealed(turn) ? sealedOf(turn) : turn));
  const losesBudget = request.reasoning?.mode === 'fixed' && callsWithoutThinking(turns);
  return { ...request, turns, ...(losesBudget ? { reasoning: { mode: 'off' } } : {}) };
};

const hasUnsealed = ({ parts }: Turn): boolean => parts.some(isUnsealed);

/** Nothing where only thinking was: the API takes no empty messages. */
const sealedOf = (turn: Turn): Turn[] => {
  const parts = turn.parts.filter((part) => !isUnsealed(part));
  return parts.length === 0 ? [] : [{ ...turn, parts }];
};

const isUnsealed = (part: Part): boolean =>
  part.type === 'reasoning' && part.signature === undefined && part.redacted === undefined;

const callsWithoutThinking = (turns: readonly Turn[]): boolean => {
  const parts = turns.findLast(({ role }) => role === 'assistant')?.parts ?? [];
  return parts[0]?.type !== 'reasoning' && parts.some(({ type }) => type === 'tool-call');
};
