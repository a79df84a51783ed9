import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameCutter, firstAnd, framesWith } from './frames.ts';
import { maxSseEventBytes } from './sse.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('FrameCutter', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n', 'data: c'],
    ['CR LF', 'data: a\r\n\r\ndata: b\r\n\r\n', 'data: c\r\n'],
    ['CR', 'data: a\r\rdata: b\r\r', 'data: c\r'],
  ])('lets whole frames through, %s', (_name, whole, open) => {
    const cutter = new FrameCutter();
    expect(text(cutter.push(Buffer.from(whole + open)))).toBe(whole);
    expect(text(cutter.take())).toBe(open);
  });

  it('loses and adds no byte wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('data: é\n', '\n', '\r\n', 'x'), { maxLength: 20 }),
        fc.array(fc.nat(40)),
        (pieces, cuts) => {
          const bytes = Buffer.from(pieces.join(''));
          const cutter = new FrameCutter();
          const out: Uint8Array[] = [];
          const places = [
            0,
            ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
            bytes.length,
          ];
          places.slice(1).forEach((end, at) => {
            out.push(cutter.push(bytes.subarray(places[at], end)));
          });
          expect(Buffer.concat([...out, cutter.take()])).toEqual(bytes);
        },
      ),
    );
  });

  it('refuses a frame without end', () => {
    const cutter = new FrameCutter();
    const mebibyte = Buffer.alloc(1024 * 1024, 0x61);
    expect(() => {
      for (let sent = 0; sent <= maxSseEventBytes; sent += mebibyte.length) cutter.push(mebibyte);
    }).toThrow(RangeError);
  });
});

describe('framesWith', () => {
  const pattern = /hit/g;
  const found = (stream: string) =>
    framesWith(pattern, Buffer.from(stream))?.map(([start, end]) =>
      text(Buffer.from(stream).subarray(start, end)),
    );

  it('finds each frame once, in order, by bytes', () => {
    expect(found('data: é\n\ndata: hit hit\n\ndata: 日本\n\ndata: é hit\n\n')).toEqual([
      'data: hit hit\n\n',
      'data: é hit\n\n',
    ]);
    expect(found('data: miss\n\n')).toEqual([]);
    expect(found('hit')).toEqual(['hit']);
  });

  it('finds them between CR LF, too', () => {
    const stream = 'data: é\r\n\r\ndata: hit\r\n\r\ndata: b\r\n\r\ndata: é hit\r\n\r\n';
    expect(found(stream)).toEqual(['data: hit\r\n\r\n', 'data: é hit\r\n\r\n']);
    const bytes = Buffer.from(stream);
    expect(firstAnd(framesWith(pattern, bytes), bytes)?.[0]).toEqual([0, 12]);
  });

  it.each(['data: hit\r\r', 'data: hit\n\ndata: b\r\n\r\n', 'data: hit\r\n\r\ndata: b\r\r'])(
    'leaves other line ends to those who split: %j',
    (stream) => {
      expect(found(stream)).toBeUndefined();
    },
  );

  it('can put the first frame before them', () => {
    const bytes = Buffer.from('data: a\n\ndata: hit\n\n');
    expect(firstAnd(framesWith(pattern, bytes), bytes)).toEqual([
      [0, 9],
      [9, 20],
    ]);
    expect(firstAnd([[0, 9]], bytes)).toEqual([[0, 9]]);
    expect(firstAnd([], Buffer.from('data: a'))).toEqual([[0, 7]]);
    expect(firstAnd(undefined, bytes)).toBeUndefined();
  });
});
