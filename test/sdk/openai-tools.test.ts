import type { ChatCompletionMessage, ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources';
import { describe, expect, test } from 'vitest';
import { said, twoCalls, weatherSchema } from './asks.ts';
import { blocksIn, reasoningIn, rolesIn, rolesOfThreeTurns } from './bodies.ts';
import { routesFrom, sealedThoughts } from './reasoning.ts';
import type { UpstreamName } from './upstream.ts';
import { describeWorld, modelOn, upstreamNames } from './world.ts';

const question = (content: string): ChatCompletionMessageParam[] => [{ role: 'user', content }];

const weather: ChatCompletionTool = {
  type: 'function',
  function: { name: 'get_weather', description: 'Weather of a city', parameters: weatherSchema },
};

describeWorld('tools and reasoning of the OpenAI SDK', (world) => {
  const chat = () => world().openai.chat.completions;

  describe.each(upstreamNames)('over an upstream that speaks %s', (upstream) => {
    const model = modelOn(upstream);

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

    describe.each(routesFrom(upstream))('and then %s, then %s', (...others) => {
      test.each(['create', 'stream'] as const)('brings reasoning back, by %s', async (way) => {
        const messages = question('call tools: 2');
        const asked = { tools: [weather], reasoning_effort: 'low' as const };
        const turn = async (by: UpstreamName, ...more: ChatCompletionMessageParam[]) => {
          messages.push(...more);
          const body = { ...asked, messages, model: modelOn(by) };
          const { choices } = await (way === 'create'
            ? chat().create(body)
            : chat().stream(body).finalChatCompletion());
          const message = choices[0]?.message;
          if (message) messages.push(withoutParsed(message));
          return message;
        };
        const first = await turn(upstream);
        expect(first).toHaveProperty('reasoning_content', expect.stringMatching(/./));
        const results = callsOf(first).map(({ id }) => ({
          role: 'tool' as const,
          tool_call_id: id,
          content: 'sunny',
        }));
        await turn(others[0], ...results);
        expect((await turn(others[1], ...question('And now?')))?.content).toBe(said('And now?'));
        const last = world().seenBy(others[1]).at(-1);
        if (others[1] === 'openai') expect(reasoningIn(last)).toHaveLength(2);
        else expect(blocksIn(last, 'thinking')).toMatchObject(sealedThoughts([upstream, others[0]]));
      });
    });
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
