import {
  type AIMessage,
  type AIMessageChunk,
  type BaseMessage,
  HumanMessage,
  ToolMessage,
} from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pixel, said, thoughtAbout, tokensOf, twoCalls, unicode, weatherSchema } from './asks.ts';
import { ways } from './clients.ts';
import { clientKey, describeWorld, everyUpstream, modelOn } from './world.ts';

const weather = {
  type: 'function' as const,
  function: { name: 'get_weather', description: 'Weather of a city', parameters: weatherSchema },
};

const outputOf = (message: object): unknown =>
  'usage_metadata' in message && (message.usage_metadata as { output_tokens: number }).output_tokens;

describeWorld('LangChain', (world) => {
  describe.each([
    ['Chat', false],
    ['Responses', true],
  ])('with %s', (_api, useResponsesApi) => {
    describe.each(everyUpstream)('over an upstream that speaks %s', (upstream) => {
      const model = (fields: object = {}) =>
        new ChatOpenAI({
          model: modelOn(upstream),
          apiKey: clientKey,
          configuration: { baseURL: `${world().url}/v1` },
          useResponsesApi,
          ...fields,
        });

      test('invokes and streams', async () => {
        const whole = await model().invoke(unicode);
        expect(whole.text).toBe(said(unicode));
        expect(outputOf(whole)).toBe(tokensOf(said(unicode)));
        const chunks: AIMessageChunk[] = await Array.fromAsync(await model().stream(unicode));
        expect(chunks.map(({ text }) => text).join('')).toBe(said(unicode));
        const joined = chunks.reduce((all, chunk) => all.concat(chunk));
        expect(outputOf(joined)).toBe(tokensOf(said(unicode)));
      });

      test.each(ways)('calls tools in parallel over three turns, %s', async (way) => {
        const bound = model(useResponsesApi ? { zdrEnabled: true } : {}).bindTools([weather]);
        const messages: BaseMessage[] = [new HumanMessage('call tools: 2')];
        const turn = async (): Promise<AIMessage> => {
          const answer =
            way === 'whole'
              ? await bound.invoke(messages)
              : (await Array.fromAsync(await bound.stream(messages))).reduce((all, chunk) =>
                  all.concat(chunk),
                );
          messages.push(answer);
          return answer;
        };
        for (const results of [
          ['cloudy', 'call tools: 2'],
          ['sunny', 'sunny'],
        ]) {
          const { tool_calls: calls = [] } = await turn();
          expect(calls.map(({ args }) => args)).toEqual(twoCalls);
          for (const [at, content] of results.entries())
            messages.push(new ToolMessage({ content, tool_call_id: calls[at]?.id ?? '' }));
        }
        expect((await turn()).text).toMatch(/^You said: sunny/);
      });

      test('answers with an object', async () => {
        const schema = z.object({ city: z.string(), days: z.int() });
        for (const method of ['jsonSchema', 'functionCalling'] as const)
          expect(await model().withStructuredOutput(schema, { method }).invoke('Bonn?')).toEqual(twoCalls[0]);
      });

      test('sends an image', async () => {
        const url = `data:image/png;base64,${pixel}`;
        const content = [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url } },
        ];
        expect((await model().invoke([new HumanMessage({ content })])).text).toBe(said('What is this?'));
        expect(JSON.stringify(world().seenBy(upstream))).toContain(pixel);
      });

      if (!useResponsesApi) return; // Chat has no member for what was thought
      test('hears a summary of what was thought', async () => {
        // It would leave its own `reasoning` away for models whose names it does not know.
        const modelKwargs = { reasoning: { effort: 'low', summary: 'auto' } };
        const answer = await model({ modelKwargs }).invoke(unicode);
        expect(answer.text).toBe(said(unicode));
        // It keeps the last reasoning item only. After Gemini's text that is a wordless one, which bears the text's seal.
        const heard = upstream === 'gemini' ? answer.response_metadata.output : answer.additional_kwargs;
        expect(JSON.stringify(heard)).toContain(thoughtAbout(unicode));
      });
    });
  });
});
