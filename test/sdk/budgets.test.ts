import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { describeWorld, modelOn, tinyTokens, upstreamNames } from './world.ts';

const question = [{ role: 'user' as const, content: 'Tell me a long story.' }];

/** One answer: what its provider billed, and why it ended. */
interface Told {
  readonly tokens: number;
  readonly finish: string | null | undefined;
}

/** Asks until it is refused; the tokens of all answers, and the refusal. */
const spend = async (ask: () => Promise<Told>) => {
  const told: Told[] = [];
  for (let call = 0; call < 40; call++) {
    try {
      told.push(await ask());
    } catch (refusal) {
      return { told, tokens: told.reduce((sum, it) => sum + it.tokens, 0), refusal };
    }
  }
  throw new Error('40 calls were not refused');
};

describeWorld('a budget of 200 tokens a day', (world) => {
  const openai = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${world().url}/v1` });
  const anthropic = (apiKey: string) => new Anthropic({ apiKey, baseURL: world().url });

  /** The SDKs try a refused call again, unless they are told that it would not help. */
  const expectSpent = ({ tokens, refusal }: { tokens: number; refusal: unknown }, answers: number): void => {
    expect(tokens, String(refusal)).toBeGreaterThan(tinyTokens / 4);
    expect(tokens).toBeLessThanOrEqual(tinyTokens);
    expect(refusal).toMatchObject({ status: 429 });
    expect(String((refusal as Error).message)).toMatch(/day-of-tiny-\S+ allows 200 tokens per day/);
    const calls = upstreamNames.flatMap((name) => world().seenBy(name));
    expect(calls).toHaveLength(answers);
  };

  describe('the OpenAI SDK', () => {
    test('whole answers', async () => {
      const client = openai('tiny-openai-whole');
      const spent = await spend(async () => {
        const { usage, choices } = await client.chat.completions.create({
          model: modelOn('anthropic'),
          messages: question,
        });
        return { tokens: usage?.total_tokens ?? 0, finish: choices[0]?.finish_reason };
      });
      expectSpent(spent, spent.told.length);
      expect(spent.refusal).toMatchObject({ code: 'budget_exceeded' });
    });

    test('streams, from an upstream that ignores its limit', async () => {
      const client = openai('tiny-openai-stream');
      const spent = await spend(async () => {
        const stream = client.chat.completions.stream({
          model: modelOn('openai', 'fault-ignores-limit'),
          messages: question,
          stream_options: { include_usage: true },
        });
        const { choices, usage } = await stream.finalChatCompletion();
        return { tokens: usage?.total_tokens ?? 0, finish: choices[0]?.finish_reason };
      });
      expectSpent(spent, spent.told.length);
      expect(spent.told.map(({ finish }) => finish)).toContain('length');
    });
  });

  describe('the Anthropic SDK', () => {
    const billed = ({ usage }: Anthropic.Message) => usage.input_tokens + usage.output_tokens;

    test('whole answers', async () => {
      const client = anthropic('tiny-anthropic-whole');
      const spent = await spend(async () => {
        const ask = { model: modelOn('openai'), max_tokens: 1000, messages: question };
        const message = await client.messages.create(ask);
        return { tokens: billed(message), finish: message.stop_reason };
      });
      expectSpent(spent, spent.told.length);
    });

    test('streams, from an upstream that ignores its limit', async () => {
      const client = anthropic('tiny-anthropic-stream');
      const spent = await spend(async () => {
        const ask = {
          model: modelOn('anthropic', 'fault-ignores-limit'),
          max_tokens: 1000,
          messages: question,
        };
        const message = await client.messages.stream(ask).finalMessage();
        return { tokens: billed(message), finish: message.stop_reason };
      });
      expectSpent(spent, spent.told.length);
      expect(spent.told.map(({ finish }) => finish)).toContain('max_tokens');
    });
  });
});
