import { describe, expect, test } from 'vitest';
import type { Dialect } from '../../plugins/dialects/dialect.ts';
import { anthropicMessages } from '../../plugins/dialects/anthropic-messages/index.ts';
import { gemini } from '../../plugins/dialects/gemini/index.ts';
import { openaiChat } from '../../plugins/dialects/openai-chat/index.ts';
import type { ModelEvent } from '../../plugins/model/events.ts';
import type { ModelRequest, Part } from '../../plugins/model/request.ts';
import type { FinishReason } from '../../plugins/model/usage.ts';
import { RequestError } from '../../plugins/refusals.ts';
import { describeUnless } from '../describe-unless.ts';
import { answerContext, decodePieces, decodeWire, encodeAll, foldEvents, type Recording, readRecordings, recordingsMissing } from './laws.ts';

/** What a client makes of an answer, in no dialect. */
const told = (events: readonly ModelEvent[]) => {
  const { parts, finishes, usage, complete, error } = foldEvents(events);
  const ofKind = (...kinds: string[]) =>
    parts.filter(({ start }) => start.type === 'part-start' && start.choice === 0 && kinds.includes(start.kind));
  const finish = finishes.find((it) => it.type === 'finish' && it.choice === 0);
  const counts = usage?.type === 'usage' ? usage.usage : undefined;
  return {
    text: ofKind('text', 'refusal').map(({ text }) => text).join(''),
    reasoning: ofKind('reasoning').map(({ text }) => text).join(''),
    calls: ofKind('tool-call').map(({ start, text }) => [start.type === 'part-start' && start.name, JSON.parse(text)]),
    finish: finish?.type === 'finish' ? plain(finish.reason, ofKind('tool-call').length > 0) : undefined,
    usage: counts && {
      inputTokens: counts.inputTokens,
      outputTokens: counts.outputTokens,
      cacheReadTokens: counts.cacheReadTokens ?? 0,
      reasoningTokens: counts.reasoningTokens ?? 0,
    },
    complete,
    error: error?.type === 'error' ? error.error.code : undefined,
  };
};

/** Reasons that not every dialect tells apart: in Gemini's, an end after calls is one for them. */
const plain = (reason: FinishReason, called: boolean): FinishReason => {
  if (reason === 'stop_sequence' || reason === 'pause' || reason === 'stop') return called ? 'tool_calls' : 'stop';
  return reason === 'context_full' ? 'length' : reason;
};

/** Answers that cannot cross, and why. */
const impossible: ReadonlyMap<string, RegExp> = new Map([
  ['anthropic-messages to gemini', /spliced-message-sta/], // arguments that were cut off: calls are whole there
]);

const decoderOf = (dialect: Dialect, { kind }: Recording) =>
  kind === 'stream' ? dialect.decodeStream() : dialect.decodeResponse();

const crossed = (events: readonly ModelEvent[], client: Dialect, stream: boolean): ModelEvent[] => {
  const context = answerContext(client, stream);
  const asking = { ...context, request: { ...context.request, reasoning: { show: 'summary' as const } } };
  const encoder = stream ? client.encodeStream(asking) : client.encodeResponse(asking);
  const bytes = Buffer.from(encodeAll(encoder, events));
  return decodePieces(stream ? client.decodeStream() : client.decodeResponse(), bytes);
};

const sources = [
  [gemini, openaiChat, ['gemini.generate', 'gemini.stream']],
  [gemini, anthropicMessages, ['gemini.generate', 'gemini.stream']],
  [openaiChat, gemini, ['openai.chat']],
  [anthropicMessages, gemini, ['anthropic.messages']],
] as const;

describeUnless(recordingsMissing, 'recorded answers to clients of another dialect', () => {
  describe.each(sources.map(([from, to, names]) => ({ from, to, names, pair: `${from.name} to ${to.name}` })))(
    '$pair',
    ({ from, to, names, pair }) => {
      const recordings = names.flatMap(readRecordings).filter(({ kind }) => kind !== 'error');

      const crossing = recordings.filter(({ name }) => !impossible.get(pair)?.test(name));

      test.each(crossing)('$name', (recording) => {
        const events = decodePieces(decoderOf(from, recording), recording.body);
        for (const stream of [false, true]) {
          const again = crossed(events, to, stream);
          expect(told(again)).toEqual(told(events));
        }
      });
    },
  );
});

/** What a request says, in no dialect: texts, calls, results and tools, in order. */
const asked = ({ system, turns, tools }: ModelRequest) => ({
  system: system.map(({ text }) => text).join('\n\n'),
  said: turns.flatMap(({ parts }) => parts.flatMap(saidBy)),
  tools: tools.map((tool) => [tool.name, tool.kind === 'function' && tool.description]),
});

const saidBy = (part: Part): unknown[] => {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text.trim() === '' ? [] : [part.text];
    case 'tool-call':
      return [[part.name, JSON.parse(part.input || '{}')]];
    case 'tool-result':
      return part.parts.flatMap(saidBy);
    case 'image':
    case 'audio':
    case 'file':
      return [{ ...part.source, mediaType: undefined }];
    default:
      return [];
  }
};

/** A request as the upstream of another dialect reads it; the refusal of what it cannot be asked. */
const asRead = (request: ModelRequest, to: Dialect, model: string) => {
  try {
    const { body } = to.encodeRequest(request, { model, clientHeaders: new Map() });
    return decodeWire(to, JSON.parse(body));
  } catch (cause) {
    if (cause instanceof RequestError && cause.error.code === 'unsupported_field') return cause.error;
    throw cause;
  }
};

describeUnless(recordingsMissing, 'recorded requests to upstreams of another dialect', () => {
  const models = { 'openai-chat': 'gpt-5.4', 'anthropic-messages': 'claude-sonnet-5', gemini: 'gemini-3-flash' };

  describe.each(sources.map(([from, to, names]) => ({ from, to, names, pair: `${from.name} to ${to.name}` })))(
    '$pair',
    ({ from, to, names }) => {
      const requests = names.flatMap(readRecordings).flatMap(({ name, request: wire }) => (wire ? [{ name, wire }] : []));

      test.each(requests)('$name', ({ wire }) => {
        const request = decodeWire(from, wire);
        const read = asRead(request, to, models[to.name as keyof typeof models]);
        if ('code' in read) expect(read.param).toMatch(/./);
        // Where nobody says anything, the API gets a word to answer.
        else if (asked(request).said.length > 0) expect(asked(read)).toEqual(asked(request));
      });
    },
  );
});
