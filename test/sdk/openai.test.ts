import { zodResponseFormat } from 'openai/helpers/zod';
import type { ChatCompletionMessageParam } from 'openai/resources';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pixel, said, tokensOf, twoCalls, unicode } from './asks.ts';
import { describeWorld, failoverTo, modelOn, upstreamNames } from './world.ts';

const question = (content: string): ChatCompletionMessageParam[] => [{ role: 'user', content }];

describeWorld('the OpenAI SDK', (world) => {
  const chat = () => world().openai.chat.completions;

  test('lists the models of its key', async () => {
    const names: string[] = [];
    for await (const { id, object } of world().openai.models.list()) {
      expect(object).toBe('model');
      names.push(id);
    }
    expect(names).toEqual(
      expect.arrayContaining([modelOn('openai'), modelOn('anthropic'), failoverTo('openai')]),
    );
  });

  describe.each(upstreamNames)('over an upstream that speaks %s', (upstream) => {
    const model = modelOn(upstream);
    const ask = { model, messages: question(unicode) };

    test('gets a whole answer', async () => {
      const { data: answer, response } = await chat().create(ask).withResponse();
      const [choice, ...more] = answer.choices;
      expect(more).toEqual([]);
      expect(choice).toMatchObject({
        index: 0,
        finish_reason: 'stop',
        message: { role: 'assistant', refusal: null },
      });
      expect(choice?.message.content).toBe(said(unicode));
      expect(answer).toMatchObject({
        object: 'chat.completion',
        model: world().upstreams[upstream].journal.last.model,
      });
      const { prompt_tokens = 0, completion_tokens, total_tokens } = answer.usage ?? {};
      expect(prompt_tokens).toBeGreaterThan(10);
      expect(completion_tokens).toBe(tokensOf(said(unicode)));
      expect(total_tokens).toBe(prompt_tokens + tokensOf(said(unicode)));
      expect(response.headers.get('x-nexus-model')).toBe(`${upstream}/${answer.model}`);
      expect(response.headers.get('x-nexus-attempts')).toBe('1');
    });

    test.each([undefined, 'fault-one-byte-chunks', 'fault-crlf'] as const)(
      'streams chunks that it did not ask to count (%s)',
      async (fault) => {
        const chunks = await Array.fromAsync(
          await chat().create({ ...ask, model: modelOn(upstream, fault), stream: true }),
        );
        expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
        expect(chunks.some(({ usage }) => usage)).toBe(false);
        expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
        const choices = chunks.flatMap((chunk) => chunk.choices);
        expect(choices[0]?.delta.role).toBe('assistant');
        expect(choices.map(({ delta }) => delta.content ?? '').join('')).toBe(said(unicode));
        expect(choices.flatMap(({ finish_reason }) => finish_reason ?? [])).toEqual(['stop']);
      },
    );

    test('streams the counts when it asks for them', async () => {
      const whole = await chat().create(ask);
      const stream = await chat().create({ ...ask, stream: true, stream_options: { include_usage: true } });
      const chunks = await Array.fromAsync(stream);
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
      expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    });

    test('gets the same answer from its stream helper', async () => {
      const stream = chat().stream({ ...ask, stream_options: { include_usage: true } });
      let heard = '';
      stream.on('content', (delta) => {
        heard += delta;
      });
      const answer = await stream.finalChatCompletion();
      expect(answer.choices).toMatchObject([{ finish_reason: 'stop', message: { content: said(unicode) } }]);
      expect(heard).toBe(said(unicode));
      expect((await stream.totalUsage()).completion_tokens).toBe(tokensOf(said(unicode)));
    });

    test('stops at its limit and at its stop sequences', async () => {
      const limited = { ...ask, max_completion_tokens: 5 };
      expect((await chat().create(limited)).choices).toMatchObject([
        { finish_reason: 'length', message: { content: said(unicode).slice(0, 20) } },
      ]);
      expect((await chat().create({ ...ask, max_tokens: 5 })).choices[0]?.finish_reason).toBe('length');
      const choices = (await Array.fromAsync(await chat().create({ ...limited, stream: true }))).flatMap(
        (chunk) => chunk.choices,
      );
      expect(choices.at(-1)?.finish_reason).toBe('length');
      const stopped = await chat().create({
        ...ask,
        messages: question('one STOP two'),
        stop: ['two', 'STOP'],
      });
      expect(stopped.choices).toMatchObject([
        { finish_reason: 'stop', message: { content: 'You said: one ' } },
      ]);
    });

    test('instructs by system and developer messages', async () => {
      const messages: ChatCompletionMessageParam[] = [
        { role: 'system', content: 'Be brief.' },
        { role: 'developer', content: 'Speak German.' },
        ...question('Hello'),
      ];
      expect((await chat().create({ model, messages })).choices[0]?.message.content).toBe(said('Hello'));
      const [body] = world().seenBy(upstream);
      if (upstream === 'openai') expect(body).toMatchObject({ messages });
      else {
        expect(body).toMatchObject({
          system: [
            { type: 'text', text: 'Be brief.' },
            { type: 'text', text: 'Speak German.' },
          ],
          messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
        });
      }
    });

    test('sends an image', async () => {
      const content = [
        { type: 'text' as const, text: 'What is this?' },
        { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${pixel}` } },
      ];
      const answer = await chat().create({ model, messages: [{ role: 'user', content }] });
      expect(answer.choices[0]?.message.content).toBe(said('What is this?'));
      const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } };
      expect(world().seenBy(upstream)).toMatchObject([
        { messages: [{ role: 'user', content: upstream === 'openai' ? content : [content[0], image] }] },
      ]);
    });

    test('gets an answer that fits a schema', async () => {
      const format = zodResponseFormat(z.object({ city: z.string(), days: z.int() }), 'forecast');
      const answer = await chat().parse({ ...ask, response_format: format });
      expect(answer.choices[0]?.message.parsed).toEqual(twoCalls[0]);
      const streamed = await chat()
        .stream({ ...ask, response_format: format })
        .finalChatCompletion();
      expect(streamed.choices[0]?.message.parsed).toEqual(twoCalls[0]);
      const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city', 'days'] };
      expect(world().seenBy(upstream)[0]).toMatchObject(
        upstream === 'openai'
          ? {
              response_format: {
                type: 'json_schema',
                json_schema: { name: 'forecast', strict: true, schema },
              },
            }
          : { output_config: { format: { type: 'json_schema', schema } } },
      );
    });
  });

  test.each(upstreamNames)('does not see a failover to %s', async (upstream) => {
    const asked = { model: failoverTo(upstream), messages: question('Who is there?') };
    const whole = await chat().create(asked).withResponse();
    expect(whole.data.choices[0]?.message.content).toBe(said('Who is there?'));
    const { data: stream, response } = await chat()
      .create({ ...asked, stream: true })
      .withResponse();
    const chunks = await Array.fromAsync(stream);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(said('Who is there?'));
    for (const { headers } of [whole.response, response]) expect(headers.get('x-nexus-attempts')).toBe('2');
    for (const name of upstreamNames) expect(world().seenBy(name)).toHaveLength(2);
  });
});
