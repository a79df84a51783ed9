import type { Dialect } from '../dialect.ts';
import { decodeError, encodeError } from '../openai/error.ts';
import { encodeLimits } from '../openai/limits.ts';
import { encodeModels } from '../openai/models.ts';
import { embeddings } from './embeddings.ts';
import { encodeResponse } from './encode-response.ts';
import { encodeStream, encodeStreamError } from './encode-stream.ts';
import { decodeResponse, decodeStream, observeResponse, observeStream } from './events.ts';
import { images } from './images.ts';
import { passStream } from './pass.ts';
import { decodeRequest, encodeRequest, patchRequest } from './request.ts';
import { name } from './wire.ts';

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
