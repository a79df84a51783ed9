import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pixel, said, thoughtAbout, tokensOf, twoCalls, unicode } from './asks.ts';
import { ways } from './clients.ts';
import { clientKey, describeWorld, everyUpstream, knownToSdks, modelOn, small, type World } from './world.ts';

const forecast = z.object({ city: z.string(), days: z.int() });

/** Models of the AI SDK, by name, and how each is told to think. */
const providers = {
  anthropic: {
    model: ({ url }: World, name: string) =>
      createAnthropic({ apiKey: clientKey, baseURL: `${url}/v1` })(name),
    thinking: { anthropic: { thinking: { type: 'enabled', budgetTokens: 2048 } } },
  },
  'openai (chat)': {
    model: ({ url }: World, name: string) =>
      createOpenAI({ apiKey: clientKey, baseURL: `${url}/v1` }).chat(name),
    // Chat has no member for what was thought, and this SDK reads none.
    thinking: undefined,
  },
} as const;
const names = ['anthropic', 'openai (chat)'] as const;

describeWorld('the AI SDK with its other providers', (world) => {
  describe.each(names)('%s', (provider) => {
    const { model: modelOf, thinking } = providers[provider];

    describe.each(everyUpstream)('over an upstream that speaks %s', (upstream) => {
      const model = () => modelOf(world(), modelOn(upstream));

      test('generates and streams text', async () => {
        const whole = await generateText({ model: model(), prompt: unicode });
        expect(whole).toMatchObject({ text: said(unicode), finishReason: 'stop' });
        expect(whole.usage.outputTokens).toBe(tokensOf(said(unicode)));
        const stream = streamText({ model: model(), prompt: unicode });
        expect((await Array.fromAsync(stream.textStream)).join('')).toBe(said(unicode));
        expect(await stream.finishReason).toBe('stop');
        expect((await stream.usage).outputTokens).toBe(tokensOf(said(unicode)));
      });

      test.each(ways)('loops over its tools, %s', async (way) => {
        const called: unknown[] = [];
        const asked = {
          model: model(),
          prompt: 'call tools: 2',
          stopWhen: stepCountIs(5),
          ...(thinking && { providerOptions: thinking }),
          tools: {
            get_weather: tool({
              description: 'Weather of a city',
              inputSchema: forecast,
              execute: (input) => {
                called.push(input);
                return called.length === 2 ? 'call tools: 1' : 'sunny';
              },
            }),
          },
        };
        const result = way === 'whole' ? await generateText(asked) : streamText(asked);
        expect(await result.text).toMatch(/^You said: .*sunny/);
        expect(called).toEqual([...twoCalls, twoCalls[0]]);
        expect(await result.steps).toHaveLength(3);
      });

      test('makes an object', async () => {
        const asked = { model: model(), prompt: unicode, output: Output.object({ schema: forecast }) };
        expect((await generateText(asked)).output).toEqual(twoCalls[0]);
        expect(await streamText(asked).output).toEqual(twoCalls[0]);
      });

      test('sends an image', async () => {
        const { text } = await generateText({
          model: model(),
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
        expect(JSON.stringify(world().seenBy(upstream))).toContain(pixel);
      });
    });
  });

  test.each(everyUpstream)(
    'hears what Claude, or whoever stands in for it, thought: %s',
    async (upstream) => {
      const { model, thinking: providerOptions } = providers.anthropic;
      const ask = { model: model(world(), modelOn(upstream)), prompt: unicode, providerOptions };
      for (const result of [await generateText(ask), streamText(ask)]) {
        expect(await result.reasoningText).toBe(thoughtAbout(unicode));
        expect(await result.text).toBe(said(unicode));
      }
    },
  );

  /** Of models that it knows, the SDK asks for as many tokens as they can write, which is more than others can. */
  test.each(everyUpstream)('a default of 128,000 tokens is answered over %s', async (upstream) => {
    const model = providers.anthropic.model(world(), knownToSdks(upstream));
    expect((await generateText({ model, prompt: 'Hello' })).text).toBe(said('Hello'));
    expect(await streamText({ model, prompt: 'Hello' }).text).toBe(said('Hello'));
    const limits = JSON.stringify(world().seenBy(upstream)).match(/"max\w*tokens":\d+/gi) ?? [];
    expect(limits).toHaveLength(2);
    for (const limit of limits)
      expect(Number(limit.split(':')[1])).toBeLessThanOrEqual(small[upstream].maxOutputTokens);
  });
});
