import { describe, expect, it, test } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import { RequestError } from '../../refusals.ts';
import { type JsonObject, parseJsonDocument } from '../../wire/json.ts';
import type { Codec } from '../dialect.ts';
import { embeddings } from './embeddings.ts';
import { images } from './images.ts';

const documentOf = (body: object) => parseJsonDocument(Buffer.from(JSON.stringify(body)));
const target = { model: 'theirs', clientHeaders: new Map<string, string>() };

const read = (codec: Codec, answer: object): ModelEvent[] => {
  const decoder = codec.decodeResponse();
  return [...decoder.push(Buffer.from(JSON.stringify(answer))), ...decoder.end()];
};

const write = (codec: Codec, ask: object, events: readonly ModelEvent[]): JsonObject => {
  const request = codec.decodeRequest(documentOf(ask));
  const encoder = codec.encodeResponse({ request, nowSeconds: 7, requestId: 'id' });
  return JSON.parse(events.map((event) => encoder.push(event)).join('') + encoder.end()) as JsonObject;
};

describe('embeddings', () => {
  const answer = {
    object: 'list',
    data: [
      { object: 'embedding', index: 0, embedding: [0.5, -1] },
      { object: 'embedding', index: 1, embedding: [2, 0.25] },
    ],
    model: 'm',
    usage: { prompt_tokens: 3, total_tokens: 3 },
  };

  test.each([
    ['one text', 'hi'],
    ['texts', ['a', 'b']],
    ['tokens', [1, 2]],
    ['lists of tokens', [[1], [2, 3]]],
  ])('%s goes out as it came', (_, input) => {
    const ask = {
      model: 'ours',
      input,
      dimensions: 2,
      encoding_format: 'base64',
      user: 'u',
      extra: { a: 1 },
    };
    const request = embeddings.decodeRequest(documentOf(ask));
    expect(JSON.parse(embeddings.encodeRequest(request, target).body)).toEqual({ ...ask, model: 'theirs' });
    expect(embeddings.patchRequest(documentOf(ask), request, target).body).toBe(
      JSON.stringify({ ...ask, model: 'theirs' }),
    );
  });

  it('writes the text that a policy put in place of another', () => {
    const request = embeddings.decodeRequest(documentOf({ model: 'ours', input: ['secret', 'b'] }));
    const [, second] = request.turns;
    const changed = {
      ...request,
      turns: [{ role: 'user', parts: [{ type: 'text', text: '***' }] } as const, ...(second ? [second] : [])],
    };
    expect(JSON.parse(embeddings.encodeRequest(changed, target).body)).toMatchObject({ input: ['***', 'b'] });
  });

  test.each([
    ['no input', {}],
    ['an empty list', { input: [] }],
    ['a mix', { input: ['a', 1] }],
    ['another encoding', { input: 'a', encoding_format: 'int8' }],
  ])('%s is refused', (_, body) => {
    expect(() => embeddings.decodeRequest(documentOf({ model: 'm', ...body }))).toThrow(RequestError);
  });

  it('gives floats to who asked for floats and base64 to who asked for base64, whatever the upstream sent', () => {
    const events = read(embeddings, answer);
    expect(events.at(-2)).toEqual({ type: 'usage', usage: { inputTokens: 3, outputTokens: 0 } });
    expect(write(embeddings, { model: 'm', input: ['a', 'b'] }, events)).toEqual(answer);
    const packed = write(embeddings, { model: 'm', input: ['a', 'b'], encoding_format: 'base64' }, events);
    const [first] = packed.data as { embedding: string }[];
    expect(first?.embedding).toBe(Buffer.from(new Float32Array([0.5, -1]).buffer).toString('base64'));
    expect(write(embeddings, { model: 'm', input: ['a', 'b'] }, read(embeddings, packed))).toEqual(answer);
  });

  it('takes what is no list of vectors for malformed', () => {
    expect(read(embeddings, { object: 'list' })).toMatchObject([{ type: 'error' }]);
    expect(read(embeddings, { data: [{ embedding: 'x' }, { embedding: null }] })).toContainEqual(
      expect.objectContaining({ type: 'error' }),
    );
    expect(read(embeddings, { error: { message: 'no', type: 'invalid_request_error' } })).toMatchObject([
      { type: 'error', error: { message: 'no' } },
    ]);
  });
});

describe('images', () => {
  const ask = {
    model: 'ours',
    prompt: 'a cat',
    n: 2,
    size: '1024x1024',
    quality: 'low',
    response_format: 'b64_json',
    output_format: 'png',
    background: 'opaque',
  };

  it('go out as they came', () => {
    const request = images.decodeRequest(documentOf(ask));
    expect(JSON.parse(images.encodeRequest(request, target).body)).toEqual({ ...ask, model: 'theirs' });
  });

  it('come back as they were sent', () => {
    const answer = {
      created: 5,
      data: [{ b64_json: 'AAAA', revised_prompt: 'a grey cat' }, { url: 'https://images.test/1' }],
      usage: { input_tokens: 2, output_tokens: 100, total_tokens: 102 },
    };
    expect(write(images, ask, read(images, answer))).toEqual(answer);
  });

  it('are not streamed', () => {
    expect(() => images.decodeRequest(documentOf({ ...ask, stream: true }))).toThrow(/partial images/);
  });
});
