import { zodResponseFormat } from 'openai/helpers/zod';
import type { ChatCompletionMessage, ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pixel, said, thoughtAbout, tokensOf, twoCalls, unicode, weatherSchema } from './asks.ts';
import { blocksIn, reasoningIn, rolesIn, rolesOfThreeTurns } from './bodies.ts';
import { describeWorld, failoverTo, modelOn, upstreamNames } from './world.ts';

const question = (content: string): ChatCompletionMessageParam[] => [{ role: 'user', content }];

const weather: ChatCompletionTool = {
  type: 'function',
  function: { name: 'get_weather', description: 'Weather of a city', parameters: weatherSchema },
};

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

    test('calls tools in parallel, twice, by hand', async () => {
      const messages = question('call tools: 2');
      const turn = async (...results: string[]) => {
        const calls = callsOf(messages.at(-1));
        for (const [at, content] of results.entries())
          messages.push({ role: 'tool', tool_call_id: calls[at]?.id ?? '', content });
        const [choice] = (await chat().create({ model, messages, tools: [weather] })).choices;
        if (choice) messages.push(choice.message);
        return choice;
      };
      for (const results of [[], ['cloudy', 'call tools: 2']]) {
        expect((await turn(...results))?.finish_reason).toBe('tool_calls');
        expect(argumentsOf(messages.at(-1))).toEqual(twoCalls);
      }
      const last = await turn('sunny', 'sunny');
      expect(last).toMatchObject({ finish_reason: 'stop' });
      expect(last?.message.content).toMatch(/^You said: sunny/);
      expect(new Set(messages.flatMap(callsOf).map(({ id }) => id)).size).toBe(4);
      expect(world().seenBy(upstream).map(rolesIn)).toEqual(rolesOfThreeTurns[upstream]);
    });

    test('streams the arguments of its tool calls', async () => {
      const asked = { model, messages: question('call tools: 2'), tools: [weather] };
      const chunks = await Array.fromAsync(await chat().create({ ...asked, stream: true }));
      const deltas = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
      const of = (at: number) => deltas.filter(({ index }) => index === at);
      expect(deltas.every(({ index }) => index === 0 || index === 1)).toBe(true);
      for (const [at, expected] of twoCalls.entries()) {
        expect(of(at)[0]).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
        expect(of(at)[0]?.id).toMatch(/./);
        expect(of(at).length).toBeGreaterThan(2);
        expect(
          JSON.parse(
            of(at)
              .map((delta) => delta.function?.arguments ?? '')
              .join(''),
          ),
        ).toEqual(expected);
      }
      const stream = chat().stream(asked);
      const done: unknown[] = [];
      stream.on('tool_calls.function.arguments.done', ({ arguments: text }) => done.push(JSON.parse(text)));
      const answer = await stream.finalChatCompletion();
      expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
      expect(argumentsOf(answer.choices[0]?.message)).toEqual(twoCalls);
      expect(done).toEqual(twoCalls);
    });

    test.each([false, true])('lets its runner call tools, streamed: %s', async (stream) => {
      const called: unknown[] = [];
      const asked = {
        model,
        messages: question('call tools: 2'),
        tools: [
          {
            type: 'function' as const,
            function: {
              name: 'get_weather',
              description: 'Weather of a city',
              parameters: weatherSchema,
              parse: (text: string) => JSON.parse(text) as (typeof twoCalls)[number],
              // The second of the first two asks for one more.
              function: (input: (typeof twoCalls)[number]) => {
                called.push(input);
                return input.days === 2 ? 'call tools: 1' : 'sunny';
              },
            },
          },
        ],
      };
      const runner = stream ? chat().runTools({ ...asked, stream }) : chat().runTools(asked);
      expect(await runner.finalContent()).toBe(said('sunny'));
      expect(called).toEqual([...twoCalls, twoCalls[0]]);
      expect(world().seenBy(upstream)).toHaveLength(3);
    });

    test.each(['create', 'stream'] as const)('brings reasoning back, by %s', async (way) => {
      const messages = question('call tools: 2');
      const asked = { model, tools: [weather], reasoning_effort: 'low' as const };
      const turn = async () => {
        const answer = await (way === 'create'
          ? chat().create({ ...asked, messages })
          : chat()
              .stream({ ...asked, messages })
              .finalChatCompletion());
        const message = answer.choices[0]?.message;
        if (message) messages.push(withoutParsed(message));
        return message;
      };
      const first = await turn();
      expect(first).toHaveProperty('reasoning_content', expect.stringMatching(/./));
      for (const { id } of callsOf(first))
        messages.push({ role: 'tool', tool_call_id: id, content: 'sunny' });
      await turn();
      messages.push(...question('And now?'));
      expect((await turn())?.content).toBe(said('And now?'));
      const last = world().seenBy(upstream).at(-1);
      // The provider takes a thought back only under its own seal.
      if (upstream === 'anthropic')
        expect(blocksIn(last, 'thinking')).toMatchObject(
          [thoughtAbout('call tools: 2'), thoughtAbout('sunny\nsunny')].map((thinking) => ({ thinking })),
        );
      else expect(reasoningIn(last)).toHaveLength(2);
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

const callsOf = (message: ChatCompletionMessageParam | undefined) =>
  (message?.role === 'assistant' ? (message.tool_calls ?? []) : []).filter(
    (call) => call.type === 'function',
  );

const argumentsOf = (message: ChatCompletionMessageParam | undefined): unknown[] =>
  callsOf(message).map((call) => JSON.parse(call.function.arguments));

/** A message as it goes back: `parsed` is the stream helper's own. */
const withoutParsed = ({ parsed: _, ...message }: ChatCompletionMessage & { parsed?: unknown }) => message;
