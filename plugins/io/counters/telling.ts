import type { Meter } from '../../ports/meter.ts';
import type { StoreState } from './breaker.ts';

/** What a change of the store means, for people. */
export const storeWords = (state: StoreState): string => {
  if (state.kind === 'lost')
    return `counts of budgets cannot be asked (${state.reason}); calls meet \`onLoss\``;
  return state.forgotten
    ? `the store of budgets had forgotten what it had counted; counts put back to what was last seen here: ${state.forgotten.broughtBack}`
    : 'counts of budgets can be asked again';
};

/** What this needs of a logger: pino's. */
interface Log {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Logs each change of the store as one line, and counts it. */
export const tellStore =
  (log: Log, meter: Meter) =>
  (state: StoreState): void => {
    const change = state.kind === 'ready' && state.forgotten ? 'forgotten' : state.kind;
    const reason = state.kind === 'lost' ? state.reason : '';
    meter.count('nexus_budget_store_changes_total', { state: change, reason });
    const level = { ready: 'info', lost: 'warn', forgotten: 'error' } as const;
    log[level[change]]({ store: state }, storeWords(state));
  };
