import { describe, expect, it, test } from 'vitest';
import { chatRequest } from '../../../test/fakes/requests.ts';
import type { ModelRequest } from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import type { JsonObject } from '../../wire/json.ts';
import { encodeRequest } from './encode.ts';

const request = (more: Partial<ModelRequest> = {}): ModelRequest =>
  chatRequest({
    requestModel: 'ours',
    turns: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
    ...more,
  });

const encode = (more: Partial<ModelRequest> = {}) => {
  const { body, dropped } = encodeRequest(request(more), { model: 'command-a', clientHeaders: new Map() });
  return { body: JSON.parse(body) as JsonObject, dropped };
};

const weather = {
  kind: 'function',
  name: 'weather',
  schema: { type: 'object', properties: { city: { type: 'string' } } },
} as const;

describe('messages', () => {
  it('are told in order, tools and their results included', () => {
    const { body, dropped } = encode({
      system: [{ text: 'one' }, { text: 'two' }],
      turns: [
        {
          role: 'user',
          parts: [
            { type: 'text', text: 'what is this?' },
            {
              type: 'image',
              source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' },
              detail: 'low',
            },
          ],
        },
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'hm' },
            { type: 'text', text: 'let me see' },
            { type: 'tool-call', id: 'c1', name: 'weather', input: '{"city":"Bonn"}' },
            { type: 'tool-call', id: 'c2', name: 'weather', input: '' },
          ],
        },
        {
          role: 'tool',
          parts: [
            { type: 'tool-result', callId: 'c1', parts: [{ type: 'text', text: 'sunny' }] },
            { type: 'tool-result', callId: 'c2', parts: [{ type: 'text', text: 'no city' }], isError: true },
          ],
        },
      ],
    });
    expect(body.messages).toEqual([
      { role: 'system', content: 'one\n\ntwo' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what is this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
        ],
      },
      {
        role: 'assistant',
        content: 'let me see',
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } },
          { id: 'c2', type: 'function', function: { name: 'weather', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
      { role: 'tool', tool_call_id: 'c2', content: 'Error: no city' },
    ]);
    expect(dropped).toEqual(['messages.reasoning']);
  });

  test.each<[string, Partial<ModelRequest>]>([
    [
      'audio',
      {
        turns: [
          {
            role: 'user',
            parts: [
              {
                type: 'audio',
                format: 'wav',
                source: { kind: 'base64', mediaType: 'audio/wav', data: 'AA' },
              },
            ],
          },
        ],
      },
    ],
    [
      'files of another provider',
      {
        turns: [
          {
            role: 'user',
            parts: [{ type: 'image', source: { kind: 'file', fileId: 'f', owner: 'openai-chat' } }],
          },
        ],
      },
    ],
    ['an answer that was begun', { turns: [{ role: 'assistant', parts: [{ type: 'text', text: 'I' }] }] }],
    ['several answers', { sampling: { choices: 2 } }],
    ['six stop sequences', { stopSequences: ['a', 'b', 'c', 'd', 'e', 'f'] }],
    [
      'tools of another provider',
      { tools: [{ kind: 'opaque', dialect: 'openai-chat', wireType: 'web_search', name: 'w', value: {} }] },
    ],
  ])('%s: refused', (_, more) => {
    expect(() => encode(more)).toThrow(RequestError);
  });
});

describe('tools', () => {
  it('are all offered, strict only when every one is', () => {
    const { body, dropped } = encode({ tools: [{ ...weather, strict: true }] });
    expect(body).toMatchObject({
      strict_tools: true,
      tools: [{ type: 'function', function: { name: 'weather', parameters: weather.schema } }],
    });
    expect(dropped).toEqual([]);
    const mixed = encode({
      tools: [
        { ...weather, strict: true },
        { ...weather, name: 'other' },
      ],
    });
    expect(mixed.body).not.toHaveProperty('strict_tools');
    expect(mixed.dropped).toEqual(['tools.strict']);
  });

  test.each([
    [{ mode: 'auto' }, undefined, 2],
    [{ mode: 'none' }, 'NONE', 2],
    [{ mode: 'required' }, 'REQUIRED', 2],
    [{ mode: 'named', name: 'other' }, 'REQUIRED', 1],
    [{ mode: 'allowed', names: ['weather'], required: false }, undefined, 1],
    [{ mode: 'allowed', names: ['weather'], required: true }, 'REQUIRED', 1],
  ] as const)('choice %o', (toolChoice, choice, offered) => {
    const { body } = encode({ tools: [weather, { ...weather, name: 'other' }], toolChoice });
    expect(body.tool_choice).toBe(choice);
    expect(body.tools).toHaveLength(offered);
  });
});

it('names what it clamps and what it leaves out', () => {
  const { body, dropped } = encode({
    sampling: { temperature: 1.5, topP: 1, topK: 40, seed: 7, frequencyPenalty: -1, logitBias: { 1: 2 } },
    endUser: 'u',
    parallelToolCalls: false,
    vendor: { store: true },
    maxOutputTokens: 9,
    stopSequences: ['x'],
    logprobs: { topLogprobs: 2 },
  });
  expect(body).toMatchObject({
    temperature: 1,
    p: 0.99,
    k: 40,
    seed: 7,
    frequency_penalty: 0,
    max_tokens: 9,
  });
  expect(body).toMatchObject({ stop_sequences: ['x'], logprobs: true });
  expect(dropped.toSorted()).toEqual([
    'frequency_penalty',
    'logit_bias',
    'parallel_tool_calls',
    'store',
    'temperature',
    'top_logprobs',
    'top_p',
    'user',
  ]);
});

test.each([
  [{ effort: 'none' }, { type: 'disabled' }],
  [{ mode: 'off' }, { type: 'disabled' }],
  [{ effort: 'low' }, { type: 'enabled', token_budget: 1024 }],
  [{ effort: 'max' }, { type: 'enabled' }],
  [{ budgetTokens: 99 }, { type: 'enabled', token_budget: 99 }],
] as const)('reasoning %o', (reasoning, thinking) => {
  expect(encode({ reasoning }).body.thinking).toEqual(thinking);
});

test('output formats', () => {
  expect(encode({ output: { kind: 'json' } }).body.response_format).toEqual({ type: 'json_object' });
  expect(encode({ output: { kind: 'schema', schema: { type: 'object' } } }).body.response_format).toEqual({
    type: 'json_object',
    json_schema: { type: 'object' },
  });
  expect(encode({ output: { kind: 'text' } }).body).not.toHaveProperty('response_format');
});
