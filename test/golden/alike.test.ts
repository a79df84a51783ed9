import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialects } from '../../plugins/dialects/registry.ts';
import type { AnswerContext, Dialect } from '../../plugins/dialects/dialect.ts';
import type { ModelEvent } from '../../plugins/model/events.ts';
import type { DialectName } from '../../plugins/model/request.ts';
import { decodePieces, decodeWire, encodeAll, readRecordings, recordingsMissing } from './laws.ts';

/**
 * The same stream with blanks in its chunks, so that no chunk is written like the one before: each of them has to be
 * parsed.
 */
const unlike = (stream: string): string => {
  let chunks = 0;
  return stream.replaceAll(/^data: ?\{/gm, (start) => start + ' '.repeat(1 + (chunks++ % 50)));
};

const recordingNames: Record<DialectName, readonly string[]> = {
  'openai-chat': ['openai.chat'],
  'openai-responses': ['openai.responses'],
  'anthropic-messages': ['anthropic.messages'],
  gemini: ['gemini.stream'],
};

/** Chunks whose texts, padding and counts are still to come: `TEXT`, `PAD`, `7` and `COUNTS`. Some are named events. */
const templates: Record<DialectName, readonly string[]> = {
  'openai-chat': [
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"TEXT"}}]}',
    '{"id":"c","model":"m","choices":[{"index":1,"delta":{"content":"TEXT"}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"TEXT"},"logprobs":null}],"obfuscation":"PAD"}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"TEXT"},"obfuscation":"PAD"}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"TEXT","c\\u006fntent":"a"}}],"p":"PAD"}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"TEXT"},"delta":{"content":"a"}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":[{"type":"text","text":"a"}]},"message":{"content":"TEXT"}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"","reasoning_content":"TEXT"}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"reasoning":"TEXT","reasoning_details":[{"type":"reasoning.text","text":"a"}]}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"reasoning":"TEXT","reasoning_content":"a"}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"refusal":"TEXT"}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}]}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"TEXT"}}]}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"id":"PAD","function":{"arguments":"TEXT"}}]}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"p":"PAD","function":{"arguments":"TEXT"}}]}}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"TEXT"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":7}}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
    '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"TEXT"},"finish_reason":"stop"}],"x":"PAD"}',
    '[DONE]',
  ],
  'openai-responses': [
    '{"type":"response.created","response":{"id":"r","model":"m","output":[]}}',
    '{"type":"response.output_item.added","output_index":0,"item":{"id":"i","type":"message","content":[]}}',
    '{"type":"response.output_item.added","output_index":1,"item":{"id":"f","type":"function_call","call_id":"c","name":"f","arguments":""}}',
    '{"type":"response.output_text.delta","sequence_number":7,"item_id":"i","output_index":0,"content_index":0,"delta":"TEXT","logprobs":[],"obfuscation":"PAD"}',
    '{"type":"response.output_text.delta","sequence_number":7,"item_id":"i","output_index":0,"content_index":1,"delta":"TEXT"}',
    '{"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"TEXT","d\\u0065lta":"a"}',
    '{"type":"response.function_call_arguments.delta","sequence_number":7,"item_id":"f","output_index":1,"delta":"TEXT"}',
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"TEXT"}',
    'event: response.output_text.delta\ndata: {"item_id":"i","output_index":0,"content_index":0,"delta":"TEXT"}',
    'event: response.refusal.delta\ndata: {"item_id":"i","output_index":0,"content_index":0,"delta":"TEXT"}',
    'event: error\ndata: {"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"TEXT"}',
    '{"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":"TEXT","logprobs":[{"token":"a"}]}',
    '{"type":"response.output_item.added","output_index":2,"item":{"id":"u","type":"custom_tool_call","call_id":"u","name":"g","input":""}}',
    '{"type":"response.custom_tool_call_input.delta","sequence_number":7,"item_id":"u","output_index":2,"delta":"TEXT"}',
    '{"type":"response.function_call_arguments.delta","sequence_number":7,"item_id":"u","output_index":2,"delta":"TEXT"}',
    '{"type":"response.output_item.done","output_index":2,"item":{"id":"u","type":"custom_tool_call","call_id":"u","name":"g","input":"a ba"}}',
    '{"type":"response.function_call_arguments.done","output_index":1,"arguments":"a ba b"}',
    '{"type":"response.function_call_arguments.done","output_index":1,"arguments":"a ba b","delta":"TEXT"}',
    '{"type":"response.reasoning_summary_text.done","item_id":"s","output_index":3,"summary_index":0,"text":"a","delta":"TEXT"}',
    '{"type":"response.output_item.added","output_index":3,"item":{"id":"s","type":"reasoning","summary":[]}}',
    '{"type":"response.reasoning_summary_text.delta","sequence_number":7,"item_id":"s","output_index":3,"summary_index":0,"delta":"TEXT"}',
    '{"type":"response.reasoning_summary_text.delta","sequence_number":7,"item_id":"s","output_index":3,"summary_index":1,"delta":"TEXT"}',
    '{"type":"response.reasoning_text.delta","item_id":"s","output_index":3,"content_index":0,"delta":"TEXT"}',
    '{"type":"response.reasoning_summary_text.done","item_id":"s","output_index":3,"summary_index":0,"text":"a ba b"}',
    '{"type":"response.unknown.delta","sequence_number":7,"delta":"TEXT","obfuscation":"PAD"}',
    '{"type":"response.output_text.done","item_id":"i","output_index":0,"content_index":0,"text":"TEXT"}',
    '{"type":"response.completed","response":{"id":"r","status":"completed","output":[{"id":"i","type":"message","content":[{"type":"output_text","text":"TEXT"}]}]}}',
  ],
  'anthropic-messages': [
    '{"type":"message_start","message":{"id":"m","model":"m","usage":{"input_tokens":1,"output_tokens":1}}}',
    '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
    '{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}',
    '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"TEXT"}}',
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"TEXT"}}',
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"TEXT"}}',
    '{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"TEXT"}}',
    '{"type":"content_block_delta","index":0,"delta":{"type":"other_delta","text":"TEXT"}}',
    '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"TEXT","t\\u0065xt":"a"}}',
    '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"TEXT"}}',
    '{"type":"content_block_stop","index":0}',
    '{"type":"ping"}',
    '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}',
    '{"type":"message_stop"}',
  ],
  gemini: [
    '{"candidates":[{"content":{"parts":[{"text":"TEXT"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":1,"totalTokenCount":7},"modelVersion":"m","responseId":"r"}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT"}],"role":"model"},"index":0}],"usageMetadata":COUNTS,"modelVersion":"m","responseId":"r"}',
    '{"candidates": [{"content": {"parts": [{"text": "TEXT"}],"role": "model"},"index": 0}],"usageMetadata": COUNTS}',
    '{"usageMetadata":COUNTS,"candidates":[{"content":{"parts":[{"text":"TEXT"}],"role":"model"},"index":1}]}',
    '{"usageMetadata":{"promptTokenCount":7},"candidates":[{"content":{"parts":[{"text":"TEXT"}]}}],"usageMetadata":COUNTS}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT"}]}}],"usageMetadata":COUNTS,"usageM\\u0065tadata":{"promptTokenCount":7}}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT","t\\u0065xt":"a"}]}}],"usageMetadata":COUNTS}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT"}]}},{"index":1,"content":{"parts":[{"text":"a"}]}}]}',
    '{"candidates":[{"index":1,"content":{"parts":[{"functionCall":{"name":"f","willContinue":true}}]}}]}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT"}]}},{"index":1,"content":{"parts":[{"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"a","willContinue":true}],"willContinue":true}}]}}]}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT"},{"text":"a"}]}}],"usageMetadata":COUNTS}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT","thought":true}],"role":"model"},"index":0}]}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT","thoughtSignature":"PAD"}]}}],"usageMetadata":COUNTS}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT","x":1}]}}]}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT"}]},"avgLogprobs":7}],"x":"PAD"}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT"}]},"logprobsResult":{}}]}',
    '{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":"TEXT"}}}]}}],"usageMetadata":COUNTS}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT"}],"role":"model"},"finishReason":"STOP"}]}',
    '{"candidates":[{"content":{"parts":[{"text":"TEXT"}],"role":"model"},"finishReason":"MAX_TOKENS"}],"usageMetadata":COUNTS}',
    '{"error":{"message":"TEXT"},"candidates":[{"content":{"parts":[{"text":"TEXT"}]}}]}',
  ],
};

/** Texts as they stand between the quotes of a JSON string, the last of them in none. */
const jsonTexts = ['', 'a', ' b', '\\n', '\\u00e9\\"', '😀', '\u2028', '"', '\\', '\\x', '\t'];

/** Counts as they stand in a chunk, the last of them in none. */
const jsonCounts = [
  '{"promptTokenCount":1,"candidatesTokenCount":7,"totalTokenCount":8}',
  '{"promptTokenCount":1,"candidatesTokenCount":7,"totalTokenCount":8,"promptTokensDetails":[{"modality":"}{","tokenCount":1}]}',
  '{"promptTokenCount":1}',
  '{"totalTokenCount":7}',
  '{}',
  '{"promptTokenCount":-7,"candidatesTokenCount":1.5,"thoughtsTokenCount":1e3}',
  '{"candidatesTokenCount":123456789012345678901234567890,"trafficType":"TEXT"}',
  '{"candidatesTokenCount":1,"candidatesTokenCount":7}',
  '{"__proto__":{"promptTokenCount":7},"a":{"b":{"usageMetadata":{"c":[{}]}}}}',
  'null',
  '[7]',
  '{"candidatesTokenCount":07}',
  '{"candidatesTokenCount":7',
  '{"candidatesTokenCount":7}}',
];

/** In events that begin the answer or what it consists of: without them others say nothing. */
const starting = /"type":"(?:message_start|content_block_start|response\.created|response\.output_item\.added)"|"functionCall":\{"name"/;

/** Streams in which most chunks are like those before. */
const streamOf = (dialect: DialectName): fc.Arbitrary<string> => {
  const chunk = fc.record({
    template: fc.nat(templates[dialect].length - 1),
    times: fc.integer({ min: 1, max: 5 }),
    texts: fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(5) }, fc.nat(jsonTexts.length - 1)), {
      minLength: 5,
    }),
    pads: fc.array(fc.nat(6), { minLength: 5 }),
    counts: fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(8) }, fc.nat(jsonCounts.length - 1)), {
      minLength: 5,
    }),
  });
  const starts = templates[dialect].filter((template) => starting.test(template));
  return fc.tuple(fc.boolean(), fc.array(chunk, { maxLength: 8 })).map(([isStarted, chunks]) => {
    const filled = chunks.flatMap(({ template, times, texts: said, pads, counts }) =>
      Array.from({ length: times }, (_, at) =>
        (templates[dialect][template] ?? '')
          .replace('COUNTS', () => jsonCounts[counts[at] ?? 0] ?? '')
          .replace('TEXT', () => jsonTexts[said[at] ?? 0] ?? '')
          .replace('PAD', () => 'x'.repeat(pads[at] ?? 0))
          .replace('7', String(pads[at] ?? 0)),
      ),
    );
    return [...(isStarted ? starts : []), ...filled]
      .map((frame) => (frame.startsWith('event: ') ? `${frame}\n\n` : `data: ${frame}\n\n`))
      .join('');
  });
};

/** What comes of a stream whose events come one by one, as a proxy hands them on. */
const decodeFrames = (dialect: Dialect, stream: string): ModelEvent[] => {
  const decoder = dialect.decodeStream();
  const frames = stream.match(/[^]+?(?:\n\n|\r\n\r\n|$)/g) ?? [];
  const events = frames.flatMap((frame) => decoder.push(Buffer.from(frame)));
  return [...events, ...decoder.end()];
};

describe.each(Object.values(dialects))(
  '$name: a chunk like the one before is read as if it were parsed',
  (dialect) => {
    const decode = (stream: string, size?: number) =>
      decodePieces(dialect.decodeStream(), Buffer.from(stream), size);

    const expectAlike = (stream: string, name?: string) => {
      const parsed = decode(unlike(stream));
      expect(decode(stream), name).toEqual(parsed);
      expect(decodeFrames(dialect, stream), name).toEqual(parsed);
    };

    it('in streams of all kinds', () => {
      fc.assert(
        fc.property(streamOf(dialect.name), fc.integer({ min: 1, max: 400 }), (stream, size) => {
          expectAlike(stream);
          expectAlike(stream.replaceAll('\n', '\r\n'));
          expect(decode(stream, size)).toEqual(decode(unlike(stream)));
        }),
        { numRuns: 1000 },
      );
    });

    it('in every golden', () => {
      const root = join(import.meta.dirname, dialect.name);
      for (const name of readdirSync(root)) {
        const path = join(root, name, 'stream.sse');
        if (!existsSync(path)) continue;
        expectAlike(readFileSync(path, 'utf8'), name);
      }
    });

    it('in every recording', (context) => {
      if (recordingsMissing !== undefined) context.skip(recordingsMissing);
      for (const { name, kind, body } of recordingNames[dialect.name].flatMap(readRecordings)) {
        if (kind !== 'stream') continue;
        expectAlike(body.toString('utf8'), name);
      }
    });
  },
);

const texts = fc.constantFrom('', 'a', ' b', '"\\', '\u2028é😀', '\ud800');

/** Events of an answer with parts of every kind, most of them more of the text before. */
const answer: fc.Arbitrary<ModelEvent[]> = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constant('grow'), part: fc.nat(3), texts: fc.array(texts, { maxLength: 4 }) }),
      fc.record({
        kind: fc.constantFrom('logprobs', 'usage', 'stop', 'cite'),
        part: fc.nat(3),
        texts: fc.constant([]),
      }),
    ),
    { maxLength: 12 },
  )
  .map((steps) => [
    { type: 'message-start', id: 'c', responseModel: 'm', dialect: 'openai-chat' },
    { type: 'part-start', part: 0, choice: 0, kind: 'text' },
    { type: 'part-start', part: 1, choice: 0, kind: 'reasoning' },
    { type: 'part-start', part: 2, choice: 0, kind: 'tool-call', id: 't', name: 'f' },
    { type: 'part-start', part: 3, choice: 0, kind: 'refusal' },
    ...steps.flatMap(({ kind, part, texts: said }) => eventsOf(kind, part, said)),
    { type: 'finish', choice: 0, reason: 'stop' },
    { type: 'message-stop' },
  ]);

const eventsOf = (kind: string, part: number, said: readonly string[]): ModelEvent[] => {
  switch (kind) {
    case 'grow':
      return said.map((text) => {
        if (part === 1) return { type: 'reasoning-delta', part, text };
        return part === 2
          ? { type: 'tool-input-delta', part, json: text }
          : { type: 'text-delta', part, text };
      });
    case 'logprobs':
      return [{ type: 'logprobs', choice: 0, value: { content: [{ token: 'a', logprob: -1 }] } }];
    case 'usage':
      return [{ type: 'usage', usage: { inputTokens: 1, outputTokens: 2 } }];
    case 'cite':
      return [{ type: 'citation', part, citation: { url: 'https://example.org', start: 0, end: 1 } }];
    default:
      return [{ type: 'part-stop', part }];
  }
};

describe('an event like the one before is written as if it were the first of its kind', () => {
  // After this the encoder writes anew, though the event itself writes nothing.
  const breaks: Partial<Record<DialectName, ModelEvent>> = {
    'anthropic-messages': { type: 'logprobs', choice: 0, value: null },
    'openai-responses': { type: 'ping' },
    gemini: { type: 'ping' },
  };

  it.each(Object.entries(breaks) as [DialectName, ModelEvent][])('for %s', (name, nothing) => {
    const context: AnswerContext = {
      request: decodeWire(dialects[name], {
        model: 'm',
        max_tokens: 1,
        messages: [{ role: 'user', content: 'Hi' }],
        input: 'Hi',
        contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
        generationConfig: { thinkingConfig: { includeThoughts: true } },
      }),
      nowSeconds: 1,
      requestId: 'r',
    };
    const write = (events: readonly ModelEvent[]) => encodeAll(dialects[name].encodeStream(context), events);
    fc.assert(
      fc.property(answer, (events) => {
        expect(write(events)).toBe(write(events.flatMap((event) => [event, nothing])));
      }),
      { numRuns: 500 },
    );
  });
});
