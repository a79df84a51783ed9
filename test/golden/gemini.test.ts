import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gemini } from '../../plugins/dialects/gemini/index.ts';
import type { ModelEvent } from '../../plugins/model/events.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../plugins/wire/json.ts';
import {
  answerContext,
  decodePieces,
  decodeWire,
  encodeAll,
  expectAnswerSurvives,
  expectCutsDoNotMatter,
  expectMeaningSurvives,
  expectRequestSurvives,
  expectStreamSurvives,
  foldEvents,
  parseObject,
  range,
  readRecordings,
  recordingsMissing,
} from './laws.ts';

/**
 * Each folder is a case: `request.json`, `response.json` and `stream.sse` are wire that we wrote; `request.model.json`,
 * `stream.events.jsonl` and `stream.encoded.sse` are what we make of them. `vitest run -u` rewrites these three.
 */
const root = join(import.meta.dirname, 'gemini');

const casesWith = (file: string): string[] =>
  readdirSync(root)
    .filter((name) => existsSync(join(root, name, file)))
    .sort();

const read = (name: string, file: string): Buffer => readFileSync(join(root, name, file));

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

describe('requests', () => {
  test.each(casesWith('request.json'))('%s', async (name) => {
    const wire = parseObject(read(name, 'request.json').toString());
    await expect(pretty(decodeWire(gemini, wire))).toMatchFileSnapshot(join(root, name, 'request.model.json'));
    expectRequestSurvives(gemini, wire);
    expectMeaningSurvives(gemini, wire);
  });
});

/** Streams that end in an error of the upstream, or without any end. */
const broken = new Set(['error-mid-stream', 'truncated']);

describe('streams', () => {
  test.each(casesWith('stream.sse'))('%s', async (name) => {
    const bytes = read(name, 'stream.sse');
    const events = decodePieces(gemini.decodeStream(), bytes);
    expect(foldEvents(events).complete).toBe(!broken.has(name));
    await expect(`${events.map((event) => JSON.stringify(event)).join('\n')}\n`).toMatchFileSnapshot(
      join(root, name, 'stream.events.jsonl'),
    );
    const encoded = encodeAll(gemini.encodeStream(answerContext(gemini, true)), events);
    await expect(encoded).toMatchFileSnapshot(join(root, name, 'stream.encoded.sse'));
    expectCutsDoNotMatter(gemini.decodeStream, bytes, {
      cuts: range(0, bytes.length),
      sizes: [1, 2, 3, 7, 64],
    });
    if (!broken.has(name)) expectStreamSurvives(gemini, bytes);
  });
});

/** What a whole answer and its stream tell alike: usage in the last chunk, parts without the cuts. */
const told = (events: readonly ModelEvent[]) => {
  const { raws: _, ...answer } = foldEvents(events);
  return answer;
};

describe('whole answers', () => {
  test.each(casesWith('response.json'))('%s', (name) => {
    const bytes = read(name, 'response.json');
    expectAnswerSurvives(gemini, bytes, adjusted);
    const whole = decodePieces(gemini.decodeResponse(), bytes);
    if (!existsSync(join(root, name, 'stream.sse'))) return;
    const streamed = decodePieces(gemini.decodeStream(), read(name, 'stream.sse'));
    expect(told(whole)).toEqual(told(streamed));
  });
});

/** Where an answer is written with more than it had: what the wire leaves out, clients look for. */
const adjusted = (wire: JsonObject): JsonObject => ({
  ...wire,
  ...(Array.isArray(wire.candidates) ? { candidates: wire.candidates.map(adjustedCandidate) } : {}),
});

const adjustedCandidate = (candidate: JsonValue): JsonValue => {
  if (!isJsonObject(candidate)) return candidate;
  const { content, index = 0, ...rest } = candidate;
  const finishReason = candidate.finishReason === 1 ? 'STOP' : (candidate.finishReason ?? 'STOP'); // told by number
  const { parts, ...others } = isJsonObject(content) ? content : {};
  const written = { role: 'model', ...others, ...(Array.isArray(parts) ? { parts: parts.map(adjustedPart) } : {}) };
  return { ...rest, finishReason, index, content: written };
};

const adjustedPart = (part: JsonValue): JsonValue =>
  isJsonObject(part) && isJsonObject(part.functionCall)
    ? { ...part, functionCall: { args: {}, ...part.functionCall } }
    : part;

const recordings = ['gemini.generate', 'gemini.stream'].flatMap(readRecordings);

const isUnexpected = (event: ModelEvent): boolean => event.type === 'error' || event.type === 'raw';

describe('recordings', () => {
  test('are there', (context) => {
    if (recordingsMissing !== undefined) context.skip(recordingsMissing);
    expect(recordings.length).toBeGreaterThan(50);
  });

  test.each(recordings.flatMap(({ name, request }) => (request ? [{ name, request }] : [])))(
    'request of $name',
    ({ request }) => {
      expectRequestSurvives(gemini, request);
      expectMeaningSurvives(gemini, request);
    },
  );

  test.each(recordings.filter(({ kind }) => kind === 'unary'))('whole $name', ({ body }) => {
    const events = decodePieces(gemini.decodeResponse(), body);
    expect(events.filter(isUnexpected)).toEqual([]);
    expect(foldEvents(events).complete).toBe(true);
    expectAnswerSurvives(gemini, body, adjusted);
  });

  test.each(recordings.filter(({ kind }) => kind === 'stream'))('stream $name', ({ body }) => {
    const events = decodePieces(gemini.decodeStream(), body);
    expect(events.filter(isUnexpected)).toEqual([]);
    expect(foldEvents(events).complete).toBe(true);
    expectCutsDoNotMatter(gemini.decodeStream, body, { sizes: [61] });
    expectStreamSurvives(gemini, body);
  });

  test.each(recordings.filter(({ kind }) => kind === 'error'))('error $name', ({ status, headers, body }) => {
    const error = gemini.decodeError(status, headers, body);
    expect(error).toMatchObject({ code: 'upstream_rate_limited', retryAfterMs: 34_400 });
  });
});
