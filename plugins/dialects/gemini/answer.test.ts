import { describe, expect, test } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import type { FinishReason } from '../../model/usage.ts';
import { gemini } from './index.ts';

/** What a client of Gemini is told of one call with these arguments, by a server of Chat. */
const told = (json: string, reason: FinishReason) => {
  const events: readonly ModelEvent[] = [
    { type: 'message-start', id: 'a', responseModel: 'm', dialect: 'openai-chat' },
    { type: 'part-start', part: 0, choice: 0, kind: 'tool-call', id: 'call_1', name: 'f' },
    { type: 'tool-input-delta', part: 0, json },
    { type: 'part-stop', part: 0 },
    { type: 'finish', choice: 0, reason },
    { type: 'message-stop' },
  ];
  const encoder = gemini.encodeResponse({
    nowSeconds: 1,
    requestId: 'r',
    request: {
      operation: 'chat',
      dialect: 'gemini',
      requestModel: 'm',
      stream: false,
      streamUsage: false,
      system: [],
      turns: [],
      tools: [],
      sampling: {},
      stopSequences: [],
      vendor: {},
    },
  });
  const body: unknown = JSON.parse(events.map((event) => encoder.push(event)).join('') + encoder.end());
  return (body as { candidates: unknown[] }).candidates[0];
};

describe('arguments are an object', () => {
  test.each(['', 'null', '[]', '{}'])('%j is an empty one', (json) => {
    expect(told(json, 'tool_calls')).toMatchObject({
      content: { parts: [{ functionCall: { name: 'f', args: {} } }] },
      finishReason: 'STOP',
    });
  });

  test('a call that was cut by the limit is no call', () => {
    const candidate = told('{"path":"/', 'length');
    expect(candidate).toMatchObject({ finishReason: 'MAX_TOKENS' });
    expect(JSON.stringify(candidate)).not.toContain('functionCall');
  });

  test('a call that is no JSON otherwise is a malformed one', () => {
    const candidate = told('4 + 4', 'tool_calls');
    expect(candidate).toMatchObject({ finishReason: 'MALFORMED_FUNCTION_CALL' });
    expect(JSON.stringify(candidate)).not.toContain('functionCall');
  });
});
