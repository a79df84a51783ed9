import { describe, expect, it } from 'vitest';
import type { ModelRequest } from '../../model/request.ts';
import { mapTexts } from '../../model/texts.ts';
import { type JsonObject, parseJsonDocument } from '../../wire/json.ts';
import { encodeRequest, patchRequest } from './encode.ts';
import { decodeRequest } from './request.ts';

const path = '/v1beta/models/asked:generateContent';
const documentOf = (text: string) => parseJsonDocument(Buffer.from(text));
const read = (text: string, at = path): ModelRequest => decodeRequest(documentOf(text), at);
const target = (model = 'gemini-2.5-flash') => ({ model, clientHeaders: new Map<string, string>() });
const bodyOf = (request: ModelRequest, model?: string): string => encodeRequest(request, target(model)).body;
const wireOf = (request: ModelRequest, model?: string) => JSON.parse(bodyOf(request, model)) as JsonObject;

const snake = `{ "contents" : [{"parts":[{"text":"call 555-1234"}]}],
  "generation_config": {"max_output_tokens": 100, "response_mime_type":"application/json", "top_k": 3.0, "future": 1e2}, "labels":{"a":"b"} }`;

describe('the model and the way stand in the path', () => {
  it('reads them', () => {
    const text = '{"contents":[{"parts":[{"text":"x"}]}]}';
    expect(read(text)).toMatchObject({ requestModel: 'asked', stream: false });
    expect(read(text, '/v1/models/asked:streamGenerateContent?alt=sse')).toMatchObject({ stream: true });
    expect(() => read(text, '/v1/models/asked:countTokens')).toThrow();
  });

  it('writes them, and the body byte for byte', () => {
    const request = read(snake);
    const encoded = patchRequest(documentOf(snake), request, target());
    expect(encoded).toMatchObject({
      path: '/models/gemini-2.5-flash:generateContent',
      body: snake,
      dropped: [],
    });
    expect(bodyOf(request)).toBe(snake);
  });
});

describe('what a policy changed is written anew, and nothing else', () => {
  it('a limit', () => {
    expect(bodyOf({ ...read(snake), maxOutputTokens: 7 })).toBe(
      snake.replace(
        /\{"max_output_tokens.*?\}/,
        '{"response_mime_type":"application/json","top_k":3,"future":100,"maxOutputTokens":7}',
      ),
    );
    expect(wireOf({ ...read('{"contents":[{"parts":[]}]}'), maxOutputTokens: 7 })).toEqual({
      contents: [{ parts: [] }],
      generationConfig: { maxOutputTokens: 7 },
    });
  });

  it('a text', () => {
    const changed = mapTexts(read(snake), (text) => text.replace('555-1234', '[phone]'));
    expect(bodyOf(changed)).toBe(
      snake.replace(
        '[{"parts":[{"text":"call 555-1234"}]}]',
        '[{"role":"user","parts":[{"text":"call [phone]"}]}]',
      ),
    );
  });

  it('the result of a function keeps its shape', () => {
    const contents = (response: object) => [
      { role: 'user', parts: [{ text: 'x' }] },
      {
        role: 'model',
        parts: [{ functionCall: { name: 'f', args: { q: 'Ann' } }, thoughtSignature: 'U0VBTA==' }],
      },
      { role: 'user', parts: [{ functionResponse: { name: 'f', response } }] },
    ];
    const renamed = (response: object) =>
      (
        wireOf(
          mapTexts(read(JSON.stringify({ contents: contents(response) })), (text) =>
            text.replaceAll('Ann', 'NAME'),
          ),
        ).contents as JsonObject[]
      )[2];
    const written = (response: object) => ({
      role: 'user',
      parts: [{ functionResponse: { name: 'f', response } }],
    });
    expect(renamed({ people: ['Ann'], n: 1 })).toEqual(written({ people: ['NAME'], n: 1 }));
    expect(renamed({ result: 'Ann' })).toEqual(written({ result: 'NAME' }));
    expect(renamed({ error: 'no Ann' })).toEqual(written({ error: 'no NAME' }));
  });

  it('a seal stays with its call when its arguments change', () => {
    const text = JSON.stringify({
      contents: [
        { parts: [{ text: 'x' }] },
        {
          role: 'model',
          parts: [{ functionCall: { id: 'a', name: 'f', args: { q: 'Ann' } }, thoughtSignature: 'U0VBTA==' }],
        },
        { parts: [{ functionResponse: { id: 'a', name: 'f', response: { output: 'ok' } } }] },
      ],
    });
    const changed = mapTexts(read(text), (it) => it.replace('Ann', 'NAME'));
    expect((wireOf(changed, 'gemini-3-flash').contents as JsonObject[])[1]).toEqual({
      role: 'model',
      parts: [{ functionCall: { id: 'a', name: 'f', args: { q: 'NAME' } }, thoughtSignature: 'U0VBTA==' }],
    });
  });

  it('a tool', () => {
    const text =
      '{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"googleSearch":{}},{"functionDeclarations":[{"name":"a"},{"name":"b","parameters":{"type":"OBJECT","properties":{"x":{"type":"STRING"}}}}]}]}';
    const request = read(text);
    const without = { ...request, tools: request.tools.filter(({ name }) => name !== 'a') };
    expect(wireOf(without).tools).toEqual([
      { googleSearch: {} },
      {
        functionDeclarations: [
          { name: 'b', parametersJsonSchema: { type: 'object', properties: { x: { type: 'string' } } } },
        ],
      },
    ]);
    expect(wireOf({ ...request, tools: [] })).toEqual({ contents: [{ parts: [{ text: 'x' }] }] });
  });

  it('integers that no double holds stay as they are', () => {
    const text =
      '{"contents":[{"parts":[{"text":"Ann"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"id":9007199254740993}}}]}]}';
    expect(bodyOf(mapTexts(read(text), (it) => it.replace('Ann', 'B')))).toContain('9007199254740993');
  });
});

describe('a conversation that others took part in', () => {
  const loop = (part: object) =>
    JSON.stringify({
      contents: [
        { parts: [{ text: 'x' }] },
        { role: 'model', parts: [part] },
        { parts: [{ functionResponse: { name: 'f', response: { output: 'ok' } } }] },
      ],
    });
  const bare = loop({ functionCall: { name: 'f', args: {} } });

  it('goes on with a model that checks seals', () => {
    const request = read(bare);
    const { body } = patchRequest(documentOf(bare), request, target('gemini-3-flash'));
    expect(body).toContain('"thoughtSignature":"skip_thought_signature_validator"');
    expect(patchRequest(documentOf(bare), request, target()).body).toBe(bare);
  });

  it('whose calls bear seals stays as it is', () => {
    const sealed = loop({ functionCall: { name: 'f', args: {} }, thoughtSignature: 'QQ==' });
    expect(patchRequest(documentOf(sealed), read(sealed), target('gemini-3-flash')).body).toBe(sealed);
  });
});

describe('one entry without the list around it', () => {
  const text = JSON.stringify({
    systemInstruction: { parts: { text: 'be 555-1234' } },
    contents: { role: 'user', parts: { text: 'call 555-1234' } },
    tools: { functionDeclarations: { name: 'f' } },
  });

  it('is read as a list of one, and goes on as it came', () => {
    const request = read(text);
    expect(request).toMatchObject({
      system: [{ text: 'be 555-1234' }],
      turns: [{ role: 'user', parts: [{ type: 'text', text: 'call 555-1234' }] }],
      tools: [{ kind: 'function', name: 'f' }],
    });
    expect(bodyOf(request)).toBe(text);
  });

  it('holds nothing that a policy would not see', () => {
    const changed = mapTexts(read(text), (it) => it.replace('555-1234', '[PHONE]'));
    expect(bodyOf(changed)).not.toContain('555-1234');
    expect(wireOf(changed)).toMatchObject({
      contents: [{ role: 'user', parts: [{ text: 'call [PHONE]' }] }],
      tools: { functionDeclarations: { name: 'f' } },
    });
    const { tools } = wireOf({ ...changed, tools: [...changed.tools] });
    expect(tools).toEqual([{ functionDeclarations: { name: 'f' } }]);
  });
});

describe('a request that cannot be read', () => {
  it.each([
    ['{}', /contents: expected an array/],
    ['{"contents":[]}', /contents/],
    ['{"contents":"hi"}', /contents: expected an array, found a string/],
    ['{"contents":[{"role":"system","parts":[]}]}', /contents\[0\]\.role/],
    [
      '{"contents":[{"parts":[{"text":1}]}]}',
      /contents\[0\]\.parts\[0\]\.text: expected a string, found a number/,
    ],
    ['{"contents":[{"parts":[{"inlineData":{"data":"AA"}}]}]}', /inlineData\.mimeType/],
    ['{"contents":[{"parts":[{"functionCall":{"name":"f","args":[]}}]}]}', /functionCall\.args/],
    [
      '{"contents":[{"parts":[]}],"systemInstruction":{"parts":[{"inlineData":{"mimeType":"a","data":"b"}}]}}',
      /systemInstruction\.parts\[0\]\.text/,
    ],
    ['{"contents":[{"parts":[]}],"systemInstruction":"x"}', /systemInstruction: expected an object/],
    ['{"contents":[{"parts":[]}],"generationConfig":{"maxOutputTokens":-1}}', /maxOutputTokens/],
    ['{"contents":[{"parts":[]}],"generationConfig":{"topK":"many"}}', /topK/],
    [
      '{"contents":[{"parts":[]}],"tools":[{"functionDeclarations":[{}]}]}',
      /functionDeclarations\[0\]\.name/,
    ],
    ['{"contents":[{"parts":[]}],"toolConfig":{"functionCallingConfig":{"mode":true}}}', /mode/],
  ])('%s', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
