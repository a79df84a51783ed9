import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ClientAnswer } from '../../contract/host.ts';
import { httpCall } from '../../contract/http.ts';
import { readAnswer } from '../../contract/read-answer.ts';
import { envoyBinary } from '../envoy.ts';
import { bodyOf, type ClientDialect, callOf, clientDialects, type Place, startPlace } from './place.ts';

const maxRequestBytes = 100_000;
const mebibyte = 1_048_576;

/** A valid call whose body has exactly this many bytes. */
const bodyOfBytes = (bytes: number): string => {
  const empty = Buffer.byteLength(bodyOf({ model: 'any', says: '' }));
  return bodyOf({ model: 'any', says: 'x'.repeat(bytes - empty) });
};

const blanks = Buffer.alloc(32 * mebibyte, ' ');
const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const bombs: [string, Buffer][] = [
  ['gzip', gzipSync(blanks)],
  ['br', brotliCompressSync(blanks, quick)],
  ['deflate', deflateSync(blanks)],
];

describe.skipIf(!envoyBinary)('request bodies', () => {
  let place: Place;
  beforeAll(async () => {
    place = await startPlace({
      providers: { a: { dialect: 'openai', key: 'key-of-a' } },
      models: { any: ['a/one'] },
      limits: { maxRequestBytes },
    });
  });
  afterAll(() => place?.stop());
  beforeEach(() => place.provider('a').journal.clear());

  const send = (dialect: ClientDialect, body: string | Uint8Array, headers = {}): Promise<ClientAnswer> =>
    httpCall(place.url, { ...callOf(dialect, { model: 'any', headers }), body });

  /** Without a length beforehand. */
  const sendChunked = (dialect: ClientDialect, body: string): Promise<ClientAnswer> =>
    send(dialect, body, { 'transfer-encoding': 'chunked' });

  const expectRefused = (dialect: ClientDialect, answer: ClientAnswer, status: number, code: string) => {
    expect(answer.status).toBe(status);
    expect(readAnswer(dialect, answer).errorCode).toBe(code);
    expect(place.seen()).toEqual([]);
  };

  test('as large as they may be pass', async () => {
    const body = bodyOfBytes(maxRequestBytes);
    expect(Buffer.byteLength(body)).toBe(maxRequestBytes);
    expect((await send('openai-chat', body)).status).toBe(200);
    expect((await sendChunked('openai-chat', body)).status).toBe(200);
  });

  describe.each(clientDialects)('of %s', (dialect) => {
    test.each([
      ['one byte too large (the service refuses)', maxRequestBytes + 1],
      ['much too large (Envoy refuses)', 3 * mebibyte],
    ])('%s: 413', async (_, bytes) => {
      const body = bodyOfBytes(bytes);
      expectRefused(dialect, await send(dialect, body), 413, 'request_too_large');
      expectRefused(dialect, await sendChunked(dialect, body), 413, 'request_too_large');
    });

    test.each(bombs)('a %s bomb: 413', async (encoding, bomb) => {
      expect(bomb.length).toBeLessThan(maxRequestBytes);
      const answer = await send(dialect, bomb, { 'content-encoding': encoding });
      expectRefused(dialect, answer, 413, 'request_too_large');
    });

    test.each([
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['deflate', deflateSync],
      ['GZIP', gzipSync],
    ] as const)('in %s: the provider gets them plain', async (encoding, compress) => {
      const body = compress(bodyOf({ model: 'any', says: 'packed' }));
      const answer = await send(dialect, body, { 'content-encoding': encoding });
      expect(readAnswer(dialect, answer).text).toMatch(/^You said: packed/);
      const { headers, model } = place.provider('a').journal.last;
      expect(model).toBe('one');
      expect(headers['content-encoding']).toBeUndefined();
    });

    const plain = bodyOf({ model: 'any' });
    test.each<[string, Uint8Array, string]>([
      ['that are no gzip', Buffer.from(plain), 'gzip'],
      ['that are no br', Buffer.from(plain), 'br'],
      ['whose gzip is cut short', gzipSync(plain).subarray(0, 30), 'gzip'],
      ['that are empty', Buffer.alloc(0), 'gzip'],
    ])('%s: 400', async (_, body, encoding) => {
      expectRefused(
        dialect,
        await send(dialect, body, { 'content-encoding': encoding }),
        400,
        'invalid_request',
      );
    });

    test('compressed twice: 415', async () => {
      const twice = gzipSync(gzipSync(plain));
      expectRefused(
        dialect,
        await send(dialect, twice, { 'content-encoding': 'gzip, gzip' }),
        415,
        'unsupported_media_type',
      );
    });
  });
});
