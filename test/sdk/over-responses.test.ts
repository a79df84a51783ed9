import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { zodResponseFormat } from 'openai/helpers/zod';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { said, thoughtAbout, tokensOf, twoCalls, unicode, weatherSchema } from './asks.ts';
import { describeWorld, modelOn } from './world.ts';

const model = modelOn('responses');
const messages = [{ role: 'user' as const, content: unicode }];
const forecast = z.object({ city: z.string(), days: z.int() });

describeWorld('clients of other dialects over Responses', (world) => {
  const chat = () => world().openai.chat.completions;
  const anthropic = () => world().anthropic.messages;
  const lastBody = () => world().seenBy('responses').at(-1);

  test('the OpenAI SDK chats, whole and streamed', async () => {
    const { choices, usage } = await chat().create({ model, messages });
    expect(choices).toMatchObject([{ finish_reason: 'stop', message: { content: said(unicode) } }]);
    expect(usage?.completion_tokens).toBe(tokensOf(said(unicode)));
    const stream = chat().stream({ model, messages, stream_options: { include_usage: true } });
    const streamed = await stream.finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe(said(unicode));
    expect(await stream.totalUsage()).toMatchObject({ completion_tokens: tokensOf(said(unicode)) });
    expect(lastBody()).toMatchObject({ store: false, input: [{ role: 'user', content: unicode }] });
  });

  test('the OpenAI SDK parses and runs tools', async () => {
    const parsed = await chat().parse({
      model,
      messages,
      response_format: zodResponseFormat(forecast, 'forecast'),
    });
    expect(parsed.choices[0]?.message.parsed).toEqual(twoCalls[0]);
    const called: unknown[] = [];
    const runner = chat().runTools({
      model,
      stream: true,
      messages: [{ role: 'user', content: 'call tools: 2' }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'Weather of a city',
            parameters: weatherSchema,
            parse: (text: string) => JSON.parse(text) as (typeof twoCalls)[number],
            function: (input: (typeof twoCalls)[number]) => {
              called.push(input);
              return 'sunny';
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe(said('sunny'));
    expect(called).toEqual(twoCalls);
    // Chat is not strict when nobody asks for it; Responses would be.
    expect(lastBody()).toMatchObject({ tools: [{ type: 'function', strict: false }] });
  });

  test('the Anthropic SDK is answered, thinks aloud and parses', async () => {
    const asked = { model, max_tokens: 2000, messages };
    const answer = await anthropic().create({
      ...asked,
      system: 'Be brief.',
      thinking: { type: 'adaptive' },
    });
    expect(answer).toMatchObject({
      stop_reason: 'end_turn',
      content: [
        {
          type: 'thinking',
          thinking: thoughtAbout(unicode),
          signature: expect.stringMatching(/./),
        },
        { type: 'text', text: said(unicode) },
      ],
    });
    expect(lastBody()).toMatchObject({
      instructions: 'Be brief.',
      include: ['reasoning.encrypted_content'],
      reasoning: { summary: 'auto' },
      max_output_tokens: 2000,
    });
    const streamed = await anthropic()
      .stream({ ...asked, output_config: { format: zodOutputFormat(forecast) } })
      .finalMessage();
    expect(streamed.parsed_output).toEqual(twoCalls[0]);
  });
});
