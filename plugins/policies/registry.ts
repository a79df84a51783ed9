import type { Config } from '../config/schema.ts';
import type { Policy } from '../policy.ts';
import type { Meter } from '../ports/meter.ts';
import type { Provider } from '../providers.ts';
import { metricsPolicy } from './metrics/metrics.ts';
import { type UpstreamPorts, upstreamPolicy } from './upstream/upstream.ts';

/** Every policy, one line each, in the order in which requests meet them. */
export const configuredPolicies = (
  config: Config,
  providers: ReadonlyMap<string, Provider>,
  ports: UpstreamPorts & { readonly meter: Meter },
): readonly Policy[] => [metricsPolicy(config, ports.meter), upstreamPolicy(config, providers, ports)];
