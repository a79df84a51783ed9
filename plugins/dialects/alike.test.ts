import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ModelEvent } from '../model/events.ts';
import type { JsonObject } from '../wire/json.ts';
import { type SseEvent, SseSplitter } from '../wire/sse.ts';
import { AlikeEvents, type More } from './alike.ts';
import { dialects } from './registry.ts';

const chunk = (text: string): JsonObject => ({ id: 'c', text });

const event = (text: string, name = ''): SseEvent => ({ event: name, data: JSON.stringify(chunk(text)) });

const bytesOf = ({ event: name, data }: SseEvent): Buffer =>
  Buffer.from(`${name === '' ? '' : `event: ${name}\n`}data: ${data}\n\n`);

const told = (text: string): ModelEvent[] => [{ type: 'text-delta', part: 0, text }];

const more: More = (text) => told(text);

/** Knows events like the one that brings ` one`. */
const alikeTo = (name = ''): AlikeEvents => {
  const alike = new AlikeEvents(({ text }) =>
    typeof text === 'string' ? { told: ['text', text], padding: [] } : undefined,
  );
  alike.learn(event(' one', name), chunk(' one'), more);
  return alike;
};

/** A splitter that has come to the end of an event. */
const begun = (): SseSplitter => {
  const sse = new SseSplitter();
  sse.push(Buffer.from('data: {}\n\n'));
  return sse;
};

describe('AlikeEvents', () => {
  it('reads an event like the last one', () => {
    expect(alikeTo().read(event(' two'))).toEqual(told(' two'));
    expect(alikeTo('delta').read(event(' two', 'delta'))).toEqual(told(' two'));
  });

  it('leaves one of another name', () => {
    expect(alikeTo().read(event(' two', 'error'))).toBeUndefined();
    expect(alikeTo('delta').read(event(' two'))).toBeUndefined();
  });

  it('reads an event that comes alone before it is split', () => {
    expect(alikeTo().readBytes(begun(), bytesOf(event(' two')))).toEqual(told(' two'));
    expect(alikeTo('delta').readBytes(begun(), bytesOf(event(' two', 'delta')))).toEqual(told(' two'));
    const windows = Buffer.from(`data: ${event(' two').data}\r\n\r\n`);
    expect(alikeTo().readBytes(begun(), windows)).toEqual(told(' two'));
  });

  it.each([
    ['of another name', bytesOf(event(' two', 'delta'))],
    ['in another field', Buffer.from(`text: ${event(' two').data}\n\n`)],
    ['that are two', Buffer.concat([bytesOf(event(' two')), bytesOf(event(' three'))])],
    ['without an end', bytesOf(event(' two')).subarray(0, -1)],
    ['with more behind', Buffer.from(`data: ${event(' two').data}\nid: 1\n\n`)],
    ['with a line before', Buffer.from(`id: 1\ndata: ${event(' two').data}\n\n`)],
  ])('leaves events %s to be split', (_name, bytes) => {
    expect(alikeTo().readBytes(begun(), bytes)).toBeUndefined();
  });

  it.each(['data: {', 'event: x\n', 'data: {}\n', 'data: {}\n\r'])(
    'leaves an event to be split when %j is held',
    (held) => {
      const sse = begun();
      sse.push(Buffer.from(held));
      expect(alikeTo().readBytes(sse, bytesOf(event(' two')))).toBeUndefined();
    },
  );

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
    const split = vi.spyOn(SseSplitter.prototype, 'push');
    const events = Array.from({ length: 100 }, (_, at) =>
      decoder.push(Buffer.from(frame(`word${at}`, at))),
    ).flat();
    const words = events.filter((it) => it.type === 'text-delta').map(({ text }) => text);
    expect(words).toEqual(Array.from({ length: 100 }, (_, at) => `word${at}`));
    expect(parse.mock.calls.filter(([json]) => json.includes('word')).length).toBeLessThan(10);
    expect(split.mock.calls.length).toBeLessThan(10);
  });
});
