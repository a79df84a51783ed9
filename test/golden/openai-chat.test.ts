import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openaiChat } from '../../plugins/dialects/openai-chat/index.ts';
import type { ModelEvent } from '../../plugins/model/events.ts';
import type { ModelRequest } from '../../plugins/model/request.ts';
import { isJsonObject, type JsonObject } from '../../plugins/wire/json.ts';
import {
  type Adjust,
  decodePieces,
  decodeWire,
  expectAnswerSurvives,
  expectCutsDoNotMatter,
  expectMeaningSurvives,
  expectRequestSurvives,
  expectStreamSurvives,
  parseObject,
  type Recording,
  range,
  readRecordings,
  recordingsMissing,
} from './laws.ts';

// Each folder holds wire written by us and what it means: `request.json` and its `model.json`, `response.json` or
// `stream.sse` and its `events.json`. UPDATE_GOLDENS=1 writes the meanings anew; review the difference.
const goldenDir = join(import.meta.dirname, 'openai-chat');

const expectGolden = (path: string, actual: unknown): void => {
  if (process.env.UPDATE_GOLDENS) writeFileSync(path, `${JSON.stringify(actual, null, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(path, 'utf8')));
};

/** Every stream asks its upstream for the counts, whether or not the client did. */
const asksForUsage: Adjust = (wire) => {
  if (wire.stream !== true) return wire;
  const options = isJsonObject(wire.stream_options) ? wire.stream_options : {};
  return { ...wire, stream_options: { ...options, include_usage: true } };
};

const toldOfUsage = (meaning: ModelRequest): ModelRequest => ({ ...meaning, streamUsage: meaning.stream });

const expectRequestLaws = (wire: JsonObject): void => {
  expectRequestSurvives(openaiChat, wire, asksForUsage);
  expectMeaningSurvives(openaiChat, wire, toldOfUsage);
};

const endsWell = (events: readonly ModelEvent[]): boolean => events.at(-1)?.type === 'message-stop';

describe.each(readdirSync(goldenDir, { withFileTypes: true }).filter((entry) => entry.isDirectory()))(
  'golden $name',
  ({ name }) => {
    const at = (file: string) => join(goldenDir, name, file);

    if (existsSync(at('request.json')))
      it('reads and writes the request', () => {
        const wire = parseObject(readFileSync(at('request.json'), 'utf8'));
        expectGolden(at('model.json'), decodeWire(openaiChat, wire));
        expectRequestLaws(wire);
      });

    if (existsSync(at('response.json')))
      it('reads and writes the whole answer', () => {
        const bytes = readFileSync(at('response.json'));
        expectGolden(at('events.json'), decodePieces(openaiChat.decodeResponse(), bytes));
        expectAnswerSurvives(openaiChat, bytes, adjustAnswer);
        expectCutsDoNotMatter(openaiChat.decodeResponse, bytes, { sizes: [1, 7, 64] });
      });

    if (existsSync(at('stream.sse')))
      it('reads and writes the stream, cut anywhere', () => {
        const bytes = readFileSync(at('stream.sse'));
        const events = decodePieces(openaiChat.decodeStream(), bytes);
        expectGolden(at('events.json'), events);
        expectCutsDoNotMatter(openaiChat.decodeStream, bytes, {
          cuts: bytes.length <= smallBytes ? range(1, bytes.length - 1) : someCuts(bytes, 40),
          sizes: range(1, 64),
        });
        if (endsWell(events)) expectStreamSurvives(openaiChat, bytes);
      });
  },
);

/** Where an answer of a compatible server is written with more than it had, and why. */
const adjustAnswer: Adjust = (wire) => ({
  ...wire,
  ...(Array.isArray(wire.choices)
    ? { choices: wire.choices.map((choice) => (isJsonObject(choice) ? adjustChoice(choice) : choice)) }
    : {}),
  ...(isJsonObject(wire.usage) ? { usage: adjustUsage(wire.usage) } : {}),
});

/** Together and Moonshot count cached tokens beside OpenAI's place for them: clients look in that place. */
const adjustUsage: Adjust = ({ prompt_tokens_details = {}, ...usage }) => {
  const cached = usage.cached_tokens ?? usage.prompt_cache_hit_tokens;
  const details = isJsonObject(prompt_tokens_details) ? prompt_tokens_details : {};
  const known = cached === undefined ? details : { cached_tokens: cached, ...details };
  return Object.keys(known).length === 0 ? usage : { ...usage, prompt_tokens_details: known };
};

const adjustChoice: Adjust = ({ message, delta: _, ...choice }) => ({
  ...choice, // without the empty `delta` that Perplexity has beside the message
  // Azure's filtered answers have no message, which SDKs read without looking.
  message: isJsonObject(message) ? adjustMessage(message) : { role: 'assistant' },
});

/** Mistral leaves out the `type` of a tool call, by which SDKs tell the kinds apart. */
const adjustMessage: Adjust = (message) =>
  Array.isArray(message.tool_calls)
    ? {
        ...message,
        tool_calls: message.tool_calls.map((call) =>
          isJsonObject(call) ? { type: 'function', ...call } : call,
        ),
      }
    : message;

const recordings = readRecordings('openai.chat');

describe('recordings', () => {
  it('are there', (context) => {
    if (recordingsMissing !== undefined) context.skip(recordingsMissing);
    expect(recordings.length).toBeGreaterThan(0);
  });

  it.each(ofKind('unary'))('$name: a whole answer', ({ body }) => {
    expect(endsWell(decodePieces(openaiChat.decodeResponse(), body))).toBe(true);
    expectAnswerSurvives(openaiChat, body, adjustAnswer);
  });

  it.each(ofKind('stream'))('$name: a stream', ({ body }) => {
    const events = decodePieces(openaiChat.decodeStream(), body);
    expect(events.filter(({ type }) => type === 'error')).toEqual([]);
    expect(endsWell(events)).toBe(true);
    expectStreamSurvives(openaiChat, body);
    expectCutsDoNotMatter(openaiChat.decodeStream, body, {
      cuts: someCuts(body, 3),
      sizes: [body.length <= 20 * smallBytes ? 1 + (body.length % 64) : 61],
    });
  });

  it.each(ofKind('error'))('$name: an error', ({ status, headers, body }) => {
    const error = openaiChat.decodeError(status, headers, body);
    expect(error.code).toBe(expectedCodes.get(status));
    expect(error.message.length).toBeGreaterThan(0);
  });

  it.each(recordings.filter(({ request }) => request !== undefined))('$name: its request', ({ request }) => {
    if (request) expectRequestLaws(request);
  });
});

const expectedCodes: ReadonlyMap<number, string> = new Map([
  [400, 'upstream_invalid_request'],
  [401, 'upstream_auth'],
  [404, 'upstream_not_found'],
]);

/** Streams up to this size are cut at every byte. */
const smallBytes = 1_024;

/** Places spread over the bytes, and the first ones in the middle of a character of several bytes. */
function someCuts(bytes: Buffer, count: number): number[] {
  const spread = range(1, count).map((step) => Math.floor((bytes.length * step) / (count + 1)));
  const inside = range(0, bytes.length - 1).filter((at) => (bytes[at] ?? 0) >> 6 === 0b10);
  return [...spread, ...inside.slice(0, count)];
}

function ofKind(kind: Recording['kind']): Recording[] {
  return recordings.filter((recording) => recording.kind === kind);
}
