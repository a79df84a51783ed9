import type { ExitCode } from './run.ts';

/** How one test ended; `why` says it for those that failed or were skipped. */
export interface Verdict {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly why?: string;
}

/** Why, for all that did not pass; then the seconds, and the closing line that machines look for. */
export const testReport = (verdicts: readonly Verdict[], seconds: number): string => {
  const of = (state: Verdict['state']) => verdicts.filter((verdict) => verdict.state === state);
  const [passed, failed, skipped] = [of('passed'), of('failed'), of('skipped')];
  return [
    ...[...skipped, ...failed].map(({ name, state, why }) => `${state}: ${name}: ${why}`),
    `${seconds.toFixed(1)} s`,
    `${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`,
  ].join('\n');
};

/** 0 only when something was tested and nothing failed. */
export const testExitCode = (verdicts: readonly Verdict[]): ExitCode => {
  const ran = verdicts.filter(({ state }) => state !== 'skipped');
  return ran.length > 0 && ran.every(({ state }) => state === 'passed') ? 0 : 1;
};
