import { describe, expect, test } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import type { JsonObject } from '../../wire/json.ts';
import { sseFrame } from '../../wire/sse.ts';
import { anthropicMessages } from './index.ts';

const frames = (...events: JsonObject[]): string =>
  events.map((event) => sseFrame(JSON.stringify(event), String(event.type))).join('');

const decode = (text: string): ModelEvent[] => {
  const decoder = anthropicMessages.decodeStream();
  return [...decoder.push(Buffer.from(text)), ...decoder.end()];
};

const decodeWhole = (text: string): ModelEvent[] => {
  const decoder = anthropicMessages.decodeResponse();
  return [...decoder.push(Buffer.from(text)), ...decoder.end()];
};

const codes = (events: readonly ModelEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'error' ? [event.error.code] : []));

const start = (usage?: JsonObject): JsonObject => ({
  type: 'message_start',
  message: { id: 'msg_1', model: 'm', ...(usage ? { usage } : {}) },
});
const finish = (stop_reason: string, usage: JsonObject = {}): JsonObject => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null },
  usage,
});
const stop: JsonObject = { type: 'message_stop' };

describe('usage', () => {
  const usages = (...events: JsonObject[]) =>
    decode(frames(...events)).flatMap((event) => (event.type === 'usage' ? [event.usage] : []));

  test('is set per field and never added up; null says nothing', () => {
    const cumulative = usages(
      start({
        input_tokens: 10,
        cache_read_input_tokens: 5,
        cache_creation_input_tokens: 2,
        output_tokens: 1,
      }),
      finish('end_turn', {
        input_tokens: null,
        output_tokens: 8,
        output_tokens_details: { thinking_tokens: 3 },
      }),
      stop,
    );
    expect(cumulative).toEqual([
      { inputTokens: 17, outputTokens: 1, cacheReadTokens: 5, cacheWriteTokens: 2 },
      { inputTokens: 17, outputTokens: 8, cacheReadTokens: 5, cacheWriteTokens: 2, reasoningTokens: 3 },
    ]);
  });

  test('may come with the last event only', () => {
    expect(usages(start(), finish('end_turn', { input_tokens: 4, output_tokens: 2 }), stop)).toEqual([
      { inputTokens: 4, outputTokens: 2 },
    ]);
  });
});

describe('finish', () => {
  const reasonOf = (...events: JsonObject[]) =>
    decode(frames(start(), ...events)).flatMap((event) => (event.type === 'finish' ? [event] : []));
  const text: JsonObject[] = [
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'Hi' } },
    { type: 'content_block_stop', index: 0 },
  ];

  test.each([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'context_full'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['pause_turn', 'pause'],
  ])('%s is %s', (stop_reason, reason) => {
    expect(reasonOf(...text, finish(stop_reason), stop)).toMatchObject([{ reason }]);
  });

  test('a reason that we do not know is an end only when there is an answer', () => {
    expect(reasonOf(...text, finish('beamed_up'), stop)).toMatchObject([
      { reason: 'stop', rawReason: 'beamed_up' },
    ]);
    expect(reasonOf(finish('beamed_up'), stop)).toMatchObject([{ reason: 'error', rawReason: 'beamed_up' }]);
    expect(reasonOf(...text, stop)).toMatchObject([{ reason: 'stop' }]);
  });

  test('comes once', () => {
    expect(reasonOf(...text, finish('end_turn'), finish('end_turn'), stop)).toHaveLength(1);
  });
});

test('names that were made legal come back', () => {
  const block = { type: 'tool_use', id: 'a', name: 'files_nx2e_read', input: {} };
  const events = decode(frames(start(), { type: 'content_block_start', index: 0, content_block: block }));
  expect(events).toContainEqual(expect.objectContaining({ type: 'part-start', name: 'files.read' }));
});

describe('errors', () => {
  test.each([
    ['overloaded_error', 'upstream_overloaded'],
    ['rate_limit_error', 'upstream_rate_limited'],
    ['api_error', 'upstream_error'],
    ['timeout_error', 'upstream_timeout'],
    ['invalid_request_error', 'upstream_invalid_request'],
    ['authentication_error', 'upstream_auth'],
    ['unheard_of', 'upstream_error'],
  ])('an event of type %s is %s and the last', (type, code) => {
    const error = { type: 'error', error: { type, message: 'So it is.' } };
    const events = decode(frames(start(), error, stop));
    expect(codes(events)).toEqual([code]);
    expect(events.at(-1)?.type).toBe('error');
  });

  const open: JsonObject = {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'text', text: '' },
  };

  test.each([
    ['JSON instead of a stream', '{"id":"msg_1","type":"message","content":[]}'],
    ['a web page', '<html><body>502</body></html>'],
    ['data that is no JSON', `${frames(start())}event: x\ndata: oops\n\n`],
    ['more than one fault', 'data: oops\n\ndata: oops\n\n'],
    ['data that is no object', 'event: x\ndata: [1]\n\n'],
    ['an event without a type', 'data: {"a":1}\n\n'],
    ['a start without a message', frames({ type: 'message_start' })],
    ['a block that is none', frames(start(), { type: 'content_block_start', index: 0, content_block: 1 })],
    [
      'text of a block that never began',
      frames(start(), { type: 'content_block_delta', index: 0, delta: {} }),
    ],
    ['a delta that is none', frames(start(), open, { type: 'content_block_delta', index: 0, delta: null })],
  ])('%s is malformed', (_, text) => {
    expect(codes(decode(text))).toEqual(['upstream_malformed']);
  });

  test('an event without end is malformed', () => {
    const decoder = anthropicMessages.decodeStream();
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    const events = Array.from({ length: 10 }, () => decoder.push(megabyte)).flat();
    expect(codes(events)).toEqual(['upstream_malformed']);
  });

  test('a stream that is cut has no end, and its half frame is no error', () => {
    const whole = frames(start(), open, finish('end_turn'), stop);
    const events = decode(whole.slice(0, -30));
    expect(codes(events)).toEqual([]);
    expect(events.map(({ type }) => type)).not.toContain('message-stop');
  });

  test('what follows the end does not count', () => {
    expect(
      codes(decode(`${frames(start(), finish('end_turn'), stop)}data: oops\n\ndata: [DONE]\n\n`)),
    ).toEqual([]);
  });

  test('nothing at all is not malformed', () => {
    expect(decode('')).toEqual([]);
  });

  test.each([
    ['text', 'Hello'],
    ['a list', '[]'],
    ['another object', '{"choices":[]}'],
    ['nothing', ''],
  ])('a whole answer of %s is malformed', (_, body) => {
    expect(codes(decodeWhole(body))).toEqual(['upstream_malformed']);
  });

  test('a whole answer may be an error', () => {
    const body = JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'Busy' } });
    expect(codes(decodeWhole(body))).toEqual(['upstream_overloaded']);
  });
});

test('a whole answer keeps integers that no double holds', () => {
  const body =
    '{"id":"msg_1","model":"m","content":[{"type":"tool_use","id":"a","name":"f","input":{"id":1234567890123456789}}],"stop_reason":"tool_use"}';
  expect(decodeWhole(body)).toContainEqual({
    type: 'tool-input-delta',
    part: 0,
    json: '{"id":1234567890123456789}',
  });
});
