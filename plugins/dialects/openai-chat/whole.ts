import type { ModelRequest } from '../../model/request.ts';
import { type JsonDocument, patchMembers } from '../../wire/json.ts';
import type { EncodedRequest, UpstreamTarget } from '../dialect.ts';
import { decodeStreamError, encodeError } from '../openai/error.ts';
import type { ErrorBodies } from '../whole.ts';

/** The client's own text with the provider's name of the model. */
export const patched =
  (path: string) =>
  (document: JsonDocument, _request: ModelRequest, { model }: UpstreamTarget): EncodedRequest => ({
    path,
    headers: [['content-type', 'application/json']],
    body: patchMembers(document, { model: JSON.stringify(model) }),
    dropped: [],
  });

export const errors: ErrorBodies = {
  read: decodeStreamError,
  write: (error) => encodeError(error).body,
};
