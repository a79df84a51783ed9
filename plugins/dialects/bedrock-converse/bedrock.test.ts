import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { describe, expect, it, test } from 'vitest';
import { chatRequest } from '../../../test/fakes/requests.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import type { JsonObject } from '../../wire/json.ts';
import type { ResponseDecoder } from '../dialect.ts';
import { bedrockConverse } from './index.ts';

const request = (more: Partial<ModelRequest> = {}): ModelRequest =>
  chatRequest({
    requestModel: 'ours',
    turns: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
    ...more,
  });

const claude = 'us.anthropic.claude-sonnet-5-v1:0';

const encode = (more: Partial<ModelRequest> = {}, model = claude) => {
  const { body, dropped, path } = bedrockConverse.encodeRequest(request(more), {
    model,
    clientHeaders: new Map(),
  });
  return { body: JSON.parse(body) as JsonObject, dropped, path };
};

describe('a request', () => {
  it('names its model in the path', () => {
    expect(encode().path).toBe('/model/us.anthropic.claude-sonnet-5-v1%3A0/converse');
    const arn = 'arn:aws:bedrock:eu-west-1:1:inference-profile/x';
    expect(encode({ stream: true }, arn).path).toBe(
      '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Fx/converse-stream',
    );
  });

  it('takes turns, begins with the user, and marks caches after what they mark', () => {
    const { body, dropped } = encode({
      system: [{ text: 'be kind', cache: { ttl: '1h' } }],
      turns: [
        { role: 'assistant', parts: [{ type: 'text', text: 'hello' }] },
        { role: 'user', parts: [{ type: 'text', text: 'one', cache: {} }] },
        { role: 'system', parts: [{ type: 'text', text: 'be brief' }] },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'hm', signature: 's' },
            { type: 'tool-call', id: 'call.1', name: 'weather', input: '{"city":"Bonn"}' },
          ],
        },
        { role: 'tool', parts: [{ type: 'tool-result', callId: 'call.1', parts: [], isError: true }] },
      ],
    });
    const [, , , , result] = body.messages as { content: { toolResult?: { toolUseId: string } }[] }[];
    expect(body.system).toEqual([{ text: 'be kind' }, { cachePoint: { type: 'default', ttl: '1h' } }]);
    expect(body.messages).toMatchObject([
      { role: 'user', content: [{ text: '.' }] },
      { role: 'assistant', content: [{ text: 'hello' }] },
      {
        role: 'user',
        content: [
          { text: 'one' },
          { cachePoint: { type: 'default' } },
          { text: '<system>be brief</system>' },
        ],
      },
      { role: 'assistant', content: [{ toolUse: { name: 'weather', input: { city: 'Bonn' } } }] },
      { role: 'user', content: [{ toolResult: { content: [{ text: '' }], status: 'error' } }] },
    ]);
    expect(result?.content[0]?.toolResult?.toolUseId).toMatch(/^id_[0-9a-f]{32}$/);
    expect(dropped).toEqual(['messages.reasoning']);
  });

  it('carries images and documents as bytes', () => {
    const { body } = encode({
      turns: [
        {
          role: 'user',
          parts: [
            { type: 'image', source: { kind: 'base64', mediaType: 'image/jpeg', data: 'AAAA' } },
            {
              type: 'file',
              filename: 'a_b: report.v2.pdf',
              source: { kind: 'base64', mediaType: 'application/pdf', data: 'BBBB' },
            },
          ],
        },
      ],
    });
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { image: { format: 'jpeg', source: { bytes: 'AAAA' } } },
          { document: { format: 'pdf', name: 'a b report v2', source: { bytes: 'BBBB' } } },
        ],
      },
    ]);
  });

  test.each<[string, Partial<ModelRequest>]>([
    [
      'an image by URL',
      {
        turns: [
          { role: 'user', parts: [{ type: 'image', source: { kind: 'url', url: 'https://a.test/i.png' } }] },
        ],
      },
    ],
    ['two answers', { sampling: { choices: 2 } }],
    ['logprobs', { logprobs: { topLogprobs: 1 } }],
    [
      'arguments that are no object',
      { turns: [{ role: 'assistant', parts: [{ type: 'tool-call', id: 'a', name: 'b', input: '[1' }] }] },
    ],
    ['a name that would not come back', { tools: [{ kind: 'function', name: 'a.b' }] }],
  ])('with %s is refused', (_, more) => {
    expect(() => encode(more)).toThrow(RequestError);
  });

  it('keeps the tools and names the choice that it cannot say', () => {
    const { body, dropped } = encode({
      tools: [{ kind: 'function', name: 'a', strict: true }],
      toolChoice: { mode: 'none' },
    });
    expect(body.toolConfig).toEqual({
      tools: [
        { toolSpec: { name: 'a', strict: true, inputSchema: { json: { type: 'object', properties: {} } } } },
      ],
    });
    expect(dropped).toEqual(['tool_choice']);
  });

  it('sends what only Claude understands to Claude', () => {
    const more = {
      sampling: { temperature: 1.5, topP: 0.5, topK: 9, seed: 1 },
      maxOutputTokens: 5000,
      reasoning: { effort: 'medium' },
      stopSequences: ['x'],
    } as const;
    const { body, dropped } = encode(more);
    expect(body).toMatchObject({
      inferenceConfig: { maxTokens: 5000, temperature: 1, topP: 0.5, stopSequences: ['x'] },
      additionalModelRequestFields: { top_k: 9, thinking: { type: 'enabled', budget_tokens: 4999 } },
    });
    expect(dropped).toEqual(['seed', 'temperature']);
    const other = encode(more, 'amazon.nova-pro-v1:0');
    expect(other.body).not.toHaveProperty('additionalModelRequestFields');
    expect(other.dropped).toEqual(['seed', 'reasoning_effort', 'top_k']);
  });

  it('carries a schema as text', () => {
    const { body } = encode({ output: { kind: 'schema', name: 'n', schema: { type: 'object' } } });
    expect(body.outputConfig).toEqual({
      textFormat: {
        type: 'json_schema',
        structure: { jsonSchema: { schema: '{"type":"object"}', name: 'n' } },
      },
    });
  });
});

const codec = new EventStreamCodec(toUtf8, fromUtf8);

const frame = (kind: 'event' | 'exception', type: string, payload: object): Uint8Array =>
  codec.encode({
    headers: {
      ':message-type': { type: 'string', value: kind },
      [`:${kind}-type`]: { type: 'string', value: type },
      ':content-type': { type: 'string', value: 'application/json' },
    },
    body: Buffer.from(JSON.stringify({ ...payload, p: 'abc' })),
  });

const event = (type: string, payload: object) => frame('event', type, payload);

const read = (decoder: ResponseDecoder, bytes: Uint8Array, size = bytes.length): ModelEvent[] => {
  const events: ModelEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...decoder.push(bytes.subarray(at, at + size)));
  return [...events, ...decoder.end()].map((it) => (it.type === 'message-start' ? { ...it, id: 'id' } : it));
};

const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 18, cacheReadInputTokens: 3 };

const start = event('messageStart', { role: 'assistant' });
const said = [
  event('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'hm' } } }),
  event('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { signature: 'sig' } } }),
  event('contentBlockStop', { contentBlockIndex: 0 }),
  event('contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'Hällo' } }),
  event('contentBlockStop', { contentBlockIndex: 1 }),
  event('contentBlockStart', {
    contentBlockIndex: 2,
    start: { toolUse: { toolUseId: 't1', name: 'weather' } },
  }),
  event('contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '{"city":"Bonn"}' } } }),
  event('contentBlockStop', { contentBlockIndex: 2 }),
];
const stop = [event('messageStop', { stopReason: 'tool_use' }), event('metadata', { usage, metrics: {} })];

const whole = {
  output: {
    message: {
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: 'hm', signature: 'sig' } } },
        { text: 'Hällo' },
        { toolUse: { toolUseId: 't1', name: 'weather', input: { city: 'Bonn' } } },
      ],
    },
  },
  stopReason: 'tool_use',
  usage,
};

describe('an answer', () => {
  it('is the same events whole and streamed, cut anywhere', () => {
    const events = read(bedrockConverse.decodeResponse(), Buffer.from(JSON.stringify(whole)));
    expect(events).toEqual([
      { type: 'message-start', id: 'id', responseModel: '', dialect: 'bedrock-converse' },
      { type: 'part-start', part: 0, choice: 0, kind: 'reasoning' },
      { type: 'reasoning-delta', part: 0, text: 'hm' },
      { type: 'reasoning-signature', part: 0, signature: 'sig' },
      { type: 'part-stop', part: 0 },
      { type: 'part-start', part: 1, choice: 0, kind: 'text' },
      { type: 'text-delta', part: 1, text: 'Hällo' },
      { type: 'part-stop', part: 1 },
      { type: 'part-start', part: 2, choice: 0, kind: 'tool-call', id: 't1', name: 'weather' },
      { type: 'tool-input-delta', part: 2, json: '{"city":"Bonn"}' },
      { type: 'part-stop', part: 2 },
      { type: 'finish', choice: 0, reason: 'tool_calls', rawReason: 'tool_use' },
      { type: 'usage', usage: { inputTokens: 13, outputTokens: 5, cacheReadTokens: 3 } },
      { type: 'message-stop' },
    ]);
    const stream = Buffer.concat([start, ...said, ...stop]);
    for (const size of [1, 5, 64, 333, stream.length]) {
      expect(read(bedrockConverse.decodeStream(), stream, size)).toEqual(events);
    }
  });

  it('that is cut before its counts has no end', () => {
    const cut = read(bedrockConverse.decodeStream(), Buffer.concat([start, ...said, ...stop.slice(0, 1)]));
    expect(cut.at(-1)?.type).toBe('finish');
  });

  test.each([
    ['throttlingException', 'upstream_rate_limited'],
    ['modelStreamErrorException', 'upstream_error'],
    ['serviceUnavailableException', 'upstream_overloaded'],
    ['validationException', 'upstream_invalid_request'],
  ])('that breaks with %s', (type, code) => {
    const stream = Buffer.concat([start, frame('exception', type, { message: 'no' })]);
    expect(read(bedrockConverse.decodeStream(), stream).at(-1)).toMatchObject({
      type: 'error',
      error: { code },
    });
  });

  it('whose checksum is wrong, or whose frame has no end, is malformed', () => {
    const broken = Buffer.from(start);
    broken[20] = (broken[20] ?? 0) ^ 1;
    const endless = Buffer.alloc(16, 0xff);
    for (const bytes of [broken, endless]) {
      expect(read(bedrockConverse.decodeStream(), bytes)).toMatchObject([
        { type: 'error', error: { code: 'upstream_malformed' } },
      ]);
    }
  });
});

test.each([
  [
    400,
    'ValidationException:http://x',
    '{"message":"Input is too long for requested model."}',
    'context_length_exceeded',
  ],
  [400, 'ValidationException', '{"message":"bad field"}', 'upstream_invalid_request'],
  [403, 'UnrecognizedClientException', '{"message":"token AKIA is invalid"}', 'upstream_auth'],
  [429, 'ThrottlingException', '{}', 'upstream_rate_limited'],
  [503, '', 'not json', 'upstream_overloaded'],
])('status %d with %s', (status, kind, body, code) => {
  const error = bedrockConverse.decodeError(status, new Map([['x-amzn-errortype', kind]]), Buffer.from(body));
  expect(error.code).toBe(code);
  expect(error.message).not.toContain('AKIA');
});
