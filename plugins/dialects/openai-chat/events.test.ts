import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import type { JsonObject, JsonValue } from '../../wire/json.ts';
import { sseFrame } from '../../wire/sse.ts';
import { openaiChat } from './index.ts';

const read = (text: string, decoder = openaiChat.decodeStream()): ModelEvent[] => [
  ...decoder.push(Buffer.from(text)),
  ...decoder.end(),
];

const chunk = (delta: JsonObject, finish: string | null = null, members: JsonObject = {}): string =>
  sseFrame(
    JSON.stringify({
      id: 'chatcmpl-1',
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...members,
    }),
  );

const done = 'data: [DONE]\n\n';

const codes = (events: readonly ModelEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'error' ? [event.error.code] : []));

const types = (events: readonly ModelEvent[]): string[] => events.map(({ type }) => type);

describe('decodeStream', () => {
  it('takes what is no event stream for a malformed answer', () => {
    expect(codes(read('{"id":"chatcmpl-1","choices":[]}'))).toEqual(['upstream_malformed']);
    expect(codes(read('<html><body>502</body></html>'))).toEqual(['upstream_malformed']);
    expect(codes(read('data: nonsense\n\n'))).toEqual(['upstream_malformed']);
    expect(codes(read('data: 7\n\n'))).toEqual(['upstream_malformed']);
    expect(codes(read(done))).toEqual(['upstream_malformed']);
  });

  it('leaves an answer that was cut without an end', () => {
    expect(read('')).toEqual([]);
    expect(read(': PROCESSING\n\n')).toEqual([]);
    expect(types(read(chunk({ content: 'a' })))).toEqual(['message-start', 'part-start', 'text-delta']);
    expect(types(read(`${chunk({ content: 'a' })}data: {"id":"chat`))).toEqual([
      'message-start',
      'part-start',
      'text-delta',
    ]);
  });

  it('reads nothing after the end', () => {
    const events = read(chunk({ content: 'a' }, 'stop') + done + chunk({ content: 'b' }));
    expect(types(events)).toEqual([
      'message-start',
      'part-start',
      'text-delta',
      'part-stop',
      'finish',
      'message-stop',
    ]);
  });

  it('takes [DONE] for a proper end even where no choice had a finish reason', () => {
    expect(read(chunk({ content: 'a' }) + done).slice(-2)).toEqual([
      { type: 'finish', choice: 0, reason: 'stop' },
      { type: 'message-stop' },
    ]);
  });

  it('waits for the finish reason of every choice where there is no [DONE]', () => {
    const second = sseFrame('{"id":"x","choices":[{"index":1,"delta":{"content":"b"}}]}');
    expect(types(read(chunk({ content: 'a' }, 'stop') + second))).not.toContain('message-stop');
  });

  it.each<[string, JsonValue]>([
    ['upstream_error', { error: { message: 'Internal', type: 'server_error' } }],
    ['upstream_error', { error: 'something broke' }],
    ['upstream_overloaded', { error: { message: 'Busy', type: 'overloaded_error' } }],
    ['upstream_rate_limited', { error: { message: 'Slow down', code: 429 } }],
    ['upstream_quota', { error: { message: 'Pay', code: 'insufficient_quota' } }],
    [
      'upstream_invalid_request',
      { error: { message: 'Failed', code: 'tool_use_failed', failed_generation: '…' } },
    ],
  ])('ends at an error: %s', (code, body) => {
    const events = read(chunk({ content: 'a' }) + sseFrame(JSON.stringify(body)) + done);
    expect(codes(events)).toEqual([code]);
    expect(events.at(-1)?.type).toBe('error');
  });

  it('takes an event that is named error for one, whatever it holds', () => {
    expect(codes(read(sseFrame('{"message":"overloaded","type":"overloaded"}', 'error')))).toEqual([
      'upstream_overloaded',
    ]);
    expect(codes(read(sseFrame('no JSON', 'error')))).toEqual(['upstream_error']);
  });

  it('never reports an aborted answer as a whole one', () => {
    expect(codes(read(chunk({ content: 'a' }, 'abort') + done))).toEqual(['upstream_error']);
    expect(codes(read(chunk({}, 'insufficient_system_resource') + done))).toEqual(['upstream_error']);
    expect(codes(read(chunk({}, 'unheard_of') + done))).toEqual(['upstream_error']);
  });

  it('keeps a finish reason that it does not know', () => {
    expect(read(chunk({ content: 'a' }, 'unheard_of') + done).at(-2)).toEqual({
      type: 'finish',
      choice: 0,
      reason: 'stop',
      rawReason: 'unheard_of',
    });
  });

  it('tells the stop sequence where the server does', () => {
    const stopped = sseFrame(
      '{"id":"x","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop","stop_reason":"END"}]}',
    );
    expect(read(stopped + done)).toContainEqual({
      type: 'finish',
      choice: 0,
      reason: 'stop_sequence',
      stopSequence: 'END',
    });
  });

  it('does not start a call that never gets a name', () => {
    const nameless = chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: '', arguments: '{}' } }] });
    const events = read(nameless + chunk({}, 'tool_calls') + done);
    expect(types(events)).not.toContain('part-start');
    expect(codes(events)).toEqual(['upstream_malformed']);
  });

  it('gives calls without ids their own', () => {
    const call = (called: string) => ({ function: { name: called, arguments: { a: 1 } } });
    const events = read(chunk({ tool_calls: [call('f'), call('f')] }, 'stop') + done);
    const ids = events.flatMap((event) => (event.type === 'part-start' ? [event.id] : []));
    expect(new Set(ids).size).toBe(2);
    expect(events.filter(({ type }) => type === 'tool-input-delta')).toEqual([
      { type: 'tool-input-delta', part: 0, json: '{"a":1}' },
      { type: 'tool-input-delta', part: 1, json: '{"a":1}' },
    ]);
  });

  it('keeps what Gemini wants back with a call', () => {
    const signed = { extra_content: { google: { thought_signature: 'seal' } } };
    const call = { index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{}' }, ...signed };
    const late = { index: 0, function: { arguments: '' }, ...signed };
    expect(read(chunk({ tool_calls: [call] }))).toContainEqual(
      expect.objectContaining({ type: 'part-start', vendor: signed }),
    );
    const { extra_content: _, ...plain } = call;
    expect(
      read(chunk({ tool_calls: [plain] }) + chunk({ tool_calls: [late] }, 'stop') + done),
    ).toContainEqual({
      type: 'part-stop',
      part: 0,
      vendor: signed,
    });
  });

  it('does not repeat the whole message of a last chunk', () => {
    const last = sseFrame(
      '{"id":"x","choices":[{"index":0,"delta":{"content":"b"},"message":{"content":"ab"},"finish_reason":"stop"}]}',
    );
    const texts = read(chunk({ content: 'a' }) + last + done).filter(({ type }) => type === 'text-delta');
    expect(texts).toEqual([
      { type: 'text-delta', part: 0, text: 'a' },
      { type: 'text-delta', part: 0, text: 'b' },
    ]);
  });

  it('believes the last counts, null or broken ones not at all', () => {
    const counts = (usage: JsonValue) => chunk({ content: 'a' }, null, { usage });
    const events = read(
      counts(null) +
        counts({ prompt_tokens: null, completion_tokens: null, total_tokens: null }) +
        counts({ prompt_tokens: 5, completion_tokens: null }) +
        done,
    );
    expect(events.filter(({ type }) => type === 'usage')).toEqual([
      { type: 'usage', usage: { inputTokens: 5, outputTokens: 0 }, vendor: { completion_tokens: null } },
    ]);
  });
});

describe('decodeResponse', () => {
  const whole = (text: string) => read(text, openaiChat.decodeResponse());

  it('takes what is no answer for a malformed one', () => {
    expect(codes(whole(''))).toEqual(['upstream_malformed']);
    expect(codes(whole(chunk({ content: 'a' })))).toEqual(['upstream_malformed']);
    expect(codes(whole('[]'))).toEqual(['upstream_malformed']);
    expect(codes(whole('{}'))).toEqual(['upstream_malformed']);
    expect(codes(whole('{"choices":[]}'))).toEqual(['upstream_malformed']);
  });

  it('finds an error that came with status 200', () => {
    expect(codes(whole('{"error":{"message":"Slow down","code":429}}'))).toEqual(['upstream_rate_limited']);
  });
});

it('content that a server has parsed is the text that its model wrote', () => {
  const message = { content: { title: 'Stones' } };
  const body = JSON.stringify({ id: 'a', choices: [{ index: 0, finish_reason: 'stop', message }] });
  expect(read(body, openaiChat.decodeResponse())).toContainEqual(
    expect.objectContaining({ type: 'text-delta', text: '{"title":"Stones"}' }),
  );
});

describe('a `message` and a `delta` in one choice', () => {
  const [message, delta] = [{ content: 'of a whole answer' }, { content: '' }];

  it('whole answers are read from the message: the delta of Perplexity is empty', () => {
    const body = JSON.stringify({ id: 'a', choices: [{ index: 0, finish_reason: 'stop', delta, message }] });
    expect(read(body, openaiChat.decodeResponse())).toContainEqual(
      expect.objectContaining({ type: 'text-delta', text: 'of a whole answer' }),
    );
  });

  it('streams are read from the delta: a message at their end repeats', () => {
    const last = sseFrame(
      JSON.stringify({ id: 'a', choices: [{ index: 0, finish_reason: 'stop', delta, message }] }),
    );
    const texts = read(chunk({ content: 'a' }) + last + done).filter(({ type }) => type === 'text-delta');
    expect(texts).toEqual([{ type: 'text-delta', part: 0, text: 'a' }]);
  });
});

describe('what Snowflake writes beside an answer', () => {
  const answer = (message: JsonObject) =>
    read(
      JSON.stringify({ id: '', choices: [{ index: 0, finish_reason: '', message }] }),
      openaiChat.decodeResponse(),
    );
  const nothing = { content: '4', function_call: { name: '', arguments: '' } };

  it('is no call', () => {
    const events = answer(nothing);
    expect(events).toContainEqual({ type: 'finish', choice: 0, reason: 'stop' });
    expect(types(events).filter((type) => type === 'part-start')).toHaveLength(1);
  });

  it('does not hide the call that is one', () => {
    const call = {
      id: 'c',
      type: 'function',
      custom: { name: '', input: '' },
      function: { name: 'f', arguments: '{"a":1}' },
    };
    const events = answer({ ...nothing, tool_calls: [call] });
    expect(events).toContainEqual({ type: 'tool-input-delta', part: 1, json: '{"a":1}' });
    expect(events).toContainEqual({ type: 'finish', choice: 0, reason: 'tool_calls' });
  });
});

it('what was read from a cache was not written to it, whatever is said', () => {
  const usage = {
    prompt_tokens: 10,
    completion_tokens: 1,
    prompt_tokens_details: { cached_tokens: 8, cache_write_tokens: 8 },
  };
  const events = read(chunk({ content: 'a' }, 'stop', { usage }) + done);
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'usage',
      usage: { inputTokens: 10, outputTokens: 1, cacheReadTokens: 8, cacheWriteTokens: 2 },
    }),
  );
});
