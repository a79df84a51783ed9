import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import type { MessageParam, RawMessageStreamEvent, Tool } from '@anthropic-ai/sdk/resources';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pixel, said, tokensOf, twoCalls, unicode, weatherSchema } from './asks.ts';
import { blocksIn } from './bodies.ts';
import { clientKey, describeWorld, failoverTo, modelOn, upstreamNames } from './world.ts';

const question = (content: string): MessageParam[] => [{ role: 'user', content }];

const weather: Tool = { name: 'get_weather', description: 'Weather of a city', input_schema: weatherSchema };

describeWorld('the Anthropic SDK', (world) => {
  const messagesApi = () => world().anthropic.messages;

  test('lists the models of its key', async () => {
    const names: string[] = [];
    for await (const { id, type } of world().anthropic.models.list()) {
      expect(type).toBe('model');
      names.push(id);
    }
    expect(names).toEqual(
      expect.arrayContaining([modelOn('openai'), modelOn('anthropic'), failoverTo('openai')]),
    );
  });

  test('takes its key for a token, too', async () => {
    const client = world().anthropic.withOptions({ apiKey: null, authToken: clientKey });
    expect((await client.models.list()).data.length).toBeGreaterThan(0);
  });

  describe.each(upstreamNames)('over an upstream that speaks %s', (upstream) => {
    const model = modelOn(upstream);
    const ask = { model, max_tokens: 2000, messages: question(unicode) };

    test('gets a whole answer', async () => {
      const { data: answer, response } = await messagesApi().create(ask).withResponse();
      expect(answer).toMatchObject({
        type: 'message',
        role: 'assistant',
        model: world().upstreams[upstream].journal.last.model,
        content: [{ type: 'text', text: said(unicode) }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { output_tokens: tokensOf(said(unicode)) },
      });
      expect(answer.id).toMatch(/^msg_/);
      expect(answer.usage.input_tokens).toBeGreaterThan(10);
      expect(response.headers.get('x-nexus-model')).toBe(`${upstream}/${answer.model}`);
      expect(response.headers.get('x-nexus-attempts')).toBe('1');
    });

    test.each([undefined, 'fault-one-byte-chunks', 'fault-crlf'] as const)(
      'streams events in their order (%s)',
      async (fault) => {
        const asked = { ...ask, model: modelOn(upstream, fault), stream: true as const };
        const events = await Array.fromAsync(await messagesApi().create(asked));
        const order = events.map(({ type }) => type).filter((type, at, types) => type !== types[at - 1]);
        expect(order).toEqual([
          'message_start',
          'content_block_start',
          'content_block_delta',
          'content_block_stop',
          'message_delta',
          'message_stop',
        ]);
        expect(events.map(textIn).join('')).toBe(said(unicode));
        expect(events.at(-2)).toMatchObject({
          delta: { stop_reason: 'end_turn', stop_sequence: null },
          usage: { output_tokens: tokensOf(said(unicode)) },
        });
      },
    );

    test('gets the same answer from its stream helper', async () => {
      const whole = await messagesApi().create(ask);
      const stream = messagesApi().stream(ask);
      let heard = '';
      stream.on('text', (delta) => {
        heard += delta;
      });
      const { id: _, ...answer } = await stream.finalMessage();
      expect(heard).toBe(said(unicode));
      expect(await stream.finalText()).toBe(said(unicode));
      expect(answer).toMatchObject({
        content: [{ type: 'text', text: said(unicode) }],
        model: whole.model,
        stop_reason: 'end_turn',
        usage: whole.usage,
      });
    });

    test('stops at its limit and at its stop sequences', async () => {
      const limited = { ...ask, max_tokens: 5 };
      const cut = { content: [{ text: said(unicode).slice(0, 20) }], stop_reason: 'max_tokens' };
      expect(await messagesApi().create(limited)).toMatchObject(cut);
      expect(await messagesApi().stream(limited).finalMessage()).toMatchObject(cut);
      const stopping = { ...ask, messages: question('one STOP two'), stop_sequences: ['two', 'STOP'] };
      // OpenAI's dialect does not tell a stop sequence from an end.
      const told =
        upstream === 'anthropic'
          ? { stop_reason: 'stop_sequence', stop_sequence: 'STOP' }
          : { stop_reason: 'end_turn', stop_sequence: null };
      for (const answer of [
        await messagesApi().create(stopping),
        await messagesApi().stream(stopping).finalMessage(),
      ])
        expect(answer).toMatchObject({ ...told, content: [{ text: 'You said: one ' }] });
    });

    test.each([
      ['a text', 'Be brief.\n\nSpeak German.'],
      ['blocks', ['Be brief.', 'Speak German.'].map((text) => ({ type: 'text' as const, text }))],
    ])('instructs by %s', async (_name, system) => {
      const answer = await messagesApi().create({ ...ask, system, messages: question('Hello') });
      expect(answer.content).toMatchObject([{ text: said('Hello') }]);
      expect(world().seenBy(upstream)).toMatchObject([
        upstream === 'anthropic'
          ? { system }
          : {
              messages: [
                { role: 'system', content: 'Be brief.\n\nSpeak German.' },
                { role: 'user', content: 'Hello' },
              ],
            },
      ]);
    });

    test('sends images, also as the result of a tool', async () => {
      const image = {
        type: 'image' as const,
        source: { type: 'base64' as const, media_type: 'image/png' as const, data: pixel },
      };
      const text = { type: 'text' as const, text: 'What is this?' };
      const answer = await messagesApi().create({
        ...ask,
        messages: [{ role: 'user', content: [text, image] }],
      });
      expect(answer.content).toMatchObject([{ text: said('What is this?') }]);
      const call = { type: 'tool_use' as const, id: 'toolu_1', name: 'get_weather', input: {} };
      const result = { type: 'tool_result' as const, tool_use_id: 'toolu_1', content: [image] };
      await messagesApi().create({
        ...ask,
        tools: [weather],
        messages: [
          ...question('Hello'),
          { role: 'assistant', content: [call] },
          { role: 'user', content: [result, text] },
        ],
      });
      const [plain, inResult] = world().seenBy(upstream);
      if (upstream === 'anthropic') {
        expect(blocksIn(plain, 'image')).toEqual([image]);
        expect(blocksIn(inResult, 'tool_result')).toEqual([result]);
      } else {
        const wire = { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } };
        for (const body of [plain, inResult]) expect(blocksIn(body, 'image_url')).toEqual([wire]);
      }
    });

    test('gets an answer that fits a schema', async () => {
      const format = zodOutputFormat(z.object({ city: z.string(), days: z.int() }));
      const asked = { ...ask, output_config: { format } };
      expect((await messagesApi().parse(asked)).parsed_output).toEqual(twoCalls[0]);
      expect((await messagesApi().stream(asked).finalMessage()).parsed_output).toEqual(twoCalls[0]);
      const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city', 'days'] };
      expect(world().seenBy(upstream)[0]).toMatchObject(
        upstream === 'anthropic'
          ? { output_config: { format: { type: 'json_schema', schema } } }
          : { response_format: { type: 'json_schema', json_schema: { strict: true, schema } } },
      );
    });
  });

  test.each(upstreamNames)('does not see a failover to %s', async (upstream) => {
    const asked = { model: failoverTo(upstream), max_tokens: 2000, messages: question('Who is there?') };
    const whole = await messagesApi().create(asked).withResponse();
    expect(whole.data.content).toMatchObject([{ text: said('Who is there?') }]);
    const { data: stream, response } = await messagesApi()
      .create({ ...asked, stream: true })
      .withResponse();
    const events = await Array.fromAsync(stream);
    expect(events.map(textIn).join('')).toBe(said('Who is there?'));
    for (const { headers } of [whole.response, response]) expect(headers.get('x-nexus-attempts')).toBe('2');
    for (const name of upstreamNames) expect(world().seenBy(name)).toHaveLength(2);
  });
});

const textIn = (event: RawMessageStreamEvent): string =>
  event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : '';
