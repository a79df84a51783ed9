import type { DialectName, ModelRequest } from '../model/request.ts';
import { RequestError } from '../refusals.ts';
import type { JsonValue } from '../wire/json.ts';

/**
 * Refuses a request of another dialect that names what only its own servers hold: without it, it would mean something
 * else. `dialect` is the one that is asked to write it.
 */
export const refuseServerState = (request: ModelRequest, dialect: DialectName): void => {
  const [param] = request.dialect === dialect ? [] : (request.serverState ?? []);
  if (param === undefined) return;
  const message = `${param}: the upstream of this model does not hold what it names; send the conversation itself (with store: false, SDKs do).`;
  throw new RequestError('unsupported_field', { param, message });
};

/** Is a member of another dialect missed by nobody? Null says nothing, and what is not to be kept is kept nowhere. */
export const isNoLoss = (member: string, value: JsonValue | undefined): boolean =>
  value === null || value === undefined || (member === 'store' && value === false);
