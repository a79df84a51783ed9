import { createOpenAI } from '@ai-sdk/openai';
import { generateText, type ModelMessage, Output, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { said, thoughtAbout, tokensOf, twoCalls, unicode } from './asks.ts';
import { clientKey, describeWorld, everyUpstream, modelOn } from './world.ts';

const forecast = z.object({ city: z.string(), days: z.int() });

describeWorld('the AI SDK, whose default model of OpenAI speaks Responses', (world) => {
  const modelOf = (name: string) => createOpenAI({ apiKey: clientKey, baseURL: `${world().url}/v1` })(name);
  /** Without it, the SDK counts on the server to know its items again. */
  const providerOptions = { openai: { store: false } };

  describe.each(everyUpstream)('over an upstream that speaks %s', (upstream) => {
    const name = modelOn(upstream);

    test('generates text', async () => {
      const { text, finishReason, usage } = await generateText({ model: modelOf(name), prompt: unicode });
      expect(text).toBe(said(unicode));
      expect(finishReason).toBe('stop');
      expect(usage.outputTokens).toBe(tokensOf(said(unicode)));
      expect(usage.inputTokens).toBeGreaterThan(10);
    });

    test('streams text', async () => {
      const result = streamText({ model: modelOf(name), prompt: unicode });
      const pieces = await Array.fromAsync(result.textStream);
      expect(pieces.join('')).toBe(said(unicode));
      expect(pieces.length).toBeGreaterThan(3);
      expect(await result.finishReason).toBe('stop');
      expect((await result.usage).outputTokens).toBe(tokensOf(said(unicode)));
    });

    test('hears reasoning', async () => {
      const result = streamText({
        model: modelOf(name),
        prompt: unicode,
        providerOptions: {
          openai: { store: false, reasoningEffort: 'low', reasoningSummary: 'auto', forceReasoning: true },
        },
      });
      expect(await result.text).toBe(said(unicode));
      expect(await result.reasoningText).toBe(thoughtAbout(unicode));
    });

    test('makes an object', async () => {
      const { output } = await generateText({
        model: modelOf(name),
        prompt: unicode,
        output: Output.object({ schema: forecast }),
      });
      expect(output).toEqual(twoCalls[0]);
    });

    test.each([false, true])('loops over its tools, streamed: %s', async (streamed) => {
      const called: unknown[] = [];
      const asked = {
        model: modelOf(name),
        providerOptions,
        prompt: 'call tools: 2',
        stopWhen: stepCountIs(5),
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
      const result = streamed ? streamText(asked) : await generateText(asked);
      expect(await result.text).toMatch(/^You said: sunny/);
      expect(called).toEqual([...twoCalls, twoCalls[0]]);
      expect(await result.steps).toHaveLength(3);
    });

    test('goes on with a conversation', async () => {
      const messages: ModelMessage[] = [{ role: 'user', content: 'Hello' }];
      const first = await generateText({ model: modelOf(name), messages, providerOptions });
      messages.push(...first.response.messages, { role: 'user', content: 'And then?' });
      const { text } = await generateText({ model: modelOf(name), messages, providerOptions });
      expect(text).toBe(said('And then?'));
      expect(JSON.stringify(world().seenBy(upstream).at(-1))).toContain('You said: Hello');
    });

    test('is told of an error in the stream', async () => {
      const errors: unknown[] = [];
      const result = streamText({
        model: modelOf(modelOn(upstream, 'fault-error-event-3')),
        prompt: unicode,
        maxRetries: 0,
        onError: ({ error }) => {
          errors.push(error);
        },
      });
      await Array.fromAsync(result.textStream).catch(() => []);
      expect(errors).toHaveLength(1);
    });
  });
});
