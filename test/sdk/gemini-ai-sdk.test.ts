import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, test } from 'vitest';
import { pixel, said, thoughtAbout, tokensOf, twoCalls, weatherSchema } from './asks.ts';
import { allUpstreams, clientKey, describeWorld, modelOn } from './world.ts';

describeWorld('the AI SDK with its Google provider', (world) => {
  const google = () => createGoogleGenerativeAI({ apiKey: clientKey, baseURL: `${world().url}/v1beta` });

  describe.each(allUpstreams)('over an upstream that speaks %s', (upstream) => {
    const model = () => google()(modelOn(upstream));

    test('generates and streams text', async () => {
      const whole = await generateText({ model: model(), prompt: 'Hello', maxRetries: 0 });
      expect(whole).toMatchObject({ text: said('Hello'), finishReason: 'stop' });
      expect(whole.usage.outputTokens).toBe(tokensOf(said('Hello')));
      const stream = streamText({ model: model(), prompt: 'Hello', maxRetries: 0 });
      expect((await Array.fromAsync(stream.textStream)).join('')).toBe(said('Hello'));
      expect(await stream.finishReason).toBe('stop');
      expect((await stream.usage).inputTokens).toBeGreaterThan(0);
    });

    test('sees an image and thinks', async () => {
      const { text, reasoningText } = await generateText({
        model: model(),
        maxRetries: 0,
        maxOutputTokens: 8000,
        providerOptions: { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } } },
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is this?' },
              { type: 'file', data: Buffer.from(pixel, 'base64'), mediaType: 'image/png' },
            ],
          },
        ],
      });
      expect(text).toBe(said('What is this?'));
      expect(reasoningText).toBe(thoughtAbout('What is this?'));
    });

    test.each(['generateText', 'streamText'] as const)('calls tools over three turns, by %s', async (way) => {
      const called: unknown[] = [];
      const ask = {
        model: model(),
        maxRetries: 0,
        prompt: 'call tools: 2',
        stopWhen: stepCountIs(5),
        tools: {
          get_weather: tool({
            description: 'Weather of a city',
            inputSchema: jsonSchema<{ city: string; days: number }>(weatherSchema),
            execute: async (input) => {
              called.push(input);
              return input.days === 2 && called.length === 2 ? 'call tools: 1' : 'sunny';
            },
          }),
        },
      };
      const text = way === 'generateText' ? (await generateText(ask)).text : await streamText(ask).text;
      expect(called).toEqual([...twoCalls, twoCalls[0]]);
      expect(text).toMatch(/^You said: .*sunny/);
      expect(world().seenBy(upstream)).toHaveLength(3);
    });

    test('gets an object that fits a schema', async () => {
      const { output } = await generateText({
        model: model(),
        maxRetries: 0,
        prompt: 'Bonn?',
        output: Output.object({ schema: jsonSchema<(typeof twoCalls)[number]>(weatherSchema) }),
      });
      expect(output).toEqual(twoCalls[0]);
    });

    test('is told of an error', async () => {
      const failing = { model: google()(modelOn(upstream, 'fault-503')), prompt: 'Hello', maxRetries: 0 };
      await expect(generateText(failing)).rejects.toMatchObject({ statusCode: 503 });
    });
  });
});
