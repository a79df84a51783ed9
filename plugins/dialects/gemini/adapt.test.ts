import { describe, expect, it } from 'vitest';
import { chatRequest } from '../../../test/fakes/requests.ts';
import type { ModelRequest, Part, Turn } from '../../model/request.ts';
import { wrapSeal } from '../../model/seals.ts';
import type { JsonObject } from '../../wire/json.ts';
import { encodeRequest } from './encode.ts';

const ask = (more: Partial<ModelRequest> = {}): ModelRequest => chatRequest({ turns: [user('hi')], ...more });

const user = (text: string): Turn => ({ role: 'user', parts: [{ type: 'text', text }] });
const said = (...parts: Part[]): Turn => ({ role: 'assistant', parts });
const call = (id: string, name = 'f', more: object = {}): Part => ({
  type: 'tool-call',
  id,
  name,
  input: '{"a":1}',
  ...more,
});
const result = (callId: string, ...parts: Part[]): Turn => ({
  role: 'tool',
  parts: [{ type: 'tool-result', callId, parts }],
});
const text = (value: string): Part => ({ type: 'text', text: value });

const written = (request: ModelRequest, model = 'gemini-3-flash') => {
  const { body, dropped, path } = encodeRequest(request, { model, clientHeaders: new Map() });
  return { body: JSON.parse(body) as JsonObject, dropped, path };
};

describe('a request of another dialect', () => {
  it('writes what it knows', () => {
    const { body, dropped, path } = written(
      ask({
        stream: true,
        system: [{ text: 'a' }, { text: ' ' }, { text: 'b' }],
        maxOutputTokens: 5,
        stopSequences: ['x'],
        logprobs: { topLogprobs: 2 },
        output: { kind: 'schema', name: 'n', schema: { type: 'object' } },
        sampling: {
          temperature: 0.1,
          topP: 0.2,
          topK: 3,
          seed: 4,
          presencePenalty: 1,
          frequencyPenalty: 2,
          choices: 2,
        },
      }),
    );
    expect(path).toBe('/models/gemini-3-flash:streamGenerateContent?alt=sse');
    expect(dropped).toEqual([]);
    expect(body).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
      systemInstruction: { parts: [{ text: 'a' }, { text: 'b' }] },
      generationConfig: {
        temperature: 0.1,
        topP: 0.2,
        topK: 3,
        seed: 4,
        presencePenalty: 1,
        frequencyPenalty: 2,
        candidateCount: 2,
        maxOutputTokens: 5,
        stopSequences: ['x'],
        responseLogprobs: true,
        logprobs: 2,
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object' },
      },
    });
  });

  it('names what only changes taste', () => {
    const { dropped } = written(
      ask({
        sampling: { temperature: 3, logitBias: { 1: 2 } },
        metadata: { a: 'b' },
        verbosity: 'low',
        endUser: 'u',
        serviceTier: 'scale',
        parallelToolCalls: false,
        tools: [{ kind: 'function', name: 'f' }],
        vendor: { prediction: {} },
      }),
    );
    expect(dropped.toSorted()).toEqual(
      [
        'logit_bias',
        'metadata',
        'verbosity',
        'user',
        'service_tier',
        'parallel_tool_calls',
        'prediction',
        'temperature',
      ].toSorted(),
    );
  });

  it.each<[string, Partial<ModelRequest>, RegExp]>([
    ['six stop sequences', { stopSequences: ['1', '2', '3', '4', '5', '6'] }, /stop/],
    [
      'a tool of another provider',
      { tools: [{ kind: 'opaque', dialect: 'openai-chat', wireType: 'custom', name: 'x', value: {} }] },
      /custom/,
    ],
    [
      'a block of another API',
      {
        turns: [
          said({ type: 'opaque', dialect: 'anthropic-messages', wireType: 'search_result', value: {} }),
        ],
      },
      /search_result/,
    ],
    [
      'a page of the web',
      {
        turns: [
          {
            role: 'user',
            parts: [{ type: 'image', source: { kind: 'url', url: 'https://a.example/a.png' } }],
          },
        ],
      },
      /address/,
    ],
    [
      'a file of another provider',
      {
        turns: [
          {
            role: 'user',
            parts: [{ type: 'file', source: { kind: 'file', fileId: 'f', owner: 'openai-chat' } }],
          },
        ],
      },
      /id of a file/,
    ],
    [
      'arguments that are no object',
      { turns: [said({ type: 'tool-call', id: 'a', name: 'f', input: '{"cut' })] },
      /JSON object/,
    ],
  ])('refuses %s', (_name, more, message) => {
    expect(() => written(ask(more))).toThrow(message);
  });

  it('refuses tools together with a schema where the model does', () => {
    const both = ask({ tools: [{ kind: 'function', name: 'f' }], output: { kind: 'json' } });
    expect(() => written(both, 'gemini-2.5-flash')).toThrow(/together with tools/);
    expect(() => written(both, 'gemini-3-flash')).not.toThrow();
  });

  it('merges turns, wraps instructions between them, begins with the user, orders results by their calls', () => {
    const { body, dropped } = written(
      ask({
        turns: [
          said(text('first')),
          user('a'),
          { role: 'system', parts: [text('now')] },
          said(call('1'), call('2', 'g')),
          result('2', text('two')),
          result('1', text('one'), text('more')),
          user('b'),
        ],
      }),
      'gemini-2.5-flash',
    );
    expect(dropped).toEqual(['messages.role', 'messages[0].role']);
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ text: '.' }] },
      { role: 'model', parts: [{ text: 'first' }] },
      { role: 'user', parts: [{ text: 'a' }, { text: '<system>\nnow\n</system>' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { name: 'f', args: { a: 1 } } },
          { functionCall: { name: 'g', args: { a: 1 } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'f', response: { output: 'one\nmore' } } },
          { functionResponse: { name: 'g', response: { output: 'two' } } },
          { text: 'b' },
        ],
      },
    ]);
  });

  it('brings seals back to the calls that they seal, and bypasses them where there are none', () => {
    const sealOf = (callId: string, value: string): Part => ({
      type: 'reasoning',
      text: '',
      signature: wrapSeal({ dialect: 'gemini', kind: 'call', callId, value }),
    });
    const turns = [
      user('x'),
      said(sealOf('2', 'S2'), sealOf('1', 'S1'), call('1'), call('2')),
      result('1'),
      result('2'),
    ];
    const callsIn = (model: string, of: Turn[]) =>
      (written(ask({ turns: of }), model).body.contents as JsonObject[])
        .flatMap(({ parts }) => parts as JsonObject[])
        .filter((part) => 'functionCall' in part);
    expect(callsIn('gemini-3-flash', turns)).toEqual([
      { functionCall: { id: '1', name: 'f', args: { a: 1 } }, thoughtSignature: 'S1' },
      { functionCall: { id: '2', name: 'f', args: { a: 1 } }, thoughtSignature: 'S2' },
    ]);
    const bare = [user('x'), said(call('1'), call('2')), result('1'), result('2')];
    expect(callsIn('gemini-3-flash', bare).map((part) => part.thoughtSignature)).toEqual([
      'skip_thought_signature_validator',
      undefined,
    ]);
    expect(callsIn('gemini-2.5-flash', bare).map((part) => part.thoughtSignature)).toEqual([
      undefined,
      undefined,
    ]);
    // Turns before the user's last words are not checked.
    expect(callsIn('gemini-3-flash', [...bare, user('y')]).map((part) => part.thoughtSignature)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('drops reasoning that is not its own', () => {
    const { body, dropped } = written(
      ask({
        turns: [user('x'), said({ type: 'reasoning', text: 'hm', signature: 'raw' }, text('y')), user('z')],
      }),
    );
    expect(dropped).toEqual(['reasoning_content']);
    expect(JSON.stringify(body)).not.toContain('hm');
  });

  it('gives images in results to models that take them, and else after the results', () => {
    const image: Part = {
      type: 'image',
      detail: 'low',
      source: { kind: 'base64', mediaType: 'image/png', data: 'AA' },
    };
    const turns = [user('x'), said(call('1')), result('1', text('see'), image)];
    const lastOf = (model: string) => (written(ask({ turns }), model).body.contents as JsonObject[]).at(-1);
    const inline = { inlineData: { mimeType: 'image/png', data: 'AA' } };
    expect(lastOf('gemini-3-flash')).toMatchObject({
      parts: [
        { functionResponse: { parts: [{ ...inline, mediaResolution: { level: 'MEDIA_RESOLUTION_LOW' } }] } },
      ],
    });
    expect(lastOf('gemini-2.5-flash')).toMatchObject({
      parts: [{ functionResponse: { response: { output: 'see' } } }, inline],
    });
  });

  it('renames tools that have no legal name', () => {
    const { body } = written(
      ask({ tools: [{ kind: 'function', name: '1 tool' }], toolChoice: { mode: 'named', name: '1 tool' } }),
    );
    expect(body).toMatchObject({
      tools: [{ functionDeclarations: [{ name: '_nx31__nx20_tool' }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['_nx31__nx20_tool'] } },
    });
  });

  it.each<[ModelRequest['toolChoice'], string, object | undefined]>([
    [{ mode: 'auto' }, 'gemini-3-flash', { mode: 'AUTO' }],
    [{ mode: 'none' }, 'gemini-3-flash', { mode: 'NONE' }],
    [{ mode: 'required' }, 'gemini-3-flash', { mode: 'ANY' }],
    [
      { mode: 'allowed', required: true, names: ['f'] },
      'gemini-2.0-flash',
      { mode: 'ANY', allowedFunctionNames: ['f'] },
    ],
    [
      { mode: 'allowed', required: false, names: ['f'] },
      'gemini-3-flash',
      { mode: 'VALIDATED', allowedFunctionNames: ['f'] },
    ],
    [{ mode: 'allowed', required: false, names: ['f'] }, 'gemini-2.0-flash', undefined],
  ])('chooses tools: %j on %s', (toolChoice, model, expected) => {
    const tools = ['f', 'g'].map((name) => ({ kind: 'function' as const, name }));
    const { body } = written(ask({ tools, ...(toolChoice ? { toolChoice } : {}) }), model);
    const config = body.toolConfig as JsonObject | undefined;
    expect(config?.functionCallingConfig).toEqual(expected);
  });

  it('checks the arguments of strict tools', () => {
    const { body, dropped } = written(
      ask({ tools: [{ kind: 'function', name: 'f', strict: true, schema: { type: 'object' } }] }),
    );
    expect(body.toolConfig).toEqual({ functionCallingConfig: { mode: 'VALIDATED' } });
    expect(dropped).toEqual([]);
  });

  it('fits schemas to models that take no JSON Schema', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer', multipleOf: 2 } } };
    const { body, dropped } = written(
      ask({
        tools: [
          { kind: 'function', name: 'f', schema },
          { kind: 'function', name: 'g' },
        ],
      }),
      'gemini-2.0-flash',
    );
    expect(body.tools).toEqual([
      {
        functionDeclarations: [
          {
            name: 'f',
            parameters: {
              type: 'OBJECT',
              properties: { n: { type: 'INTEGER', description: '{multipleOf: 2}' } },
            },
          },
          { name: 'g' },
        ],
      },
    ]);
    expect(dropped).toEqual(['tools.function.parameters.multipleOf']);
  });
});

describe('thinking', () => {
  const thinkingFor = (model: string, reasoning: NonNullable<ModelRequest['reasoning']>) => {
    const { body, dropped } = written(ask({ reasoning }), model);
    return [(body.generationConfig as JsonObject | undefined)?.thinkingConfig, dropped];
  };

  it.each<[string, NonNullable<ModelRequest['reasoning']>, object | undefined, string[]]>([
    ['gemini-2.0-flash', { effort: 'high' }, undefined, ['reasoning_effort']],
    ['gemini-2.5-flash', { effort: 'none' }, { thinkingBudget: 0 }, []],
    ['gemini-2.5-pro', { effort: 'none' }, { thinkingBudget: 128 }, ['reasoning_effort']],
    ['gemini-2.5-flash', { effort: 'low' }, { includeThoughts: true, thinkingBudget: 1024 }, []],
    ['gemini-2.5-pro', { effort: 'max' }, { includeThoughts: true, thinkingBudget: 32_768 }, []],
    [
      'gemini-2.5-flash',
      { mode: 'fixed', budgetTokens: 5000, show: 'omitted' },
      { thinkingBudget: 5000 },
      [],
    ],
    ['gemini-3-flash', { effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'MINIMAL' }, []],
    ['gemini-3-pro-preview', { effort: 'medium' }, { includeThoughts: true, thinkingLevel: 'HIGH' }, []],
    ['gemini-3.1-pro-preview', { effort: 'minimal' }, { includeThoughts: true, thinkingLevel: 'LOW' }, []],
    ['gemini-flash-latest', { mode: 'adaptive' }, { includeThoughts: true, thinkingLevel: 'MEDIUM' }, []],
    [
      'gemini-3-flash',
      { mode: 'fixed', budgetTokens: 600 },
      { includeThoughts: true, thinkingLevel: 'LOW' },
      [],
    ],
    ['gemini-3-flash', { mode: 'off' }, { thinkingLevel: 'MINIMAL' }, ['reasoning_effort']],
  ])('%s, asked for %j', (model, reasoning, config, dropped) => {
    expect(thinkingFor(model, reasoning)).toEqual([config, dropped]);
  });
});
