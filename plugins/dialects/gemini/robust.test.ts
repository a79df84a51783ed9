import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import type { JsonObject, JsonValue } from '../../wire/json.ts';
import { decodeResponse, decodeStream, observeResponse, observeStream } from './events.ts';
import { PartialArgs } from './partial-args.ts';

const frame = (chunk: unknown, end = '\r\n\r\n'): string => `data: ${JSON.stringify(chunk)}${end}`;
const eventsOf = (text: string, decode = decodeStream): ModelEvent[] => {
  const decoder = decode();
  return [...decoder.push(Buffer.from(text)), ...decoder.end()];
};
const chunk = (parts: JsonValue[], more: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  usageMetadata: { promptTokenCount: 1 },
  responseId: 'r',
});
const end = chunk([{ text: '' }], { finishReason: 'STOP' });

describe('a stream', () => {
  it.each(['\n\n', '\r\n\r\n', '\r\r'])('ends its frames with %j', (ends) => {
    const text = frame(chunk([{ text: 'a' }]), ends) + frame(end, ends);
    expect(eventsOf(text).at(-1)).toEqual({ type: 'message-stop' });
    expect(eventsOf(text, observeStream).at(-1)).toEqual({ type: 'message-stop' });
  });

  it('without its last blank line is whole, cut inside of it is not', () => {
    const text = frame(chunk([{ text: 'a' }])) + frame(end, '');
    expect(eventsOf(text).at(-1)).toEqual({ type: 'message-stop' });
    expect(eventsOf(text.slice(0, -3)).map(({ type }) => type)).not.toContain('message-stop');
    expect(eventsOf(text.slice(0, -3), observeStream).map(({ type }) => type)).not.toContain('message-stop');
  });

  it.each([
    ['a page', '<html></html>'],
    ['no JSON', 'data: {"cut\n\n'],
    ['another API', frame({ id: 'x', choices: [] })],
    ['a list', frame([1])],
  ])('that is %s cannot be read', (_name, text) => {
    for (const decode of [decodeStream, observeStream])
      expect(eventsOf(text, decode)).toMatchObject([
        { type: 'error', error: { code: 'upstream_malformed' } },
      ]);
  });

  it('that is an error says so, also as a plain body and in an array', () => {
    const error = { error: { code: 429, message: 'slow down', status: 'RESOURCE_EXHAUSTED' } };
    for (const text of [frame(error), JSON.stringify(error), JSON.stringify([error])])
      expect(eventsOf(text)).toMatchObject([
        { type: 'error', error: { code: 'upstream_rate_limited', message: 'The upstream is rate limited.' } },
      ]);
  });

  it('of whose candidates one did not end was cut', () => {
    const two = {
      ...chunk([{ text: 'a' }]),
      candidates: [...(end.candidates as JsonValue[]), { index: 1, content: { parts: [{ text: 'b' }] } }],
    };
    expect(eventsOf(frame(two)).map(({ type }) => type)).not.toContain('message-stop');
  });

  it('observed, counts what it has seen so far', () => {
    const counting = (tokens: number, text: string) => ({
      ...chunk([{ text }]),
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: tokens },
    });
    const decoder = observeStream();
    decoder.push(Buffer.from(frame(counting(1, 'a'))));
    const words = frame(counting(2, '"usageMetadata":{"promptTokenCount":99}')) + frame(counting(3, '}'));
    expect(decoder.push(Buffer.from(words))).toMatchObject([
      { type: 'usage', usage: { inputTokens: 5, outputTokens: 3 } },
    ]);
  });

  it('observed, leaves the parts of an answer alone', () => {
    const text = frame(chunk([{ text: 'a' }])) + frame(chunk([{ functionCall: { name: 'f' } }])) + frame(end);
    expect(eventsOf(text, observeStream).map(({ type }) => type)).toEqual([
      'message-start',
      'usage',
      'usage',
      'usage',
      'finish',
      'message-stop',
    ]);
    expect(eventsOf(text, observeStream)).toContainEqual({ type: 'finish', choice: 0, reason: 'tool_calls' });
  });

  it('calls with a name alone, or with null arguments', () => {
    const events = eventsOf(
      frame(
        chunk([{ functionCall: { name: 'f' } }, { functionCall: { name: 'g', args: null } }], {
          finishReason: 'STOP',
        }),
      ),
    );
    expect(events.filter(({ type }) => type === 'tool-input-delta')).toMatchObject([
      { json: '{}' },
      { json: '{}' },
    ]);
  });
});

describe('whatever comes', () => {
  const anything = fc.oneof(
    fc.json(),
    fc.string(),
    fc.constantFrom(
      '{"candidates":[',
      '[{"candidates":[{}]}]',
      '{"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}',
    ),
  );

  it('nothing throws, and an answer ends once at most', () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 4 }), (texts) => {
        const stream = texts.map((text) => `data: ${text}\n\n`).join('');
        for (const events of [
          eventsOf(stream),
          eventsOf(stream, observeStream),
          eventsOf(texts.join(''), decodeResponse),
          eventsOf(texts.join(''), observeResponse),
        ])
          expect(
            events.filter(({ type }) => type === 'message-stop' || type === 'error').length,
          ).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('wrongly typed members of an answer break nothing', () => {
    const value = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>;
    const part = fc.record(
      { text: value, thought: value, thoughtSignature: value, functionCall: value },
      { requiredKeys: [] },
    );
    const candidate = fc.record(
      {
        content: fc.oneof(value, fc.record({ parts: fc.array(part, { maxLength: 3 }) })),
        finishReason: value,
        index: value,
        groundingMetadata: value,
        citationMetadata: value,
        logprobsResult: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 2 }), value, (candidates, usageMetadata) => {
        for (const decode of [decodeStream, observeStream])
          eventsOf(frame({ candidates, usageMetadata }), decode);
        eventsOf(JSON.stringify({ candidates, usageMetadata }), decodeResponse);
      }),
    );
  });
});

describe('arguments that come in pieces', () => {
  const built = (...partials: JsonObject[]): unknown => {
    const args = new PartialArgs();
    return partials.every((partial) => args.add(partial)) ? JSON.parse(args.json) : 'refused';
  };

  it('join texts of one place, and only these', () => {
    expect(
      built(
        { jsonPath: '$.a', stringValue: 'x', willContinue: true },
        { jsonPath: '$.a', stringValue: 'y' },
        { jsonPath: '$.a', stringValue: 'z' },
        { jsonPath: "$['b c'][0].d", numberValue: 0 },
      ),
    ).toEqual({ a: 'z', 'b c': [{ d: 0 }] });
  });

  it('cannot reach a prototype', () => {
    built(
      { jsonPath: '$.__proto__.polluted', boolValue: true },
      { jsonPath: '$.constructor.prototype.polluted', boolValue: true },
    );
    expect('polluted' in {}).toBe(false);
  });

  it.each(['a', '$', '$.', '$[-1]', '$.a[99999999]', '$..a', '$.a[*]', '$[0]'])(
    'go nowhere by %s',
    (jsonPath) => {
      expect(built({ jsonPath, stringValue: 'x' })).toBe('refused');
    },
  );
});
