import type { ChatCompletionMessageParam } from 'openai/resources';
import type {
  FunctionTool,
  Response,
  ResponseInputItem,
  ResponseOutputItem,
} from 'openai/resources/responses/responses';
import { describe, expect, test } from 'vitest';
import { isJsonObject, type JsonObject, type JsonValue } from '../../plugins/wire/json.ts';
import { said, thoughtAbout, twoCalls, weatherSchema } from './asks.ts';
import { asInput, blocksIn, reasoningIn } from './bodies.ts';
import type { AnyUpstream } from './upstream.ts';
import { describeWorld, everyUpstream, modelOn } from './world.ts';

const weather: FunctionTool = {
  type: 'function',
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: weatherSchema,
  strict: false,
};

/** Who answers the second and the third turn of a conversation. */
const routes = everyUpstream.flatMap((second) => everyUpstream.map((third) => [second, third] as const));

describeWorld('tools and reasoning of Responses', (world) => {
  const responses = () => world().openai.responses;

  describe.each(everyUpstream)('over an upstream that speaks %s', (upstream) => {
    const model = modelOn(upstream);

    test('calls tools in parallel, twice, by hand', async () => {
      const input: ResponseInputItem[] = [{ role: 'user', content: 'call tools: 2' }];
      const turn = async (...results: string[]) => {
        const calls = callsIn(input).slice(-results.length || input.length);
        for (const [at, output] of results.entries())
          input.push({ type: 'function_call_output', call_id: calls[at]?.call_id ?? '', output });
        const answer = await responses().create({ model, input, tools: [weather] });
        input.push(...asInput(answer.output));
        return answer;
      };
      for (const results of [[], ['cloudy', 'call tools: 2']])
        expect(argumentsOf((await turn(...results)).output)).toEqual(twoCalls);
      expect((await turn('sunny', 'sunny')).output_text).toMatch(/^You said: sunny/);
      expect(new Set(callsIn(input).map(({ call_id }) => call_id)).size).toBe(4);
    });

    test('streams the arguments of its tool calls', async () => {
      const stream = responses().stream({ model, input: 'call tools: 2', tools: [weather] });
      const heard: string[] = [];
      stream.on('response.function_call_arguments.delta', ({ output_index, delta }) => {
        heard[output_index] = (heard[output_index] ?? '') + delta;
      });
      const answer = await stream.finalResponse();
      expect(argumentsOf(answer.output)).toEqual(twoCalls);
      // Gemini's seal of the calls is an item before them.
      expect(heard.filter(Boolean).map((text) => JSON.parse(text))).toEqual(twoCalls);
      expect(answer.status).toBe('completed');
    });

    test('must call the tool that it is told to', async () => {
      const asked = { model, input: 'Hello', tools: [weather] };
      const named = await responses().create({
        ...asked,
        tool_choice: { type: 'function', name: 'get_weather' },
      });
      expect(argumentsOf(named.output)).toEqual([twoCalls[0]]);
      const none = await responses().create({ ...asked, input: 'call tools: 1', tool_choice: 'none' });
      expect(none.output_text).toBe(said('call tools: 1'));
    });

    describe.each(routes)('and then %s, then %s', (...others) => {
      test.each(['create', 'stream'] as const)('brings reasoning back, by %s', async (way) => {
        const input: ResponseInputItem[] = [{ role: 'user', content: 'call tools: 2' }];
        const turn = async (by: AnyUpstream, ...more: ResponseInputItem[]): Promise<Response> => {
          input.push(...more);
          const asked = {
            model: modelOn(by),
            input,
            tools: [weather],
            store: false,
            reasoning: { effort: 'low' as const, summary: 'auto' as const },
            include: ['reasoning.encrypted_content' as const],
          };
          const answer =
            way === 'create'
              ? await responses().create(asked)
              : await responses().stream(asked).finalResponse();
          input.push(...asInput(answer.output));
          return answer;
        };
        const first = await turn(upstream);
        expect(first.output[0]).toMatchObject({
          type: 'reasoning',
          summary: [{ text: thoughtAbout('call tools: 2') }],
        });
        const results = callsIn(input).map(({ call_id }) => ({
          type: 'function_call_output' as const,
          call_id,
          output: 'sunny',
        }));
        await turn(others[0], ...results);
        const last = await turn(others[1], { role: 'user', content: 'And now?' });
        expect(last.output_text).toBe(said('And now?'));
        const body = world().seenBy(others[1]).at(-1);
        const own = [upstream, others[0]].filter((name) => name === others[1]).length;
        if (others[1] === 'gemini') expect(sealsOfGemini(body) > 0).toBe(own > 0);
        else expect(thoughtsIn(body, others[1])).toBe(others[1] === 'openai' ? 2 : own);
      });
    });
  });

  test.each(['create', 'stream'] as const)(
    'reasoning of Responses comes back through clients of Chat, by %s',
    async (way) => {
      const chat = world().openai.chat.completions;
      const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: 'call tools: 1' }];
      const turn = async (...more: ChatCompletionMessageParam[]) => {
        messages.push(...more);
        const body = {
          model: modelOn('responses'),
          messages,
          reasoning_effort: 'low' as const,
          tools: [
            { type: 'function' as const, function: { name: 'get_weather', parameters: weatherSchema } },
          ],
        };
        const answer =
          way === 'create' ? await chat.create(body) : await chat.stream(body).finalChatCompletion();
        const message = answer.choices[0]?.message;
        if (message) messages.push(message);
        return message;
      };
      const calls = (await turn())?.tool_calls ?? [];
      await turn({ role: 'tool', tool_call_id: calls[0]?.id ?? '', content: 'sunny' });
      expect((await turn({ role: 'user', content: 'And now?' }))?.content).toBe(said('And now?'));
      expect(thoughtsIn(world().seenBy('responses').at(-1), 'responses')).toBe(2);
    },
  );
});

const callsIn = (input: readonly ResponseInputItem[]) =>
  input.filter((item) => item.type === 'function_call');

const argumentsOf = (output: readonly ResponseOutputItem[]): unknown[] =>
  output.flatMap((item) => (item.type === 'function_call' ? [JSON.parse(item.arguments)] : []));

/** Reasoning that an upstream was sent, each under the seal that it wants. */
const thoughtsIn = (body: JsonValue | undefined, upstream: AnyUpstream): number => {
  if (upstream === 'openai') return reasoningIn(body).length;
  if (upstream === 'anthropic') return blocksIn(body, 'thinking').length;
  return itemsIn(body).filter(({ type }) => type === 'reasoning').length;
};

/** Gemini seals thoughts, calls and texts. */
const sealsOfGemini = (body: JsonValue | undefined): number =>
  JSON.stringify(body ?? null).split('"thoughtSignature"').length - 1;

const itemsIn = (body: JsonValue | undefined): JsonObject[] =>
  isJsonObject(body) && Array.isArray(body.input) ? body.input.filter(isJsonObject) : [];
