import { describe, expect, test } from 'vitest';
import { type AnswerEnd, type AnswerFrame, readAnswer, type Seen } from './answer.ts';
import { dialects } from './dialects/registry.ts';
import type { ModelEvent } from './model/events.ts';
import type { DialectName } from './model/request.ts';
import type { AnswerWatch } from './policy.ts';
import { parseJsonDocument } from './wire/json.ts';

const streams: Record<'openai-chat' | 'anthropic-messages', string[]> = {
  'openai-chat': [
    '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}',
    ...['one ', 'two ', 'three ', 'four '].map(
      (text) =>
        `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"${text}"},"finish_reason":null}]}`,
    ),
    '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
    '[DONE]',
  ].map((text) => `data: ${text}\n\n`),
  'anthropic-messages': [
    '{"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}',
    '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
    ...['one ', 'two ', 'three ', 'four '].map(
      (text) => `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${text}"}}`,
    ),
    '{"type":"content_block_stop","index":0}',
    '{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":4}}',
    '{"type":"message_stop"}',
  ].map((text) => `event: ${/"type":"(\w+)"/.exec(text)?.[1]}\ndata: ${text}\n\n`),
};

/** Ends the answer before the third piece of its text. */
const cutBeforeThree = (): AnswerWatch => ({
  see: (event: ModelEvent) =>
    event.type === 'text-delta' && event.text.includes('three')
      ? { reason: 'length', usage: { inputTokens: 3, outputTokens: 2 } }
      : undefined,
});

interface Case {
  readonly client: DialectName;
  readonly upstream: keyof typeof streams;
  /** Events that come in one piece. */
  readonly together: number;
  /** Events of a first piece of their own. */
  readonly alone?: number;
}

const answer = ({ client, upstream, together, alone = 0 }: Case) => {
  const frames: AnswerFrame[] = [];
  const ends: AnswerEnd[] = [];
  const seen: Seen = { complete: false };
  const body = { model: 'm', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'count' }] };
  const reader = readAnswer({
    head: { status: 200, headers: new Map([['content-type', 'text/event-stream']]) },
    client: dialects[client],
    upstream: dialects[upstream],
    request: dialects[client].decodeRequest(parseJsonDocument(Buffer.from(JSON.stringify(body)))),
    nowSeconds: 1,
    requestId: 'id',
    filter: undefined,
    watch: cutBeforeThree(),
    headers: () => [],
    maxBytes: 1e6,
    ended: (end) => ends.push(end),
    emit: (frame) => frames.push(frame),
    seen,
  });
  const wire = streams[upstream];
  const first = wire.slice(0, alone).join('');
  if (first !== '') reader.push(Buffer.from(first));
  for (let at = alone; at < wire.length; at += together) {
    reader.push(Buffer.from(wire.slice(at, at + together).join('')));
  }
  reader.end();
  const text = frames.map(({ body: it = '' }) => Buffer.from(it).toString()).join('');
  return { text, ends, seen, closed: frames.filter(({ end }) => end).length };
};

describe('an answer that is cut', () => {
  const cases = (['openai-chat', 'anthropic-messages'] as const).flatMap((client) =>
    (['openai-chat', 'anthropic-messages'] as const).flatMap((upstream) => [
      { client, upstream, together: 1 },
      { client, upstream, together: 3 },
      { client, upstream, together: 100 },
      { client, upstream, alone: 1, together: 100 },
      { client, upstream, alone: 2, together: 100 },
    ]),
  );

  test.each(cases)('$client over $upstream, $together at once: whole, with a proper finish', (it) => {
    const { text, ends, seen, closed } = answer(it);
    expect(ends).toEqual([{ ending: 'cut', status: 200 }]);
    expect(closed).toBe(1);
    expect(seen).toMatchObject({ complete: true, finishReason: 'length', usage: { outputTokens: 2 } });
    const decoder = dialects[it.client].decodeStream();
    const events = [...decoder.push(Buffer.from(text)), ...decoder.end()];
    expect(events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')).toBe('one two ');
    expect(events.filter(({ type }) => type === 'message-start')).toHaveLength(1);
    expect(events.find(({ type }) => type === 'finish')).toMatchObject({ reason: 'length' });
    expect(events.at(-1)).toEqual({ type: 'message-stop' });
    expect(text).not.toContain('three');
    const starts = text.match(/event: message_start/g) ?? [];
    expect(starts).toHaveLength(it.client === 'anthropic-messages' ? 1 : 0);
  });
});
