import type { DialectName, ModelRequest } from '../model/request.ts';
import { RequestError } from '../refusals.ts';

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
