import { describe, expect, it } from 'vitest';
import { chatRequest } from '../../../test/fakes/requests.ts';
import type { ModelRequest, Part, Turn } from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import { type JsonObject, type JsonValue, parseJsonDocument } from '../../wire/json.ts';
import { openaiChat } from './index.ts';

const target = { model: 'upstream-model', clientHeaders: new Map<string, string>() };

const decodeText = (text: string): ModelRequest =>
  openaiChat.decodeRequest(parseJsonDocument(Buffer.from(text)));

const decode = (wire: JsonObject): ModelRequest => decodeText(JSON.stringify(wire));

const encode = (request: ModelRequest): JsonObject =>
  JSON.parse(openaiChat.encodeRequest(request, target).body) as JsonObject;

const errorOf = (act: () => unknown) => {
  try {
    act();
  } catch (cause) {
    if (cause instanceof RequestError) return cause.error;
    throw cause;
  }
  throw new Error('nothing was refused');
};

const user = (content: JsonValue): JsonObject => ({ role: 'user', content });

const hello: JsonObject = { model: 'm', messages: [user('Hi')] };

describe('decodeRequest refuses', () => {
  it.each<[string, JsonObject]>([
    ['model', { messages: [user('Hi')] }],
    ['model', { ...hello, model: 7 }],
    ['model', { ...hello, model: '' }],
    ['messages', { model: 'm' }],
    ['input_ids', { ...hello, input_ids: [[1, 2]] }],
    ['prompt_embeds', { ...hello, prompt_embeds: 'AAAA' }],
    ['chat_template', { ...hello, chat_template: '{{ anything }}' }],
    ['models', { ...hello, models: ['another'] }],
    ['messages', { model: 'm', messages: 'Hi' }],
    ['messages[0]', { model: 'm', messages: ['Hi'] }],
    ['messages[0].role', { model: 'm', messages: [{ content: 'Hi' }] }],
    ['messages[1].role', { model: 'm', messages: [user('Hi'), { role: 'robot', content: '' }] }],
    ['messages[0].content', { model: 'm', messages: [user(1)] }],
    ['messages[0].content[0]', { model: 'm', messages: [user(['Hi'])] }],
    [
      'messages[0].content[1].text',
      { model: 'm', messages: [user([{ type: 'text', text: '' }, { type: 'text' }])] },
    ],
    [
      'messages[0].content[0].image_url.url',
      { model: 'm', messages: [user([{ type: 'image_url', image_url: {} }])] },
    ],
    ['messages[0].tool_call_id', { model: 'm', messages: [{ role: 'tool', content: 'x' }] }],
    [
      'messages[0].tool_calls[0].function.arguments',
      {
        model: 'm',
        messages: [{ role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: {} } }] }],
      },
    ],
    ['temperature', { ...hello, temperature: 'hot' }],
    ['max_tokens', { ...hello, max_tokens: -1 }],
    ['max_completion_tokens', { ...hello, max_completion_tokens: 1.5 }],
    ['stream', { ...hello, stream: 'yes' }],
    ['stop[1]', { ...hello, stop: ['a', 1] }],
    ['tools[0].function.name', { ...hello, tools: [{ type: 'function', function: {} }] }],
    ['response_format', { ...hello, response_format: 'json' }],
    ['stream_options.include_usage', { ...hello, stream: true, stream_options: { include_usage: 1 } }],
  ])('%s', (param, wire) => {
    const error = errorOf(() => decode(wire));
    expect(error).toMatchObject({ code: 'invalid_request', status: 400, param });
    expect(error.message).toMatch(new RegExp(`^${param.replace(/[[\]]/g, '\\$&')}: expected `));
  });

  it('never a field that it does not know', () => {
    const odd = {
      ...hello,
      future: { a: [1] },
      tool_choice: { type: 'future' },
      response_format: { type: 'grammar' },
    };
    expect(decode(odd).vendor).toEqual({
      future: { a: [1] },
      tool_choice: { type: 'future' },
      response_format: { type: 'grammar' },
    });
    expect(encode(decode(odd))).toEqual({ ...odd, model: 'upstream-model' });
  });
});

const mapText = (part: Part): Part => {
  if (part.type === 'text' || part.type === 'reasoning' || part.type === 'refusal')
    return { ...part, text: part.text.replaceAll('SECRET', 'x') };
  if (part.type === 'tool-call') return { ...part, input: part.input.replaceAll('SECRET', 'x') };
  if (part.type === 'tool-result') return { ...part, parts: part.parts.map(mapText) };
  return part;
};

const withoutSecrets = (request: ModelRequest): ModelRequest => ({
  ...request,
  system: request.system.map((block) => ({ ...block, text: block.text.replaceAll('SECRET', 'x') })),
  turns: request.turns.map((turn) => ({ ...turn, parts: turn.parts.map(mapText) })),
});

describe('a changed request', () => {
  it('keeps every byte of the members that were not changed', () => {
    const text =
      '{ "temperature": 1.0, "seed": 12345678901234567890, "messages": [{"role":"user","content":"Hi"}], "model" : "m" }';
    const request = { ...decodeText(text), maxOutputTokens: 10 };
    expect(openaiChat.encodeRequest(request, target).body).toBe(
      '{ "temperature": 1.0, "seed": 12345678901234567890, "messages": [{"role":"user","content":"Hi"}], "model" : "upstream-model" ,"max_completion_tokens":10}',
    );
  });

  it.each<[JsonObject, JsonObject]>([
    [{}, { max_completion_tokens: 5 }],
    [{ max_tokens: null }, { max_tokens: null, max_completion_tokens: 5 }],
    [{ max_tokens: 100 }, { max_tokens: 5 }],
    [{ max_completion_tokens: 100 }, { max_completion_tokens: 5 }],
    [
      { max_completion_tokens: 100, max_tokens: 200 },
      { max_completion_tokens: 5, max_tokens: 5 },
    ],
  ])('limits its output under the name that the client used: %j', (limits, limited) => {
    const request = { ...decode({ ...hello, ...limits }), maxOutputTokens: 5 };
    expect(encode(request)).toEqual({ ...hello, ...limited, model: 'upstream-model' });
  });

  it('loses what a policy removed', () => {
    const { toolChoice: _, ...request } = decode({
      ...hello,
      tools: [
        { type: 'function', function: { name: 'a' } },
        { type: 'function', function: { name: 'b' } },
      ],
      tool_choice: 'required',
    });
    expect(encode({ ...request, tools: request.tools.slice(1) })).toEqual({
      ...hello,
      model: 'upstream-model',
      tools: [{ type: 'function', function: { name: 'b' } }],
    });
  });

  it('holds nothing of the texts that a policy replaced', () => {
    const wire = {
      model: 'm',
      messages: [
        { role: 'developer', content: 'SECRET 1', name: 'house' },
        {
          role: 'system',
          content: [
            { type: 'text', text: 'SECRET 2' },
            { type: 'text', text: 'open' },
          ],
        },
        { role: 'user', content: 'SECRET 3', name: 'ada' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'SECRET 4', weight: 2 },
            { type: 'future', at: 1 },
          ],
        },
        {
          role: 'assistant',
          content: [{ type: 'text', text: 'SECRET 5' }],
          refusal: 'SECRET 6',
          reasoning: 'SECRET 7',
          reasoning_details: [
            { type: 'reasoning.text', text: 'SECRET 7', index: 0 },
            { type: 'reasoning.encrypted', data: 'seal', index: 1 },
          ],
          tool_calls: [
            { id: 'c', type: 'function', function: { name: 'f', arguments: '"SECRET 8"' }, extra: 1 },
          ],
        },
        { role: 'tool', tool_call_id: 'c', content: 'SECRET 9' },
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '"SECRET 10"' } },
        { role: 'function', name: 'f', content: 'SECRET 11' },
        { role: 'developer', content: 'SECRET 12' },
        { role: 'assistant', content: 'SECRET 13', reasoning_content: 'SECRET 14', prefix: true },
      ],
    };
    const redacted = JSON.parse(JSON.stringify(wire).replaceAll('SECRET', 'x')) as JsonObject;
    expect(encode(withoutSecrets(decode(wire)))).toEqual({ ...redacted, model: 'upstream-model' });
  });

  it('keeps the parts of a turn that were not changed as they came', () => {
    const image = {
      type: 'image_url',
      image_url: { url: 'https://example.com/a.png', future: true },
      note: null,
    };
    const wire = { model: 'm', messages: [user([{ type: 'text', text: 'SECRET' }, image])] };
    expect(encode(withoutSecrets(decode(wire))).messages).toEqual([
      user([{ type: 'text', text: 'x' }, image]),
    ]);
  });
});

describe('a stream', () => {
  const counted = (wire: JsonObject) => encode(decode({ ...hello, stream: true, ...wire })).stream_options;

  it('always asks for its counts', () => {
    expect(counted({})).toEqual({ include_usage: true });
    expect(counted({ stream_options: null })).toEqual({ include_usage: true });
    expect(counted({ stream_options: { include_usage: false, include_obfuscation: false } })).toEqual({
      include_usage: true,
      include_obfuscation: false,
    });
  });

  it('is patched, not written anew, when nobody changed anything', () => {
    const text = '{"stream":true,"messages":[{"role":"user","content":"a\\u0041"}],"model":"m"}';
    const document = parseJsonDocument(Buffer.from(text));
    const sent = openaiChat.patchRequest(document, openaiChat.decodeRequest(document), target);
    expect(sent).toEqual({
      path: '/chat/completions',
      headers: [
        ['content-type', 'application/json'],
        ['accept', 'text/event-stream'],
      ],
      body: '{"stream":true,"messages":[{"role":"user","content":"a\\u0041"}],"model":"upstream-model","stream_options":{"include_usage":true}}',
      dropped: [],
    });
  });
});

const foreign = (change: Partial<ModelRequest>): ModelRequest =>
  chatRequest({
    dialect: 'anthropic-messages',
    turns: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
    ...change,
  });

const messagesOf = (turns: readonly Turn[]): JsonValue | undefined => encode(foreign({ turns })).messages;

const weather = { kind: 'function', name: 'weather', schema: { type: 'object' } } as const;

describe('a request of another dialect', () => {
  it('is written in this one', () => {
    const sent = openaiChat.encodeRequest(
      foreign({
        stream: true,
        system: [{ text: 'Be kind.', cache: {} }, { text: ' ' }, { text: 'Be brief.', cache: { ttl: '1h' } }],
        tools: [
          { ...weather, description: 'Weather', strict: true, cache: {}, vendor: { defer_loading: true } },
        ],
        toolChoice: { mode: 'named', name: 'weather' },
        parallelToolCalls: false,
        maxOutputTokens: 99,
        sampling: { temperature: 0.5, topP: 0.9, topK: 5 },
        stopSequences: ['END'],
        reasoning: { mode: 'fixed', budgetTokens: 10_000, show: 'omitted' },
        endUser: 'u1',
        serviceTier: 'standard_only',
        vendor: { container: 'c', speed: null },
      }),
      target,
    );
    expect(JSON.parse(sent.body)).toEqual({
      model: 'upstream-model',
      messages: [{ role: 'system', content: 'Be kind.\n\nBe brief.' }, user('Hi')],
      stream: true,
      stream_options: { include_usage: true },
      tools: [
        {
          type: 'function',
          function: { name: 'weather', description: 'Weather', parameters: { type: 'object' }, strict: true },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'weather' } },
      parallel_tool_calls: false,
      max_completion_tokens: 99,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END'],
      reasoning_effort: 'medium',
      user: 'u1',
      service_tier: 'default',
    });
    expect(sent.dropped.toSorted()).toEqual([
      'container',
      'thinking.display',
      'tools.defer_loading',
      'top_k',
    ]);
  });

  it('has its parallel results apart, before the rest of the turn', () => {
    const turns: Turn[] = [
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: 'Hm.', signature: 'seal' },
          { type: 'reasoning', text: '', redacted: 'opaque' },
          { type: 'text', text: 'I ' },
          { type: 'text', text: 'look.' },
          { type: 'tool-call', id: 'a', name: 'weather', input: '{"city":"Ulm"}' },
          { type: 'tool-call', id: 'b', name: 'now', input: '' },
        ],
      },
      {
        role: 'user',
        parts: [
          { type: 'tool-result', callId: 'a', parts: [{ type: 'text', text: 'no' }], isError: true },
          {
            type: 'tool-result',
            callId: 'b',
            parts: [
              { type: 'text', text: '1' },
              { type: 'text', text: '2' },
            ],
          },
          { type: 'text', text: 'Go on.' },
        ],
      },
    ];
    expect(messagesOf(turns)).toEqual([
      {
        role: 'assistant',
        content: 'I look.',
        reasoning_content: 'Hm.',
        reasoning_details: [
          { type: 'reasoning.text', text: 'Hm.', signature: 'seal' },
          { type: 'reasoning.encrypted', data: 'opaque' },
        ],
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'weather', arguments: '{"city":"Ulm"}' } },
          { id: 'b', type: 'function', function: { name: 'now', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: 'Error: no' },
      { role: 'tool', tool_call_id: 'b', content: '1\n2' },
      user('Go on.'),
    ]);
  });

  it('has images of results after all the results', () => {
    const image = {
      type: 'image',
      source: { kind: 'base64', mediaType: 'image/png', data: 'aGk=' },
    } as const;
    const turns: Turn[] = [
      { role: 'tool', parts: [{ type: 'tool-result', callId: 'a', parts: [image] }] },
      {
        role: 'tool',
        parts: [{ type: 'tool-result', callId: 'b', parts: [{ type: 'text', text: 'done' }] }],
      },
    ];
    const sent = openaiChat.encodeRequest(foreign({ turns }), target);
    expect((JSON.parse(sent.body) as JsonObject).messages).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'The result follows in the next user message.' },
      { role: 'tool', tool_call_id: 'b', content: 'done' },
      user([
        { type: 'text', text: 'Result of tool call a:' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
      ]),
    ]);
    expect(sent.dropped).toEqual(['messages.content.tool_result.image']);
  });

  it('has its documents as files, its text documents as text', () => {
    const parts: Part[] = [
      { type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERg==' } },
      { type: 'file', source: { kind: 'text', text: 'A page.' }, vendor: { citations: { enabled: true } } },
      { type: 'text', text: 'Read!', cache: {} },
    ];
    const sent = openaiChat.encodeRequest(foreign({ turns: [{ role: 'user', parts }] }), target);
    expect((JSON.parse(sent.body) as JsonObject).messages).toEqual([
      user([
        {
          type: 'file',
          file: { filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBERg==' },
        },
        { type: 'text', text: 'A page.' },
        { type: 'text', text: 'Read!' },
      ]),
    ]);
    expect(sent.dropped).toEqual(['messages.content.citations']);
  });

  it.each<[string, Partial<ModelRequest>]>([
    ['stop_sequences', { stopSequences: ['a', 'b', 'c', 'd', 'e'] }],
    [
      'tools[0]',
      {
        tools: [{ kind: 'opaque', dialect: 'anthropic-messages', wireType: 'bash', name: 'bash', value: {} }],
      },
    ],
    [
      'messages[0].content[0]',
      {
        turns: [
          {
            role: 'user',
            parts: [{ type: 'opaque', dialect: 'anthropic-messages', wireType: 'search_result', value: {} }],
          },
        ],
      },
    ],
    [
      'messages[0].content[0]',
      {
        turns: [
          {
            role: 'user',
            parts: [{ type: 'image', source: { kind: 'file', fileId: 'f', owner: 'anthropic-messages' } }],
          },
        ],
      },
    ],
  ])('is refused where this one cannot say it: %s', (param, change) => {
    const error = errorOf(() => encode(foreign(change)));
    expect(error).toMatchObject({ code: 'unsupported_field', status: 400, param });
  });

  it.each<[ModelRequest['reasoning'], string | undefined]>([
    [undefined, undefined],
    [{ mode: 'off' }, 'none'],
    [{ mode: 'adaptive' }, undefined],
    [{ mode: 'adaptive', effort: 'max' }, 'max'],
    [{ mode: 'fixed', budgetTokens: 1_024 }, 'low'],
    [{ mode: 'fixed', budgetTokens: 32_000 }, 'high'],
  ])('reasons as hard: %j', (reasoning, effort) => {
    expect(encode(foreign(reasoning ? { reasoning } : {})).reasoning_effort).toBe(effort);
  });

  it('promises its schema as strictly as the schema allows', () => {
    const closed = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    };
    const strictOf = (schema: JsonObject) =>
      encode(foreign({ output: { kind: 'schema', schema } })).response_format;
    expect(strictOf(closed)).toEqual({
      type: 'json_schema',
      json_schema: { name: 'output', schema: closed, strict: true },
    });
    const open = { ...closed, required: [] };
    expect(strictOf(open)).toEqual({ type: 'json_schema', json_schema: { name: 'output', schema: open } });
  });
});
