import { eventStreamType } from '../../wire/event-stream.ts';
import type { UpstreamDialect } from '../dialect.ts';
import { decodeResponse } from './answer.ts';
import { encodeRequest } from './encode.ts';
import { decodeError } from './error.ts';
import { decodeStream } from './stream.ts';

/** Amazon Bedrock's Converse API, for upstreams. */
export const bedrockConverse: UpstreamDialect = {
  name: 'bedrock-converse',
  wantsBytesOf: () => true,
  streamType: eventStreamType,
  encodeRequest,
  decodeResponse,
  decodeStream,
  decodeError,
};
