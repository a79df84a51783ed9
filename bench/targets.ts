import type { Comparison, Row } from './summary.ts';
import { plainOf } from './variants.ts';

/** What a scenario must reach beside the plain proxy. */
interface Target {
  readonly scenarios: RegExp;
  readonly text: string;
  readonly isMet: (versusPlain: Comparison) => boolean;
}

const kongTargets: readonly Target[] = [
  { scenarios: /^unary 1KB c=1$/, text: 'p50 ≤ +1 ms', isMet: ({ addedP50Ms }) => addedP50Ms <= 1 },
];

const envoyTargets: readonly Target[] = [
  { scenarios: /^unary 1KB c=32$/, text: 'CPU ≤ 5.5×', isMet: ({ cpuRatio }) => cpuRatio <= 5.5 },
  { scenarios: /^unary 1KB c=1$/, text: 'p50 ≤ +0.55 ms', isMet: ({ addedP50Ms }) => addedP50Ms <= 0.55 },
  {
    scenarios: /^unary .* 60ms c=32$/,
    text: '≥ 98 %',
    isMet: ({ throughputRatio }) => throughputRatio >= 0.98,
  },
  { scenarios: /^burst/, text: 'CPU ≤ 4×', isMet: ({ cpuRatio }) => cpuRatio <= 4 },
];

/** The target of a row and whether it was met; undefined for rows without one. */
export const targetOf = ({
  scenario,
  variant,
  versusPlain,
}: Row): { text: string; met: boolean } | undefined => {
  const targets = plainOf(variant) === 'kong-plain' ? kongTargets : envoyTargets;
  const target = targets.find(({ scenarios }) => scenarios.test(scenario.name));
  return target && versusPlain && { text: target.text, met: target.isMet(versusPlain) };
};
