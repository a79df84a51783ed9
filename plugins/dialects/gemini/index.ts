import type { JsonObject } from '../../wire/json.ts';
import type { Dialect } from '../dialect.ts';
import { encodeResponse, encodeStream } from './answer.ts';
import { countTokens } from './count.ts';
import { embeddings } from './embeddings.ts';
import { encodeRequest, patchRequest } from './encode.ts';
import { decodeError, encodeError } from './error.ts';
import { decodeResponse, decodeStream, observeResponse, observeStream } from './events.ts';
import { encodeStreamError, passStream } from './framing.ts';
import { images } from './images.ts';
import { isTakenAddress } from './render.ts';
import { decodeRequest } from './request.ts';
import { vertexEmbeddings } from './vertex.ts';
import { name } from './wire.ts';

/** One page with every name ("Models", API reference, read 2026-11-28). */
const encodeModels = (names: readonly string[]): JsonObject => ({
  models: names.map((model) => ({
    name: `models/${model}`,
    displayName: model,
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
  })),
});

/** Google's `generateContent` of the Gemini API (AI Studio) and of Vertex AI, for clients and upstreams. */
export const gemini: Dialect = {
  name,
  decodeRequest,
  encodeResponse,
  encodeStream,
  encodeError,
  encodeStreamError,
  /** There are no such headers here: `RetryInfo` in an error is all that this API says. */
  encodeLimits: () => [],
  encodeModels,
  forwardsQuery: false, // `?key=`
  wantsBytesOf: (url) => !isTakenAddress(url),
  patchRequest,
  passStream,
  observeStream,
  observeResponse,
  encodeRequest,
  decodeResponse,
  decodeStream,
  decodeError,
  operations: { embeddings, images, 'count-tokens': countTokens },
  operationsAt: { vertex: { embeddings: vertexEmbeddings } },
};
