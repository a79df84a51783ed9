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

  it('does not get past its limit by a word of the server', () => {
    const llamacpp = own('llamacpp', { max_completion_tokens: 5, n_predict: 9_000 });
    expect(bodyOf(llamacpp)).toEqual({ ...ask, max_tokens: 5 });
    expect(llamacpp.dropped).toEqual(['n_predict']);
    expect(own('compatible', { max_tokens: 5, n_predict: 9_000 }).dropped).toEqual(['n_predict']);
    const truncate = { context_length_exceeded_behavior: 'truncate' };
    expect(bodyOf(own('together', { max_tokens: 5, ...truncate }))).toEqual({ ...ask, max_tokens: 5 });
    expect(bodyOf(own('llamacpp', { n_predict: 9_000 })).n_predict).toBe(9_000);
  });

  it('has the effort that its model of xAI takes', () => {
    const effort = (model: string, reasoning_effort: string) => {
      const encoded = own('xai', { reasoning_effort }, model);
      return [bodyOf(encoded).reasoning_effort, encoded.dropped.length];
    };
    expect(effort('grok-4.6', 'xhigh')).toEqual(['xhigh', 0]);
    expect(effort('grok-4.5', 'xhigh')).toEqual(['high', 1]);
    expect(effort('grok-4.3', 'none')).toEqual(['none', 0]);
    expect(effort('grok-4.6', 'none')).toEqual([undefined, 1]);
    expect(effort('grok-3-mini', 'medium')).toEqual(['low', 1]);
    expect(effort('grok-4.20-multi-agent', 'medium')).toEqual(['medium', 0]);
    for (const model of [
      'grok-4',
      'grok-4-1-fast-reasoning',
      'grok-4.20-0309-reasoning',
      'grok-3',
      'grok-code-fast-1',
    ])
      expect(effort(model, 'high')).toEqual([undefined, 1]);
    expect(effort('grok-5', 'medium')).toEqual(['medium', 0]);
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
    const chatty = own('xai', { stop: 'x', presence_penalty: 0 }, 'grok-4.20-0309-non-reasoning');
    expect(bodyOf(chatty)).toEqual({ ...ask, model: 'grok-4.20-0309-non-reasoning', stop: 'x' });
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
    expect(bodyOf(own('groq', { messages })).messages).toEqual(messages);
  });

  it('loses what Fireworks answers with an error', () => {
    const history = [{ role: 'assistant', content: 'a', reasoning: 'b', reasoning_content: 'c' }];
    const { dropped, ...encoded } = own('fireworks', {
      stream: true,
      stream_options: { include_usage: true },
      store: true,
      prompt_cache_key: 'k',
      reasoning_effort: 'xhigh',
      messages: history,
    });
    expect(dropped).toEqual(['store', 'reasoning_effort', 'messages.reasoning']);
    expect(bodyOf({ dropped, ...encoded })).toEqual({
      model: 'm',
      stream: true,
      prompt_cache_key: 'k',
      reasoning_effort: 'high',
      messages: [{ role: 'assistant', content: 'a', reasoning_content: 'c' }],
    });
  });

  it('loses the members that Groq does not know', () => {
    const { dropped } = own('groq', { prompt_cache_key: 'k', verbosity: 'low', service_tier: 'flex' });
    expect(dropped).toEqual(['prompt_cache_key', 'verbosity']);
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
    expect(bodyOf(deepseek)).toMatchObject({ thinking: { type: 'enabled' }, reasoning_effort: 'high' });
    expect(deepseek.dropped).toEqual(['top_k']);
    const calm = bodyOf(crossed('deepseek', { thinking: { type: 'disabled' } }));
    expect(calm).toEqual({ ...ask, max_tokens: 100, thinking: { type: 'disabled' } });
    const mistral = crossed('mistral', wire);
    expect(bodyOf(mistral)).toEqual({ ...ask, max_tokens: 100, stream: true, reasoning_effort: 'high' });
    expect(mistral.dropped).toEqual(['top_k']);
  });

  it('is refused what would give another answer', () => {
    const tools = [{ name: 'f', input_schema: { type: 'object' } }];
    expect(() => crossed('perplexity', { tools })).toThrow(RequestError);
    expect(() => crossed('ollama', { tools, tool_choice: { type: 'any' } })).toThrow(/tool_choice/);
    expect(bodyOf(crossed('ollama', { tools, tool_choice: { type: 'auto' } })).tools).toHaveLength(1);
    const schema = { type: 'json_schema', schema: { type: 'object' } };
    expect(() => crossed('deepseek', { output_config: { format: schema } })).toThrow(/response_format/);
    expect(() => crossed('openai', { stop_sequences: ['a', 'b', 'c', 'd', 'e'] })).toThrow(/stop_sequences/);
    expect(bodyOf(crossed('together', { stop_sequences: ['a', 'b', 'c', 'd', 'e'] })).stop).toHaveLength(5);
  });

  it('makes DeepSeek call a tool, without thinking', () => {
    const tools = [{ name: 'f', input_schema: { type: 'object' } }];
    const forced = crossed('deepseek', { tools, tool_choice: { type: 'any' } });
    expect(bodyOf(forced)).toMatchObject({ tool_choice: 'required', thinking: { type: 'disabled' } });
    expect(forced.dropped).toEqual([]);
    const free = bodyOf(crossed('deepseek', { tools, tool_choice: { type: 'auto' } }));
    expect(free).not.toHaveProperty('thinking');
    const schema = { type: 'object', properties: {} };
    const functions = [{ type: 'function', function: { name: 'f', parameters: schema } }];
    const named = { type: 'function', function: { name: 'f' } };
    const ours = own('deepseek', { tools: functions, tool_choice: named, reasoning_effort: 'low' });
    expect(bodyOf(ours)).toMatchObject({ tool_choice: named, thinking: { type: 'disabled' } });
    expect(bodyOf(ours)).not.toHaveProperty('reasoning_effort');
    expect(ours.dropped).toEqual(['reasoning_effort']);
    expect(own('deepseek', { tools: functions, tool_choice: 'required' }).dropped).toEqual(['thinking']);
    const thinking = { type: 'enabled' };
    const said = { tools: functions, tool_choice: 'required', thinking };
    expect(bodyOf(own('deepseek', said))).toMatchObject(said);
  });

  it('gives DeepSeek back what it thought, be it nothing, and no sampling that it would not follow', () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' }] },
    ];
    const thinking = crossed('deepseek', { messages, temperature: 0.5 }, 'deepseek-v4-pro');
    expect(bodyOf(thinking).messages).toContainEqual(expect.objectContaining({ reasoning_content: '' }));
    expect(bodyOf(thinking)).not.toHaveProperty('temperature');
    expect(thinking.dropped).toEqual(['temperature']);
    const calm = bodyOf(crossed('deepseek', { messages, temperature: 0.5, thinking: { type: 'disabled' } }));
    expect(JSON.stringify(calm)).not.toContain('reasoning_content');
    expect(calm.temperature).toBe(0.5);
    const history = toolHistory('call_1') as JsonObject[];
    expect(bodyOf(own('deepseek', { messages: history })).messages).toEqual(
      history.map((it) => (it.tool_calls ? { ...it, reasoning_content: '' } : it)),
    );
    const old = { messages: history, temperature: 0.5 };
    expect(own('deepseek', old, 'deepseek-chat').body).toBe(
      JSON.stringify({ ...ask, ...old, model: 'deepseek-chat' }),
    );
    const kept = history.map((it) => (it.tool_calls ? { ...it, reasoning_content: 'so' } : it));
    expect(bodyOf(own('deepseek', { messages: kept })).messages).toEqual(kept);
  });

  it('asks models of Mistral to reason that can', () => {
    const wire = { thinking: { type: 'enabled', budget_tokens: 2000 }, max_tokens: 3000 };
    expect(bodyOf(crossed('mistral', wire, 'mistral-medium-3-5')).reasoning_effort).toBe('high');
    const large = crossed('mistral', wire, 'mistral-large-latest');
    expect(bodyOf(large)).not.toHaveProperty('reasoning_effort');
    expect(large.dropped).toEqual(['reasoning_effort']);
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
  expect(serverAt('api.fireworks.ai')).toBe('fireworks');
  expect(serverAt('us.api.fireworks.ai')).toBe('fireworks');
  expect(serverAt('api.mistral.ai.example.com')).toBeUndefined();
  expect(serverAt('evilapi.x.ai')).toBeUndefined();
});
