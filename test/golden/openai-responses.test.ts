import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openaiResponses } from '../../plugins/dialects/openai-responses/index.ts';
import type { ModelEvent } from '../../plugins/model/events.ts';
import type { JsonObject } from '../../plugins/wire/json.ts';
import {
  decodePieces,
  decodeWire,
  expectAnswerSurvives,
  expectCutsDoNotMatter,
  expectMeaningSurvives,
  expectRequestSurvives,
  expectStreamSurvives,
  type FoldedAnswer,
  foldEvents,
  parseObject,
  type Recording,
  range,
  readRecordings,
  recordingsMissing,
} from './laws.ts';

// Each folder holds wire written by us and what it means: `request.json` and its `model.json`; `response.json` and
// `stream.sse`, of the same answer where both are there, and their `events.json` and `stream-events.json`.
// UPDATE_GOLDENS=1 writes the meanings anew; review the difference.
const goldenDir = join(import.meta.dirname, 'openai-responses');

const expectGolden = (path: string, actual: unknown): void => {
  if (process.env.UPDATE_GOLDENS) writeFileSync(path, `${JSON.stringify(actual, null, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(path, 'utf8')));
};

const expectRequestLaws = (wire: JsonObject): void => {
  expectRequestSurvives(openaiResponses, wire);
  expectMeaningSurvives(openaiResponses, wire);
};

const endsWell = (events: readonly ModelEvent[]): boolean => events.at(-1)?.type === 'message-stop';

/** What an answer says, however it was told: without the members of the wire beside it. */
const told = ({ parts, finishes, usage, complete }: FoldedAnswer) => ({
  parts: parts.map(({ start, text, signature, citations }) => ({
    start: { ...start, vendor: undefined },
    text,
    signature,
    citations,
  })),
  finishes: finishes.map((finish) => ({ ...finish, vendor: undefined })),
  usage,
  complete,
});

describe.each(readdirSync(goldenDir, { withFileTypes: true }).filter((entry) => entry.isDirectory()))(
  'golden $name',
  ({ name }) => {
    const at = (file: string) => join(goldenDir, name, file);
    const [request, response, stream] = ['request.json', 'response.json', 'stream.sse'].map(at);

    if (request && existsSync(request))
      it('reads and writes the request', () => {
        const wire = parseObject(readFileSync(request, 'utf8'));
        expectGolden(at('model.json'), decodeWire(openaiResponses, wire));
        expectRequestLaws(wire);
      });

    if (response && existsSync(response))
      it('reads and writes the whole answer', () => {
        const bytes = readFileSync(response);
        const events = decodePieces(openaiResponses.decodeResponse(), bytes);
        expectGolden(at('events.json'), events);
        if (endsWell(events)) expectAnswerSurvives(openaiResponses, bytes);
        expectCutsDoNotMatter(openaiResponses.decodeResponse, bytes, { sizes: [1, 7, 64] });
      });

    if (stream && existsSync(stream))
      it('reads and writes the stream, cut anywhere', () => {
        const bytes = readFileSync(stream);
        const events = decodePieces(openaiResponses.decodeStream(), bytes);
        expectGolden(at('stream-events.json'), events);
        expectCutsDoNotMatter(openaiResponses.decodeStream, bytes, {
          cuts: someCuts(bytes, 40),
          sizes: range(1, 64),
        });
        if (endsWell(events)) expectStreamSurvives(openaiResponses, bytes);
      });

    if (response && stream && existsSync(response) && existsSync(stream))
      it('tells the same, whole and streamed', () => {
        const whole = decodePieces(openaiResponses.decodeResponse(), readFileSync(response));
        const streamed = decodePieces(openaiResponses.decodeStream(), readFileSync(stream));
        expect(told(foldEvents(streamed))).toEqual(told(foldEvents(whole)));
      });
  },
);

/** Files that hold no answer of this dialect, and what they hold instead. */
const unusable: ReadonlyMap<string, string> = new Map([
  ['vercel-ai/azure/azure-deepseek-reasoning.1__19f43bac__0', 'a Chat completion'],
  ['vercel-ai/openai/parallel-tool-call-wrapper.1.chunks__b098459a__0', 'events whose JSON is not closed'],
]);

/** Streams that end in an error, which is what they are for. */
const failing = new Set(['vercel-ai/openai/openai-error.1.chunks__ca017aa2__0']);

/** Events about items that only this API has; every other event has a place in the model. */
const ownEvents =
  /^response\.(?:web_search_call|file_search_call|code_interpreter_call|code_interpreter_call_code|image_generation_call|apply_patch_call_operation_diff|shell_call_command|shell_call_output_content)\./;

const recordings = readRecordings('openai.responses').filter(({ name }) => !unusable.has(name));

describe('recordings', () => {
  it('are there', (context) => {
    if (recordingsMissing !== undefined) context.skip(recordingsMissing);
    expect(recordings.length).toBeGreaterThan(0);
  });

  it.each(ofKind('unary'))('$name: a whole answer', ({ body }) => {
    expect(endsWell(decodePieces(openaiResponses.decodeResponse(), body))).toBe(true);
    expectAnswerSurvives(openaiResponses, body);
  });

  it.each(ofKind('stream'))('$name: a stream', ({ name, body }) => {
    const events = decodePieces(openaiResponses.decodeStream(), body);
    expect(events.filter(isUnknown)).toEqual([]);
    expectCutsDoNotMatter(openaiResponses.decodeStream, body, { cuts: someCuts(body, 3), sizes: [61] });
    expect(events.some(({ type }) => type === 'error')).toBe(failing.has(name));
    if (failing.has(name)) return;
    expect(endsWell(events)).toBe(true);
    expectStreamSurvives(openaiResponses, body);
  });

  it.each(ofKind('error'))('$name: an error', ({ status, headers, body }) => {
    const error = openaiResponses.decodeError(status, headers, body);
    expect(error.code).toBe('upstream_invalid_request');
    expect(error.message.length).toBeGreaterThan(0);
  });

  it.each(recordings.filter(({ request }) => request !== undefined))('$name: its request', ({ request }) => {
    if (request) expectRequestLaws(request);
  });
});

const isUnknown = (event: ModelEvent): boolean => event.type === 'raw' && !ownEvents.test(event.wireType);

/** Places spread over the bytes, and the first ones in the middle of a character of several bytes. */
function someCuts(bytes: Buffer, count: number): number[] {
  const spread = range(1, count).map((step) => Math.floor((bytes.length * step) / (count + 1)));
  const inside = range(0, bytes.length - 1).filter((at) => (bytes[at] ?? 0) >> 6 === 0b10);
  return [...spread, ...inside.slice(0, count)];
}

function ofKind(kind: Recording['kind']): Recording[] {
  return recordings.filter((recording) => recording.kind === kind);
}
