import { describe, expect, test } from 'vitest';
import type { Dialect } from '../plugins/dialects/dialect.ts';
import { dialects } from '../plugins/dialects/registry.ts';
import type { JsonObject } from '../plugins/wire/json.ts';
import { answerTranslator, translateRequest } from './translate.ts';

const chat = dialects['openai-chat'];
const responses = dialects['openai-responses'];
const anthropic = dialects['anthropic-messages'];

const request = (from: Dialect, to: Dialect, body: JsonObject | string, options = {}) => {
  const warnings: JsonObject[] = [];
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const text = translateRequest(bytes, { from, to }, { options, warn: (warning) => warnings.push(warning) });
  return { body: text === undefined ? undefined : (JSON.parse(text) as JsonObject), warnings };
};

const hello = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

describe('a request', () => {
  test('crosses, and what is lost is named', () => {
    expect(request(chat, responses, { ...hello, seed: 1, stop: ['x'] }, { model: 'gpt-5.4' })).toEqual({
      body: {
        model: 'gpt-5.4',
        input: [{ role: 'user', content: 'hi' }],
        include: ['reasoning.encrypted_content'],
        store: false,
      },
      warnings: [{ dropped: 'seed' }, { dropped: 'stop' }],
    });
  });

  test('within its dialect is patched', () => {
    expect(request(chat, chat, { ...hello, seed: 1 }, { model: 'n' }).body).toEqual({
      ...hello,
      seed: 1,
      model: 'n',
    });
  });

  test('that cannot cross is refused, with the field', () => {
    expect(request(chat, anthropic, { ...hello, n: 2 })).toEqual({
      body: undefined,
      warnings: [{ refused: 'unsupported_field', param: 'n', message: expect.any(String) }],
    });
    expect(request(chat, chat, '{').warnings).toMatchObject([{ refused: 'invalid_request' }]);
  });
});

describe('an answer', () => {
  const answer = (from: Dialect, to: Dialect, body: string, kind: 'response' | 'stream') => {
    const warnings: JsonObject[] = [];
    const translator = answerTranslator(
      { from, to },
      { kind, nowSeconds: 1, warn: (warning) => warnings.push(warning) },
    );
    const text = translator.push(Buffer.from(body)) + translator.end();
    return { text, failed: translator.failed, warnings };
  };

  const response = {
    id: 'resp_1',
    object: 'response',
    created_at: 5,
    status: 'completed',
    model: 'm',
    output: [
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] },
    ],
    usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
  };

  test('crosses, and what only its own dialect knows is named', () => {
    const { text, failed, warnings } = answer(responses, chat, JSON.stringify(response), 'response');
    expect(JSON.parse(text)).toMatchObject({
      choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }],
      usage: { total_tokens: 3 },
    });
    expect(failed).toBe(false);
    expect(warnings).toEqual([{ dropped: 'a part that only its own dialect knows' }]);
  });

  test('that was cut fails', () => {
    const { text, failed, warnings } = answer(chat, responses, 'data: {"id":"1","choices":[]}\n\n', 'stream');
    expect(text).toContain('event: error');
    expect(failed).toBe(true);
    expect(warnings).toEqual([{ failed: 'the answer has no proper end' }]);
  });
});
