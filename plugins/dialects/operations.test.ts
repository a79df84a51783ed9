import { describe, expect, it, test } from 'vitest';
import type { DialectName, Operation, UpstreamDialectName } from '../model/request.ts';
import { RequestError } from '../refusals.ts';
import { type JsonObject, parseJsonDocument } from '../wire/json.ts';
import { present } from '../wire/present.ts';
import type { EncodedRequest, PlatformName } from './dialect.ts';
import { dialectFor, upstreamDialectFor } from './registry.ts';

// Operations besides chat: from each client's words into each upstream's, and back.

interface Case {
  readonly from: DialectName;
  readonly to: UpstreamDialectName;
  readonly operation: Operation;
  readonly ask: JsonObject;
  readonly path?: string;
  readonly platform?: PlatformName;
  /** The upstream's name of the model. */
  readonly model?: string;
  /** What the upstream says. */
  readonly answer?: JsonObject;
}

const through = ({ from, to, operation, ask, path, platform, model = 'theirs', answer = {} }: Case) => {
  const client = dialectFor(from, operation);
  const upstream = upstreamDialectFor(to, operation, platform);
  if (!client || !upstream) throw new Error(`no ${operation}`);
  const document = parseJsonDocument(Buffer.from(JSON.stringify(ask)));
  const request = client.decodeRequest(document, path);
  const target = { model, clientHeaders: new Map<string, string>(), ...present({ platform }) };
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

describe('embeddings at Vertex AI', () => {
  const atVertex = { to: 'gemini', operation: 'embeddings', platform: 'vertex' } as const;
  const path = '/v1beta/models/ours:batchEmbedContents';
  const settings = { taskType: 'RETRIEVAL_DOCUMENT', title: 'T', outputDimensionality: 2 };

  it('are predictions of its older models', () => {
    const answer = {
      predictions: [
        { embeddings: { values: [1, 2], statistics: { token_count: 2, truncated: false } } },
        { embeddings: { values: [3, 4], statistics: { token_count: 1 } } },
      ],
    };
    const ask = { requests: ['a', 'b'].map((text) => ({ content: content(text), ...settings })) };
    const told = through({ ...atVertex, from: 'gemini', model: 'text-embedding-005', ask, path, answer });
    expect(told.path).toBe('/models/text-embedding-005:predict');
    expect(told.body).toEqual({
      instances: ['a', 'b'].map((text) => ({ content: text, task_type: 'RETRIEVAL_DOCUMENT', title: 'T' })),
      parameters: { outputDimensionality: 2 },
    });
    expect(told.dropped).toEqual([]);
    expect(told.answer).toEqual({
      embeddings: [{ values: [1, 2] }, { values: [3, 4] }],
      usageMetadata: { promptTokenCount: 3 },
    });
    const openai = { model: 'ours', input: ['a', 'b'], user: 'u' };
    const other = through({ ...atVertex, from: 'openai-chat', ask: openai, answer });
    expect(other.body).toEqual({ instances: [{ content: 'a' }, { content: 'b' }] });
    expect(other.dropped).toEqual(['user']);
    expect(other.answer).toMatchObject({ data: [{ index: 0 }, { index: 1 }], usage: { prompt_tokens: 3 } });
  });

  it('are one content a call of its newer ones', () => {
    const answer = { embedding: { values: [1, 2] }, usageMetadata: { promptTokenCount: 4 }, truncated: true };
    const image = { inlineData: { mimeType: 'image/png', data: 'AA==' } };
    const one = {
      ...atVertex,
      from: 'gemini',
      model: 'gemini-embedding-2',
      path: '/v1beta/models/ours:embedContent',
      answer,
    } as const;
    const told = through({ ...one, ask: { content: { parts: [{ text: 'a' }, image] }, ...settings } });
    expect(told.path).toBe('/models/gemini-embedding-2:embedContent');
    expect(told.body).toEqual({
      content: { parts: [{ text: 'a' }, image] },
      embedContentConfig: settings,
    });
    expect(told.answer).toEqual({ embedding: { values: [1, 2] }, usageMetadata: { promptTokenCount: 4 } });
    const two = { requests: [{ content: content('a') }, { content: content('b') }] };
    expect(() => through({ ...one, path, ask: two })).toThrow(/more than one/);
  });

  it('have one length a call, and texts alone in instances', () => {
    const asking =
      (...requests: JsonObject[]) =>
      () =>
        through({ ...atVertex, from: 'gemini', path, ask: { requests } });
    const lengths = [1, 2].map((outputDimensionality) => ({ content: content('a'), outputDimensionality }));
    expect(asking(...lengths)).toThrow(RequestError);
    expect(asking({ content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }] } })).toThrow(
      RequestError,
    );
  });
});

describe('counts at Vertex AI', () => {
  const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
  const counted = { contents, systemInstruction: { parts: [{ text: 'be kind' }] } };
  const counting = {
    from: 'gemini',
    to: 'gemini',
    operation: 'count-tokens',
    path: '/v1beta/models/ours:countTokens',
  } as const;

  it('have nothing around what is counted', () => {
    const ask = { generateContentRequest: { model: 'models/ours', ...counted, safetySettings: [{}] } };
    const told = through({ ...counting, platform: 'vertex', ask, answer: { totalTokens: 3 } });
    expect(told.path).toBe('/models/theirs:countTokens');
    expect(told.body).toEqual(counted);
    expect(told.dropped).toEqual(['safetySettings']);
    expect(told.answer).toEqual({ totalTokens: 3 });
    const messages = { model: 'm', system: 'be kind', messages: [{ role: 'user', content: 'hi' }] };
    const other = through({ ...counting, from: 'anthropic-messages', platform: 'vertex', ask: messages });
    expect(other.body).toMatchObject(counted);
  });

  it('are asked as they came, by a client of its own', () => {
    expect(through({ ...counting, platform: 'vertex', ask: counted }).body).toEqual(counted);
    expect(through({ ...counting, ask: counted }).body).toEqual({
      generateContentRequest: { model: 'models/theirs', ...counted },
    });
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
