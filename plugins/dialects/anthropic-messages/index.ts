import type { ModelRequest } from '../../model/request.ts';
import { type JsonDocument, type JsonObject, patchMembers } from '../../wire/json.ts';
import type { Dialect, EncodedRequest, HeaderList, UpstreamTarget } from '../dialect.ts';
import { adaptRequest } from './adapt.ts';
import { encodeResponse, encodeStream } from './answer.ts';
import { countTokens } from './count.ts';
import { decodeError, encodeError, encodeStreamError } from './error.ts';
import { decodeResponse, decodeStream, observeStream } from './events.ts';
import { encodeLimits } from './limits.ts';
import { checksSeals } from './models.ts';
import { keepUnder, withoutUnsealed } from './reasoning.ts';
import { renderRequest } from './render.ts';
import { decodeRequest } from './request.ts';

const path = '/v1/messages';

/** Version of the API for clients of other dialects; its answers and requests are what this dialect was written for. */
const defaultVersion = '2023-06-01';

/** Version and beta features belong to clients of this dialect. */
const headersFor = (request: ModelRequest, { clientHeaders }: UpstreamTarget): HeaderList => {
  const own = request.dialect === 'anthropic-messages' ? clientHeaders : new Map<string, string>();
  const beta = own.get('anthropic-beta');
  return [
    ['content-type', 'application/json'],
    ['anthropic-version', own.get('anthropic-version') ?? defaultVersion],
    ...(beta ? [['anthropic-beta', beta] as const] : []),
  ];
};

const encodeRequest = (request: ModelRequest, target: UpstreamTarget): EncodedRequest => {
  const headers = headersFor(request, target);
  if (request.dialect === 'anthropic-messages') {
    const taken = acceptable(request, target);
    const body = renderRequest(withFittingBudget(taken), target.model);
    const dropped = taken === request ? [] : ['messages.content.thinking'];
    return { path, headers, body: JSON.stringify(body), dropped };
  }
  const { request: adapted, dropped } = adaptRequest(request, target.model);
  return { path, headers, body: JSON.stringify(renderRequest(adapted, target.model)), dropped };
};

/** Earlier turns of a conversation may have been answered by another dialect's upstream. */
const acceptable = (request: ModelRequest, { model }: UpstreamTarget): ModelRequest =>
  checksSeals(model) ? withoutUnsealed(request) : request;

/** A policy may have lowered `max_tokens` under the client's thinking budget, which the API refuses. */
const withFittingBudget = (request: ModelRequest): ModelRequest => {
  const { reasoning, maxOutputTokens } = request;
  if (!reasoning || maxOutputTokens === undefined) return request;
  const fitting = keepUnder(reasoning, maxOutputTokens);
  return fitting === reasoning ? request : { ...request, reasoning: fitting };
};

/** Answers here always tell their usage, so only the model is patched. */
const patchRequest = (
  document: JsonDocument,
  request: ModelRequest,
  target: UpstreamTarget,
): EncodedRequest => {
  if (acceptable(request, target) !== request) return encodeRequest(request, target);
  return {
    path,
    headers: headersFor(request, target),
    body: patchMembers(document, { model: JSON.stringify(target.model) }),
    dropped: [],
  };
};

/** One page with every name ("List models", read 2026-11-24); we know no dates of release. */
const encodeModels = (names: readonly string[]): JsonObject => ({
  data: names.map((id) => ({ type: 'model', id, display_name: id, created_at: '1970-01-01T00:00:00Z' })),
  first_id: names[0] ?? null,
  last_id: names.at(-1) ?? null,
  has_more: false,
});

/** Anthropic's Messages API, for clients and upstreams. */
export const anthropicMessages: Dialect = {
  name: 'anthropic-messages',
  decodeRequest,
  encodeResponse,
  encodeStream,
  encodeError,
  encodeStreamError,
  encodeLimits,
  encodeModels,
  patchRequest,
  passStream: () => undefined,
  observeStream,
  observeResponse: decodeResponse,
  encodeRequest,
  decodeResponse,
  decodeStream,
  decodeError,
  operations: { 'count-tokens': countTokens(encodeRequest) },
};
