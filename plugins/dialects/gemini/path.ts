import { RequestError } from '../../refusals.ts';

/** A client's call as its path says it. */
export interface PathCall {
  readonly model: string;
  /** `generateContent`, `streamGenerateContent`, … */
  readonly verb: string;
  /** Server-sent events; without them a stream is one growing JSON array. */
  readonly eventStream: boolean;
}

/**
 * `/v1beta/models/{model}:{verb}` of AI Studio and `/v1beta1/projects/…/publishers/google/models/{model}:{verb}` of
 * Vertex AI, in each version of the API that SDKs use ("Generating content", and `@google/genai` 3.3.0, read 2026-11-28).
 */
const callPath =
  /^\/v1(?:alpha|beta1?)?\/(?:(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/google\/)?models\/([^?]+):([A-Za-z]+)$/;

/** Does the path, without its query, call a method of a model? The verb of it. */
export const verbOf = (plainPath: string): string | undefined => callPath.exec(plainPath)?.[2];

/** A method of a model under any base: a path that `upstreamPath` wrote may be read again. */
const anyCallPath = /\/(?:models|tunedModels)\/([^?]+):([A-Za-z]+)$/;

/** Reads a path, query included. Throws `RequestError('not_found')` for one that calls no method of a model. */
export const readPath = (path = ''): PathCall => {
  const at = path.indexOf('?');
  const plainPath = at === -1 ? path : path.slice(0, at);
  const [, model, verb] = anyCallPath.exec(plainPath) ?? [];
  if (model === undefined || verb === undefined) throw new RequestError('not_found');
  const query = new URLSearchParams(at === -1 ? '' : path.slice(at));
  return { model: decoded(model), verb, eventStream: (query.get('alt') ?? query.get('$alt')) === 'sse' };
};

const decoded = (model: string): string => {
  try {
    return decodeURIComponent(model);
  } catch {
    throw new RequestError('invalid_request', {
      param: 'model',
      message: 'model: expected the name of a model.',
    });
  }
};

/** Versions at Vertex AI stand after an `@`, which a path may hold as it is. */
const segment = (text: string): string => encodeURIComponent(text).replaceAll('%40', '@');

/** A model as bodies name it. A name with a slash says its own collection: `tunedModels/…`. */
export const resourceOf = (model: string): string => (model.includes('/') ? model : `models/${model}`);

/** Where an upstream is asked for `verb`. */
export const verbPath = (model: string, verb: string): string =>
  `/${resourceOf(model).split('/').map(segment).join('/')}:${verb}`;

/** Where an upstream is asked for an answer. Streams are always server-sent events, whatever the client reads. */
export const upstreamPath = (model: string, stream: boolean): string =>
  verbPath(model, stream ? 'streamGenerateContent?alt=sse' : 'generateContent');
