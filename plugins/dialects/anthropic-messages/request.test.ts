import { describe, expect, test } from 'vitest';
import type { ModelRequest, TextPart } from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import { type JsonObject, parseJsonDocument } from '../../wire/json.ts';
import { anthropicMessages } from './index.ts';

const documentOf = (body: JsonObject | string) =>
  parseJsonDocument(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

const decode = (body: JsonObject | string): ModelRequest => anthropicMessages.decodeRequest(documentOf(body));

const target = { model: 'upstream-model', clientHeaders: new Map<string, string>() };

const encode = (request: ModelRequest): JsonObject =>
  JSON.parse(anthropicMessages.encodeRequest(request, target).body) as JsonObject;

const hello = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };

describe('refusals name the place', () => {
  test.each<[JsonObject, string]>([
    [{ ...hello, model: 5 }, 'model'],
    [{ ...hello, model: '' }, 'model'],
    [{ max_tokens: 1, messages: hello.messages }, 'model'],
    [{ model: 'm', messages: hello.messages }, 'max_tokens'],
    [{ ...hello, max_tokens: 1.5 }, 'max_tokens'],
    [{ ...hello, max_tokens: -1 }, 'max_tokens'],
    [{ model: 'm', max_tokens: 1 }, 'messages'],
    [{ ...hello, messages: [] }, 'messages'],
    [{ ...hello, messages: ['Hi'] }, 'messages[0]'],
    [{ ...hello, messages: [{ role: 'tool', content: '' }] }, 'messages[0].role'],
    [{ ...hello, messages: [{ role: 'user' }] }, 'messages[0].content'],
    [
      { ...hello, messages: [{ role: 'user', content: [{ type: 'text', text: 1 }] }] },
      'messages[0].content[0].text',
    ],
    [
      {
        ...hello,
        messages: [
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'x', content: [{ text: 'a' }] }] },
        ],
      },
      'messages[0].content[0].content[0].type',
    ],
    [{ ...hello, system: 5 }, 'system'],
    [{ ...hello, tools: [{ description: 'x' }] }, 'tools[0].name'],
    [{ ...hello, thinking: { type: 'enabled' } }, 'thinking.budget_tokens'],
    [{ ...hello, stop_sequences: [1] }, 'stop_sequences[0]'],
    [{ ...hello, tool_choice: { type: 'tool' } }, 'tool_choice.name'],
    [{ ...hello, stream: 'yes' }, 'stream'],
    [{ ...hello, temperature: '0.5' }, 'temperature'],
    [{ ...hello, metadata: [] }, 'metadata'],
  ])('%j', (body, param) => {
    let refusal: unknown;
    try {
      decode(body);
    } catch (cause) {
      refusal = cause;
    }
    expect(refusal).toBeInstanceOf(RequestError);
    expect(refusal).toMatchObject({ error: { code: 'invalid_request', param } });
    expect((refusal as RequestError).message).toContain(param);
  });
});

test('a changed part is written anew, everything beside it as it came', () => {
  const request = decode({
    ...hello,
    system: 'Rules.',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Mail ann@example.org', colour: 'red' },
          { type: 'new', x: 1 },
        ],
      },
      { role: 'assistant', content: 'Done.' },
    ],
  });
  const [first, ...others] = request.turns;
  const part = first?.parts[0] as TextPart;
  const redacted = { ...part, text: 'Mail <email>' };
  const turns = [
    { ...first, role: 'user', parts: [redacted, ...(first?.parts.slice(1) ?? [])] } as const,
    ...others,
  ];
  expect(encode({ ...request, turns })).toEqual({
    ...hello,
    model: 'upstream-model',
    system: 'Rules.',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Mail <email>', colour: 'red' },
          { type: 'new', x: 1 },
        ],
      },
      { role: 'assistant', content: 'Done.' },
    ],
  });
});

test('changed results rejoin the text of their message', () => {
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Here:' },
        { type: 'tool_result', tool_use_id: 'a', content: 'secret' },
      ],
    },
    { role: 'user', content: 'More.' },
  ];
  const request = decode({ ...hello, messages });
  expect(request.turns.map(({ role }) => role)).toEqual(['tool', 'user', 'user']);
  const [results, ...others] = request.turns;
  const changed = { role: 'tool', parts: [...(results?.parts ?? [])] } as const;
  expect(encode({ ...request, turns: [changed, ...others] }).messages).toEqual([
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: 'secret' },
        { type: 'text', text: 'Here:' },
      ],
    },
    { role: 'user', content: 'More.' },
  ]);
});

test('integers that no double holds keep their digits', () => {
  const body = `{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"id":1234567890123456789}}]}]}`;
  const request = decode(body);
  expect(request.turns[0]?.parts[0]).toMatchObject({ input: '{"id":1234567890123456789}' });
  expect(anthropicMessages.encodeRequest(request, target).body).toContain('"id":1234567890123456789');
});

test('a lowered limit lowers the thinking budget under it', () => {
  const request = decode({
    ...hello,
    max_tokens: 20_000,
    thinking: { type: 'enabled', budget_tokens: 16_000 },
  });
  expect(encode({ ...request, maxOutputTokens: 8_000 })).toMatchObject({
    max_tokens: 8_000,
    thinking: { type: 'enabled', budget_tokens: 4_000 },
  });
  expect(encode({ ...request, maxOutputTokens: 1_000 })).toMatchObject({ thinking: { type: 'disabled' } });
});

test('a client of this dialect keeps its version and beta features', () => {
  const clientHeaders = new Map([
    ['anthropic-version', '2026-10-21'],
    ['anthropic-beta', 'compact-2026-01-12,files-api'],
    ['x-api-key', 'never'],
  ]);
  const expected = [
    ['content-type', 'application/json'],
    ['anthropic-version', '2026-10-21'],
    ['anthropic-beta', 'compact-2026-01-12,files-api'],
  ];
  const request = decode(hello);
  expect(anthropicMessages.encodeRequest(request, { model: 'm', clientHeaders }).headers).toEqual(expected);
  expect(
    anthropicMessages.patchRequest(documentOf(hello), request, { model: 'm', clientHeaders }).headers,
  ).toEqual(expected);
});

test('patching changes the model and not one byte more', () => {
  const body = '{ "max_tokens": 1.0e1,\n "model" : "m", "messages":[{"content":"H\\u0069","role":"user"}] }';
  const { body: patched, path } = anthropicMessages.patchRequest(documentOf(body), decode(body), target);
  expect(path).toBe('/v1/messages');
  expect(patched).toBe(body.replace('"m"', '"upstream-model"'));
});

describe('thinking of an upstream of another dialect, which has no seal', () => {
  const call = { type: 'tool_use', id: 'a', name: 'f', input: {} };
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'done' }] };
  const unsealed = { type: 'thinking', thinking: 'Hm.', signature: '' };
  const sealed = { type: 'thinking', thinking: 'Well.', signature: 'seal' };
  const body = {
    ...hello,
    max_tokens: 4_000,
    thinking: { type: 'enabled', budget_tokens: 1_024 },
    messages: [
      ...hello.messages,
      { role: 'assistant', content: [sealed, { type: 'text', text: 'Hi' }] },
      { role: 'user', content: 'Go on' },
      { role: 'assistant', content: [unsealed] },
      { role: 'assistant', content: [unsealed, call] },
      result,
    ],
  };
  const patched = (model: string) =>
    anthropicMessages.patchRequest(documentOf(body), decode(body), { ...target, model });

  test('goes no further than to the makers who seal nothing', () => {
    const { body: sent, dropped } = patched('kimi-k3');
    expect(JSON.parse(sent)).toEqual({ ...body, model: 'kimi-k3' });
    expect(dropped).toEqual([]);
  });

  test('is left out for Claude, and the budget of the calls under way with it', () => {
    const { body: sent, dropped } = patched('claude-sonnet-4-5');
    expect(JSON.parse(sent)).toEqual({
      ...body,
      model: 'claude-sonnet-4-5',
      thinking: { type: 'disabled' },
      messages: [...body.messages.slice(0, 3), { role: 'assistant', content: [call] }, result],
    });
    expect(dropped).toEqual(['messages.content.thinking']);
  });
});

test('a list of models', () => {
  expect(anthropicMessages.encodeModels(['a', 'b'])).toMatchObject({
    data: [
      { type: 'model', id: 'a' },
      { type: 'model', id: 'b' },
    ],
    first_id: 'a',
    last_id: 'b',
    has_more: false,
  });
});
