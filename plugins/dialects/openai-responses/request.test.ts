import { describe, expect, it } from 'vitest';
import type { ModelRequest } from '../../model/request.ts';
import { unsealFor, wrapSeal } from '../../model/seals.ts';
import { mapTexts } from '../../model/texts.ts';
import { RequestError } from '../../refusals.ts';
import { type JsonObject, parseJsonDocument } from '../../wire/json.ts';
import { anthropicMessages } from '../anthropic-messages/index.ts';
import { crossInto } from '../crossing.ts';
import { openaiChat } from '../openai-chat/index.ts';
import { ownSeal } from './decode-items.ts';
import { openaiResponses } from './index.ts';
import { decodeRequest, encodeRequest, patchRequest } from './request.ts';

const documentOf = (wire: object) => parseJsonDocument(Buffer.from(JSON.stringify(wire)));
const decode = (wire: object): ModelRequest => decodeRequest(documentOf(wire));
const fromChat = (wire: object): ModelRequest =>
  openaiChat.decodeRequest(documentOf({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...wire }));
const fromAnthropic = (wire: object): ModelRequest =>
  anthropicMessages.decodeRequest(
    documentOf({ model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }], ...wire }),
  );

const encode = (request: ModelRequest, model = 'gpt-4.1') => {
  const { body, dropped } = encodeRequest(request, { model, clientHeaders: new Map() });
  return { body: JSON.parse(body) as JsonObject, dropped };
};

const refusalOf = (run: () => unknown) => {
  try {
    run();
  } catch (cause) {
    if (cause instanceof RequestError) return { code: cause.error.code, param: cause.error.param };
  }
  return undefined;
};

describe('decodeRequest', () => {
  it.each<[string, object]>([
    ['model', { input: 'hi' }],
    ['model', { model: '', input: 'hi' }],
    ['input', { model: 'm', input: 7 }],
    ['input[0]', { model: 'm', input: ['hi'] }],
    ['input[0].role', { model: 'm', input: [{ role: 'narrator', content: 'hi' }] }],
    [
      'input[0].content[0].text',
      { model: 'm', input: [{ role: 'user', content: [{ type: 'input_text' }] }] },
    ],
    ['input[0].call_id', { model: 'm', input: [{ type: 'function_call', name: 'f', arguments: '{}' }] }],
    ['max_output_tokens', { model: 'm', input: 'hi', max_output_tokens: -1 }],
    ['tools[0].name', { model: 'm', input: 'hi', tools: [{ type: 'function' }] }],
    ['text.format', { model: 'm', input: 'hi', text: { format: 'json' } }],
  ])('names %s', (param, wire) => {
    expect(refusalOf(() => decode(wire))).toEqual({ code: 'invalid_request', param });
  });

  it('takes a request without input, which a stored prompt may have', () => {
    expect(decode({ model: 'm', prompt: { id: 'p' } })).toMatchObject({ turns: [], essential: ['prompt'] });
  });
});

describe('a request of another dialect', () => {
  it('is neither kept nor strict, and tells its seals', () => {
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
    expect(encode(fromChat({ tools }), 'gpt-5').body).toEqual({
      model: 'gpt-5',
      input: [{ role: 'user', content: 'hi' }],
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }],
      include: ['reasoning.encrypted_content'],
      store: false,
    });
  });

  it.each<[string, string, object, readonly string[]]>([
    [
      'taste has no place',
      'gpt-4.1',
      { seed: 1, logit_bias: { 1: 1 }, presence_penalty: 1, stop: 'x' },
      ['seed', 'presence_penalty', 'logit_bias', 'stop'],
    ],
    ['sampling while it reasons', 'gpt-5', { temperature: 0.5, top_p: 0.5 }, ['temperature', 'top_p']],
    ['sampling while it may', 'gpt-5.4', { temperature: 0.5 }, []],
    [
      'sampling while it is asked to reason',
      'gpt-5.4',
      { temperature: 0.5, reasoning_effort: 'low' },
      ['temperature'],
    ],
    ['sampling while it is asked not to', 'gpt-5', { temperature: 0.5, reasoning_effort: 'none' }, []],
    ['an effort where nothing reasons', 'gpt-4.1', { reasoning_effort: 'low' }, ['reasoning_effort']],
    ['no effort where nothing reasons', 'gpt-4.1', { reasoning_effort: 'none' }, []],
    ['a limit under the least', 'gpt-4.1', { max_tokens: 5 }, ['max_output_tokens']],
    ['what is not to be kept', 'gpt-4.1', { store: false }, []],
    ['what is to be kept', 'gpt-4.1', { store: true }, ['store']],
    ['keys of a cache', 'gpt-4.1', { prompt_cache_key: 'k' }, []],
    [
      'names of speakers',
      'gpt-4.1',
      { messages: [{ role: 'user', name: 'bo', content: 'hi' }] },
      ['messages.name'],
    ],
  ])('drops %s', (_what, model, wire, dropped) => {
    expect(encode(fromChat(wire), model).dropped).toEqual(dropped);
  });

  it.each<[string, object]>([
    ['n', { n: 2 }],
    [
      'input[0].content[0]',
      {
        messages: [
          { role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'a', format: 'wav' } }] },
        ],
      },
    ],
    [
      'input[0].content[0]',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
    ],
    ['tools[0]', { tools: [{ type: 'custom', custom: { name: 'c' } }] }],
  ])('is refused for %s', (param, wire) => {
    expect(refusalOf(() => encode(fromChat(wire)))).toEqual({ code: 'unsupported_field', param });
  });

  it('has its instructions in one text and its results in items', () => {
    const { body, dropped } = encode(
      fromAnthropic({
        system: [
          { type: 'text', text: 'A', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'B' },
        ],
        messages: [
          { role: 'user', content: 'hi' },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Hm', signature: 'sealed' },
              { type: 'text', text: 'I ' },
              { type: 'text', text: 'look' },
              { type: 'tool_use', id: 't'.repeat(80), name: 'f', input: {} },
            ],
          },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 't'.repeat(80),
                is_error: true,
                content: [
                  { type: 'text', text: 'no' },
                  { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
                ],
              },
              { type: 'text', text: 'again' },
            ],
          },
        ],
      }),
    );
    const id = expect.stringMatching(/^call_[0-9a-f]{59}$/);
    expect(body).toMatchObject({
      instructions: 'A\n\nB',
      input: [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'I look' },
        { type: 'function_call', call_id: id, name: 'f', arguments: '{}' },
        {
          type: 'function_call_output',
          call_id: id,
          output: [
            { type: 'input_text', text: 'Error: ' },
            { type: 'input_text', text: 'no' },
            { type: 'input_image', image_url: 'data:image/png;base64,aGk=', detail: 'auto' },
          ],
        },
        { role: 'user', content: 'again' },
      ],
    });
    expect(dropped).toEqual(['reasoning_content']);
  });

  it('asks for no less than the API takes', () => {
    expect(encode(fromChat({ max_tokens: 5 })).body.max_output_tokens).toBe(16);
    expect(encode(fromChat({ max_tokens: 50 })).body.max_output_tokens).toBe(50);
  });

  it('shows its thinking where thinking was asked for, unless it shall not', () => {
    const thinking = (display?: string) =>
      encode(fromAnthropic({ thinking: { type: 'adaptive', ...(display ? { display } : {}) } }), 'gpt-5.4')
        .body.reasoning;
    expect(thinking()).toEqual({ summary: 'auto' });
    expect(thinking('omitted')).toBeUndefined();
    expect(encode(fromChat({ reasoning_effort: 'high' }), 'gpt-5.4').body.reasoning).toEqual({
      effort: 'high',
    });
  });

  it('brings back what this dialect had sealed', () => {
    const signature = ownSeal('rs_1', 'gAAAA:x');
    const messages = [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm', signature },
          { type: 'text', text: 'ho' },
        ],
      },
      { role: 'user', content: 'and?' },
    ];
    expect(encode(fromAnthropic({ messages })).body.input).toMatchObject([
      {},
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Hm' }],
        encrypted_content: 'gAAAA:x',
      },
      {},
      {},
    ]);
  });
});

describe('a request of this dialect', () => {
  const foreign = wrapSeal({ dialect: 'anthropic-messages', kind: 'signature', value: 'sealed' });
  const crossed = {
    model: 'm',
    input: [
      { role: 'user', content: 'hi' },
      { type: 'reasoning', id: 'rs_nexus_a_0', summary: [], encrypted_content: foreign },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' },
      {
        type: 'message',
        id: 'msg_nexus_a_1',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'ho' }],
      },
      { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'x' },
    ],
  };
  const cleaned = [
    crossed.input[0],
    crossed.input[2],
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'ho' }] },
    crossed.input[4],
    crossed.input[5],
  ];

  it('that was partly answered elsewhere goes without what its server does not know', () => {
    const document = documentOf(crossed);
    const request = decodeRequest(document);
    const { body, dropped } = patchRequest(document, request, { model: 'n', clientHeaders: new Map() });
    expect(JSON.parse(body)).toEqual({ model: 'n', input: cleaned });
    expect(dropped).toEqual(['input.reasoning']);
    // The session takes the seals of others off first.
    const { request: unsealed, lost } = unsealFor('openai-responses', request);
    expect(lost).toBe(true);
    expect(encode(unsealed).body.input).toEqual(cleaned);
    expect(encode({ ...request, turns: [...request.turns] }).body.input).toEqual(cleaned);
  });

  it('never asks a server for an item of ours', () => {
    const { input } = encode(
      decode({ model: 'm', input: [{ type: 'item_reference', id: 'msg_nexus_a_1' }] }),
    ).body;
    expect(input).toEqual([{ type: 'item_reference', id: 'msg_nexus_a_1' }]);
  });

  it.each<[string, object, string]>([
    ['previous_response_id', { previous_response_id: 'r' }, 'previous_response_id'],
    ['conversation', { conversation: 'c' }, 'conversation'],
    ['background', { background: true }, 'background'],
    ['item_reference', { input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0]'],
  ])('is refused elsewhere for %s, and passes here', (_what, wire, param) => {
    const request = decode({ model: 'm', input: 'hi', ...wire });
    for (const other of [openaiChat, anthropicMessages])
      expect(refusalOf(() => crossInto(other, request))).toEqual({ code: 'unsupported_field', param });
    expect(crossInto(openaiResponses, request)).toEqual({ request, dropped: [] });
    expect(encode(request, 'm').body).toEqual({ model: 'm', input: 'hi', ...wire });
  });

  it('is changed by a policy in every place, and nowhere else', () => {
    const wire = {
      model: 'm',
      instructions: 'be secret',
      input: [
        {
          role: 'developer',
          content: [
            { type: 'input_text', text: 'one' },
            { type: 'input_text', text: 'secret' },
          ],
        },
        { role: 'user', content: 'a secret' },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'secret' },
            { type: 'input_image', file_id: 'f', detail: 'low' },
          ],
        },
        {
          type: 'reasoning',
          id: 'rs_1',
          summary: [{ type: 'summary_text', text: 'Hm' }],
          encrypted_content: 'gAAAA',
        },
        {
          type: 'message',
          id: 'msg_1',
          status: 'completed',
          role: 'assistant',
          phase: 'commentary',
          content: [{ type: 'output_text', text: 'the secret', annotations: [] }],
        },
        {
          type: 'message',
          id: 'msg_2',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'no', annotations: [] }],
        },
        {
          type: 'function_call',
          id: 'fc_1',
          status: 'completed',
          call_id: 'c',
          name: 'f',
          arguments: '{"q":"secret"}',
        },
        { type: 'function_call_output', call_id: 'c', output: 'secret' },
        { type: 'custom_tool_call', call_id: 'd', name: 'sh', input: 'cat secret' },
        { type: 'custom_tool_call_output', call_id: 'd', output: [{ type: 'input_text', text: 'secret' }] },
      ],
      store: false,
      safety_identifier: 'u',
    };
    const changed = mapTexts(decode(wire), (text) => text.replaceAll('secret', '[x]'));
    const expected = JSON.parse(JSON.stringify(wire).replaceAll('secret', '[x]')) as JsonObject;
    // What is written anew is written without the empty lists that it came with.
    const items = expected.input as JsonObject[];
    items[4] = { ...items[4], content: [{ type: 'output_text', text: 'the [x]' }] };
    expect(encode(changed, 'm').body).toEqual(expected);
  });

  it('keeps a prompt a string', () => {
    const changed = mapTexts(decode({ model: 'm', input: 'secret' }), () => '[x]');
    expect(encode(changed, 'm').body).toEqual({ model: 'm', input: '[x]' });
  });

  it('gets the limits and tools that a policy sets', () => {
    const request = decode({
      model: 'm',
      input: 'hi',
      max_output_tokens: 900,
      tools: [{ type: 'web_search' }],
      stream: true,
    });
    const { body } = encode({ ...request, maxOutputTokens: 40, tools: [] }, 'm');
    expect(body).toEqual({ model: 'm', input: 'hi', max_output_tokens: 40, tools: [], stream: true });
  });
});

describe('custom tools', () => {
  const wire = {
    model: 'm',
    input: [
      { role: 'user', content: 'go' },
      { type: 'custom_tool_call', call_id: 'c', name: 'sh', input: 'ls "a"' },
      { type: 'custom_tool_call_output', call_id: 'c', output: 'a' },
    ],
    tools: [{ type: 'custom', name: 'sh', description: 'Runs', format: { type: 'text' } }],
    tool_choice: { type: 'custom', name: 'sh' },
  };

  it('are functions with one text elsewhere', () => {
    const { body, dropped } = openaiChat.encodeRequest(decode(wire), {
      model: 'm',
      clientHeaders: new Map(),
    });
    expect(JSON.parse(body)).toMatchObject({
      messages: [
        {},
        {
          tool_calls: [
            { id: 'c', type: 'function', function: { name: 'sh', arguments: '{"input":"ls \\"a\\""}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c', content: 'a' },
      ],
      tools: [{ type: 'function', function: { name: 'sh', parameters: { required: ['input'] } } }],
      tool_choice: { type: 'function', function: { name: 'sh' } },
    });
    expect(dropped).toContain('tools.format');
  });

  it('are custom tools here, also when a policy changed their list', () => {
    const request = decode(wire);
    expect(encode({ ...request, tools: request.tools.map((tool) => ({ ...tool })) }, 'm').body).toEqual(wire);
  });
});
