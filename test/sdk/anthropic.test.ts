import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import type {
  ContentBlock,
  ContentBlockParam,
  MessageParam,
  RawMessageStreamEvent,
  Tool,
} from '@anthropic-ai/sdk/resources';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pixel, said, thoughtAbout, tokensOf, twoCalls, unicode, weatherSchema } from './asks.ts';
import { blocksIn, reasoningIn, rolesIn, rolesOfThreeTurns } from './bodies.ts';
import { describeWorld, failoverTo, modelOn, upstreamNames } from './world.ts';

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

    test('calls tools in parallel, twice, by hand', async () => {
      const messages = question('call tools: 2');
      const turn = async (...results: string[]) => {
        const content = resultsFor(messages.at(-1), results);
        if (content.length > 0) messages.push({ role: 'user', content });
        const answer = await messagesApi().create({ ...ask, messages, tools: [weather] });
        messages.push({ role: 'assistant', content: answer.content as ContentBlockParam[] });
        return answer;
      };
      for (const results of [[], ['cloudy', 'call tools: 2']]) {
        const { stop_reason, content } = await turn(...results);
        expect(stop_reason).toBe('tool_use');
        expect(inputsOf(content)).toEqual(twoCalls);
      }
      const last = await turn('sunny', 'sunny');
      expect(last).toMatchObject({
        stop_reason: 'end_turn',
        content: [{ text: expect.stringMatching(/^You said: sunny/) }],
      });
      expect(new Set(messages.flatMap(callIdsOf)).size).toBe(4);
      expect(world().seenBy(upstream).map(rolesIn)).toEqual(rolesOfThreeTurns[upstream]);
    });

    test('streams the arguments of its tool calls', async () => {
      const asked = { ...ask, messages: question('call tools: 2'), tools: [weather] };
      const events = await Array.fromAsync(await messagesApi().create({ ...asked, stream: true }));
      const starts = events.filter((event) => event.type === 'content_block_start');
      expect(starts).toMatchObject(
        [0, 1].map((index) => ({
          index,
          content_block: { type: 'tool_use', name: 'get_weather', input: {} },
        })),
      );
      for (const [at, expected] of twoCalls.entries()) {
        const pieces = events.flatMap((event) => jsonIn(event, at));
        expect(pieces.length).toBeGreaterThan(1);
        expect(JSON.parse(pieces.join(''))).toEqual(expected);
      }
      const stream = messagesApi().stream(asked);
      let snapshot: unknown;
      stream.on('inputJson', (_piece, soFar) => {
        snapshot = soFar;
      });
      const answer = await stream.finalMessage();
      expect(answer.stop_reason).toBe('tool_use');
      expect(inputsOf(answer.content)).toEqual(twoCalls);
      expect(snapshot).toEqual(twoCalls[1]);
    });

    test.each([false, true])('lets its runner call tools, streamed: %s', async (stream) => {
      const called: unknown[] = [];
      const tool = betaTool({
        name: 'get_weather',
        description: 'Weather of a city',
        inputSchema: weatherSchema,
        // The second of the first two asks for one more.
        run: (input) => {
          called.push(input);
          return called.length === 2 ? 'call tools: 1' : 'sunny';
        },
      });
      const answer = await world().anthropic.beta.messages.toolRunner({
        ...ask,
        messages: question('call tools: 2'),
        tools: [tool],
        stream,
      });
      expect(answer.content).toMatchObject([{ type: 'text', text: said('sunny') }]);
      expect(called).toEqual([...twoCalls, twoCalls[0]]);
      // It asks for a thread first, which the provider refuses; where another dialect would get it, the gateway does.
      expect(world().seenBy(upstream)).toHaveLength(upstream === 'anthropic' ? 4 : 3);
    });

    test.each(['create', 'stream'] as const)('brings thinking back, by %s', async (way) => {
      const messages = question('call tools: 2');
      const asked = {
        ...ask,
        tools: [weather],
        thinking: { type: 'adaptive' as const },
        output_config: { effort: 'low' as const },
      };
      const turn = async () => {
        const answer = await (way === 'create'
          ? messagesApi().create({ ...asked, messages })
          : messagesApi()
              .stream({ ...asked, messages })
              .finalMessage());
        messages.push({ role: 'assistant', content: answer.content as ContentBlockParam[] });
        return answer;
      };
      const first = await turn();
      expect(first.content.map(({ type }) => type)).toEqual(['thinking', 'tool_use', 'tool_use']);
      messages.push({ role: 'user', content: resultsFor(messages.at(-1), ['sunny', 'sunny']) });
      await turn();
      messages.push(...question('And now?'));
      expect((await turn()).content.at(-1)).toMatchObject({ text: said('And now?') });
      const last = world().seenBy(upstream).at(-1);
      // The provider takes a thought back only under its own seal.
      if (upstream === 'anthropic')
        expect(blocksIn(last, 'thinking')).toMatchObject([
          { thinking: thoughtAbout('call tools: 2') },
          { thinking: thoughtAbout('sunny\nsunny') },
        ]);
      else expect(reasoningIn(last)).toEqual([thoughtAbout('call tools: 2'), thoughtAbout('sunny')]);
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

const jsonIn = (event: RawMessageStreamEvent, at: number): string[] =>
  event.type === 'content_block_delta' && event.index === at && event.delta.type === 'input_json_delta'
    ? [event.delta.partial_json]
    : [];

const inputsOf = (content: readonly ContentBlock[]): unknown[] =>
  content.flatMap((block) => (block.type === 'tool_use' ? [block.input] : []));

const callIdsOf = (message: MessageParam | undefined): string[] =>
  message?.role === 'assistant' && Array.isArray(message.content)
    ? message.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
    : [];

/** The results of the calls in `message`, in order. */
const resultsFor = (message: MessageParam | undefined, results: readonly string[]) =>
  callIdsOf(message).map((tool_use_id, at) => ({
    type: 'tool_result' as const,
    tool_use_id,
    content: results[at] ?? '',
  }));
