import { expect, test } from 'vitest';
import { type Received, ResponseReader } from './response-reader.ts';

const fixed = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 5\r\n\r\nhello';
const chunked =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\nb\r\ndata: \r\n0\n\n\r\n0\r\n\r\n';
const empty = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n';

const expected: Received[] = [
  { status: 200, bytes: 5, lineFeeds: 0 },
  { status: 200, bytes: 20, lineFeeds: 5 },
  { status: 503, bytes: 0, lineFeeds: 0 },
];

const read = (parts: readonly string[]) => {
  const received: Received[] = [];
  let firstBytes = 0;
  const reader = new ResponseReader(
    () => firstBytes++,
    (answer) => received.push(answer),
  );
  for (const part of parts) reader.push(Buffer.from(part));
  return { received, firstBytes };
};

test('answers are told apart by their framing, cut anywhere', () => {
  const text = fixed + chunked + empty;
  expect(read([text])).toEqual({ received: expected, firstBytes: 2 });
  expect(read([...text])).toEqual({ received: expected, firstBytes: 2 });
  for (let at = 1; at < text.length; at++) {
    expect(read([text.slice(0, at), text.slice(at)])).toEqual({ received: expected, firstBytes: 2 });
  }
});

test('an answer without its end is none', () => {
  expect(read([chunked.slice(0, -1)]).received).toEqual([]);
  expect(read([fixed.slice(0, -1)]).received).toEqual([]);
});

test('what is no answer is an error', () => {
  expect(() => read(['SSH-2.0-OpenSSH\r\n\r\n'])).toThrow();
  expect(() => read(['HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'])).toThrow();
});
