import type { FailedAttempt } from '../plugins/session.ts';
import { isJsonObject } from '../plugins/wire/json.ts';
import type { ProcessingRequest } from './codec.ts';
import { failureKeys, namespaces } from './names.ts';

/** The last answer for which Envoy went on, as far as it notes it (`envoy/failure.ts`); undefined when there was none. */
export const failureIn = ({ metadata }: Pick<ProcessingRequest, 'metadata'>): FailedAttempt | undefined => {
  const last = metadata.get(namespaces.failure)?.[failureKeys.last];
  if (!isJsonObject(last) || !isJsonObject(last.headers)) return undefined;
  const headers = Object.entries(last.headers).map(([name, value]) => [name, String(value)] as const);
  return { number: Number(last.attempt), head: { status: Number(last.status), headers: new Map(headers) } };
};
