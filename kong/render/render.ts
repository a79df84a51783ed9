import type { Entity, KongConfig } from './entities.ts';
import { gate, type PluginSettings } from './gate.ts';
import { type EgressRenderOptions, providerRoutes } from './providers.ts';
import { recordRoute } from './records.ts';

/** All that a configuration depends on. */
export interface KongRenderOptions extends EgressRenderOptions {
  readonly settings: PluginSettings;
}

/**
 * The whole kong.yml for a nexus.yaml. Holds the egress secret, and no credential of a provider: those are the relay's,
 * and travel with each attempt.
 */
export const renderKong = (options: KongRenderOptions): Entity => {
  const entities = Object.entries(entitiesOf(options)).filter(([, list]) => list.length > 0);
  return { _format_version: '3.0', ...Object.fromEntries(entities) };
};

/** The parts that go into a kong.yml which already exists: its lists of the same names. */
export const kongParts = {
  services: (options) => {
    const { services, ca_certificates } = entitiesOf(options);
    return { services, ...(ca_certificates.length > 0 ? { ca_certificates } : {}) };
  },
  routes: (options) => ({ routes: entitiesOf(options).routes }),
  plugins: (options) => ({ plugins: entitiesOf(options).plugins }),
  upstreams: (options) => ({ upstreams: entitiesOf(options).upstreams }),
} satisfies Record<string, (options: KongRenderOptions) => Entity>;

export type KongPart = keyof typeof kongParts;

const entitiesOf = (options: KongRenderOptions): KongConfig => {
  const front = gate(options.config, options.settings);
  const back = providerRoutes(options);
  const records = recordRoute(options.egressSecret);
  return {
    services: [...front.services, ...back.services],
    routes: [...front.routes, ...back.routes, records.route],
    plugins: [...front.plugins, ...back.plugins, records.taker],
    upstreams: back.upstreams,
    ca_certificates: back.ca_certificates,
  };
};
