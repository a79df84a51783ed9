import { describe, expect, test } from 'vitest';
import { chatRequest } from '../../../test/fakes/requests.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { FinishReason } from '../../model/usage.ts';
import type { AnswerContext } from '../dialect.ts';
import { gemini } from './index.ts';

const context: AnswerContext = {
  nowSeconds: 1,
  requestId: 'r',
  request: chatRequest({ dialect: 'gemini' }),
};

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
  const encoder = gemini.encodeResponse(context);
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

describe('text after text', () => {
  const start: ModelEvent = { type: 'message-start', id: 'a', responseModel: 'm', dialect: 'openai-chat' };
  const part: ModelEvent = { type: 'part-start', part: 0, choice: 0, kind: 'text' };
  const text = (words: string): ModelEvent => ({ type: 'text-delta', part: 0, text: words });
  const usage: ModelEvent = { type: 'usage', usage: { inputTokens: 3, outputTokens: 2 } };

  /** The chunks of a stream. */
  const streamed = (events: readonly ModelEvent[]): { readonly [name: string]: unknown }[] => {
    const encoder = gemini.encodeStream(context);
    const wire = events.map((event) => encoder.push(event)).join('') + encoder.end();
    return wire
      .split('data: ')
      .slice(1)
      .map((chunk) => JSON.parse(chunk));
  };

  test('has the counts that have come between', () => {
    const chunks = streamed([start, part, text('a'), text('b'), usage, text('c'), text('d')]);
    expect(chunks.map((it) => 'usageMetadata' in it)).toEqual([false, false, true, true, false]);
  });

  test('says itself, whatever it is made of', () => {
    const words = ['one', ' "two"\n', '\u0000told', '', '😀'];
    const chunks = streamed([start, part, ...words.map(text)]);
    const said = chunks.slice(0, -1).map((it) => JSON.stringify(it.candidates));
    expect(said).toEqual(
      words
        .filter((it) => it !== '')
        .map((it) => JSON.stringify([{ content: { parts: [{ text: it }], role: 'model' }, index: 0 }])),
    );
  });

  test('counts for the place of what is cited', () => {
    const citation = { url: 'https://example.com', start: 4, end: 7 };
    const chunks = streamed([
      ...[start, part, text('one '), text('two'), text('!')],
      ...([
        { type: 'citation', part: 0, citation },
        { type: 'part-stop', part: 0 },
      ] as const),
      ...([{ type: 'finish', choice: 0, reason: 'stop' }, { type: 'message-stop' }] as const),
    ]);
    expect(JSON.stringify(chunks.at(-1))).toContain('"startIndex":4,"endIndex":7,"text":"two"');
  });
});
