import { RequestError } from './refusals.ts';
import { decompress } from './wire/encoding.ts';
import { type JsonDocument, JsonError, parseJsonDocument } from './wire/json.ts';

/**
 * A client's body as a JSON document. Throws `RequestError`: `unsupported_media_type`, `request_too_large`,
 * `invalid_request` (naming the place).
 */
export const readRequestBody = (
  bytes: Uint8Array,
  headers: ReadonlyMap<string, string>,
  maxBytes: number,
): JsonDocument => {
  if (!isJson(headers.get('content-type'))) throw new RequestError('unsupported_media_type');
  const plain = decompress(bytes, headers.get('content-encoding'), maxBytes);
  switch (plain.kind) {
    case 'ok':
      return parse(plain.bytes);
    case 'too-large':
      throw new RequestError('request_too_large', {
        message: `The request is larger than ${maxBytes} bytes.`,
      });
    case 'unknown-encoding':
      throw new RequestError('unsupported_media_type');
    case 'broken':
      throw new RequestError('invalid_request', { message: 'The body does not match its content-encoding.' });
  }
};

/** A missing content-type is taken for JSON, as the providers do. */
const isJson = (contentType: string | undefined): boolean =>
  contentType === undefined || /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType.trim());

const parse = (bytes: Uint8Array): JsonDocument => {
  try {
    return parseJsonDocument(bytes);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new RequestError('invalid_request', { message: `The request cannot be read: ${cause.message}.` });
  }
};
