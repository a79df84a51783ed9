import { describe, expect, test } from 'vitest';
import { chatRequest } from '../../../test/fakes/requests.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import { gatewayError } from '../../refusals.ts';
import type { JsonObject } from '../../wire/json.ts';
import { SseSplitter } from '../../wire/sse.ts';
import type { ResponseEncoder } from '../dialect.ts';
import { anthropicMessages } from './index.ts';

const request: ModelRequest = chatRequest({ dialect: 'anthropic-messages', stream: true, streamUsage: true });
const context = { request, nowSeconds: 1_790_000_000, requestId: 'req_1' };

const write = (encoder: ResponseEncoder, events: readonly ModelEvent[]): string =>
  events.map((event) => encoder.push(event)).join('') + encoder.end();

/** The frames, each checked to name its event. */
const stream = (...events: ModelEvent[]): JsonObject[] =>
  new SseSplitter()
    .push(Buffer.from(write(anthropicMessages.encodeStream(context), events)))
    .map(({ event, data }) => {
      const frame = JSON.parse(data) as JsonObject;
      expect(event).toBe(frame.type);
      return frame;
    });

const whole = (...events: ModelEvent[]): JsonObject =>
  JSON.parse(write(anthropicMessages.encodeResponse(context), events)) as JsonObject;

const start: ModelEvent = {
  type: 'message-start',
  id: 'chatcmpl-1',
  responseModel: 'gpt',
  createdSeconds: 1,
};
const part = (kind: 'text' | 'reasoning' | 'refusal' | 'opaque', at = 0): ModelEvent => ({
  type: 'part-start',
  part: at,
  choice: 0,
  kind,
});
const call = (at: number): ModelEvent => ({
  type: 'part-start',
  part: at,
  choice: 0,
  kind: 'tool-call',
  id: `call_${at}`,
  name: 'f',
});
const says = (text: string, at = 0): ModelEvent => ({ type: 'text-delta', part: at, text });
const input = (at: number, json: string): ModelEvent => ({ type: 'tool-input-delta', part: at, json });
const closed = (at = 0): ModelEvent => ({ type: 'part-stop', part: at });
const finish = (reason: Extract<ModelEvent, { type: 'finish' }>['reason']): ModelEvent => ({
  type: 'finish',
  choice: 0,
  reason,
});
const usage: ModelEvent = {
  type: 'usage',
  usage: { inputTokens: 10, outputTokens: 4, cacheReadTokens: 6, reasoningTokens: 1 },
};
const stop: ModelEvent = { type: 'message-stop' };

test('an answer of another dialect: the usage that comes last is told last, and true', () => {
  expect(stream(start, part('text'), says('Hi'), closed(), finish('stop'), usage, stop)).toEqual([
    {
      type: 'message_start',
      message: {
        id: 'msg_chatcmpl-1',
        type: 'message',
        role: 'assistant',
        model: 'gpt',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 0, output_tokens: 0 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: {
        input_tokens: 4,
        cache_read_input_tokens: 6,
        output_tokens: 4,
        output_tokens_details: { thinking_tokens: 1 },
      },
    },
    { type: 'message_stop' },
  ]);
});

test('parts that take turns are sent one after the other', () => {
  const frames = stream(
    start,
    call(0),
    input(0, '{"a":'),
    call(1),
    input(1, '{"b":'),
    input(0, '1}'),
    input(1, '2}'),
    closed(1),
    part('text', 2),
    says('x', 2),
    closed(0),
    finish('tool_calls'),
    usage,
    stop,
  );
  expect(frames.map(({ type, index }) => `${type} ${index ?? ''}`.trim())).toEqual([
    'message_start',
    'content_block_start 0',
    'content_block_delta 0',
    'content_block_delta 0',
    'content_block_stop 0',
    'content_block_start 1',
    'content_block_delta 1',
    'content_block_delta 1',
    'content_block_stop 1',
    'content_block_start 2',
    'content_block_delta 2',
    'content_block_stop 2',
    'message_delta',
    'message_stop',
  ]);
});

test('a part that was never closed is closed before the end', () => {
  expect(stream(start, part('text'), says('x'), finish('length'), stop).map(({ type }) => type)).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ]);
});

describe('stop_reason', () => {
  const stopReason = (...events: ModelEvent[]) => whole(start, ...events, usage, stop).stop_reason;

  test.each([
    ['stop', 'end_turn'],
    ['stop_sequence', 'stop_sequence'],
    ['length', 'max_tokens'],
    ['context_full', 'model_context_window_exceeded'],
    ['content_filter', 'refusal'],
    ['pause', 'pause_turn'],
  ] as const)('%s is %s', (reason, wire) => {
    expect(stopReason(part('text'), says('x'), closed(), finish(reason))).toBe(wire);
  });

  test('calls are told whatever the upstream called its end', () => {
    expect(stopReason(call(0), input(0, '{}'), closed(), finish('stop'))).toBe('tool_use');
    expect(stopReason(call(0), input(0, '{'), closed(), finish('length'))).toBe('max_tokens');
  });

  test('a refusal is text with a reason of its own', () => {
    const answer = whole(start, part('refusal'), says('No.'), closed(), finish('stop'), usage, stop);
    expect(answer).toMatchObject({ content: [{ type: 'text', text: 'No.' }], stop_reason: 'refusal' });
  });

  test('an end in error is an error', () => {
    expect(stream(start, part('text'), says('x'), closed(), finish('error'), stop).at(-1)).toMatchObject({
      type: 'error',
      error: { type: 'api_error', details: { error_code: 'upstream_error' } },
    });
  });
});

describe('endings', () => {
  test('events without an end are a truncated answer', () => {
    expect(stream(start, part('text'), says('x')).at(-1)).toMatchObject({
      type: 'error',
      error: { details: { error_code: 'upstream_truncated' } },
    });
    expect(whole(start, part('text'), says('x'))).toMatchObject({ type: 'error' });
  });

  test('after an error there is nothing', () => {
    const error: ModelEvent = { type: 'error', error: gatewayError('upstream_overloaded') };
    expect(stream(start, part('text'), error, says('x'), stop).slice(2)).toEqual([
      expect.objectContaining({
        type: 'error',
        error: expect.objectContaining({ type: 'overloaded_error' }),
      }),
    ]);
  });
});

test('reasoning of another dialect has an empty signature', () => {
  const events = [
    start,
    part('reasoning'),
    { type: 'reasoning-delta', part: 0, text: 'hm' } as const,
    closed(),
  ];
  expect(whole(...events, finish('stop'), stop).content).toEqual([
    { type: 'thinking', thinking: 'hm', signature: '' },
  ]);
});

test('what only another dialect knows is left out', () => {
  const vendored: ModelEvent = {
    type: 'message-start',
    id: 'msg_1',
    responseModel: 'm',
    vendor: { fingerprint: 'x' },
  };
  const second: ModelEvent = { type: 'part-start', part: 2, choice: 1, kind: 'text' };
  const answer = whole(
    vendored,
    part('opaque', 1),
    input(1, '{}'),
    second,
    says('other', 2),
    { type: 'raw', dialect: 'openai-chat', wireType: 'chunk', value: {} },
    { type: 'logprobs', choice: 0, value: {} },
    { type: 'finish', choice: 1, reason: 'length' },
    { type: 'finish', choice: 0, reason: 'stop', rawReason: 'eos', vendor: { odd: 1 } },
    stop,
  );
  expect(answer).toEqual({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 0, output_tokens: 0 },
  });
});

test('citations of another dialect are told when they name a page', () => {
  const cites = (citation: Extract<ModelEvent, { type: 'citation' }>['citation']): ModelEvent => ({
    type: 'citation',
    part: 0,
    citation,
  });
  const events = [
    cites({ url: 'https://example.org', title: 'E', start: 0, end: 2 }),
    cites({ title: 'none' }),
  ];
  expect(whole(start, part('text'), says('Hi'), ...events, closed(), finish('stop'), stop).content).toEqual([
    {
      type: 'text',
      text: 'Hi',
      citations: [
        {
          type: 'web_search_result_location',
          url: 'https://example.org',
          title: 'E',
          cited_text: '',
          encrypted_index: '',
        },
      ],
    },
  ]);
});

test('arguments that were cut off are carried as text, not as a call that nobody meant', () => {
  const answer = whole(start, call(0), input(0, '{"path":"/'), closed(), finish('length'), usage, stop);
  expect(answer).toMatchObject({
    content: [{ type: 'tool_use', input: { partial_json: '{"path":"/' } }],
    stop_reason: 'max_tokens',
  });
});

test.each(['null', '[]'])('%s in place of arguments is none, but not where it is a value', (word) => {
  const none = [start, call(0), input(0, word), closed(), finish('tool_calls'), usage, stop];
  expect(whole(...none)).toMatchObject({ content: [{ type: 'tool_use', input: {} }] });
  expect(JSON.stringify(stream(...none))).not.toContain('input_json_delta');
  const pieces = ['{"a":', word, '}'].map((json) => input(0, json));
  const some = whole(start, call(0), ...pieces, closed(), finish('tool_calls'), usage, stop);
  expect(some).toMatchObject({ content: [{ type: 'tool_use', input: { a: JSON.parse(word) } }] });
});

test('pings pass', () => {
  expect(anthropicMessages.encodeStream(context).push({ type: 'ping' })).toBe(
    'event: ping\ndata: {"type":"ping"}\n\n',
  );
  expect(whole(start, { type: 'ping' }, finish('stop'), stop).content).toEqual([]);
});
