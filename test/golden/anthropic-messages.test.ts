import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../../plugins/dialects/anthropic-messages/index.ts';
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
const root = join(import.meta.dirname, 'anthropic-messages');

const casesWith = (file: string): string[] =>
  readdirSync(root)
    .filter((name) => existsSync(join(root, name, file)))
    .sort();

const read = (name: string, file: string): Buffer => readFileSync(join(root, name, file));

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

describe('requests', () => {
  test.each(casesWith('request.json'))('%s', async (name) => {
    const wire = parseObject(read(name, 'request.json').toString());
    await expect(pretty(decodeWire(anthropicMessages, wire))).toMatchFileSnapshot(
      join(root, name, 'request.model.json'),
    );
    expectRequestSurvives(anthropicMessages, wire);
    expectMeaningSurvives(anthropicMessages, wire);
  });
});

/** Streams that end in an error of the upstream, or without any end. */
const broken = new Set(['error-mid-stream', 'truncated']);

/** Streams that are not written again as the same answer, and why. */
const rewritten = new Set([
  'error-mid-stream', // carries our stable code instead of the upstream's
  'truncated', // ends in the error that says so
]);

describe('streams', () => {
  test.each(casesWith('stream.sse'))('%s', async (name) => {
    const bytes = read(name, 'stream.sse');
    const events = decodePieces(anthropicMessages.decodeStream(), bytes);
    expect(foldEvents(events).complete).toBe(!broken.has(name));
    await expect(`${events.map((event) => JSON.stringify(event)).join('\n')}\n`).toMatchFileSnapshot(
      join(root, name, 'stream.events.jsonl'),
    );
    const encoded = encodeAll(anthropicMessages.encodeStream(answerContext(anthropicMessages, true)), events);
    await expect(encoded).toMatchFileSnapshot(join(root, name, 'stream.encoded.sse'));
    expectCutsDoNotMatter(anthropicMessages.decodeStream, bytes, {
      cuts: range(0, bytes.length),
      sizes: [1, 2, 3, 7, 64],
    });
    if (!rewritten.has(name)) expectStreamSurvives(anthropicMessages, bytes);
  });
});

/** The answer without what differs by nature: members of the start, which a whole answer tells at its end, and cuts. */
const joinedAnswer = (events: ReturnType<typeof decodePieces>) => {
  const { start, raws, parts, ...answer } = foldEvents(events);
  const { vendor: _, ...same } = start?.type === 'message-start' ? start : {};
  return {
    ...answer,
    start: same,
    parts: parts.map((part) => ({ ...part, text: compact(part.text) })),
    hiddenInput: raws.map((event) => (event.type === 'raw' ? inputText(event.value) : '')).join(''),
  };
};

/** Arguments are JSON text, whose white space is the model's. */
const compact = (text: string): string => (/^\{.*\}$/s.test(text) ? JSON.stringify(JSON.parse(text)) : text);

const inputText = (value: JsonValue): JsonValue | undefined =>
  isJsonObject(value) && isJsonObject(value.delta) ? value.delta.partial_json : undefined;

describe('whole answers', () => {
  test.each(casesWith('response.json'))('%s', (name) => {
    const bytes = read(name, 'response.json');
    expectAnswerSurvives(anthropicMessages, bytes);
    const whole = decodePieces(anthropicMessages.decodeResponse(), bytes);
    const streamed = decodePieces(anthropicMessages.decodeStream(), read(name, 'stream.sse'));
    expect(joinedAnswer(whole)).toEqual(joinedAnswer(streamed));
  });
});

describe('recordings', () => {
  const recordings = readRecordings('anthropic.messages');

  test('are there', (context) => {
    if (recordingsMissing !== undefined) context.skip(recordingsMissing);
    expect(recordings.length).toBeGreaterThan(100);
  });

  test.each(recordings.flatMap(({ name, request }) => (request ? [{ name, request }] : [])))(
    'request of $name',
    ({ request }) => {
      expectRequestSurvives(anthropicMessages, request);
      expectMeaningSurvives(anthropicMessages, request);
    },
  );

  test.each(recordings.filter(({ kind }) => kind === 'unary'))('whole $name', ({ body }) => {
    const events = decodePieces(anthropicMessages.decodeResponse(), body);
    expect(events.filter(isUnexpected)).toEqual([]);
    expect(foldEvents(events).complete).toBe(true);
    expectAnswerSurvives(anthropicMessages, body, withStopSequence);
  });

  test.each(recordings.filter(({ kind }) => kind === 'stream'))('stream $name', ({ body }) => {
    const events = decodePieces(anthropicMessages.decodeStream(), body);
    expect(events.filter(isUnexpected)).toEqual([]);
    expect(foldEvents(events).complete).toBe(true);
    expectCutsDoNotMatter(anthropicMessages.decodeStream, body, { sizes: [61] });
    expectStreamSurvives(anthropicMessages, body);
  });
});

/** Errors, and what we do not know; `raw` is the right place for the input of tools that the provider runs itself. */
const isUnexpected = (event: ModelEvent): boolean =>
  event.type === 'error' || (event.type === 'raw' && inputText(event.value) === undefined);

/** Two recorded answers leave `stop_sequence` out; we always write it, as the API does. */
const withStopSequence = (message: JsonObject): JsonObject =>
  isJsonObject(message) ? { stop_sequence: null, ...message } : message;
