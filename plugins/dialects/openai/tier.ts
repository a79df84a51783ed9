import type { JsonObject } from '../../wire/json.ts';
import type { Writing } from './writing.ts';

/** `service_tier` for a tier of the model. `auto` is what every provider does when not asked. */
export const encodeTier = (tier: string | undefined, writing: Writing): JsonObject => {
  if (tier === undefined || (!writing.own && tier === 'auto')) return {};
  if (writing.own) return { service_tier: tier };
  if (tier === 'standard_only') return { service_tier: 'default' };
  writing.drop('service_tier');
  return {};
};
