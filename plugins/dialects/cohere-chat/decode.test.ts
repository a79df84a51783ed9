import { describe, expect, it, test } from 'vitest';
import { chatRequest } from '../../../test/fakes/requests.ts';
import type { ModelEvent } from '../../model/events.ts';
import { openaiChat } from '../openai-chat/index.ts';
import { cohereChat } from './index.ts';

const frames = (...events: object[]): string =>
  events
    .map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('');

const stream = frames(
  { type: 'message-start', id: 'id1', delta: { message: { role: 'assistant', content: [], tool_plan: '' } } },
  { type: 'tool-plan-delta', delta: { message: { tool_plan: 'I will ' } } },
  { type: 'tool-plan-delta', delta: { message: { tool_plan: 'look.' } } },
  {
    type: 'tool-call-start',
    index: 0,
    delta: {
      message: { tool_calls: { id: 'c1', type: 'function', function: { name: 'weather', arguments: '' } } },
    },
  },
  {
    type: 'tool-call-delta',
    index: 0,
    delta: { message: { tool_calls: { function: { arguments: '{"city":' } } } },
  },
  {
    type: 'tool-call-delta',
    index: 0,
    delta: { message: { tool_calls: { function: { arguments: '"Bönn"}' } } } },
  },
  { type: 'tool-call-end', index: 0 },
  {
    type: 'message-end',
    delta: {
      finish_reason: 'TOOL_CALL',
      usage: {
        billed_units: { input_tokens: 1, output_tokens: 2 },
        tokens: { input_tokens: 30, output_tokens: 20 },
        cached_tokens: 16,
      },
    },
  },
).concat('data: [DONE]\n\n');

const whole = {
  id: 'id1',
  message: {
    role: 'assistant',
    tool_plan: 'I will look.',
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bönn"}' } }],
  },
  finish_reason: 'TOOL_CALL',
  usage: {
    billed_units: { input_tokens: 1, output_tokens: 2 },
    tokens: { input_tokens: 30, output_tokens: 20 },
    cached_tokens: 16,
  },
};

const decoded = (
  decoder: ReturnType<typeof cohereChat.decodeStream>,
  text: string,
  size = text.length,
): ModelEvent[] => {
  const bytes = Buffer.from(text);
  const events: ModelEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...decoder.push(bytes.subarray(at, at + size)));
  return [...events, ...decoder.end()];
};

/** Deltas of one part as one. */
const folded = (events: readonly ModelEvent[]): ModelEvent[] => {
  const all: ModelEvent[] = [];
  for (const event of events) {
    const last = all.at(-1);
    if (event.type === 'reasoning-delta' && last?.type === 'reasoning-delta')
      all[all.length - 1] = { ...last, text: last.text + event.text };
    else if (event.type === 'tool-input-delta' && last?.type === 'tool-input-delta')
      all[all.length - 1] = { ...last, json: last.json + event.json };
    else all.push(event);
  }
  return all;
};

describe('an answer', () => {
  it('is the same events whole and streamed, cut anywhere', () => {
    const events = folded(decoded(cohereChat.decodeResponse(), JSON.stringify(whole)));
    expect(events).toEqual([
      { type: 'message-start', id: 'id1', responseModel: '', dialect: 'cohere-chat' },
      { type: 'part-start', part: 0, choice: 0, kind: 'reasoning' },
      { type: 'reasoning-delta', part: 0, text: 'I will look.' },
      { type: 'part-stop', part: 0 },
      { type: 'part-start', part: 1, choice: 0, kind: 'tool-call', id: 'c1', name: 'weather' },
      { type: 'tool-input-delta', part: 1, json: '{"city":"Bönn"}' },
      { type: 'part-stop', part: 1 },
      { type: 'finish', choice: 0, reason: 'tool_calls', rawReason: 'TOOL_CALL' },
      { type: 'usage', usage: { inputTokens: 30, outputTokens: 20, cacheReadTokens: 16 } },
      { type: 'message-stop' },
    ]);
    for (const size of [1, 2, 3, 7, 64, 1000]) {
      expect(folded(decoded(cohereChat.decodeStream(), stream, size))).toEqual(events);
    }
  });

  it('that is cut has no end', () => {
    const cut = decoded(cohereChat.decodeStream(), stream.slice(0, stream.indexOf('event: message-end')));
    expect(cut.some(({ type }) => type === 'message-stop')).toBe(false);
  });

  it('with text, thoughts and citations', () => {
    const events = decoded(
      cohereChat.decodeStream(),
      frames(
        { type: 'message-start', id: 'x' },
        {
          type: 'content-start',
          index: 0,
          delta: { message: { content: { type: 'thinking', thinking: 'hm' } } },
        },
        { type: 'content-end', index: 0 },
        { type: 'content-start', index: 1, delta: { message: { content: { type: 'text', text: '' } } } },
        { type: 'content-delta', index: 1, delta: { message: { content: { text: 'hello' } } } },
        {
          type: 'citation-start',
          index: 0,
          delta: {
            message: {
              citations: {
                start: 0,
                end: 5,
                text: 'hello',
                content_index: 1,
                sources: [{ type: 'document', document: { title: 'T' } }],
              },
            },
          },
        },
        { type: 'citation-end', index: 0 },
        { type: 'content-end', index: 1 },
        { type: 'message-end', delta: { finish_reason: 'COMPLETE', usage: {} } },
      ),
    );
    expect(events.map(({ type }) => type)).toEqual([
      'message-start',
      'part-start',
      'reasoning-delta',
      'part-stop',
      'part-start',
      'text-delta',
      'citation',
      'part-stop',
      'finish',
      'message-stop',
    ]);
    expect(events[6]).toMatchObject({ part: 1, citation: { start: 0, end: 5, title: 'T' } });
  });

  it('reads as any other to a client of another dialect', () => {
    const request = openaiChat.decodeRequest({
      value: { model: 'm', messages: [] },
      text: '',
      members: new Map(),
    });
    const encoder = openaiChat.encodeResponse({ request, nowSeconds: 1, requestId: 'r' });
    const events = decoded(cohereChat.decodeResponse(), JSON.stringify(whole));
    const body = JSON.parse(events.map((event) => encoder.push(event)).join('') + encoder.end());
    expect(body.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ id: 'c1' }] },
    });
    expect(body.usage).toMatchObject({ prompt_tokens: 30, completion_tokens: 20 });
  });

  test.each([
    ['{"message":', 'upstream_malformed'],
    ['{"id":"x"}', 'upstream_malformed'],
    [JSON.stringify({ ...whole, finish_reason: 'ERROR' }), 'upstream_error'],
  ])('%s is an error', (text, code) => {
    expect(decoded(cohereChat.decodeResponse(), text).at(-1)).toMatchObject({
      type: 'error',
      error: { code },
    });
  });
});

test.each([
  [400, '{"message":"invalid request: too many tokens"}', 'context_length_exceeded'],
  [400, '{"message":"bad field"}', 'upstream_invalid_request'],
  [401, '{"message":"invalid api token sk-secret"}', 'upstream_auth'],
  [429, 'not json', 'upstream_rate_limited'],
  [500, '', 'upstream_error'],
])('status %d with %s is %s', (status, body, code) => {
  const error = cohereChat.decodeError(status, new Map([['retry-after', '2']]), Buffer.from(body));
  expect(error).toMatchObject({ code, retryAfterMs: 2000 });
  expect(error.message).not.toContain('sk-secret');
});

test('embeddings', () => {
  const codec = cohereChat.operations?.embeddings;
  const turn = (text: string) => ({ role: 'user', parts: [{ type: 'text', text }] }) as const;
  const sent = codec?.encodeRequest(
    chatRequest({
      operation: 'embeddings',
      requestModel: 'ours',
      turns: [turn('a'), turn('b')],
      embedding: { encoding: 'base64', dimensions: 256 },
      vendor: { input_type: 'search_query' },
    }),
    { model: 'embed-v4.0', clientHeaders: new Map() },
  );
  expect(JSON.parse(sent?.body ?? '')).toEqual({
    model: 'embed-v4.0',
    texts: ['a', 'b'],
    input_type: 'search_query',
    embedding_types: ['float'],
    output_dimension: 256,
  });
  const decoder = codec?.decodeResponse();
  const answer = { id: 'e', embeddings: { float: [[1, 2]] }, meta: { billed_units: { input_tokens: 4 } } };
  decoder?.push(Buffer.from(JSON.stringify(answer)));
  expect(decoder?.end()).toEqual([
    { type: 'message-start', id: 'e', responseModel: '' },
    { type: 'embedding', index: 0, vector: [1, 2] },
    { type: 'usage', usage: { inputTokens: 4, outputTokens: 0 } },
    { type: 'message-stop' },
  ]);
});
