import OpenAI from 'openai';
import type { Response as SdkResponse } from 'openai/resources/responses/responses';
import { describe, expect, it } from 'vitest';
import { openaiResponses } from '../../plugins/dialects/openai-responses/index.ts';
import { dialects } from '../../plugins/dialects/registry.ts';
import type { ModelEvent } from '../../plugins/model/events.ts';
import {
  answerContext,
  decodePieces,
  encodeAll,
  foldEvents,
  readRecordings,
  recordingsMissing,
} from '../golden/laws.ts';

// The official SDK is strict about the order of events, so it is asked: its stream helper joins what we write.

/** What the SDK makes of a stream. */
const joined = (sse: string): Promise<SdkResponse> => {
  const client = new OpenAI({
    apiKey: 'none',
    maxRetries: 0,
    fetch: async () => new Response(sse, { headers: { 'content-type': 'text/event-stream' } }),
  });
  return client.responses.stream({ model: 'm', input: 'i' }).finalResponse();
};

const written = (events: readonly ModelEvent[]): string =>
  encodeAll(openaiResponses.encodeStream(answerContext(openaiResponses, true)), events);

const endsWell = (events: readonly ModelEvent[]): boolean => events.at(-1)?.type === 'message-stop';

/** Streams that the SDK itself does not take. */
const taken = async (body: Buffer): Promise<SdkResponse | undefined> =>
  joined(body.toString('utf8')).catch(() => undefined);

/** Streams whose deltas and whose end tell different texts. */
const contradictory: ReadonlyMap<string, string> = new Map([
  ['vercel-ai/openai/openai-shell-container.1.chunks__d137ca98__0', 'shortened by hand, in the deltas alone'],
]);

/** OpenAI seals an item anew each time that it tells it; we keep the seal of its own end. */
const withoutSeals = (response: SdkResponse): unknown =>
  JSON.parse(
    JSON.stringify(response, (key, value: unknown) =>
      key === 'encrypted_content' || key === 'fingerprint' ? typeof value : value,
    ),
  );

const own = readRecordings('openai.responses').filter(({ kind }) => kind === 'stream');
const others = (['openai-chat', 'anthropic-messages'] as const).flatMap((name) =>
  readRecordings({ 'openai-chat': 'openai.chat', 'anthropic-messages': 'anthropic.messages' }[name]).map(
    (recording) => ({ dialect: dialects[name], recording }),
  ),
);

describe("streams that we write, in the SDK's hands", () => {
  it('are there', (context) => {
    if (recordingsMissing !== undefined) context.skip(recordingsMissing);
    expect(own.length).toBeGreaterThan(0);
  });

  it.each(own.filter(({ name }) => !contradictory.has(name)))(
    '$name: the same as the upstream wrote',
    async ({ body }) => {
      const events = decodePieces(openaiResponses.decodeStream(), body);
      const direct = await taken(body);
      if (!endsWell(events) || !direct) return;
      const ours = await joined(written(events));
      expect(ours.output_text).toBe(direct.output_text);
      expect(withoutSeals(ours)).toEqual(withoutSeals(direct));
    },
  );

  it.each(others.map((it) => [it.recording.name, it] as const))(
    '%s: the text and the calls of another dialect',
    async (_name, { dialect, recording }) => {
      if (recording.kind === 'error') return;
      const decoder = recording.kind === 'stream' ? dialect.decodeStream() : dialect.decodeResponse();
      const events = decodePieces(decoder, recording.body);
      if (!endsWell(events)) return;
      const response = await joined(written(events));
      const { parts } = foldEvents(events);
      const of = (kind: string) =>
        parts.filter(({ start }) => start.type === 'part-start' && start.choice === 0 && start.kind === kind);
      expect(response.output_text).toBe(
        of('text')
          .map(({ text }) => text)
          .join(''),
      );
      expect(response.output.filter(({ type }) => type === 'function_call')).toHaveLength(
        of('tool-call').length,
      );
    },
  );
});
