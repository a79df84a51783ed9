import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import { wrapSeal } from '../../model/seals.ts';
import { gatewayError } from '../../refusals.ts';
import { type JsonObject, parseJsonDocument } from '../../wire/json.ts';
import { SseSplitter } from '../../wire/sse.ts';
import { encodeResponse, encodeStream } from './encode.ts';
import { encodeStreamError } from './error.ts';
import { decodeResponse, decodeStream } from './events.ts';
import { decodeRequest } from './request.ts';

const asked = (wire: object = {}): ModelRequest =>
  decodeRequest(parseJsonDocument(Buffer.from(JSON.stringify({ model: 'm', input: 'hi', ...wire }))));

const contextOf = (request: ModelRequest) => ({ request, nowSeconds: 1_790_000_000, requestId: 'abc' });

const framesIn = (text: string): JsonObject[] => {
  const sse = new SseSplitter();
  return [...sse.push(Buffer.from(text)), ...sse.end()].map(({ event, data }) => {
    const frame = JSON.parse(data) as JsonObject;
    expect(event).toBe(frame.type);
    return frame;
  });
};

const streamed = (events: readonly ModelEvent[], request = asked()): JsonObject[] => {
  const encoder = encodeStream(contextOf(request));
  return framesIn(events.map((event) => encoder.push(event)).join('') + encoder.end());
};

const whole = (events: readonly ModelEvent[], request = asked()): JsonObject => {
  const encoder = encodeResponse(contextOf(request));
  for (const event of events) encoder.push(event);
  return JSON.parse(encoder.end()) as JsonObject;
};

const start: ModelEvent = {
  type: 'message-start',
  id: 'msg_01',
  responseModel: 'claude',
  dialect: 'anthropic-messages',
};
const stop = (reason: Extract<ModelEvent, { type: 'finish' }>['reason'] = 'stop'): ModelEvent[] => [
  { type: 'usage', usage: { inputTokens: 5, outputTokens: 7, cacheReadTokens: 2 } },
  { type: 'finish', choice: 0, reason },
  { type: 'message-stop' },
];

const text = (part: number, ...pieces: string[]): ModelEvent[] => [
  { type: 'part-start', part, choice: 0, kind: 'text' },
  ...pieces.map((piece): ModelEvent => ({ type: 'text-delta', part, text: piece })),
  { type: 'part-stop', part },
];

const call = (part: number, name: string, ...pieces: string[]): ModelEvent[] => [
  { type: 'part-start', part, choice: 0, kind: 'tool-call', id: `toolu_${part}`, name },
  ...pieces.map((json): ModelEvent => ({ type: 'tool-input-delta', part, json })),
  { type: 'part-stop', part },
];

describe('an answer of another dialect', () => {
  it('is told in every step, and once more at its end', () => {
    const events = [
      start,
      { type: 'part-start', part: 0, choice: 0, kind: 'reasoning' } as const,
      { type: 'reasoning-delta', part: 0, text: 'Hm' } as const,
      { type: 'reasoning-signature', part: 0, signature: 'sealed' } as const,
      { type: 'part-stop', part: 0 } as const,
      ...text(1, 'Hi ', 'there'),
      ...call(2, 'sum', '{"a":', '1}'),
      ...stop('tool_calls'),
    ];
    const frames = streamed(events);
    expect(frames.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(frames.map(({ sequence_number }) => sequence_number)).toEqual(frames.map((_, at) => at));
    const response = frames.at(-1)?.response;
    expect(response).toMatchObject({
      id: 'resp_msg01',
      status: 'completed',
      model: 'claude',
      output: [
        {
          type: 'reasoning',
          summary: [{ type: 'summary_text', text: 'Hm' }],
          encrypted_content: wrapSeal({ dialect: 'anthropic-messages', kind: 'signature', value: 'sealed' }),
        },
        {
          type: 'message',
          status: 'completed',
          content: [{ type: 'output_text', text: 'Hi there', annotations: [], logprobs: [] }],
        },
        { type: 'function_call', status: 'completed', call_id: 'toolu_2', name: 'sum', arguments: '{"a":1}' },
      ],
      usage: {
        input_tokens: 5,
        input_tokens_details: { cached_tokens: 2, cache_write_tokens: 0 },
        output_tokens: 7,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 12,
      },
    });
    expect(whole(events)).toEqual(response);
  });

  it('repeats what the client had asked for', () => {
    const wire = {
      instructions: 'Be brief.',
      temperature: 0.5,
      tools: [],
      text: { verbosity: 'low' },
      reasoning: { effort: 'low' },
    };
    expect(whole([start, ...text(0, 'hi'), ...stop()], asked(wire))).toMatchObject({
      instructions: 'Be brief.',
      temperature: 0.5,
      top_p: 1,
      tools: [],
      tool_choice: 'auto',
      parallel_tool_calls: true,
      text: { format: { type: 'text' }, verbosity: 'low' },
      reasoning: { effort: 'low', summary: null },
    });
  });

  it.each([
    ['length', 'incomplete', { reason: 'max_output_tokens' }],
    ['context_full', 'incomplete', { reason: 'max_output_tokens' }],
    ['content_filter', 'incomplete', { reason: 'content_filter' }],
    ['stop_sequence', 'completed', null],
    ['pause', 'completed', null],
  ] as const)('that ended by %s is %s', (reason, status, incomplete_details) => {
    const events = [start, ...text(0, 'hi'), ...stop(reason)];
    expect(whole(events)).toMatchObject({ status, incomplete_details, output: [{ status }] });
    expect(streamed(events).at(-1)).toMatchObject({ type: `response.${status}`, response: { status } });
  });

  it('that failed tells both of its error and of its response', () => {
    const frames = streamed([
      start,
      ...text(0, 'hi'),
      { type: 'error', error: gatewayError('upstream_rate_limited') },
    ]);
    expect(frames.slice(-2)).toMatchObject([
      {
        type: 'error',
        code: 'upstream_rate_limited',
        error: { type: 'rate_limit_exceeded', code: 'upstream_rate_limited' },
      },
      { type: 'response.failed', response: { status: 'failed', error: { code: 'rate_limit_exceeded' } } },
    ]);
    expect(streamed([start, ...text(0, 'hi')]).slice(-2)).toMatchObject([
      { type: 'error', code: 'upstream_truncated' },
      { type: 'response.failed' },
    ]);
    expect(
      streamed([
        start,
        { type: 'finish', choice: 0, reason: 'error', rawReason: 'abort' },
        { type: 'message-stop' },
      ]).at(-2),
    ).toMatchObject({ type: 'error', code: 'abort' });
    expect(whole([start, ...text(0, 'hi')])).toMatchObject({ error: { code: 'upstream_truncated' } });
    expect(framesIn(encodeStreamError(gatewayError('upstream_stalled')))).toMatchObject([
      { type: 'error', code: 'upstream_stalled', message: expect.any(String) },
    ]);
  });

  it('has one message for neighbouring texts, and another after a call', () => {
    const { output } = whole([
      start,
      ...text(0, 'a'),
      ...text(1, 'b'),
      ...call(2, 'f'),
      ...text(3, 'c'),
      ...stop(),
    ]);
    expect(output).toMatchObject([
      { type: 'message', content: [{ text: 'a' }, { text: 'b' }] },
      { type: 'function_call', arguments: '{}' },
      { type: 'message', content: [{ text: 'c' }] },
    ]);
  });

  it('says where it cites, and seals what it does not show', () => {
    const { output } = whole([
      start,
      { type: 'part-start', part: 0, choice: 0, kind: 'reasoning', redacted: 'r' },
      { type: 'part-stop', part: 0 },
      { type: 'part-start', part: 1, choice: 0, kind: 'text' },
      { type: 'text-delta', part: 1, text: '😀 hi' },
      { type: 'citation', part: 1, citation: { url: 'https://example.com' } },
      { type: 'citation', part: 1, citation: { citedText: 'nowhere' } },
      { type: 'part-stop', part: 1 },
      ...stop(),
    ]);
    expect(output).toMatchObject([
      {
        summary: [],
        encrypted_content: wrapSeal({ dialect: 'anthropic-messages', kind: 'redacted', value: 'r' }),
      },
      {
        content: [
          {
            annotations: [
              {
                type: 'url_citation',
                url: 'https://example.com',
                title: 'https://example.com',
                start_index: 0,
                end_index: 4,
              },
            ],
          },
        ],
      },
    ]);
  });

  it('calls a custom tool with the text in its arguments', () => {
    const request = asked({ tools: [{ type: 'custom', name: 'sh' }] });
    const events = [start, ...call(0, 'sh', '{"in', 'put":"ls"}'), ...stop('tool_calls')];
    const frames = streamed(events, request);
    expect(frames.filter(({ type }) => String(type).startsWith('response.custom'))).toMatchObject([
      { type: 'response.custom_tool_call_input.delta', delta: 'ls' },
      { type: 'response.custom_tool_call_input.done', input: 'ls' },
    ]);
    expect(frames.at(-1)?.response).toMatchObject({
      output: [{ type: 'custom_tool_call', call_id: 'toolu_0', name: 'sh', input: 'ls' }],
    });
  });

  it('gives its items ids that no two of them share', () => {
    const { output } = whole([start, ...text(0, 'a'), ...call(1, 'f'), ...call(2, 'f'), ...stop()]);
    const ids = (output as JsonObject[]).map(({ id }) => id);
    expect(ids).toEqual(['msg_nexus_msg01_0', 'fc_nexus_msg01_1', 'fc_nexus_msg01_2']);
  });
});

describe('decodeStream', () => {
  const eventsOf = (...frames: object[]) => {
    const decoder = decodeStream();
    const bytes = frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join('');
    return [...decoder.push(Buffer.from(bytes)), ...decoder.end()];
  };

  it.each<[string, string, object]>([
    ['a body of JSON', 'upstream_malformed', {}],
    [
      'a quota',
      'upstream_quota',
      { type: 'error', error: { code: 'insufficient_quota', type: 'insufficient_quota', message: 'x' } },
    ],
    ['a flat error', 'upstream_error', { type: 'error', code: 'server_error', message: 'x' }],
    ['a bare error', 'upstream_overloaded', { error: { code: 503, message: 'x' } }],
    [
      'a failed response',
      'upstream_rate_limited',
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'x' } },
      },
    ],
    [
      'a cancelled response',
      'upstream_error',
      { type: 'response.cancelled', response: { status: 'cancelled' } },
    ],
  ])('tells of %s as %s', (what, code, frame) => {
    const decoder = decodeStream();
    const events =
      what === 'a body of JSON'
        ? [...decoder.push(Buffer.from('{"a":1}')), ...decoder.end()]
        : eventsOf(frame);
    expect(events.filter(({ type }) => type === 'error')).toMatchObject([{ error: { code } }]);
  });

  it('tells once what comes in pieces and then whole', () => {
    const events = eventsOf(
      { type: 'response.created', response: { id: 'r', model: 'm' } },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { id: 'rs', type: 'reasoning', summary: [] },
      },
      { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'First' },
      {
        type: 'response.reasoning_summary_text.done',
        output_index: 0,
        summary_index: 0,
        text: 'First, add.',
      },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { id: 'rs', type: 'reasoning', summary: [{ type: 'summary_text', text: 'First, add.' }] },
      },
      { type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } },
    );
    const told = events.map((event) => (event.type === 'reasoning-delta' ? event.text : ''));
    expect(told.join('')).toBe('First, add.');
  });

  it('reads items without a place by their ids, and what it does not know as it is', () => {
    const events = eventsOf(
      { type: 'response.created', response: { id: 'r', model: 'm' } },
      { type: 'response.output_item.added', item: { id: 'msg_1', type: 'message', content: [] } },
      { type: 'response.output_text.delta', item_id: 'msg_1', delta: 'hi' },
      { type: 'response.future', sequence_number: 9, x: 1 },
      { type: 'response.completed', response: { id: 'r', status: 'completed', output: [] } },
    );
    expect(events.map(({ type }) => type)).toEqual([
      'message-start',
      'part-start',
      'text-delta',
      'raw',
      'part-stop',
      'finish',
      'message-stop',
    ]);
    expect(events[3]).toEqual({
      type: 'raw',
      dialect: 'openai-responses',
      wireType: 'response.future',
      value: { type: 'response.future', x: 1 },
    });
  });
});

describe('two items of one id', () => {
  const reasoning = (encrypted: string, ...summary: string[]) => ({
    type: 'reasoning',
    id: 'rs_1',
    summary: summary.map((it) => ({ type: 'summary_text', text: it })),
    encrypted_content: encrypted,
  });
  const message = (id: string, said: string) => ({
    type: 'message',
    id,
    role: 'assistant',
    content: [{ type: 'output_text', text: said, annotations: [] }],
  });
  const output = [reasoning('first', 'a'), message('msg_1', 'b'), reasoning('second'), message('msg_1', 'c')];
  const response = { id: 'resp_1', object: 'response', status: 'completed', output };
  const read = (decoder: ReturnType<typeof decodeStream>, body: string) => [
    ...decoder.push(Buffer.from(body)),
    ...decoder.end(),
  ];

  it('are both told of a whole answer', () => {
    const events = read(decodeResponse(), JSON.stringify(response));
    expect(whole(events).output).toMatchObject(output);
  });

  it.each([4, 2, 1, 0])('are told once each of a stream, %d of four before its end', (count) => {
    const created = {
      type: 'response.created',
      response: { ...response, status: 'in_progress', output: [] },
    };
    const items = output
      .slice(0, count)
      .flatMap((item, output_index) =>
        ['added', 'done'].map((state) => ({ type: `response.output_item.${state}`, output_index, item })),
      );
    const frames = [created, ...items, { type: 'response.completed', response }];
    const body = frames.map((frame) => `event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`).join('');
    expect(whole(read(decodeStream(), body)).output).toMatchObject(output);
  });
});
