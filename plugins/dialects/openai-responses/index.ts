import type { Dialect } from '../dialect.ts';
import { decodeError, encodeError } from '../openai/error.ts';
import { encodeLimits } from '../openai/limits.ts';
import { encodeModels } from '../openai/models.ts';
import { countTokens } from './count.ts';
import { encodeResponse, encodeStream } from './encode.ts';
import { encodeStreamError } from './error.ts';
import { decodeResponse, decodeStream, observeResponse, observeStream } from './events.ts';
import { decodeRequest, encodeRequest, patchRequest } from './request.ts';
import { name } from './wire.ts';

/** OpenAI's Responses and the servers that speak it. */
export const openaiResponses: Dialect = {
  name,
  decodeRequest,
  encodeResponse,
  encodeStream,
  encodeError,
  encodeStreamError,
  encodeLimits,
  encodeModels,
  patchRequest,
  repeatsAnswer: true,
  passStream: () => undefined,
  observeStream,
  observeResponse,
  encodeRequest,
  decodeResponse,
  decodeStream,
  decodeError,
  operations: { 'count-tokens': countTokens },
};
