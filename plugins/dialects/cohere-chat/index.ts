import type { UpstreamDialect } from '../dialect.ts';
import { decodeResponse, decodeStream } from './decode.ts';
import { embeddings } from './embeddings.ts';
import { encodeRequest } from './encode.ts';
import { decodeError } from './error.ts';

/** Cohere's Chat API, version 2, for upstreams. */
export const cohereChat: UpstreamDialect = {
  name: 'cohere-chat',
  encodeRequest,
  decodeResponse,
  decodeStream,
  decodeError,
  operations: { embeddings },
};
