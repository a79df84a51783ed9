import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameError, FrameReader, frame } from './frames.ts';

test('frames come out as they went in, wherever the bytes are cut', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 });
  fc.assert(
    fc.property(payloads, fc.array(fc.nat(40)), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(frame));
      const reader = new FrameReader();
      const got: Buffer[] = [];
      let at = 0;
      for (const length of cuts) {
        got.push(...reader.push(bytes.subarray(at, at + length)));
        at += length;
      }
      got.push(...reader.push(bytes.subarray(at)));
      expect(got).toEqual(sent.map((payload) => Buffer.from(payload)));
    }),
  );
});

test('a length that Kong never sends is an error before anything is kept', () => {
  expect(() => new FrameReader().push(Buffer.from([0, 0, 0, 0xff]))).toThrow(FrameError);
});
