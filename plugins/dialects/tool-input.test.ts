import { describe, expect, it } from 'vitest';
import type { ModelRequest } from '../model/request.ts';
import { parseJsonDocument } from '../wire/json.ts';
import { dialects, upstreamDialects } from './registry.ts';
import { inputObject } from './tool-input.ts';

describe('arguments as an object', () => {
  it.each(['', ' ', 'null', '[]', '{}'])('%j are none', (text) => {
    expect(inputObject(text)).toEqual({});
  });

  it('keep the digits of integers', () => {
    expect(JSON.stringify(inputObject('{"id":12345678901234567890}'))).toBe('{"id":12345678901234567890}');
  });

  it.each(['[1]', '"a"', '7', '{"a":', 'nul'])('%s are not one', (text) => {
    expect(inputObject(text)).toBeUndefined();
  });
});

/** A call without arguments in the history of a client of Chat. */
const asked = (text: string): ModelRequest => {
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: text } };
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
  ];
  const tools = [{ type: 'function', function: { name: 'f' } }];
  return dialects['openai-chat'].decodeRequest(
    parseJsonDocument(Buffer.from(JSON.stringify({ model: 'm', messages, tools }))),
  );
};

describe.each(['anthropic-messages', 'gemini', 'bedrock-converse'] as const)('%s', (name) => {
  it.each(['null', '[]'])('takes a history with %s for no arguments', (text) => {
    const target = { model: 'm', clientHeaders: new Map<string, string>() };
    const { body } = upstreamDialects[name].encodeRequest(asked(text), target);
    expect(body).toMatch(/"(input|args)":\{\}/);
  });
});
