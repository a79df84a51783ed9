import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ModelEvent } from '../model/events.ts';
import type { JsonObject } from '../wire/json.ts';
import { type SseEvent, SseSplitter } from '../wire/sse.ts';
import { AlikeStream, type More } from './alike.ts';
import { dialects } from './registry.ts';

const chunk = (text: string): JsonObject => ({ id: 'c', text });

const event = (text: string, name = ''): SseEvent => ({ event: name, data: JSON.stringify(chunk(text)) });

const bytesOf = ({ event: name, data }: SseEvent): Buffer =>
  Buffer.from(`${name === '' ? '' : `event: ${name}\n`}data: ${data}\n\n`);

const told = (text: string): ModelEvent[] => [{ type: 'text-delta', part: 0, text }];

const more: More = (text) => told(text);

/** Knows events like the one that brings ` one`. */
const alikeTo = (name = ''): AlikeStream => {
  const alike = new AlikeStream(({ text }) =>
    typeof text === 'string' ? { told: ['text', text], padding: [] } : undefined,
  );
  alike.push(bytesOf({ event: '', data: '{}' }));
  alike.learn(event(' one', name), chunk(' one'), more);
  return alike;
};

describe('AlikeStream', () => {
  it('reads an event like the last one', () => {
    expect(alikeTo().read(event(' two'))).toEqual(told(' two'));
    expect(alikeTo('delta').read(event(' two', 'delta'))).toEqual(told(' two'));
  });

  it.each([
    ['of another name', event(' two', 'error')],
    ['with more in it', { event: '', data: '{"id":"c","text":" two","x":1}' }],
    ['with more after it', { event: '', data: `${event(' two').data} ` }],
    ['of two lines', { event: '', data: `${event(' two').data}\n{}` }],
  ])('leaves one %s', (_name, other) => {
    expect(alikeTo().read(other)).toBeUndefined();
  });

  it('leaves one without a name', () => {
    expect(alikeTo('delta').read(event(' two'))).toBeUndefined();
  });

  it('reads events before they are split', () => {
    expect(alikeTo().push(bytesOf(event(' two')))).toEqual({ told: told(' two'), events: [] });
    const named = bytesOf(event(' two', 'delta'));
    expect(alikeTo('delta').push(named)).toEqual({ told: told(' two'), events: [] });
    const twice = { told: [...told(' two'), ...told(' two')], events: [] };
    expect(alikeTo('delta').push(Buffer.concat([named, named]))).toEqual(twice);
    const windows = Buffer.from(`data: ${event(' two').data}\r\n\r\n`);
    expect(alikeTo().push(Buffer.concat([windows, windows]))).toEqual(twice);
  });

  it('splits what is not alike, and all after it', () => {
    const [two, other] = [event(' two'), event(' three', 'x')];
    const bytes = Buffer.concat([two, two, other, two].map(bytesOf));
    expect(alikeTo().push(bytes)).toEqual({
      told: [...told(' two'), ...told(' two')],
      events: [other, two],
    });
  });

  it.each([
    ['of another name', 'event: delta\ndata: DATA\n\n', 'delta'],
    ['in more lines', 'data: DATA\nid: 1\n\n', ''],
    ['after a line', 'id: 1\ndata: DATA\n\n', ''],
    ['with other ends of lines', 'data: DATA\r\r', ''],
  ])('splits an event %s', (_name, text, name) => {
    const bytes = Buffer.from(text.replace('DATA', event(' two').data));
    expect(alikeTo().push(bytes)).toEqual({ told: [], events: [event(' two', name)] });
  });

  it('splits one in another field', () => {
    const bytes = Buffer.from(`text: ${event(' two').data}\n\n`);
    expect(alikeTo().push(bytes)).toEqual({ told: [], events: [] });
  });

  it('waits for the end of an event', () => {
    const alike = alikeTo();
    const bytes = bytesOf(event(' two'));
    for (const byte of bytes.subarray(0, -1))
      expect(alike.push(Buffer.from([byte]))).toEqual({ told: [], events: [] });
    expect(alike.push(bytes.subarray(-1))).toEqual({ told: [], events: [event(' two')] });
    expect(alike.push(bytes)).toEqual({ told: told(' two'), events: [] });
  });

  it.each([
    ['data: 1\n', [{ event: '', data: `1\n${event(' two').data}` }]],
    ['event: x\n', [event(' two', 'x')]],
    ['data: 1\n\r', [{ event: '', data: '1' }, event(' two')]],
  ])('splits an event that comes after %j', (before, events) => {
    const alike = alikeTo();
    const first = alike.push(Buffer.from(before));
    const then = alike.push(bytesOf(event(' two')));
    expect([...first.events, ...then.events]).toEqual(events);
    expect(then.told).toEqual([]);
  });

  it('leaves an event without a text', () => {
    expect(alikeTo().read(event(''))).toBeUndefined();
  });

  it('forgets when something else comes', () => {
    const alike = alikeTo();
    alike.learn({ event: '', data: '{}' }, {}, undefined);
    expect(alike.read(event(' two'))).toBeUndefined();
  });

  it('stops learning from a stream that repeats nothing', () => {
    const alike = alikeTo();
    const learn = (id: number) => {
      const other = { id, text: 'a' };
      alike.learn({ event: '', data: JSON.stringify(other) }, other, more);
      return alike.read({ event: '', data: JSON.stringify({ id, text: 'b' }) });
    };
    for (let id = 0; id < 7; id++)
      alike.learn({ event: '', data: `{"id":${id},"text":"a"}` }, { id, text: 'a' }, more);
    expect(learn(7)).toBeUndefined();
  });
});

describe('of a stream that repeats all but its words', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Streams of each dialect in which all is told that changes from event to event. */
  const streams = {
    'openai-chat': (word: string, at: number) =>
      `data: {"id":"c","choices":[{"index":0,"delta":{"content":"${word}"}}],"obfuscation":"${'x'.repeat(at % 7)}"}\n\n`,
    'openai-responses': (word: string, at: number) =>
      `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":${at},"output_index":0,"content_index":0,"delta":"${word}"}\n\n`,
    'anthropic-messages': (word: string) =>
      `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${word}"}}\n\n`,
    gemini: (word: string, at: number) =>
      `data: {"candidates": [{"content": {"parts": [{"text": "${word}"}],"role": "model"}}],"usageMetadata": {"promptTokenCount": 4,"candidatesTokenCount": ${at},"promptTokensDetails": [{"modality": "TEXT","tokenCount": 4}]},"modelVersion": "m"}\r\n\r\n`,
  } as const;

  const starts: Partial<Record<keyof typeof streams, string>> = {
    'openai-responses':
      'data: {"type":"response.output_item.added","output_index":0,"item":{"id":"i","type":"message","content":[]}}\n\n',
    'anthropic-messages':
      'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
  };

  it.each(Object.entries(streams))('few events of %s are split or parsed', (name, frame) => {
    const dialect = name as keyof typeof streams;
    const decoder = dialects[dialect].decodeStream();
    decoder.push(Buffer.from(starts[dialect] ?? ''));
    const parse = vi.spyOn(JSON, 'parse');
    const split = vi.spyOn(SseSplitter.prototype, 'split');
    const events = Array.from({ length: 100 }, (_, at) =>
      decoder.push(Buffer.from(frame(`word${at}`, at))),
    ).flat();
    const words = events.filter((it) => it.type === 'text-delta').map(({ text }) => text);
    expect(words).toEqual(Array.from({ length: 100 }, (_, at) => `word${at}`));
    expect(parse.mock.calls.filter(([json]) => json.includes('word')).length).toBeLessThan(10);
    expect(split.mock.calls.length).toBeLessThan(10);
  });
});
