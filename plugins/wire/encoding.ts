import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** Content codings that can be undone, by their HTTP names (RFC 9110 §8.4.1). */
const decoders: Readonly<Record<string, (bytes: Uint8Array, limit: { maxOutputLength: number }) => Buffer>> =
  {
    gzip: gunzipSync,
    'x-gzip': gunzipSync,
    deflate: inflateSync,
    br: brotliDecompressSync,
  };

export type Decompressed =
  | { readonly kind: 'ok'; readonly bytes: Uint8Array }
  | { readonly kind: 'unknown-encoding' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'broken' };

/** Undoes a `content-encoding`. Never yields more than `maxBytes`, whatever a bomb would unfold to. */
export const decompress = (
  bytes: Uint8Array,
  encoding: string | undefined,
  maxBytes: number,
): Decompressed => {
  const coding = (encoding ?? 'identity').trim().toLowerCase();
  if (coding === 'identity' || coding === '') {
    return bytes.byteLength > maxBytes ? { kind: 'too-large' } : { kind: 'ok', bytes };
  }
  const decode = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (!decode) return { kind: 'unknown-encoding' };
  try {
    return { kind: 'ok', bytes: decode(bytes, { maxOutputLength: maxBytes }) };
  } catch (cause) {
    const tooLarge =
      cause instanceof RangeError || (cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
    return { kind: tooLarge ? 'too-large' : 'broken' };
  }
};
