import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress } from './encoding.ts';

const plain = Buffer.from('{"hello":"world"}');

describe('decompress', () => {
  it.each([
    [undefined, plain],
    ['identity', plain],
    ['gzip', gzipSync(plain)],
    ['GZIP ', gzipSync(plain)],
    ['deflate', deflateSync(plain)],
    ['br', brotliCompressSync(plain)],
  ])('undoes %s', (encoding, bytes) => {
    const result = decompress(bytes, encoding, 1000);
    expect(result.kind === 'ok' && Buffer.from(result.bytes)).toEqual(plain);
  });

  it('stops a bomb at the limit', () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeLessThan(100_000);
    expect(decompress(bomb, 'gzip', 1_000_000)).toEqual({ kind: 'too-large' });
    expect(decompress(Buffer.alloc(11), undefined, 10)).toEqual({ kind: 'too-large' });
  });

  it('tells broken bytes from unknown codings', () => {
    expect(decompress(plain, 'gzip', 1000)).toEqual({ kind: 'broken' });
    expect(decompress(gzipSync(plain).subarray(0, 12), 'gzip', 1000)).toEqual({ kind: 'broken' });
    expect(decompress(plain, 'compress', 1000)).toEqual({ kind: 'unknown-encoding' });
    expect(decompress(plain, 'gzip, br', 1000)).toEqual({ kind: 'unknown-encoding' });
    expect(decompress(plain, 'toString', 1000)).toEqual({ kind: 'unknown-encoding' });
  });
});
