import type { MessageParam } from '@anthropic-ai/sdk/resources';
import { zodResponseFormat } from 'openai/helpers/zod';
import type { ChatCompletionMessageParam } from 'openai/resources';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pixel, said, thoughtAbout, tokensOf, twoCalls, unicode, weatherSchema } from './asks.ts';
import { partsIn } from './bodies.ts';
import { sdks } from './sdks.ts';
import { describeWorld, failoverTo, modelOn } from './world.ts';

const model = modelOn('gemini');

describeWorld('a Gemini upstream', (world) => {
  const chat = () => world().openai.chat.completions;
  const messagesApi = () => world().anthropic.messages;

  describe.each(['openai', 'anthropic'] as const)('under the %s SDK', (name) => {
    test('answers whole and streamed', async () => {
      const whole = JSON.stringify(await sdks[name].create(world(), model));
      expect(whole).toContain('You said: Hello');
      const joined = JSON.stringify(await sdks[name].joined(world(), model));
      expect(joined).toContain('You said: Hello');
      expect(JSON.stringify(await sdks[name].create(world(), failoverTo('gemini')))).toContain('Hello');
    });

    test.each(['fault-end-stream-3', 'fault-error-event-3', 'fault-cut-stream-3'] as const)(
      '%s raises',
      async (fault) => {
        await expect(sdks[name].joined(world(), modelOn('gemini', fault))).rejects.toThrow();
      },
    );

    test.each([
      ['fault-400', 400],
      ['fault-401', 500],
      ['fault-404', 404],
      ['fault-429-retry-1', 429],
    ] as const)('%s has status %i', async (fault, status) => {
      await expect(sdks[name].create(world(), modelOn('gemini', fault))).rejects.toMatchObject({ status });
    });
  });

  test('OpenAI: usage, limits, stops', async () => {
    const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: unicode }];
    const answer = await chat().create({ model, messages });
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: said(unicode) } });
    expect(answer.usage).toMatchObject({ completion_tokens: tokensOf(said(unicode)) });
    const streamed = await Array.fromAsync(
      await chat().create({ model, messages, stream: true, stream_options: { include_usage: true } }),
    );
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage: answer.usage });
    const cut = await chat().create({ model, messages, max_completion_tokens: 5 });
    expect(cut.choices[0]).toMatchObject({ finish_reason: 'length' });
  });

  test('OpenAI: an image, a schema', async () => {
    const content = [
      { type: 'text' as const, text: 'What is this?' },
      { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${pixel}` } },
    ];
    const answer = await chat().create({ model, messages: [{ role: 'user', content }] });
    expect(answer.choices[0]?.message.content).toBe(said('What is this?'));
    expect(partsIn(world().seenBy('gemini')[0], 'inlineData')).toEqual([
      { inlineData: { mimeType: 'image/png', data: pixel } },
    ]);
    const format = zodResponseFormat(z.object({ city: z.string(), days: z.int() }), 'forecast');
    const parsed = await chat().parse({
      model,
      messages: [{ role: 'user', content: 'x' }],
      response_format: format,
    });
    expect(parsed.choices[0]?.message.parsed).toEqual(twoCalls[0]);
  });

  test.each(['create', 'stream'] as const)(
    'OpenAI: tools over three turns, with and without reasoning, by %s',
    async (way) => {
      const tools = [
        {
          type: 'function' as const,
          function: { name: 'get_weather', description: 'Weather', parameters: weatherSchema },
        },
      ];
      for (const effort of [undefined, 'low' as const]) {
        const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: 'call tools: 2' }];
        const turn = async () => {
          const body = { model, messages, tools, ...(effort ? { reasoning_effort: effort } : {}) };
          const { choices } = await (way === 'create'
            ? chat().create(body)
            : chat().stream(body).finalChatCompletion());
          const message = choices[0]?.message;
          if (!message) throw new Error('no answer');
          const { parsed: _, ...said } = message as typeof message & { parsed?: unknown };
          messages.push(said);
          return { message, finish: choices[0]?.finish_reason };
        };
        for (const results of [
          ['cloudy', 'call tools: 2'],
          ['sunny', 'sunny'],
        ]) {
          const { message, finish } = await turn();
          expect(finish).toBe('tool_calls');
          if (effort) expect(message).toMatchObject({ reasoning_content: expect.stringMatching(/./) });
          const calls = (message.tool_calls ?? []).filter((call) => call.type === 'function');
          expect(calls.map((call) => JSON.parse(call.function.arguments))).toEqual(twoCalls);
          for (const [at, content] of results.entries())
            messages.push({ role: 'tool', tool_call_id: calls[at]?.id ?? '', content });
        }
        expect((await turn()).message.content).toBe(said('sunny\nsunny'));
        const seals = partsIn(world().seenBy('gemini').at(-1), 'functionCall').map(
          (part) => part.thoughtSignature,
        );
        // Its seals come back in what the SDK keeps of the reasoning.
        expect(seals).toEqual([
          expect.stringMatching(/=$/),
          undefined,
          expect.stringMatching(/=$/),
          undefined,
        ]);
      }
    },
  );

  test('OpenAI: a client that keeps no reasoning still goes on', async () => {
    const { choices } = await chat().create({
      model,
      tools: [{ type: 'function', function: { name: 'get_weather', parameters: weatherSchema } }],
      messages: [
        { role: 'user', content: 'call tools: 1' },
        {
          role: 'assistant',
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"x"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
      ],
    });
    expect(choices[0]?.message.content).toBe(said('sunny'));
  });

  test.each(['create', 'stream'] as const)(
    'Anthropic: tools and thinking over three turns, by %s',
    async (way) => {
      const tools = [{ name: 'get_weather', description: 'Weather', input_schema: weatherSchema }];
      const messages: MessageParam[] = [{ role: 'user', content: 'call tools: 2' }];
      const turn = async () => {
        const body = { model, messages, tools, max_tokens: 4000, thinking: { type: 'adaptive' as const } };
        const answer = await (way === 'create'
          ? messagesApi().create(body)
          : messagesApi().stream(body).finalMessage());
        messages.push({ role: 'assistant', content: answer.content as MessageParam['content'] });
        return answer;
      };
      for (const results of [
        ['cloudy', 'call tools: 2'],
        ['sunny', 'sunny'],
      ]) {
        const { content, stop_reason } = await turn();
        expect(stop_reason).toBe('tool_use');
        expect(content.map(({ type }) => type)).toEqual(['thinking', 'tool_use', 'tool_use']);
        const ids = content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
        messages.push({
          role: 'user',
          content: ids.map((tool_use_id, at) => ({
            type: 'tool_result',
            tool_use_id,
            content: results[at] ?? '',
          })),
        });
      }
      const { content, usage } = await turn();
      expect(content.filter(({ type }) => type === 'text')).toMatchObject([{ text: said('sunny\nsunny') }]);
      expect(usage.output_tokens).toBeGreaterThan(tokensOf(said('sunny\nsunny')));
      expect(JSON.stringify(content)).toContain(thoughtAbout('sunny\nsunny'));
      const calls = partsIn(world().seenBy('gemini').at(-1), 'functionCall');
      expect(calls.map(({ thoughtSignature }) => thoughtSignature !== undefined)).toEqual([
        true,
        false,
        true,
        false,
      ]);
      expect(JSON.stringify(calls)).not.toContain('skip_thought');
    },
  );
});
