import type { Config } from '../config/schema.ts';
import type { Policy } from '../policy.ts';
import type { Offload } from '../ports/offload.ts';
import type { Random } from '../ports/random.ts';
import type { Provider } from '../providers.ts';
import { metricsPolicy } from './metrics/metrics.ts';
import { type PiiDeps, piiPolicy } from './pii/pii.ts';
import { promptGuardPolicy } from './prompt-guard/prompt-guard.ts';
import { type TokenBudgetDeps, tokenBudgetPolicy } from './token-budget/token-budget.ts';
import { catalogued } from './upstream/catalogued.ts';
import { type UpstreamPorts, upstreamPolicy } from './upstream/upstream.ts';

/** What all policies together ask of the world. */
export interface PolicyPorts extends TokenBudgetDeps, Pick<PiiDeps, 'hashKey'> {
  readonly random: Random;
  readonly offload: Offload;
}

/** Every policy that is configured, one line each, in the order in which requests meet them. */
export const configuredPolicies = (
  config: Config,
  providers: ReadonlyMap<string, Provider>,
  ports: PolicyPorts & UpstreamPorts,
): readonly Policy[] => [
  metricsPolicy(config, ports.meter),
  ...(config.promptGuard ? [promptGuardPolicy(config.promptGuard, ports)] : []),
  ...(config.pii ? [piiPolicy(config.pii, ports)] : []),
  upstreamPolicy(config, providers, { ...catalogued(config, ports), ...ports }),
  tokenBudgetPolicy(config, ports),
];
