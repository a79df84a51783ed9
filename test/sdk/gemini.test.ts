import { ApiError, type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import { describe, expect, test } from 'vitest';
import { pixel, said, thoughtAbout, tokensOf, twoCalls, unicode, weatherSchema } from './asks.ts';
import { partsIn } from './bodies.ts';
import {
  allUpstreams,
  clientKey,
  describeWorld,
  type Fault,
  failoverTo,
  healthy,
  modelOn,
  onVertex,
  vertexPath,
} from './world.ts';

const textIn = (chunks: readonly GenerateContentResponse[]): string =>
  chunks.map((chunk) => chunk.text ?? '').join('');

const finishesIn = (chunks: readonly GenerateContentResponse[]) =>
  chunks.flatMap(({ candidates }) => candidates?.[0]?.finishReason ?? []);

describeWorld('the Google SDK', (world) => {
  const models = () => world().google.models;
  const streamed = async (...ask: Parameters<ReturnType<typeof models>['generateContentStream']>) =>
    Array.fromAsync(await models().generateContentStream(...ask));

  test('lists the models of its key', async () => {
    const names = await Array.fromAsync(await models().list());
    expect(names.map(({ name }) => name)).toEqual(
      expect.arrayContaining([`models/${modelOn('openai')}`, `models/${modelOn('gemini')}`]),
    );
  });

  describe.each(allUpstreams)('over an upstream that speaks %s', (upstream) => {
    const ask = { model: modelOn(upstream), contents: unicode };

    test('gets a whole answer', async () => {
      const answer = await models().generateContent(ask);
      expect(answer.text).toBe(said(unicode));
      expect(answer.candidates).toMatchObject([
        { finishReason: 'STOP', index: 0, content: { role: 'model' } },
      ]);
      expect(answer.modelVersion).toBe(world().upstreams[upstream].journal.last.model);
      expect(answer.responseId).toMatch(/./);
      const { promptTokenCount = 0, candidatesTokenCount, totalTokenCount } = answer.usageMetadata ?? {};
      expect(promptTokenCount).toBeGreaterThan(10);
      expect(candidatesTokenCount).toBe(tokensOf(said(unicode)));
      expect(totalTokenCount).toBe(promptTokenCount + tokensOf(said(unicode)));
    });

    test.each([undefined, 'fault-one-byte-chunks', 'fault-crlf'] as const)('streams (%s)', async (fault) => {
      const chunks = await streamed({ ...ask, model: modelOn(upstream, fault) });
      expect(chunks.length).toBeGreaterThan(3);
      expect(textIn(chunks)).toBe(said(unicode));
      expect(finishesIn(chunks)).toEqual(['STOP']);
      expect(chunks.at(-1)?.usageMetadata).toMatchObject({ candidatesTokenCount: tokensOf(said(unicode)) });
      expect(new Set(chunks.map(({ responseId }) => responseId)).size).toBe(1);
    });

    test('chats over two turns, by stream', async () => {
      const chat = world().google.chats.create({ model: modelOn(upstream) });
      for (const message of ['Hello', 'And now?']) {
        const chunks = await Array.fromAsync(await chat.sendMessageStream({ message }));
        expect(textIn(chunks)).toBe(said(message));
      }
      expect(chat.getHistory().at(0)?.parts).toEqual([{ text: 'Hello' }]);
      expect(world().seenBy(upstream)).toHaveLength(2);
    });

    test('stops at its limit and at its stop sequences', async () => {
      const limited = { ...ask, config: { maxOutputTokens: 5 } };
      for (const chunks of [[await models().generateContent(limited)], await streamed(limited)]) {
        expect(textIn(chunks)).toBe(said(unicode).slice(0, 20));
        expect(finishesIn(chunks)).toEqual(['MAX_TOKENS']);
      }
      const stopped = await models().generateContent({
        model: ask.model,
        contents: 'one STOP two',
        config: { stopSequences: ['two', 'STOP'] },
      });
      expect(stopped.text).toBe('You said: one ');
      expect(finishesIn([stopped])).toEqual(['STOP']);
    });

    test('instructs, and sends an image', async () => {
      const contents = [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: pixel } }];
      const config = { systemInstruction: 'Be brief.' };
      expect((await models().generateContent({ model: ask.model, contents, config })).text).toBe(
        said('What is this?'),
      );
      const seen = JSON.stringify(world().seenBy(upstream)[0]);
      expect(seen).toContain(pixel);
      expect(seen).toContain('Be brief.');
    });

    test.each(['responseJsonSchema', 'responseSchema'] as const)(
      'gets an answer that fits a %s',
      async (member) => {
        const apiSchema = {
          type: 'OBJECT',
          properties: { city: { type: 'STRING' }, days: { type: 'INTEGER' } },
          required: ['city', 'days'],
        };
        const schema = member === 'responseSchema' ? apiSchema : weatherSchema;
        const answer = await models().generateContent({
          ...ask,
          config: { responseMimeType: 'application/json', [member]: schema },
        });
        expect(JSON.parse(answer.text ?? '')).toEqual(twoCalls[0]);
      },
    );

    test('sees thoughts when it asks for them', async () => {
      const config = { thinkingConfig: { includeThoughts: true }, maxOutputTokens: 8000 };
      for (const chunks of [
        [await models().generateContent({ ...ask, config })],
        await streamed({ ...ask, config }),
      ]) {
        const parts = chunks.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
        const thoughts = parts.filter(({ thought }) => thought).map(({ text }) => text);
        expect(thoughts.join('')).toBe(thoughtAbout(unicode));
        expect(textIn(chunks)).toBe(said(unicode));
        expect(chunks.at(-1)?.usageMetadata).toMatchObject({
          thoughtsTokenCount: tokensOf(thoughtAbout(unicode)),
          candidatesTokenCount: tokensOf(said(unicode)),
        });
      }
    });

    test('does not see thoughts when it does not', async () => {
      const config = { thinkingConfig: { thinkingBudget: 2048 }, maxOutputTokens: 8000 };
      const { candidates } = await models().generateContent({ ...ask, config });
      const parts = candidates?.[0]?.content?.parts ?? [];
      expect(parts.filter(({ thought, text }) => thought && text !== '')).toEqual([]);
    });

    test.each([
      ['fault-400', 400, /fault 400/],
      ['fault-404', 404, /fault 404/],
      ['fault-401', 500, /credential of this gateway/],
      ['fault-402', 429, /quota at the upstream|fault 402/],
      ['fault-429-retry-1', 429, /rate limited|fault 429/],
      ['fault-503', 503, /overloaded|fault 503/],
      ['fault-first-event-error', 503, /overloaded/],
    ] as const)('%s is an error with status %i', async (fault, status, message) => {
      for (const call of [
        () => models().generateContent({ ...ask, model: modelOn(upstream, fault) }),
        () => streamed({ ...ask, model: modelOn(upstream, fault) }),
      ]) {
        const error = await failureOf(call());
        expect(error).toBeInstanceOf(ApiError);
        expect(error).toMatchObject({ status, message: expect.stringMatching(message) });
      }
    });

    test.each(['fault-end-stream-3', 'fault-error-event-3'] as const)('%s raises', async (fault: Fault) => {
      const error = await failureOf(streamed({ ...ask, model: modelOn(upstream, fault) }));
      expect(error).toBeInstanceOf(ApiError);
    });
  });

  test.each(allUpstreams)('does not see a failover to %s', async (upstream) => {
    const asked = { model: failoverTo(upstream), contents: 'Who is there?' };
    expect((await models().generateContent(asked)).text).toBe(said('Who is there?'));
    expect(textIn(await streamed(asked))).toBe(said('Who is there?'));
  });

  test('an unknown key, and one in the query, which is no place for it', async () => {
    const path = `/v1beta/models/${modelOn('gemini')}:generateContent`;
    const post = (query: string, headers: Record<string, string>) =>
      fetch(world().url + path + query, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ contents: [{ parts: [{ text: 'Hello' }] }] }),
      });
    for (const response of [
      await post('', { 'x-goog-api-key': 'nx-nobody' }),
      await post(`?key=${clientKey}`, {}),
    ]) {
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } });
    }
    const both = await post('?key=nx-secret-in-query', { 'x-goog-api-key': clientKey });
    expect(both.status).toBe(200);
    await both.text();
    expect(JSON.stringify(world().upstreams.gemini.journal.entries)).not.toContain('nx-secret-in-query');
  });

  test('an unknown model: the names that the key may use', async () => {
    const error = await failureOf(models().generateContent({ model: 'gemini-9', contents: 'Hello' }));
    expect(error).toMatchObject({ status: 404, message: expect.stringContaining(modelOn('gemini')) });
  });

  describe.each(allUpstreams)('without server-sent events over %s', (upstream) => {
    test('a stream is one array', async () => {
      const response = await fetch(`${world().url}/v1/models/${modelOn(upstream)}:streamGenerateContent`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-goog-api-key': clientKey },
        body: JSON.stringify({ contents: [{ parts: [{ text: 'Hello' }] }] }),
      });
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      const chunks = (await response.json()) as GenerateContentResponse[];
      const texts = chunks.flatMap(
        ({ candidates }) => candidates?.[0]?.content?.parts?.map(({ text }) => text) ?? [],
      );
      expect(texts.join('')).toBe(said('Hello'));
    });
  });

  test('speaks as to Vertex AI, and to it', async () => {
    const vertex = new GoogleGenAI({
      vertexai: true,
      apiKey: clientKey,
      httpOptions: { baseUrl: world().url },
    });
    const answer = await vertex.models.generateContent({ model: modelOn('openai'), contents: 'Hello' });
    expect(answer.text).toBe(said('Hello'));
    expect(textIn(await streamed({ model: onVertex, contents: 'Hello' }))).toBe(said('Hello'));
    const { path } = world().upstreams.gemini.journal.last;
    expect(path).toBe(`${vertexPath}/models/${healthy.gemini}:streamGenerateContent`);
  });

  test('the upstream gets what the SDK sent, and answers byte for byte', async () => {
    await models().generateContent({
      model: modelOn('gemini'),
      contents: unicode,
      config: { temperature: 0.5 },
    });
    const [{ asked } = { asked: '' }] = world().upstreams.gemini.bodies;
    expect(JSON.parse(asked)).toEqual({
      contents: [{ parts: [{ text: unicode }], role: 'user' }],
      generationConfig: { temperature: 0.5 },
    });
    const { path } = world().upstreams.gemini.journal.last;
    expect(path).toBe(`/v1beta/models/${healthy.gemini}:generateContent`);
    const response = await fetch(
      `${world().url}/v1beta/models/${modelOn('gemini')}:streamGenerateContent?alt=sse`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-goog-api-key': clientKey },
        body: asked,
      },
    );
    expect(await response.text()).toBe(world().upstreams.gemini.bodies[1]?.answered);
    expect(partsIn(world().seenBy('gemini')[1], 'text')).toEqual([{ text: unicode }]);
  });
});

/** What a promise was rejected with. Throws when it was not. */
const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
};
