import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hashKey } from '../../plugins/config/keys.ts';
import { envoyBinary } from '../e2e/envoy.ts';
import { type Stack, startStack } from '../e2e/stack.ts';
import { startUpstream, type Upstream } from './upstream.ts';

/** Values that must never reach a provider, and must come back to the one who sent them. */
const planted = {
  email: 'greta.lindqvist@kollektiv-nord.se',
  card: '4539 5787 6362 1486',
  iban: 'DE89 3704 0044 0532 0130 00',
  phone: '+49 30 901820',
} as const;
const values = Object.values(planted);

const sentence = `Write to ${planted.email} or call ${planted.phone}. Card ${planted.card}, IBAN ${planted.iban}.`;
const tool = {
  name: 'send_mail',
  description: 'Sends a mail',
  schema: { type: 'object' as const, properties: { text: { type: 'string' } }, required: ['text'] },
};
const key = 'nx-pii-client';

describe.skipIf(envoyBinary === undefined)('personal data, through Envoy', () => {
  let stack: Stack;
  let upstreams: Record<'openai' | 'anthropic', Upstream>;
  beforeAll(async () => {
    upstreams = {
      openai: await startUpstream('openai', 'key-o'),
      anthropic: await startUpstream('anthropic', 'key-a'),
    };
    const config = {
      version: 1,
      providers: {
        openai: { dialect: 'openai', baseUrl: `${upstreams.openai.url}/v1`, key: '${env:O}' },
        anthropic: { dialect: 'anthropic', baseUrl: upstreams.anthropic.url, key: '${env:A}' },
      },
      models: {
        'on-openai': { candidates: [{ provider: 'openai', model: 'gpt-5.4' }] },
        'on-anthropic': { candidates: [{ provider: 'anthropic', model: 'claude-sonnet-5' }] },
      },
      keys: [{ hash: hashKey(key), user: 'client' }],
      pii: { mode: 'enforce', entities: ['email', 'card', 'iban', 'phone'] },
    };
    stack = await startStack({ configText: JSON.stringify(config), env: { O: 'key-o', A: 'key-a' } });
  });
  beforeEach(() => {
    for (const upstream of Object.values(upstreams)) {
      upstream.journal.clear();
      upstream.bodies.length = 0;
    }
  });
  afterAll(async () => {
    await stack?.stop();
    for (const upstream of Object.values(upstreams ?? {})) await upstream.close();
  });

  /** All that a provider has seen, whatever is in it. */
  const expectNothingArrived = (): void => {
    const seen = JSON.stringify(Object.values(upstreams).flatMap(({ journal }) => journal.entries));
    expect(seen).toContain('Write to [');
    for (const value of values) {
      expect(seen).not.toContain(value);
      expect(seen).not.toContain(value.replaceAll(' ', ''));
    }
  };

  describe.each(['on-openai', 'on-anthropic'])('%s', (model) => {
    test('the OpenAI SDK: text, whole and streamed', async () => {
      const client = new OpenAI({ apiKey: key, baseURL: `${stack.url}/v1`, maxRetries: 0 });
      const ask = { model, messages: [{ role: 'user' as const, content: sentence }] };
      const whole = await client.chat.completions.create(ask);
      expect(whole.choices[0]?.message.content).toContain(sentence);
      const streamed = await client.chat.completions.stream(ask).finalChatCompletion();
      expect(streamed.choices[0]?.message.content).toContain(sentence);
      expectNothingArrived();
    });

    test('the OpenAI SDK: arguments of tools, whole and streamed', async () => {
      const client = new OpenAI({ apiKey: key, baseURL: `${stack.url}/v1`, maxRetries: 0 });
      const { name, description, schema: parameters } = tool;
      const ask = {
        model,
        messages: [{ role: 'user' as const, content: `call tools: 1 tool says: ${sentence}` }],
        tools: [{ type: 'function' as const, function: { name, description, parameters } }],
      };
      const whole = await client.chat.completions.create(ask);
      const streamed = await client.chat.completions.stream(ask).finalChatCompletion();
      for (const { choices } of [whole, streamed]) {
        const [call] = choices[0]?.message.tool_calls ?? [];
        const said = call?.type === 'function' ? JSON.parse(call.function.arguments) : undefined;
        expect(said).toEqual({ text: sentence });
      }
      expectNothingArrived();
    });

    test('the Anthropic SDK: text and arguments, whole and streamed', async () => {
      const client = new Anthropic({ apiKey: key, baseURL: stack.url, maxRetries: 0 });
      const { name, description, schema: input_schema } = tool;
      const plain = { model, max_tokens: 1000, messages: [{ role: 'user' as const, content: sentence }] };
      const called = {
        ...plain,
        messages: [{ role: 'user' as const, content: `call tools: 1 tool says: ${sentence}` }],
        tools: [{ name, description, input_schema }],
      };
      for (const answer of [
        await client.messages.create(plain),
        await client.messages.stream(plain).finalMessage(),
      ]) {
        const [block] = answer.content;
        expect(block?.type === 'text' && block.text).toContain(sentence);
      }
      for (const answer of [
        await client.messages.create(called),
        await client.messages.stream(called).finalMessage(),
      ]) {
        const call = answer.content.find(({ type }) => type === 'tool_use');
        expect(call?.type === 'tool_use' && call.input).toEqual({ text: sentence });
      }
      expectNothingArrived();
    });
  });
});
