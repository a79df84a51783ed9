import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import { gatewayError } from '../../refusals.ts';
import { parseJsonDocument } from '../../wire/json.ts';
import { encodeStream } from './answer.ts';
import { encodeStreamError, passStream } from './framing.ts';
import { decodeRequest } from './request.ts';

const asked = (query: string) =>
  decodeRequest(
    parseJsonDocument(Buffer.from('{"contents":[{"parts":[{"text":"x"}]}]}')),
    `/v1beta/models/m:streamGenerateContent${query}`,
  );

const events: ModelEvent[] = [
  { type: 'message-start', id: 'r', responseModel: 'm' },
  { type: 'part-start', part: 0, choice: 0, kind: 'text' },
  { type: 'text-delta', part: 0, text: 'Hel' },
  { type: 'text-delta', part: 0, text: 'lo' },
  { type: 'part-stop', part: 0 },
  { type: 'finish', choice: 0, reason: 'stop' },
  { type: 'message-stop' },
];

const written = (query: string, of: readonly ModelEvent[] = events) => {
  const encoder = encodeStream({ request: asked(query), nowSeconds: 1, requestId: 'id' });
  return {
    text: of.map((event) => encoder.push(event)).join('') + encoder.end(),
    contentType: encoder.contentType,
  };
};

describe('a stream', () => {
  it('is server-sent events for those who ask for them', () => {
    const { text, contentType } = written('?alt=sse');
    expect(contentType).toBe('text/event-stream');
    expect(
      text
        .split('\r\n\r\n')
        .filter(Boolean)
        .every((frame) => frame.startsWith('data: {')),
    ).toBe(true);
    expect(passStream(asked('?alt=sse'))).toBeUndefined();
  });

  it.each(['', '?alt=json'])('is one array for the others (%s)', (query) => {
    const { text, contentType } = written(query);
    expect(contentType).toBe('application/json');
    expect(JSON.parse(text)).toHaveLength(3);
    expect(JSON.parse(written(query, []).text)).toMatchObject([{ error: { status: 'INTERNAL' } }]);
  });

  it('of the upstream becomes that array, wherever it is cut', () => {
    const { text } = written('?alt=sse');
    const bytes = Buffer.from(text);
    for (const size of [1, 7, bytes.length]) {
      const filter = passStream(asked(''));
      if (!filter) throw new Error('no filter');
      expect(filter.contentType).toBe('application/json');
      const out: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) out.push(filter.push(bytes.subarray(at, at + size)));
      out.push(filter.end());
      expect(JSON.parse(Buffer.concat(out).toString())).toEqual(JSON.parse(written('').text));
    }
  });

  it('that fails after it began ends in an error, and in a whole array', () => {
    const error = gatewayError('upstream_truncated');
    const begun = written('', events.slice(0, 1)).text;
    expect(JSON.parse(begun)).toHaveLength(1);
    expect(JSON.parse(`[{}${encodeStreamError(error, 'id', asked(''))}`)).toMatchObject([
      {},
      { error: { code: 502 } },
    ]);
    expect(encodeStreamError(error, 'id', asked('?alt=sse'))).toMatch(/^data: \{"error":/);
  });
});
