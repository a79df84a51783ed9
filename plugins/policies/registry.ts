import type { Config } from '../config/schema.ts';
import type { Policy } from '../policy.ts';
import type { Provider } from '../providers.ts';
import { metricsPolicy } from './metrics/metrics.ts';
import { type TokenBudgetDeps, tokenBudgetPolicy } from './token-budget/token-budget.ts';
import { catalogued } from './upstream/catalogued.ts';
import { type UpstreamPorts, upstreamPolicy } from './upstream/upstream.ts';

/** Every policy, one line each, in the order in which requests meet them. */
export const configuredPolicies = (
  config: Config,
  providers: ReadonlyMap<string, Provider>,
  ports: TokenBudgetDeps & UpstreamPorts,
): readonly Policy[] => [
  metricsPolicy(config, ports.meter),
  upstreamPolicy(config, providers, { ...catalogued(config, ports), ...ports }),
  tokenBudgetPolicy(config, ports),
];
