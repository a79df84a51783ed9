import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestError } from '../../refusals.ts';
import { type JsonObject, type JsonValue, parseJsonDocument } from '../../wire/json.ts';
import { anthropicMessages } from '../anthropic-messages/index.ts';
import type { EncodedRequest } from '../dialect.ts';
import { type ServerName, serverAt, serverNames } from '../servers.ts';
import { openaiChat } from './index.ts';

const documentOf = (wire: JsonObject) => parseJsonDocument(Buffer.from(JSON.stringify(wire)));

const targetOf = (server: ServerName, model: string) => ({ server, model, clientHeaders: new Map() });

const ask: JsonObject = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };

/** What a server gets of a client that speaks Chat. */
const own = (server: ServerName, wire: JsonObject, model = 'm'): EncodedRequest => {
  const document = documentOf({ ...ask, ...wire });
  return openaiChat.patchRequest(document, openaiChat.decodeRequest(document), targetOf(server, model));
};

const anthropicAsk: JsonObject = { ...ask, max_tokens: 100 };

/** What it gets of a client that speaks Messages. */
const crossed = (server: ServerName, wire: JsonObject, model = 'm'): EncodedRequest =>
  openaiChat.encodeRequest(
    anthropicMessages.decodeRequest(documentOf({ ...anthropicAsk, ...wire })),
    targetOf(server, model),
  );

const bodyOf = ({ body }: EncodedRequest): Record<string, JsonValue> => JSON.parse(body);

const toolHistory = (id: string): JsonValue => [
  { role: 'user', content: 'Hi' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: id, content: 'done' },
];

describe('a client of Chat', () => {
  it('keeps its bytes where the server takes them', () => {
    for (const server of serverNames) {
      const { body, dropped } = own(server, { temperature: 0.5, max_tokens: 5 });
      expect(body).toBe(JSON.stringify({ ...ask, temperature: 0.5, max_tokens: 5 }));
      expect(dropped).toEqual([]);
    }
  });

  it('has its limit held under the name that the server knows', () => {
    const limits = (server: ServerName, wire: JsonObject, model?: string) => {
      const { max_tokens, max_completion_tokens } = bodyOf(own(server, wire, model));
      return { max_tokens, max_completion_tokens };
    };
    expect(limits('ollama', { max_completion_tokens: 5 })).toEqual({ max_tokens: 5 });
    expect(limits('mistral', { max_completion_tokens: 5, max_tokens: 7 })).toEqual({ max_tokens: 5 });
    expect(limits('openai', { max_tokens: 5 }, 'gpt-5-mini')).toEqual({ max_completion_tokens: 5 });
    expect(limits('openai', { max_tokens: 5 }, 'gpt-4.1')).toEqual({ max_tokens: 5 });
    expect(limits('groq', { max_tokens: 5 })).toEqual({ max_tokens: 5 });
  });

  it('loses what Mistral forbids, by name', () => {
    const { dropped, ...encoded } = own('mistral', {
      stream: true,
      seed: 7,
      logit_bias: { 50256: -100 },
      store: false,
      user: 'u',
      tool_choice: 'required',
    });
    expect(dropped).toEqual(['logit_bias', 'user']);
    const body = bodyOf({ dropped, ...encoded });
    expect(body).toEqual({ ...ask, stream: true, random_seed: 7, tool_choice: 'any' });
  });

  it('leaves it to its server to refuse what means something', () => {
    expect(bodyOf(own('groq', { n: 2 })).n).toBe(2);
    expect(own('deepseek', { response_format: { type: 'json_schema', json_schema: {} } }).dropped).toEqual(
      [],
    );
  });

  it('loses the sampling that a model refuses while it reasons', () => {
    expect(own('openai', { temperature: 0.2, top_p: 1 }, 'o3').dropped).toEqual(['temperature']);
    expect(own('openai', { temperature: 0.2 }, 'gpt-5.2').dropped).toEqual([]);
    expect(own('azure', { temperature: 0.2, reasoning_effort: 'low' }, 'gpt-5.2').dropped).toEqual([
      'temperature',
    ]);
    expect(own('openai', { reasoning_effort: 'low' }, 'gpt-4.1').dropped).toEqual(['reasoning_effort']);
    expect(own('xai', { stop: 'x', presence_penalty: 0 }, 'grok-4').dropped).toEqual(['stop']);
  });

  it('gets ids of nine letters and digits at Mistral, the same in every request', () => {
    const messages = bodyOf(own('mistral', { messages: toolHistory('call_1') })).messages;
    const text = JSON.stringify(messages);
    expect(text).toMatch(/"id":"[A-Za-z0-9]{9}"/);
    expect(text).not.toContain('call_1');
    expect(bodyOf(own('mistral', { messages: toolHistory('call_1') })).messages).toEqual(messages);
    const known = toolHistory('aB3dE6gH9');
    expect(own('mistral', { messages: known }).body).toBe(JSON.stringify({ ...ask, messages: known }));
  });

  it('has a developer where one is known, else a system', () => {
    const messages = [{ role: 'developer', content: 'Be kind' }];
    expect(bodyOf(own('deepseek', { messages })).messages).toEqual([{ role: 'system', content: 'Be kind' }]);
    expect(bodyOf(own('openai', { messages })).messages).toEqual(messages);
  });
});

describe('a client of another dialect', () => {
  it('is written to in the words of the server', () => {
    const wire = { stream: true, top_k: 5, thinking: { type: 'enabled', budget_tokens: 20_000 } };
    expect(bodyOf(crossed('openrouter', wire))).toMatchObject({
      max_tokens: 100,
      top_k: 5,
      reasoning: { effort: 'high' },
      stream_options: { include_usage: true },
    });
    const deepseek = crossed('deepseek', wire);
    expect(bodyOf(deepseek)).toMatchObject({ thinking: { type: 'enabled' } });
    expect(deepseek.dropped).toEqual(['top_k', 'reasoning_effort']);
    const mistral = crossed('mistral', wire);
    expect(bodyOf(mistral)).toEqual({ ...ask, max_tokens: 100, stream: true, reasoning_effort: 'high' });
    expect(mistral.dropped).toEqual(['top_k']);
  });

  it('is refused what would give another answer', () => {
    const tools = [{ name: 'f', input_schema: { type: 'object' } }];
    expect(() => crossed('perplexity', { tools })).toThrow(RequestError);
    const schema = { type: 'json_schema', schema: { type: 'object' } };
    expect(() => crossed('deepseek', { output_config: { format: schema } })).toThrow(/response_format/);
    expect(() => crossed('openai', { stop_sequences: ['a', 'b', 'c', 'd', 'e'] })).toThrow(/stop_sequences/);
    expect(bodyOf(crossed('together', { stop_sequences: ['a', 'b', 'c', 'd', 'e'] })).stop).toHaveLength(5);
  });

  it('goes on with the answer that it began', () => {
    const messages = [...(ask.messages as JsonValue[]), { role: 'assistant', content: 'Once' }];
    expect(bodyOf(crossed('mistral', { messages })).messages).toEqual([
      ask.messages?.[0 as never],
      { role: 'assistant', content: 'Once', prefix: true },
    ]);
  });
});

it('two ids of one request never become one', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 }), (ids) => {
      const calls = ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } }));
      const messages = [{ role: 'assistant', content: null, tool_calls: calls }];
      const text = JSON.stringify(bodyOf(own('mistral', { messages })).messages);
      const given = [...text.matchAll(/"id":"([A-Za-z0-9]{9})"/g)].map(([, id]) => id);
      expect(new Set(given).size).toBe(ids.length);
    }),
  );
});

it('well-known hosts tell their kind, others do not', () => {
  expect(serverAt('api.mistral.ai')).toBe('mistral');
  expect(serverAt('my.openai.azure.com')).toBe('azure');
  expect(serverAt('api.mistral.ai.example.com')).toBeUndefined();
  expect(serverAt('evilapi.x.ai')).toBeUndefined();
});
