import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { describe, expect, it, test } from 'vitest';
import { type JsonObject, parseJsonDocument } from '../../wire/json.ts';
import { anthropicMessages } from './index.ts';
import { anthropicBedrock, anthropicVertex } from './platforms.ts';

const ask = {
  model: 'ours',
  max_tokens: 9,
  system: [{ type: 'text', text: 'be kind', cache_control: { type: 'ephemeral' } }],
  messages: [{ role: 'user', content: 'hi' }],
};

const requestOf = (body: object) =>
  anthropicMessages.decodeRequest(parseJsonDocument(Buffer.from(JSON.stringify(body))));

const target = {
  model: 'claude-sonnet-5@20260101',
  clientHeaders: new Map([['anthropic-beta', 'a-1, b-2']]),
};

describe.each([
  [
    'Vertex',
    anthropicVertex,
    'vertex-2023-10-16',
    '/models/claude-sonnet-5%4020260101:rawPredict',
    '/models/claude-sonnet-5%4020260101:streamRawPredict',
  ],
  [
    'Bedrock',
    anthropicBedrock,
    'bedrock-2023-05-31',
    '/model/claude-sonnet-5%4020260101/invoke',
    '/model/claude-sonnet-5%4020260101/invoke-with-response-stream',
  ],
] as const)('%s', (_, dialect, version, whole, streamed) => {
  it('has model, version and betas in its own places, and everything else as it came', () => {
    const { path, body, headers } = dialect.encodeRequest(requestOf(ask), target);
    const { model: _model, ...rest } = ask;
    expect(path).toBe(whole);
    expect(JSON.parse(body)).toEqual({ anthropic_version: version, anthropic_beta: ['a-1', 'b-2'], ...rest });
    expect(headers).toEqual([['content-type', 'application/json']]);
  });

  it('has another path for streams', () => {
    const { path, body } = dialect.encodeRequest(requestOf({ ...ask, stream: true }), target);
    expect(path).toBe(streamed);
    expect(JSON.parse(body) as JsonObject).not.toHaveProperty('model');
  });
});

const wire = [
  {
    type: 'message_start',
    message: {
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'c',
      content: [],
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hällo' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
];

const codec = new EventStreamCodec(toUtf8, fromUtf8);
const frame = (payload: object, kind: 'event' | 'exception' = 'event') =>
  codec.encode({
    headers: {
      ':message-type': { type: 'string', value: kind },
      [`:${kind}-type`]: { type: 'string', value: 'chunk' },
    },
    body: Buffer.from(JSON.stringify(payload)),
  });
const framed = (event: object) => frame({ bytes: Buffer.from(JSON.stringify(event)).toString('base64') });

test.each([1, 7, 100_000])("Bedrock's frames give Anthropic's events, %d bytes at a time", (size) => {
  const plain = anthropicMessages.decodeStream();
  const expected = wire.flatMap((event) =>
    plain.push(Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)),
  );
  const bytes = Buffer.concat(wire.map(framed));
  const decoder = anthropicBedrock.decodeStream();
  const events = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...decoder.push(bytes.subarray(at, at + size)));
  expect([...events, ...decoder.end()]).toEqual([...expected, ...plain.end()]);
  expect(events.at(-1)).toEqual({ type: 'message-stop' });
});

test('an exception in the stream is an error', () => {
  const decoder = anthropicBedrock.decodeStream();
  expect(decoder.push(frame({ message: 'no' }, 'exception'))).toMatchObject([{ type: 'error' }]);
});
