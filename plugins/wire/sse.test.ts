import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxSseEventBytes, type SseEvent, SseSplitter, sseFrame } from './sse.ts';

const split = (chunks: readonly Uint8Array[]): SseEvent[] => {
  const splitter = new SseSplitter();
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
};

const splitText = (text: string) => split([Buffer.from(text)]);

describe('SseSplitter', () => {
  it.each([
    ['LF', 'event: a\ndata: 1\n\ndata: 2\n\n'],
    ['CRLF', 'event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n'],
    ['CR', 'event: a\rdata: 1\r\rdata: 2\r\r'],
    ['mixed', 'event: a\r\ndata: 1\n\r\ndata: 2\r\r'],
    ['no blank after the colon', 'event:a\ndata:1\n\ndata:2\n\n'],
    ['comments, retry and unknown fields', ': hi\nevent: a\nretry: 3\nid: 7\ndata: 1\n\n:\n\ndata: 2\n\n'],
    ['a byte order mark', '\ufeffevent: a\ndata: 1\n\ndata: 2\n\n'],
    ['no last blank line', 'event: a\ndata: 1\n\ndata: 2'],
  ])('reads %s', (_name, text) => {
    expect(splitText(text)).toEqual([
      { event: 'a', data: '1' },
      { event: '', data: '2' },
    ]);
  });

  it('joins data lines and drops events without data', () => {
    expect(splitText('data: a\ndata: b\ndata:\n\nevent: x\n\n')).toEqual([{ event: '', data: 'a\nb\n' }]);
  });

  it('gives the same events wherever the bytes are cut', () => {
    const text = 'event: é\r\ndata: {"t":"日本 😀"}\r\n\r\n: c\ndata: x\rdata: y\r\rdata: [DONE]\n\n';
    const bytes = Buffer.from(text);
    const whole = split([bytes]);
    expect(whole.map(({ data }) => data)).toEqual(['{"t":"日本 😀"}', 'x\ny', '[DONE]']);
    for (let at = 0; at <= bytes.length; at++) {
      expect(split([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
    expect(split([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  it.each([
    ['data: a\n\n', true],
    ['event: e\r\ndata: é\r\n\r\n', true],
    [': c\n', true],
    ['', false], // a byte order mark may come
    ['data: a\n', false],
    ['event: e\n', false],
    ['data: a\r\r', false], // a line feed may belong to the last end of a line
  ])('knows whether an event begins after %j', (text, isBetween) => {
    const splitter = new SseSplitter();
    splitter.push(Buffer.from(text));
    expect(splitter.isBetween).toBe(isBetween);
  });

  it('reads back what sseFrame writes', () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n\0]/.test(text));
    fc.assert(
      fc.property(
        fc.array(fc.record({ event: line.filter((it) => !it.startsWith(' ')), data: line })),
        (events) => {
          const text = events.map(({ event, data }) => sseFrame(data, event)).join('');
          expect(splitText(text)).toEqual(events);
        },
      ),
    );
  });

  it('refuses an event without end', () => {
    const splitter = new SseSplitter();
    const chunk = Buffer.alloc(1024 * 1024, 0x61);
    expect(() => {
      for (let sent = 0; sent <= maxSseEventBytes; sent += chunk.length) splitter.push(chunk);
    }).toThrow(RangeError);
  });
});
