import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import type {
  ContentBlock,
  ContentBlockParam,
  Message,
  MessageParam,
  RawMessageStreamEvent,
  Tool,
} from '@anthropic-ai/sdk/resources';
import { describe, expect, test } from 'vitest';
import { said, twoCalls, weatherSchema } from './asks.ts';
import { blocksIn, reasoningIn, rolesIn, rolesOfThreeTurns } from './bodies.ts';
import { routesFrom, sealedThoughts } from './reasoning.ts';
import type { UpstreamName } from './upstream.ts';
import { describeWorld, modelOn, upstreamNames } from './world.ts';

const question = (content: string): MessageParam[] => [{ role: 'user', content }];

const weather: Tool = { name: 'get_weather', description: 'Weather of a city', input_schema: weatherSchema };

describeWorld('tools and thinking of the Anthropic SDK', (world) => {
  const messagesApi = () => world().anthropic.messages;

  describe.each(upstreamNames)('over an upstream that speaks %s', (upstream) => {
    const ask = { model: modelOn(upstream), max_tokens: 2000 };

    test('calls tools in parallel, twice, by hand', async () => {
      const messages = question('call tools: 2');
      const turn = async (...results: string[]) => {
        const content = resultsFor(messages.at(-1), results);
        if (content.length > 0) messages.push({ role: 'user', content });
        const answer = await messagesApi().create({ ...ask, messages, tools: [weather] });
        messages.push(messageOf(answer));
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

    describe.each(routesFrom(upstream))('and then %s, then %s', (...others) => {
      test.each(['create', 'stream'] as const)('brings thinking back, by %s', async (way) => {
        const messages = question('call tools: 2');
        const asked = {
          max_tokens: 2000,
          tools: [weather],
          thinking: { type: 'adaptive' as const },
          output_config: { effort: 'low' as const },
        };
        const turn = async (by: UpstreamName, ...more: MessageParam[]) => {
          messages.push(...more);
          const body = { ...asked, messages, model: modelOn(by) };
          const answer = await (way === 'create'
            ? messagesApi().create(body)
            : messagesApi().stream(body).finalMessage());
          messages.push(messageOf(answer));
          return answer;
        };
        const { content } = await turn(upstream);
        expect(content.map(({ type }) => type)).toEqual(['thinking', 'tool_use', 'tool_use']);
        await turn(others[0], { role: 'user', content: resultsFor(messages.at(-1), ['sunny', 'sunny']) });
        const answer = await turn(others[1], ...question('And now?'));
        expect(answer.content.at(-1)).toMatchObject({ text: said('And now?') });
        const last = world().seenBy(others[1]).at(-1);
        if (others[1] === 'openai') expect(reasoningIn(last)).toHaveLength(2);
        else expect(blocksIn(last, 'thinking')).toMatchObject(sealedThoughts([upstream, others[0]]));
      });
    });
  });
});

/** An answer as it goes back. */
const messageOf = ({ role, content }: Message): MessageParam => ({
  role,
  content: content as ContentBlockParam[], // the SDK's types of the two differ in optional members alone
});

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
