import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../plugins/dialects/dialect.ts';
import { dialects } from '../../plugins/dialects/registry.ts';
import type { ModelEvent, PartStart } from '../../plugins/model/events.ts';
import type { DialectName } from '../../plugins/model/request.ts';
import type { FinishReason, Usage } from '../../plugins/model/usage.ts';
import { RequestError } from '../../plugins/refusals.ts';
import { isJsonObject, type JsonValue } from '../../plugins/wire/json.ts';
import {
  answerContext,
  decodePieces,
  decodeWire,
  encodeAll,
  encodeWire,
  foldEvents,
  type Recording,
  readRecordings,
  recordingsMissing,
} from '../golden/laws.ts';

// Every recorded exchange through every pair of dialects: a client must be told the same as by a direct call.

/** What recordings call a dialect. */
const recorded: Readonly<Record<DialectName, readonly string[]>> = {
  'openai-chat': ['openai.chat'],
  'openai-responses': ['openai.responses'],
  'anthropic-messages': ['anthropic.messages'],
  gemini: ['gemini.generate', 'gemini.stream'],
};

const all = Object.values(dialects);

const recordings = all.flatMap((dialect) =>
  recorded[dialect.name].flatMap((name) => readRecordings(name).map((recording) => ({ dialect, recording }))),
);

/** What an application sees of an answer, whichever dialect told it. */
interface Told {
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: JsonValue }[];
  readonly finish: FinishReason | undefined;
  readonly usage: Required<Usage>;
}

/** What was not counted is told as nothing by dialects whose counts must be there. */
const noUsage: Required<Usage> = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

/** The first choice: no other dialect than Chat has more. */
const toldBy = (events: readonly ModelEvent[]): Told => {
  const { parts, finishes, usage } = foldEvents(events);
  const first = parts.filter(({ start }) => (start as PartStart).choice === 0);
  const textOf = (...kinds: PartStart['kind'][]) =>
    first
      .filter(({ start }) => kinds.includes((start as PartStart).kind))
      .map(({ text }) => text)
      .join('');
  const [finish] = finishes;
  return {
    text: textOf('text', 'refusal'),
    reasoning: textOf('reasoning'),
    calls: first.flatMap(({ start, text }) =>
      start.type === 'part-start' && start.kind === 'tool-call'
        ? [{ id: start.id ?? '', name: start.name ?? '', input: parsed(text) }]
        : [],
    ),
    finish: finish?.type === 'finish' ? finish.reason : undefined,
    usage: { ...noUsage, ...(usage?.type === 'usage' ? usage.usage : {}) },
  };
};

/**
 * Arguments by what they say: spaces are no difference. None are none, however that is written; what is no object (cut,
 * or free text) may stand in one where it must be one.
 */
const parsed = (json: string): JsonValue => {
  try {
    const value = JSON.parse(json === '' ? '{}' : json) as JsonValue;
    return isJsonObject(value) && typeof value.partial_json === 'string' ? value.partial_json : value;
  } catch {
    return json;
  }
};

/** Reasons that a dialect has no word for, and the one that it uses. */
const finishIn: Readonly<Record<DialectName, Partial<Record<FinishReason, FinishReason>>>> = {
  'openai-chat': { stop_sequence: 'stop', context_full: 'length', pause: 'stop' },
  'openai-responses': { stop_sequence: 'stop', context_full: 'length', pause: 'stop' },
  'anthropic-messages': {},
  gemini: {
    stop_sequence: 'stop',
    context_full: 'length',
    pause: 'stop',
  },
};

/** What a client of `to` must be told when its upstream, of another dialect, told `told`. */
const expected = (told: Told, to: Dialect): Told => {
  const { finish } = told;
  const word = finish && (finishIn[to.name][finish] ?? finish);
  // A client runs tools for this word alone, and an answer with calls is never just over.
  const runs = told.calls.length > 0 && (word === 'stop' || word === 'pause');
  const usage = to.name === 'gemini' ? { ...told.usage, cacheWriteTokens: 0 } : told.usage;
  return { ...told, usage, finish: runs ? 'tool_calls' : word };
};

/** Gemini has no place for arguments that are no object: by its own word the call is malformed. */
const hasTextForArguments = (events: readonly ModelEvent[]): boolean =>
  toldBy(events).calls.some(({ input }) => !isJsonObject(input));

const crossed = (to: Dialect, stream: boolean, events: readonly ModelEvent[]): ModelEvent[] => {
  const context = answerContext(to, stream);
  // Thoughts are only told where they were asked for.
  const asked = { ...context, request: { ...context.request, reasoning: { show: 'summary' as const } } };
  const encoder = stream ? to.encodeStream(asked) : to.encodeResponse(asked);
  const wire = encodeAll(encoder, events);
  return decodePieces(stream ? to.decodeStream() : to.decodeResponse(), Buffer.from(wire));
};

const decoded = ({ dialect, recording }: { dialect: Dialect; recording: Recording }): ModelEvent[] =>
  decodePieces(
    recording.kind === 'stream' ? dialect.decodeStream() : dialect.decodeResponse(),
    recording.body,
  );

const endsWell = (events: readonly ModelEvent[]): boolean => events.at(-1)?.type === 'message-stop';

describe('recorded exchanges', () => {
  it('are there', (context) => {
    if (recordingsMissing !== undefined) context.skip(recordingsMissing);
    expect(recordings.length).toBeGreaterThan(0);
  });

  describe.each(recordingsMissing === undefined ? all : [])('for clients of $name', (to) => {
    const answers = recordings.filter(({ recording }) => recording.kind !== 'error');

    it.each(answers.map((it) => [it.recording.name, it] as const))('%s: its answer', (_name, answer) => {
      const events = decoded(answer);
      if (!endsWell(events)) return; // an error is told as one, by other tests
      if (to.name === 'gemini' && hasTextForArguments(events)) return;
      for (const stream of [false, true])
        expect(toldBy(crossed(to, stream, events)), stream ? 'streamed' : 'whole').toEqual(
          answer.dialect === to ? toldBy(events) : expected(toldBy(events), to),
        );
    });

    const asked = recordings.filter(({ recording }) => recording.request !== undefined);

    it.each(asked.map((it) => [it.recording.name, it] as const))(
      '%s: its request is carried or refused',
      (_name, { dialect, recording }) => {
        if (!isJsonObject(recording.request)) return;
        const request = decodeWire(dialect, recording.request);
        try {
          const again = decodeWire(to, encodeWire(to, request));
          if (to.name !== 'gemini') expect(again.stream).toBe(request.stream); // its path says so
          // A dialect without a JSON mode asks for JSON in words.
          expect(textsOf(again)).toContain(textsOf(request));
        } catch (cause) {
          if (!(cause instanceof RequestError)) throw cause;
          expect(cause.error.code).toBe('unsupported_field');
          expect(cause.error.param).toMatch(/./);
        }
      },
    );
  });
});

/** The words of a conversation, in order: their roles and cuts may change, they may not. */
const textsOf = ({ system, turns }: ReturnType<typeof decodeWire>): string =>
  JSON.stringify([
    ...system.map(({ text }) => text),
    ...turns.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.type === 'text' || part.type === 'refusal' ? [part.text] : [])),
    ),
  ]).replaceAll(/[^\p{L}\p{N}]+/gu, '');
