import type { JsonObject } from '../../wire/json.ts';
import type { Dialect } from '../dialect.ts';
import { embeddings } from './embeddings.ts';
import { encodeResponse } from './encode-response.ts';
import { encodeStream } from './encode-stream.ts';
import { decodeError, encodeError, encodeStreamError } from './error.ts';
import { decodeResponse, decodeStream, observeResponse, observeStream } from './events.ts';
import { images } from './images.ts';
import { encodeLimits } from './limits.ts';
import { passStream } from './pass.ts';
import { decodeRequest, encodeRequest, patchRequest } from './request.ts';
import { name } from './wire.ts';

const encodeModels = (names: readonly string[]): JsonObject => ({
  object: 'list',
  data: names.map((id) => ({ id, object: 'model', created: 0, owned_by: 'nexus' })),
});

/** OpenAI's Chat Completions and the many servers that speak it. */
export const openaiChat: Dialect = {
  name,
  decodeRequest,
  encodeResponse,
  encodeStream,
  encodeError,
  encodeStreamError,
  encodeLimits,
  encodeModels,
  patchRequest,
  passStream,
  observeStream,
  observeResponse,
  encodeRequest,
  decodeResponse,
  decodeStream,
  decodeError,
  operations: { embeddings, images },
};
