import { describe, expect, it, test } from 'vitest';
import type { DialectName, Operation, UpstreamDialectName } from '../model/request.ts';
import { RequestError } from '../refusals.ts';
import { type JsonObject, parseJsonDocument } from '../wire/json.ts';
import type { EncodedRequest } from './dialect.ts';
import { dialectFor, upstreamDialectFor } from './registry.ts';

// Operations besides chat: from each client's words into each upstream's, and back.

interface Case {
  readonly from: DialectName;
  readonly to: UpstreamDialectName;
  readonly operation: Operation;
  readonly ask: JsonObject;
  readonly path?: string;
  /** What the upstream says. */
  readonly answer?: JsonObject;
}

const through = ({ from, to, operation, ask, path, answer = {} }: Case) => {
  const client = dialectFor(from, operation);
  const upstream = upstreamDialectFor(to, operation);
  if (!client || !upstream) throw new Error(`no ${operation}`);
  const document = parseJsonDocument(Buffer.from(JSON.stringify(ask)));
  const request = client.decodeRequest(document, path);
  const target = { model: 'theirs', clientHeaders: new Map<string, string>() };
  const sent: EncodedRequest =
    client === upstream
      ? client.patchRequest(document, request, target)
      : upstream.encodeRequest(request, target);
  const decoder = upstream.decodeResponse();
  const encoder = client.encodeResponse({ request, nowSeconds: 1, requestId: 'r' });
  const events = [...decoder.push(Buffer.from(JSON.stringify(answer))), ...decoder.end()];
  for (const event of events) encoder.push(event);
  return {
    path: sent.path,
    body: JSON.parse(sent.body) as JsonObject,
    dropped: sent.dropped,
    answer: JSON.parse(encoder.end()) as JsonObject,
  };
};

const content = (text: string) => ({ parts: [{ text }] });

describe('embeddings', () => {
  const batch = '/v1beta/models/ours:batchEmbedContents';

  it('of Gemini for a client of OpenAI, as base64', () => {
    const ask = { model: 'ours', input: ['a', 'b'], dimensions: 2, encoding_format: 'base64' };
    const answer = {
      embeddings: [{ values: [1, 2] }, { values: [3, 4] }],
      usageMetadata: { promptTokenCount: 4 },
    };
    const told = through({ from: 'openai-chat', to: 'gemini', operation: 'embeddings', ask, answer });
    expect(told.path).toBe('/models/theirs:batchEmbedContents');
    expect(told.body).toEqual({
      requests: ['a', 'b'].map((text) => ({
        model: 'models/theirs',
        outputDimensionality: 2,
        content: content(text),
      })),
    });
    expect(told.dropped).toEqual([]);
    expect(told.answer).toMatchObject({
      data: [
        { index: 0, embedding: Buffer.from(new Float32Array([1, 2]).buffer).toString('base64') },
        { index: 1 },
      ],
      usage: { prompt_tokens: 4, total_tokens: 4 },
    });
  });

  it('of OpenAI for a client of Gemini', () => {
    const settings = { taskType: 'RETRIEVAL_QUERY', outputDimensionality: 2 };
    const ask = { content: content('a'), ...settings };
    const answer = { data: [{ index: 0, embedding: [1, 2] }], usage: { prompt_tokens: 3 } };
    const path = '/v1beta/models/ours:embedContent';
    const told = through({ from: 'gemini', to: 'openai-chat', operation: 'embeddings', ask, path, answer });
    expect(told.body).toEqual({ model: 'theirs', input: ['a'], encoding_format: 'float', dimensions: 2 });
    expect(told.dropped).toEqual(['taskType']);
    expect(told.answer).toEqual({
      embedding: { values: [1, 2] },
      usageMetadata: { promptTokenCount: 3 },
    });
  });

  it("keep a client's own words, but for the model", () => {
    const requests = [
      { model: 'models/ours', content: content('a'), title: 'A' },
      { model: 'models/ours', content: content('b'), outputDimensionality: 5 },
    ];
    const told = through({
      from: 'gemini',
      to: 'gemini',
      operation: 'embeddings',
      ask: { requests },
      path: batch,
    });
    expect(told.body).toEqual({ requests: requests.map((it) => ({ ...it, model: 'models/theirs' })) });
  });

  it('of no content, or of images for an upstream of texts, are refused', () => {
    const ask = (parts: JsonObject[]) =>
      through({
        from: 'gemini',
        to: 'openai-chat',
        operation: 'embeddings',
        ask: { requests: [{ content: { parts } }] },
        path: batch,
      });
    expect(() => ask([{ inlineData: { mimeType: 'image/png', data: 'AA==' } }])).toThrow(RequestError);
    expect(() =>
      through({ from: 'gemini', to: 'gemini', operation: 'embeddings', ask: {}, path: batch }),
    ).toThrow(/requests/);
  });
});

describe('counts', () => {
  const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
  const path = '/v1beta/models/ours:countTokens';

  it('of Gemini for a client of Messages', () => {
    const ask = { model: 'ours', system: 'be kind', messages: [{ role: 'user', content: 'hi' }] };
    const answer = { totalTokens: 7 };
    const told = through({
      from: 'anthropic-messages',
      to: 'gemini',
      operation: 'count-tokens',
      ask,
      answer,
    });
    expect(told.path).toBe('/models/theirs:countTokens');
    expect(told.body).toMatchObject({
      generateContentRequest: { model: 'models/theirs', contents, systemInstruction: {} },
    });
    expect(told.answer).toEqual({ input_tokens: 7 });
  });

  it('of Anthropic for a client of Gemini', () => {
    const ask = { generateContentRequest: { model: 'models/ours', contents } };
    const told = through({
      from: 'gemini',
      to: 'anthropic-messages',
      operation: 'count-tokens',
      ask,
      path,
      answer: { input_tokens: 9 },
    });
    expect(told.path).toBe('/v1/messages/count_tokens');
    expect(told.body).toEqual({ model: 'theirs', messages: [{ role: 'user', content: expect.anything() }] });
    expect(told.answer).toEqual({ totalTokens: 9 });
  });

  it("keep a client's own words, but for the model", () => {
    const ask = { generateContentRequest: { model: 'models/ours', contents, unknown: 1 } };
    const told = through({ from: 'gemini', to: 'gemini', operation: 'count-tokens', ask, path });
    expect(told.body).toEqual({
      generateContentRequest: { model: 'models/theirs', contents, unknown: 1 },
    });
    const plain = { contents };
    expect(
      through({ from: 'gemini', to: 'gemini', operation: 'count-tokens', ask: plain, path }).body,
    ).toEqual(plain);
  });

  it('of Responses', () => {
    const ask = { model: 'ours', input: 'hi', store: true, max_output_tokens: 5 };
    const told = through({
      from: 'openai-responses',
      to: 'openai-responses',
      operation: 'count-tokens',
      ask,
      answer: { object: 'response.input_tokens', input_tokens: 3 },
    });
    expect(told.path).toBe('/responses/input_tokens');
    expect(told.body).toEqual({ model: 'theirs', input: 'hi' });
    expect(told.answer).toEqual({ object: 'response.input_tokens', input_tokens: 3 });
  });
});

describe('images of Gemini for a client of OpenAI', () => {
  const image = (ask: JsonObject, answer: JsonObject = {}) =>
    through({
      from: 'openai-chat',
      to: 'gemini',
      operation: 'images',
      ask: { model: 'ours', prompt: 'a cat', ...ask },
      answer,
    });

  it('carry the prompt, the shape and the bytes', () => {
    const parts = [{ text: 'Here' }, { inlineData: { mimeType: 'image/png', data: 'AA==' } }];
    const told = image(
      { size: '1024x1536', quality: 'high' },
      {
        candidates: [{ content: { parts }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 2, candidatesTokenCount: 3 },
      },
    );
    expect(told.path).toBe('/models/theirs:generateContent');
    expect(told.body).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'a cat' }] }],
      generationConfig: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '2:3' } },
    });
    expect(told.dropped).toEqual(['quality']);
    expect(told.answer).toMatchObject({ data: [{ b64_json: 'AA==' }], usage: { output_tokens: 3 } });
  });

  it('name a shape that is only near, refuse several, and fail without an image', () => {
    expect(image({ size: '1792x1024' })).toMatchObject({
      dropped: ['size'],
      body: { generationConfig: { imageConfig: { aspectRatio: '16:9' } } },
    });
    expect(() => image({ n: 2 })).toThrow(RequestError);
    const blocked = { promptFeedback: { blockReason: 'SAFETY' } };
    expect(image({}, blocked).answer).toMatchObject({ error: { code: 'content_filtered' } });
  });
});

test('a path of Gemini that embeds is not one that answers', () => {
  const embed = dialectFor('gemini', 'embeddings');
  const document = parseJsonDocument(Buffer.from('{"contents":[]}'));
  expect(() => embed?.decodeRequest(document, '/v1beta/models/m:generateContent')).toThrow(RequestError);
});
