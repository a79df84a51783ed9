import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import { gatewayError } from '../../refusals.ts';
import { type JsonObject, parseJsonDocument } from '../../wire/json.ts';
import { SseSplitter } from '../../wire/sse.ts';
import { openaiChat } from './index.ts';

const requestOf = (members: JsonObject = {}): ModelRequest =>
  openaiChat.decodeRequest(
    parseJsonDocument(
      Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...members })),
    ),
  );

const nowSeconds = 1_790_000_000;

const streamText = (events: readonly ModelEvent[], request = requestOf({ stream: true })): string => {
  const encoder = openaiChat.encodeStream({ request, nowSeconds, requestId: 'req_1' });
  return events.map((event) => encoder.push(event)).join('') + encoder.end();
};

const frames = (events: readonly ModelEvent[], request?: ModelRequest): (JsonObject | string)[] =>
  new SseSplitter()
    .push(Buffer.from(streamText(events, request)))
    .map(({ data }) => (data.startsWith('[') ? data : (JSON.parse(data) as JsonObject)));

/** The members of each chunk's only choice, its index left out; other frames whole. */
const deltas = (events: readonly ModelEvent[], request?: ModelRequest): unknown[] =>
  frames(events, request).map((frame) => {
    if (typeof frame === 'string' || !Array.isArray(frame.choices)) return frame;
    const [choice] = frame.choices as JsonObject[];
    if (!choice) return frame.usage;
    return choice.finish_reason ?? choice.delta;
  });

const whole = (events: readonly ModelEvent[], request = requestOf()): JsonObject => {
  const encoder = openaiChat.encodeResponse({ request, nowSeconds, requestId: 'req_1' });
  for (const event of events) expect(encoder.push(event)).toBe('');
  return JSON.parse(encoder.end()) as JsonObject;
};

const start: ModelEvent = {
  type: 'message-start',
  id: 'msg_1',
  responseModel: 'claude',
  dialect: 'anthropic-messages',
  vendor: { container: {} },
};
const usage: ModelEvent = {
  type: 'usage',
  usage: { inputTokens: 9, outputTokens: 4, cacheReadTokens: 3 },
  vendor: { inference_geo: 'eu' },
};
const stop: ModelEvent = { type: 'message-stop' };
const finish = (reason: Extract<ModelEvent, { type: 'finish' }>['reason']): ModelEvent => ({
  type: 'finish',
  choice: 0,
  reason,
});
const text = (part: number, words: string): ModelEvent[] => [
  { type: 'part-start', part, choice: 0, kind: 'text' },
  { type: 'text-delta', part, text: words },
  { type: 'part-stop', part },
];
const call = (part: number, json: readonly string[]): ModelEvent[] => [
  { type: 'part-start', part, choice: 0, kind: 'tool-call', id: `toolu_${part}`, name: 'f' },
  ...json.map((piece): ModelEvent => ({ type: 'tool-input-delta', part, json: piece })),
  { type: 'part-stop', part },
];
const reasoning: ModelEvent[] = [
  { type: 'part-start', part: 0, choice: 0, kind: 'reasoning' },
  { type: 'reasoning-delta', part: 0, text: 'Two ' },
  { type: 'reasoning-delta', part: 0, text: 'and two.' },
  { type: 'reasoning-signature', part: 0, signature: 'seal' },
  { type: 'part-stop', part: 0 },
  { type: 'part-start', part: 1, choice: 0, kind: 'reasoning', redacted: 'opaque' },
  { type: 'part-stop', part: 1 },
];
const role = { role: 'assistant', content: '' };

describe('an answer of another dialect, as a stream', () => {
  it('has the frame of every chunk', () => {
    expect(frames([start, ...text(0, 'Hi'), finish('stop'), usage, stop])).toEqual([
      ...[role, { content: 'Hi' }, {}].map((delta, at) => ({
        id: 'chatcmpl-msg_1',
        object: 'chat.completion.chunk',
        created: nowSeconds,
        model: 'claude',
        choices: [{ index: 0, delta, finish_reason: at === 2 ? 'stop' : null }],
      })),
      '[DONE]',
    ]);
  });

  it('brings what belongs to one chunk alone with that chunk, whatever came before it', () => {
    const more = (part: number, words: string): ModelEvent => ({ type: 'text-delta', part, text: words });
    const events: ModelEvent[] = [
      { type: 'message-start', id: 'c', responseModel: 'm', dialect: 'openai-chat' },
      { type: 'part-start', part: 0, choice: 0, kind: 'text' },
      { type: 'part-start', part: 1, choice: 1, kind: 'text' },
      ...[more(0, 'a'), more(0, '"b'), more(1, 'x'), more(1, 'y'), more(0, 'c')],
      { type: 'logprobs', choice: 0, value: { content: [] } },
      ...[more(0, 'd'), more(0, 'e')],
      { type: 'raw', dialect: 'openai-chat', wireType: 'chunk', value: { server: 's' } },
      ...[more(0, 'f'), more(0, 'g')],
    ];
    const told = frames(events).map((frame) => {
      if (typeof frame === 'string' || !Array.isArray(frame.choices)) return frame;
      const [{ index, delta, logprobs }] = frame.choices as [JsonObject];
      return [
        index,
        (delta as JsonObject).content,
        ...(logprobs ? [logprobs] : []),
        ...(frame.server ? [frame.server] : []),
      ];
    });
    const texts = [
      [0, ''],
      [0, 'a'],
      [0, '"b'],
      [1, ''],
      [1, 'x'],
      [1, 'y'],
      [0, 'c'],
    ];
    const rest = [
      [0, 'd', { content: [] }],
      [0, 'e'],
      [0, 'f', 's'],
      [0, 'g'],
    ];
    expect(told.slice(0, -1)).toEqual([...texts, ...rest]);
  });

  it('has counts where the client asked, and null before', () => {
    const asked = requestOf({ stream: true, stream_options: { include_usage: true } });
    const written = frames([start, usage, ...text(0, 'Hi'), finish('stop'), stop], asked);
    expect(written.map((frame) => (typeof frame === 'string' ? frame : frame.usage))).toEqual([
      null,
      null,
      null,
      {
        prompt_tokens: 9,
        completion_tokens: 4,
        total_tokens: 13,
        prompt_tokens_details: { cached_tokens: 3 },
      },
      '[DONE]',
    ]);
  });

  it('counts its tool calls from 0 and says everything about one only once', () => {
    const events = [
      start,
      ...text(0, 'I look.'),
      ...call(1, ['', '{"a"', ':1}', '']),
      ...call(2, ['']),
      finish('stop'),
      stop,
    ];
    const opened = (index: number, id: string) => ({
      tool_calls: [{ index, id, type: 'function', function: { name: 'f', arguments: '' } }],
    });
    const input = (index: number, json: string) => ({
      tool_calls: [{ index, function: { arguments: json } }],
    });
    expect(deltas(events)).toEqual([
      role,
      { content: 'I look.' },
      opened(0, 'toolu_1'),
      input(0, '{"a"'),
      input(0, ':1}'),
      opened(1, 'toolu_2'),
      input(1, '{}'),
      'tool_calls',
      '[DONE]',
    ]);
  });

  it('says `length` of a call that was cut', () => {
    expect(deltas([start, ...call(0, ['{"a']), finish('length'), stop]).slice(-2)).toEqual([
      'length',
      '[DONE]',
    ]);
  });

  it('hands the seal of reasoning over in one piece with what it seals', () => {
    expect(deltas([start, ...reasoning, ...text(2, '4'), finish('stop'), stop])).toEqual([
      role,
      { reasoning_content: 'Two ' },
      { reasoning_content: 'and two.' },
      { reasoning_details: [{ type: 'reasoning.text', index: 0, text: 'Two and two.', signature: 'seal' }] },
      { reasoning_details: [{ type: 'reasoning.encrypted', index: 1, data: 'opaque' }] },
      { content: '4' },
      'stop',
      '[DONE]',
    ]);
  });

  it('cites by the place in the whole message', () => {
    const cited: ModelEvent[] = [
      ...text(0, 'a👋'),
      { type: 'part-start', part: 1, choice: 0, kind: 'text' },
      { type: 'text-delta', part: 1, text: 'b👋c' },
      { type: 'citation', part: 1, citation: { url: 'https://a.example', title: 'A', vendor: { x: 1 } } },
      { type: 'citation', part: 1, citation: { url: 'https://b.example', start: 1, end: 2 } },
      { type: 'citation', part: 1, citation: { citedText: 'a page without address' } },
      { type: 'part-stop', part: 1 },
    ];
    expect(deltas([start, ...cited, finish('stop'), stop])[3]).toEqual({
      annotations: [
        {
          type: 'url_citation',
          url_citation: { url: 'https://a.example', title: 'A', start_index: 2, end_index: 5 },
        },
        {
          type: 'url_citation',
          url_citation: { url: 'https://b.example', title: '', start_index: 3, end_index: 4 },
        },
      ],
    });
  });

  it('writes nothing for pings, foreign events and foreign blocks', () => {
    const foreign: ModelEvent[] = [
      { type: 'ping' },
      { type: 'raw', dialect: 'anthropic-messages', wireType: 'future', value: { choices: [] } },
      { type: 'part-start', part: 0, choice: 0, kind: 'opaque', vendor: { type: 'server_tool_use' } },
      { type: 'part-stop', part: 0 },
    ];
    expect(deltas([start, ...foreign, finish('pause'), stop])).toEqual([role, 'stop', '[DONE]']);
  });

  it('ends in an error and not in [DONE] when it was cut or failed', () => {
    const cut = deltas([start, ...text(0, 'Hi')]);
    expect(cut.slice(0, -1)).toEqual([role, { content: 'Hi' }]);
    expect(cut.at(-1)).toMatchObject({ error: { code: 'upstream_truncated', type: 'server_error' } });
    const failed = deltas([start, { type: 'error', error: gatewayError('upstream_overloaded') }, stop]);
    expect(failed).toEqual([role, { error: expect.objectContaining({ code: 'upstream_overloaded' }) }]);
    expect(deltas([start, ...text(0, 'Hi'), finish('error'), stop]).at(-1)).toMatchObject({
      error: { code: 'upstream_error' },
    });
  });

  it('tells one call to a client that asked with functions', () => {
    const legacy = requestOf({ stream: true, functions: [{ name: 'f' }] });
    expect(
      deltas([start, ...call(0, ['{"a":1}']), ...call(1, ['{}']), finish('tool_calls'), stop], legacy),
    ).toEqual([
      role,
      { function_call: { name: 'f', arguments: '' } },
      { function_call: { arguments: '{"a":1}' } },
      'function_call',
      '[DONE]',
    ]);
  });
});

describe('an answer of another dialect, whole', () => {
  it('has every member that SDKs read', () => {
    expect(whole([start, ...reasoning, ...text(2, '4'), finish('stop_sequence'), usage, stop])).toEqual({
      id: 'chatcmpl-msg_1',
      object: 'chat.completion',
      created: nowSeconds,
      model: 'claude',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: '4',
            refusal: null,
            reasoning_content: 'Two and two.',
            reasoning_details: [
              { type: 'reasoning.text', index: 0, text: 'Two and two.', signature: 'seal' },
              { type: 'reasoning.encrypted', index: 1, data: 'opaque' },
            ],
          },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 9,
        completion_tokens: 4,
        total_tokens: 13,
        prompt_tokens_details: { cached_tokens: 3 },
      },
    });
  });

  it('has its calls', () => {
    const { choices } = whole([start, ...call(0, ['{"a":1}']), ...call(1, []), finish('stop'), stop]);
    expect(choices).toMatchObject([
      {
        message: {
          content: null,
          tool_calls: [
            { id: 'toolu_0', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            { id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '{}' } },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ]);
  });

  it('is an error when it was cut or failed', () => {
    expect(whole([start, ...text(0, 'Hi'), finish('stop')])).toMatchObject({
      error: { code: 'upstream_truncated' },
    });
    expect(whole([start, finish('error'), stop])).toMatchObject({ error: { code: 'upstream_error' } });
  });
});
