import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonValue, parseJson } from './json.ts';
import { type Differing, Likeness, LikeTexts, type Member, marks, type Told } from './likeness.ts';

const chunk = '{"id":"c","n":7,"delta":{"content":" one"},"pad":"xyz"}';
const padding: readonly Member[] = [
  ['n', 7],
  ['pad', 'xyz'],
];

const likeness = (text: string, told: Member, pads: readonly Member[] = []): Likeness => {
  const found = Likeness.of(text, { told, padding: pads });
  if (!found) throw new Error('this text has no likeness');
  return found;
};

/** What `text` says that is alike to its end. */
const readWhole = (alike: Likeness | undefined, text: string): Told | undefined => {
  const told = alike?.read(text, 0);
  return told?.end === text.length ? told : undefined;
};

describe('Likeness', () => {
  it('marks what differs', () => {
    const { example } = likeness(chunk, ['content', ' one'], padding);
    const { told, number, padding: pad } = marks;
    expect(parseJson(example)).toEqual({ id: 'c', n: number, delta: { content: told }, pad });
  });

  it.each([
    ['another text', '{"id":"c","n":7,"delta":{"content":" two"},"pad":"xyz"}', ' two'],
    ['another padding', '{"id":"c","n":12,"delta":{"content":" one"},"pad":""}', ' one'],
    ['escapes', '{"id":"c","n":0,"delta":{"content":"\\"\\u00e9\\\\"},"pad":"\\n"}', '"é\\'],
    ['nothing', '{"id":"c","n":7,"delta":{"content":""},"pad":"xyz"}', ''],
  ])('reads %s', (_name, text, told) => {
    expect(readWhole(likeness(chunk, ['content', ' one'], padding), text)?.text).toBe(told);
  });

  it.each([
    ['another member', '{"id":"d","n":7,"delta":{"content":" one"},"pad":"xyz"}'],
    ['more behind the text', '{"id":"c","n":7,"delta":{"content":" one","x":1},"pad":"xyz"}'],
    ['a text that ends early', '{"id":"c","n":7,"delta":{"content":" one'],
    ['more at the end', '{"id":"c","n":7,"delta":{"content":" one"},"pad":"xyz"} '],
    ['a bad escape', '{"id":"c","n":7,"delta":{"content":"\\x"},"pad":"xyz"}'],
    ['a bad escape in padding', '{"id":"c","n":7,"delta":{"content":" one"},"pad":"\\x"}'],
    ['a control character', '{"id":"c","n":7,"delta":{"content":"\t"},"pad":"xyz"}'],
    ['a number that is none', '{"id":"c","n":07,"delta":{"content":" one"},"pad":"xyz"}'],
    ['no number', '{"id":"c","n":,"delta":{"content":" one"},"pad":"xyz"}'],
    ['a fraction', '{"id":"c","n":7.5,"delta":{"content":" one"},"pad":"xyz"}'],
  ])('does not read %s', (_name, text) => {
    expect(readWhole(likeness(chunk, ['content', ' one'], padding), text)).toBeUndefined();
  });

  it.each([
    ['twice', '{"content":"a","x":{"content":"a"}}'],
    ['not', '{"text":"a"}'],
    ['in escapes', '{"content":"\\u0061"}'],
  ])('is of no text that has the member %s', (_name, text) => {
    expect(Likeness.of(text, { told: ['content', 'a'], padding: [] })).toBeUndefined();
  });

  it('shows in its example a text that does not count', () => {
    const { example } = likeness('{"content":"a","c\\u006fntent":"a"}', ['content', 'a']);
    expect(parseJson(example)).toEqual({ content: 'a' });
  });

  it('reads only what a parser reads the same', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', 'a"b\\u0041'),
    );
    const cut = fc.record({
      at: fc.nat(80),
      remove: fc.nat(2),
      insert: fc.constantFrom('', '"', '\\', '0', 'x'),
    });
    const alike = likeness(chunk, ['content', ' one'], padding);
    fc.assert(
      fc.property(text, fc.nat(), text, fc.option(cut), (content, n, pad, change) => {
        const whole = JSON.stringify({ id: 'c', n, delta: { content }, pad });
        const { at, remove, insert } = change ?? { at: 0, remove: 0, insert: '' };
        const json = whole.slice(0, at) + insert + whole.slice(at + remove);
        const read = readWhole(alike, json)?.text;
        if (!change) expect(read).toBe(content);
        if (read === undefined) return;
        expect(parseJson(json)).toMatchObject({ id: 'c', delta: { content: read } });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('Likeness with an object', () => {
  const counted = (counts: string, text = 'one'): string => `{"text":"${text}","counts": ${counts},"id":"c"}`;
  const differing = (value: JsonValue): Differing => ({
    told: ['text', 'one'],
    padding: [],
    inner: ['counts', value],
  });
  const alike = Likeness.of(counted('{"a":[{"b":1}]}'), differing({ a: [{ b: 1 }] }));

  it('marks it', () => {
    expect(parseJson(alike?.example ?? '')).toEqual({ text: marks.told, counts: marks.inner, id: 'c' });
  });

  it.each(['{"a":[{"b":2}]}', '{}', '{"a":-1.5e3,"b":"}{\\"","c":{"d":{}}}', '{ "a" : 1 }', '{"a":1,"a":2}'])(
    'reads %s',
    (counts) => {
      expect(readWhole(alike, counted(counts, 'two'))).toMatchObject({
        text: 'two',
        inner: JSON.parse(counts),
      });
    },
  );

  it.each([
    'null',
    '7',
    '[{}]',
    '"x"',
    '',
    '{',
    '{"a":1',
    '{"a":1}}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":1,}',
    '{"a":"}',
    '{"a":\n1}',
    '{"a":"\t"}',
    '{"a":1} ',
    '{"a":1},"counts":{}',
  ])('does not read %j', (counts) => {
    expect(readWhole(alike, counted(counts))).toBeUndefined();
  });

  it('keeps the digits of long numbers', () => {
    const digits = '{"a":12345678901234567890}';
    expect(JSON.stringify(readWhole(alike, counted(digits))?.inner)).toBe(digits);
  });

  it.each([
    ['stands twice', counted('{},"x":{"counts": {}}')],
    ['is none', counted('[]')],
    ['is written in two lines', counted('{\n}')],
  ])('is of no text in which it %s', (_name, text) => {
    expect(Likeness.of(text, differing({}))).toBeUndefined();
  });
});

describe('LikeTexts', () => {
  it('writes what would be written anew', () => {
    const write = (said: string): string =>
      `data: ${JSON.stringify({ id: 'c', a: said, b: [{ said }], c: 1 })}\n\n`;
    const texts = new LikeTexts(write);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (said) => {
        expect(texts.with(said)).toBe(write(said));
      }),
    );
  });
});
