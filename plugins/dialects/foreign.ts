import type { ModelRequest, UpstreamDialectName } from '../model/request.ts';
import { RequestError } from '../refusals.ts';
import type { JsonValue } from '../wire/json.ts';

/** Refuses, for an upstream of another dialect, a request that without members of its own dialect means something else. */
export const refuseEssential = (request: ModelRequest, upstream: UpstreamDialectName): void => {
  const [param] = request.dialect === upstream ? [] : (request.essential ?? []);
  if (param === undefined) return;
  const message = `${param}: the upstream of this model does not know what it names; send the conversation itself (with store: false, SDKs do).`;
  throw new RequestError('unsupported_field', { param, message });
};

/** Is a member of another dialect missed by nobody? Null says nothing, and what is not to be kept is kept nowhere. */
export const isNoLoss = (member: string, value: JsonValue | undefined): boolean =>
  value === null || value === undefined || (member === 'store' && value === false);
