import type { Vendor } from '../../model/request.ts';
import type { JsonObject, JsonValue } from '../../wire/json.ts';

/** Members of a request that mean the same under the same name in both dialects of OpenAI, and have no place in the model. */
const sharedMembers: ReadonlySet<string> = new Set([
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'stream_options',
]);

/** `vendor` of a request of another dialect, parted: what can be written as it is, and what is lost. */
export const partVendor = (vendor: Vendor): { readonly carried: JsonObject; readonly lost: JsonObject } => {
  const carried: JsonObject = {};
  const lost: JsonObject = {};
  for (const [key, value] of Object.entries(vendor) as [string, JsonValue][])
    (sharedMembers.has(key) ? carried : lost)[key] = value;
  return { carried, lost };
};
