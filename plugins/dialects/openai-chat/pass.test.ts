import { describe, expect, it } from 'vitest';
import { parseJsonDocument } from '../../wire/json.ts';
import type { ByteFilter } from '../dialect.ts';
import { openaiChat } from './index.ts';

const requestOf = (members: object) =>
  openaiChat.decodeRequest(
    parseJsonDocument(Buffer.from(JSON.stringify({ model: 'm', messages: [], ...members }))),
  );

const filter = (): ByteFilter => {
  const made = openaiChat.passStream(requestOf({ stream: true }));
  if (!made) throw new Error('no filter');
  return made;
};

const pass = (bytes: Buffer, size: number): string => {
  const through = filter();
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(through.push(bytes.subarray(at, at + size)));
  out.push(through.end());
  return Buffer.concat(out).toString('utf8');
};

const usage = '{"id":"x","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}';
const kept = [
  ': comment\n\n',
  'data: {"choices":[],"prompt_filter_results":[]}\n\n',
  'data: {"choices":[{"delta":{"content":"ü \\"usage\\" 👋"}}],"usage":null}\n\n',
  'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}\n\n',
  'data: {"error":{"message":"usage"},"choices":[],"usage":{}}\n\n',
];

describe('passStream', () => {
  it('has nothing to do where the client asked for the counts, or for no stream', () => {
    expect(openaiChat.passStream(requestOf({}))).toBeUndefined();
    const asked = requestOf({ stream: true, stream_options: { include_usage: true } });
    expect(openaiChat.passStream(asked)).toBeUndefined();
  });

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('takes out the chunk of counts alone, cut anywhere (%s)', (_, eol) => {
    const lines = (text: string) => text.replaceAll('\n', eol);
    const bytes = Buffer.from(lines(`${kept.join('')}data: ${usage}\n\ndata: [DONE]\n\n`));
    const expected = lines(`${kept.join('')}data: [DONE]\n\n`);
    for (let size = 1; size <= bytes.length; size++)
      expect(pass(bytes, size).trimEnd()).toBe(expected.trimEnd());
  });

  it('lets a broken end through', () => {
    expect(pass(Buffer.from('data: {"choices":[{"del'), 5)).toBe('data: {"choices":[{"del');
    expect(pass(Buffer.from(`data: ${usage}`), 5)).toBe('');
  });
});
