import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import { RequestError } from '../../refusals.ts';
import { type JsonValue, parseJsonDocument } from '../../wire/json.ts';
import { sseFrame } from '../../wire/sse.ts';
import type { ResponseDecoder, ResponseEncoder } from '../dialect.ts';
import { openaiChat } from './index.ts';

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;

/** An object with the members that are read, each of a likely type or of any. */
const shaped = (members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> => {
  const loose = Object.entries(members).map(([key, value]) => [
    key,
    fc.oneof({ weight: 4, arbitrary: value }, json),
  ]);
  return fc.record(Object.fromEntries(loose) as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: [] });
};

const list = (item: fc.Arbitrary<unknown>) => fc.array(item, { maxLength: 3 });

const called = shaped({ name: fc.string(), arguments: fc.string(), input: fc.string() });
const call = shaped({
  index: fc.nat(2),
  id: fc.constantFrom('a', 'b', ''),
  type: fc.constantFrom('function', 'custom'),
  function: called,
  custom: called,
});
const detail = shaped({
  type: fc.constantFrom('reasoning.text', 'reasoning.summary', 'reasoning.encrypted'),
  text: fc.string(),
  summary: fc.string(),
  data: fc.string(),
  signature: fc.string(),
  index: fc.nat(2),
});
const item = shaped({
  type: fc.constantFrom('text', 'thinking', 'image_url'),
  text: fc.string(),
  thinking: list(json),
});
const message = shaped({
  role: fc.constantFrom('assistant', 'user', 'system', 'tool', 'function'),
  content: fc.oneof(fc.string(), list(item)),
  refusal: fc.string(),
  reasoning: fc.string(),
  reasoning_content: fc.string(),
  reasoning_details: list(detail),
  tool_calls: list(call),
  tool_call_id: fc.string(),
  function_call: called,
  annotations: list(shaped({ type: fc.constant('url_citation'), url_citation: json })),
});
const choice = shaped({
  index: fc.nat(2),
  delta: message,
  message,
  finish_reason: fc.constantFrom('stop', 'tool_calls', 'error', null),
  logprobs: json,
});
const answer = shaped({
  id: fc.string(),
  model: fc.string(),
  choices: list(choice),
  usage: shaped({ prompt_tokens: fc.nat(), completion_tokens: fc.nat(), prompt_tokens_details: json }),
});

const context = {
  nowSeconds: 1,
  requestId: 'req_1',
  request: openaiChat.decodeRequest(parseJsonDocument(Buffer.from('{"model":"m","messages":[]}'))),
};

const read = (decoder: ResponseDecoder, text: string): ModelEvent[] => [
  ...decoder.push(Buffer.from(text)),
  ...decoder.end(),
];

const write = (encoder: ResponseEncoder, events: readonly ModelEvent[]): string =>
  events.map((event) => encoder.push(event)).join('') + encoder.end();

describe('whatever comes', () => {
  it('a stream is read and written', () => {
    fc.assert(
      fc.property(list(answer), fc.boolean(), (chunks, done) => {
        const text =
          chunks.map((chunk) => sseFrame(JSON.stringify(chunk))).join('') + (done ? 'data: [DONE]\n\n' : '');
        const events = read(openaiChat.decodeStream(), text);
        const written = write(openaiChat.encodeStream(context), events);
        const ended = events.at(-1)?.type === 'message-stop';
        expect(written.endsWith('data: [DONE]\n\n')).toBe(ended);
      }),
      { numRuns: 100 },
    );
  });

  it('a whole answer is read and written', () => {
    fc.assert(
      fc.property(answer, (body) => {
        const events = read(openaiChat.decodeResponse(), JSON.stringify(body));
        const written = JSON.parse(write(openaiChat.encodeResponse(context), events)) as object;
        expect('choices' in written).toBe(events.at(-1)?.type === 'message-stop');
      }),
      { numRuns: 100 },
    );
  });

  it('a request is read, or refused with a place', () => {
    const request = shaped({
      model: fc.constant('m'),
      messages: list(message),
      tools: list(shaped({ type: fc.constantFrom('function', 'custom'), function: called, custom: called })),
      tool_choice: json,
      stop: fc.string(),
    });
    fc.assert(
      fc.property(request, (wire) => {
        try {
          const model = openaiChat.decodeRequest(parseJsonDocument(Buffer.from(JSON.stringify(wire))));
          openaiChat.encodeRequest(
            { ...model, turns: [...model.turns] },
            { model: 'm', clientHeaders: new Map() },
          );
        } catch (cause) {
          if (!(cause instanceof RequestError)) throw cause;
          expect(cause.error.param).not.toBe('');
        }
      }),
      { numRuns: 100 },
    );
  });

  it('an error is read', () => {
    const error = shaped({
      error: shaped({ message: fc.string(), code: json }),
      detail: list(json),
      message: json,
    });
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), error, (status, body) => {
        const { message: told } = openaiChat.decodeError(
          status,
          new Map(),
          Buffer.from(JSON.stringify(body)),
        );
        expect(told).not.toBe('');
      }),
      { numRuns: 100 },
    );
  });
});
