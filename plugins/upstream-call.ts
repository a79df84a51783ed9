import type { EncodedRequest, HeaderList } from './dialects/dialect.ts';
import type { Upstream } from './exchange.ts';
import type { Authorize } from './ports/credentials.ts';
import type { Provider } from './providers.ts';
import { RequestError } from './refusals.ts';

/** One call to one upstream, complete: `headers` are all that may be sent, the credential included. */
export interface UpstreamCall {
  readonly kind: 'call';
  readonly upstream: Upstream;
  readonly method: 'POST';
  readonly authority: string;
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: string;
  /** Most calls to this provider at the same time, for a host that cannot count them by itself. */
  readonly maxConcurrent?: number;
}

/** Puts an encoded request together with the place and the credential of its provider. `query` is empty or begins with `?`. */
export const upstreamCall = (
  { path, headers, body }: EncodedRequest,
  { upstream, provider, query = '' }: { upstream: Upstream; provider: Provider; query?: string },
): UpstreamCall | Promise<UpstreamCall> => {
  const call: UpstreamCall = {
    kind: 'call',
    upstream,
    method: 'POST',
    authority: provider.authority,
    path: provider.pathPrefix + placeAt(path, { upstream, provider, query }),
    headers: [...headers, ['user-agent', 'nexus'], ...provider.credential],
    body,
    ...(provider.maxConcurrent === undefined ? {} : { maxConcurrent: provider.maxConcurrent }),
  };
  return provider.authorize ? authorized(call, { authorize: provider.authorize, provider }) : call;
};

/** Azure's older paths hold the deployment and the version of the API, in place of the client's query. */
const placeAt = (
  path: string,
  { upstream, provider, query }: { upstream: Upstream; provider: Provider; query: string },
): string =>
  provider.azureApiVersion === undefined
    ? path + query
    : `/deployments/${encodeURIComponent(upstream.model)}${path}?api-version=${provider.azureApiVersion}`;

const authorized = async (
  call: UpstreamCall,
  { authorize, provider: { scheme, authority } }: { authorize: Authorize; provider: Provider },
): Promise<UpstreamCall> => {
  const { method, path, headers, body } = call;
  try {
    const added = await authorize({ method, url: `${scheme}://${authority}${path}`, headers, body });
    return { ...call, headers: [...headers, ...added] };
  } catch {
    throw new RequestError('upstream_auth');
  }
};

/** The name of an upstream for people and headers; `parseUpstreamName` reads it back. */
export const upstreamName = ({ provider, model }: Upstream): string => `${provider}/${model}`;

/** The parts of `provider/model`; a provider's name holds no slash, a model's may. */
export const parseUpstreamName = (name: string): { provider: string; model: string } => {
  const at = name.indexOf('/');
  return { provider: name.slice(0, at), model: name.slice(at + 1) };
};
