import { describe, expect, test } from 'vitest';
import { chatRequest } from '../../../test/fakes/requests.ts';
import type { ModelRequest, Part, Turn } from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import type { JsonObject } from '../../wire/json.ts';
import { anthropicMessages } from './index.ts';

const text = (value: string): Part => ({ type: 'text', text: value });
const user = (value: string): Turn => ({ role: 'user', parts: [text(value)] });
const call = (id: string, input = '{}', name = 'f'): Part => ({ type: 'tool-call', id, name, input });
const result = (callId: string, value: string): Turn => ({
  role: 'tool',
  parts: [{ type: 'tool-result', callId, parts: [text(value)] }],
});

/** A request that came in another dialect. */
const foreign = (changes: Partial<ModelRequest>): ModelRequest =>
  chatRequest({ requestModel: 'assistant', turns: [user('Hi')], ...changes });

const old = 'claude-sonnet-4-5';
const newer = 'claude-opus-5';

const send = (
  changes: Partial<ModelRequest>,
  model = old,
): { body: JsonObject; dropped: readonly string[] } => {
  const sent = anthropicMessages.encodeRequest(foreign(changes), { model, clientHeaders: new Map() });
  return { body: JSON.parse(sent.body) as JsonObject, dropped: sent.dropped };
};

const refused = (changes: Partial<ModelRequest>): { code: string; param: string | undefined } => {
  try {
    send(changes);
  } catch (cause) {
    if (cause instanceof RequestError) return { code: cause.error.code, param: cause.error.param };
    throw cause;
  }
  throw new Error('was not refused');
};

test('a plain request needs only a model, a limit and its messages', () => {
  expect(send({})).toEqual({
    body: {
      model: old,
      max_tokens: 32_000,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    },
    dropped: [],
  });
});

test('headers of a client of another dialect do not travel', () => {
  const clientHeaders = new Map([
    ['anthropic-beta', 'x'],
    ['anthropic-version', '2026-10-21'],
  ]);
  const { path, headers } = anthropicMessages.encodeRequest(foreign({}), { model: old, clientHeaders });
  expect(path).toBe('/v1/messages');
  expect(headers).toEqual([
    ['content-type', 'application/json'],
    ['anthropic-version', '2023-06-01'],
  ]);
});

describe('turns', () => {
  test('all results of parallel calls stand first in one user turn', () => {
    const { body } = send({
      turns: [
        user('Go'),
        { role: 'assistant', parts: [call('call_1', '{"a":1}'), call('call_2', ' ')] },
        { role: 'system', parts: [text('Careful.')] },
        result('call_1', 'one'),
        result('call_2', 'two'),
        user('Well?'),
        user('Now.'),
      ],
    });
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Go' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'call_1', name: 'f', input: { a: 1 } },
          { type: 'tool_use', id: 'call_2', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'one' }] },
          { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'two' }] },
          { type: 'text', text: '<system>\nCareful.\n</system>' },
          { type: 'text', text: 'Well?' },
          { type: 'text', text: 'Now.' },
        ],
      },
    ]);
  });

  test('instructions in the middle and names are named as lost', () => {
    const { dropped } = send({
      turns: [{ ...user('Hi'), name: 'Ann' }, { role: 'system', parts: [text('Careful.')] }, user('So?')],
    });
    expect(dropped).toEqual(['messages.name', 'messages.role']);
  });

  test('a conversation begins with the user', () => {
    const { body, dropped } = send({ turns: [{ role: 'assistant', parts: [text('Yes?')] }] });
    expect(body.messages).toMatchObject([
      { role: 'user', content: [{ text: '.' }] },
      { role: 'assistant', content: [{ text: 'Yes?' }] },
    ]);
    expect(dropped).toEqual(['messages[0].role']);
  });

  test('empty text and turns without content are left out', () => {
    const { body } = send({
      system: [{ text: ' ' }],
      turns: [user('Hi'), { role: 'assistant', parts: [text('\n')] }, user('?')],
    });
    expect(body).not.toHaveProperty('system');
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hi' },
          { type: 'text', text: '?' },
        ],
      },
    ]);
  });

  test('reasoning without a seal is lost, sealed reasoning stays', () => {
    const parts: Part[] = [
      { type: 'reasoning', text: 'hm' },
      { type: 'reasoning', text: 'aha', signature: 'c2Vh' },
      { type: 'reasoning', text: '', redacted: 'eA==' },
      { type: 'refusal', text: 'No.' },
    ];
    const { body, dropped } = send({ turns: [user('Hi'), { role: 'assistant', parts }] });
    expect(body.messages).toMatchObject([
      {},
      {
        content: [
          { type: 'thinking', thinking: 'aha', signature: 'c2Vh' },
          { type: 'redacted_thinking', data: 'eA==' },
          { type: 'text', text: 'No.' },
        ],
      },
    ]);
    expect(dropped).toEqual(['reasoning_content']);
  });

  test('arguments keep integers that no double holds; what is no object is refused', () => {
    const turns = (input: string): Turn[] => [user('Hi'), { role: 'assistant', parts: [call('c', input)] }];
    const { body } = anthropicMessages.encodeRequest(
      foreign({ turns: turns('{"id":123456789012345678901}') }),
      {
        model: old,
        clientHeaders: new Map(),
      },
    );
    expect(body).toContain('"input":{"id":123456789012345678901}');
    expect(refused({ turns: turns('{"a":') }).code).toBe('invalid_request');
    expect(refused({ turns: turns('[1]') }).param).toBe('messages.tool_calls.function.arguments');
  });

  test('pictures and files', () => {
    const { body, dropped } = send({
      turns: [
        {
          role: 'user',
          parts: [
            { type: 'image', source: { kind: 'url', url: 'https://example.org/a.png' }, detail: 'low' },
            {
              type: 'file',
              source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBE' },
              filename: 'a.pdf',
            },
            { type: 'file', source: { kind: 'base64', mediaType: 'text/csv', data: 'YSxi' } },
          ],
        },
      ],
    });
    expect(body.messages).toMatchObject([
      {
        content: [
          { type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } },
          { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf' } },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' } },
        ],
      },
    ]);
    expect(dropped).toEqual(['messages.content.image_url.detail']);
  });

  test.each<[string, Part, string]>([
    ['audio', { type: 'audio', format: 'wav', source: { kind: 'url', url: 'x' } }, 'input_audio'],
    ['bitmaps', { type: 'image', source: { kind: 'base64', mediaType: 'image/bmp', data: '' } }, 'image_url'],
    [
      'files of others',
      { type: 'file', source: { kind: 'file', fileId: 'f', owner: 'openai-chat' } },
      'file',
    ],
    [
      'archives',
      { type: 'file', source: { kind: 'base64', mediaType: 'application/zip', data: '' } },
      'file',
    ],
    ['unknown parts', { type: 'opaque', dialect: 'openai-chat', wireType: 'video', value: {} }, 'video'],
  ])('%s are refused', (_, part, param) => {
    expect(refused({ turns: [{ role: 'user', parts: [part] }] })).toEqual({
      code: 'unsupported_field',
      param,
    });
  });
});

describe('tools', () => {
  const tools: ModelRequest['tools'] = [
    { kind: 'function', name: 'files.read', description: 'Reads.' },
    {
      kind: 'function',
      name: 'write',
      schema: { properties: { n: { type: 'integer', minimum: 1 } } },
      strict: true,
    },
  ];

  test('names are made legal, schemas are objects, strict ones lose what they may not hold', () => {
    const { body, dropped } = send({ tools, toolChoice: { mode: 'named', name: 'files.read' } });
    expect(body.tools).toEqual([
      { name: 'files_nx2e_read', description: 'Reads.', input_schema: { type: 'object', properties: {} } },
      {
        name: 'write',
        input_schema: {
          type: 'object',
          properties: { n: { type: 'integer', description: '{minimum: 1}' } },
          additionalProperties: false,
        },
        strict: true,
      },
    ]);
    expect(body.tool_choice).toEqual({ type: 'tool', name: 'files_nx2e_read' });
    expect(dropped).toEqual(['tools.minimum']);
  });

  test.each<[ModelRequest['toolChoice'], JsonObject]>([
    [{ mode: 'none' }, { type: 'none' }],
    [{ mode: 'auto' }, { type: 'auto' }],
    [{ mode: 'required' }, { type: 'any' }],
    [{ mode: 'allowed', required: true, names: ['write'] }, { type: 'any' }],
    [{ mode: 'allowed', required: false, names: ['write'] }, { type: 'auto' }],
  ])('choice %o', (toolChoice, wire) => {
    expect(send({ tools, ...(toolChoice ? { toolChoice } : {}) }).body.tool_choice).toEqual(wire);
  });

  test('a choice among some offers only these', () => {
    const { body } = send({ tools, toolChoice: { mode: 'allowed', required: true, names: ['write'] } });
    expect(body.tools).toMatchObject([{ name: 'write' }]);
  });

  test('one call at a time', () => {
    expect(send({ tools, parallelToolCalls: false }).body.tool_choice).toEqual({
      type: 'auto',
      disable_parallel_tool_use: true,
    });
    expect(send({ tools, parallelToolCalls: true }).body).not.toHaveProperty('tool_choice');
    expect(send({ parallelToolCalls: false }).body).not.toHaveProperty('tool_choice');
  });

  test('tools of another provider and endless names are refused', () => {
    const hosted: ModelRequest['tools'] = [
      { kind: 'opaque', dialect: 'openai-chat', wireType: 'custom', name: 'x', value: {} },
    ];
    expect(refused({ tools: hosted })).toEqual({ code: 'unsupported_field', param: 'tools' });
    expect(refused({ tools: [{ kind: 'function', name: 'n'.repeat(129) }] }).param).toBe(
      'tools.function.name',
    );
  });
});

describe('settings', () => {
  test('what only changes taste is dropped and named', () => {
    const { body, dropped } = send({
      sampling: {
        seed: 1,
        presencePenalty: 0.5,
        frequencyPenalty: 0,
        logitBias: { '5': 1 },
        temperature: 1.4,
        topP: 0.9,
      },
      metadata: { a: 'b' },
      verbosity: 'low',
      serviceTier: 'flex',
      stopSequences: ['\n', 'END'],
      endUser: 'u-1',
      vendor: { prediction: {}, store: null },
    });
    expect(body).toMatchObject({ temperature: 1, stop_sequences: ['END'], metadata: { user_id: 'u-1' } });
    expect(body).not.toHaveProperty('top_p');
    expect([...dropped].sort()).toEqual(
      [
        ...['seed', 'presence_penalty', 'logit_bias', 'temperature', 'top_p'],
        ...['metadata', 'verbosity', 'service_tier', 'stop', 'prediction'],
      ].sort(),
    );
  });

  test('newer models take no sampling', () => {
    const sampling = { temperature: 0.3, topP: 1, topK: 5 };
    const { body, dropped } = send({ sampling }, 'claude-opus-4-7');
    expect(Object.keys(body).sort()).toEqual(['max_tokens', 'messages', 'model']);
    expect(dropped).toEqual(['temperature', 'top_k']);
    expect(send({ sampling: { temperature: 1 } }, newer).dropped).toEqual([]);
    expect(send({ sampling: { temperature: 0.3, topK: 5 } }, 'claude-opus-4-6').body).toMatchObject({
      temperature: 0.3,
      top_k: 5,
    });
  });

  test('several answers and probabilities are refused', () => {
    expect(refused({ sampling: { choices: 2 } })).toEqual({ code: 'unsupported_field', param: 'n' });
    expect(refused({ logprobs: { topLogprobs: 2 } })).toEqual({
      code: 'unsupported_field',
      param: 'logprobs',
    });
    expect(send({ sampling: { choices: 1 } }).dropped).toEqual([]);
  });

  test.each([
    ['claude-3-opus-20240229', 4_096],
    ['claude-3-5-haiku-20241022', 8_192],
    ['claude-opus-4-20250514', 32_000],
    ['kimi-k2', 8_192],
  ])('without a limit %s gets %i tokens', (model, tokens) => {
    expect(send({}, model).body.max_tokens).toBe(tokens);
  });

  test('a schema moves the keywords that are not supported into descriptions', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        age: { type: 'integer', description: 'Years.', minimum: 0 },
        mail: { type: 'string', format: 'email' },
        tags: {
          type: 'array',
          minItems: 1,
          maxItems: 3,
          items: { oneOf: [{ type: 'string', maxLength: 5 }] },
        },
      },
      required: ['age'],
    };
    const { body, dropped } = send({
      output: { kind: 'schema', name: 'person', description: 'A person.', schema },
    });
    expect(body.output_config).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          description: 'A person.',
          type: 'object',
          properties: {
            age: { type: 'integer', description: 'Years.\n\n{minimum: 0}' },
            mail: { type: 'string', format: 'email' },
            tags: {
              type: 'array',
              minItems: 1,
              items: { anyOf: [{ type: 'string', description: '{maxLength: 5}' }] },
              description: '{maxItems: 3}',
            },
          },
          required: ['age'],
          additionalProperties: false,
        },
      },
    });
    expect(dropped).toEqual([
      'response_format.minimum',
      'response_format.maxItems',
      'response_format.maxLength',
    ]);
  });

  test('JSON without a schema is asked for in words', () => {
    const { body, dropped } = send({ system: [{ text: 'Rules.' }], output: { kind: 'json' } });
    expect(body.system).toMatchObject([{ text: 'Rules.' }, { text: expect.stringContaining('JSON') }]);
    expect(dropped).toEqual(['response_format']);
  });

  test('at most four cache marks, the last ones', () => {
    const cache = {};
    const { body, dropped } = send({
      system: [
        { text: 'a', cache },
        { text: 'b', cache },
      ],
      turns: [
        {
          role: 'user',
          parts: ['c', 'd', 'e'].map((value) => ({ type: 'text', text: value, cache }) as const),
        },
      ],
    });
    expect(JSON.stringify(body).match(/cache_control/g)).toHaveLength(4);
    expect(body.system).toMatchObject([{ text: 'a' }, { text: 'b', cache_control: { type: 'ephemeral' } }]);
    expect(dropped).toEqual(['cache_control']);
  });
});

describe('reasoning', () => {
  const tools: ModelRequest['tools'] = [{ kind: 'function', name: 'f' }];

  test('newer models decide themselves, guided by the effort', () => {
    const sent = send({ reasoning: { effort: 'minimal' }, sampling: { temperature: 0.5 } }, newer);
    expect(sent.body).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort: 'low' } });
    expect(sent.dropped).toEqual(['temperature']);
    expect(send({ reasoning: { effort: 'xhigh' } }, 'claude-opus-4-6')).toMatchObject({
      body: { output_config: { effort: 'high' } },
      dropped: ['reasoning_effort'],
    });
  });

  test('no reasoning', () => {
    expect(send({ reasoning: { effort: 'none' } }, newer).body.thinking).toEqual({ type: 'disabled' });
    expect(send({ reasoning: { effort: 'none' } }).body).not.toHaveProperty('thinking');
    expect(send({ reasoning: { effort: 'none' } }, 'claude-fable-5')).toMatchObject({
      dropped: ['reasoning_effort'],
    });
    expect(send({ reasoning: { effort: 'high' } }, 'claude-3-5-sonnet-latest')).toMatchObject({
      dropped: ['reasoning_effort'],
    });
  });

  test('older models get a budget that leaves room for the answer', () => {
    const { body } = send({ reasoning: { effort: 'medium', show: 'summary' } });
    expect(body).toMatchObject({
      max_tokens: 40_192,
      thinking: { type: 'enabled', budget_tokens: 8_192, display: 'summarized' },
    });
    expect(send({ reasoning: { effort: 'high' }, maxOutputTokens: 4_096 }).body).toMatchObject({
      max_tokens: 4_096,
      thinking: { budget_tokens: 2_048 },
    });
    expect(send({ reasoning: { effort: 'max' } }, 'claude-opus-4-1').body).toMatchObject({
      max_tokens: 32_000,
      thinking: { budget_tokens: 27_904 },
    });
  });

  test('no room, forced tools and loops without their thinking turn a budget off', () => {
    const reasoning = { effort: 'low' } as const;
    const off = {
      body: expect.not.objectContaining({ thinking: expect.anything() }),
      dropped: ['reasoning_effort'],
    };
    expect(send({ reasoning, maxOutputTokens: 1_500 })).toEqual(off);
    expect(send({ reasoning, tools, toolChoice: { mode: 'required' } })).toEqual(off);
    const loop = [user('Hi'), { role: 'assistant', parts: [call('c')] } as const, result('c', 'x')];
    expect(send({ reasoning, tools, turns: loop })).toEqual(off);
    expect(send({ reasoning, tools, turns: loop }, newer).body).toHaveProperty('thinking');
  });
});
