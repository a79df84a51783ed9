import { LRUCache } from 'lru-cache';
import type { ClaimState } from '../../ports/counter-store.ts';
import type { ScopedLimit } from './scopes.ts';

/** A threshold that a count has passed for the first time in its window, as far as this process knows. */
export interface Passed {
  readonly limit: ScopedLimit;
  /** Part of the limit: 0.8. */
  readonly threshold: number;
}

/** Remembers which thresholds have been told. */
export const thresholdWatch = () => {
  const told = new LRUCache<string, { readonly threshold: number; readonly untilMs: number }>({
    max: 10_000,
  });
  /** `state` is the count with the call that was just granted. */
  return (limit: ScopedLimit, state: ClaimState, nowMs: number): Passed | undefined => {
    const reached = limit.budget.warnAt.filter((it) => state.used + state.open >= it * state.limit);
    if (reached.length === 0) return undefined;
    const threshold = Math.max(...reached);
    const key = `${limit.budget.id} ${limit.unit} ${limit.scope}`;
    const before = told.get(key);
    if (before && nowMs < before.untilMs && before.threshold >= threshold) return undefined;
    const windowMs = limit.window.kind === 'calendar' ? state.resetMs : shortMs;
    told.set(key, { threshold, untilMs: nowMs + windowMs });
    return { limit, threshold };
  };
};

/** Counts without a window are told again after this. */
const shortMs = 60_000;
