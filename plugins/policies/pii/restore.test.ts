import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import { placeholderOf } from './placeholder.ts';
import { restoreFilter } from './restore.ts';
import type { Entry } from './vault.ts';

const entry = (value: string, count = 1, label = 'EMAIL'): Entry => ({
  placeholder: placeholderOf(label, count, 'k7q'),
  value,
  type: 'email',
  canRestore: true,
});

const filterOf = (entries: readonly Entry[], textWriting: 'plain' | 'json' = 'plain') => {
  const filter = restoreFilter({ entries, textWriting });
  if (!filter) throw new Error('nothing to restore');
  return filter;
};

const mail = entry('ann@example.org');

/** The text that comes out when `pieces` go in as deltas of one kind. */
const through = (
  pieces: readonly string[],
  {
    entries = [mail],
    type = 'text-delta',
    json = false,
  }: {
    entries?: readonly Entry[];
    type?: 'text-delta' | 'reasoning-delta' | 'tool-input-delta';
    json?: boolean;
  } = {},
): string => {
  const filter = filterOf(entries, json ? 'json' : 'plain');
  const events = pieces.map(
    (text): ModelEvent =>
      type === 'tool-input-delta' ? { type, part: 0, json: text } : { type, part: 0, text },
  );
  return [...events, { type: 'part-stop', part: 0 } as const]
    .flatMap((event) => filter.push(event))
    .map((event) => ('text' in event ? event.text : 'json' in event ? event.json : ''))
    .join('');
};

/** A text cut at any places. */
const cutText = (text: fc.Arbitrary<string>) =>
  text.chain((whole) =>
    fc.array(fc.nat(whole.length), { maxLength: 12 }).map((cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), whole.length];
      return { whole, pieces: at.slice(1).map((end, index) => whole.slice(at[index], end)) };
    }),
  );

describe('restoreFilter', () => {
  it('is none when there is nothing to put back', () => {
    expect(restoreFilter({ entries: [], textWriting: 'plain' })).toBeUndefined();
    expect(
      restoreFilter({ entries: [{ ...mail, canRestore: false }], textWriting: 'plain' }),
    ).toBeUndefined();
  });

  it('lets text pass at once in which no placeholder begins', () => {
    const event: ModelEvent = { type: 'text-delta', part: 0, text: 'hello' };
    expect(filterOf([mail]).push(event)).toEqual([event]);
    expect(filterOf([mail]).push(event)[0]).toBe(event);
  });

  it('holds back no more than what may become a placeholder', () => {
    const filter = filterOf([mail]);
    const texts = ['see [EM', 'X] and [', 'EMAIL_1_k7q', ']!'].map((text) =>
      filter
        .push({ type: 'text-delta', part: 0, text })
        .map((event) => ('text' in event ? event.text : ''))
        .join(''),
    );
    expect(texts).toEqual(['see ', '[EMX] and ', '', 'ann@example.org!']);
  });

  it.each([
    '[EMAIL_1_k7q]',
    '[email_1_K7Q]',
    '[ EMAIL_1_k7q ]',
    '\\[EMAIL_1_k7q\\]',
    '[EMAIL\\_1\\_k7q]',
    '[EMAIL 1 k7q]',
    '[**EMAIL_1_k7q**]',
    '[*EMAIL_1_k7q*]',
    '[EMAIL*1*k7q]',
  ])('knows %s', (written) => expect(through([`a ${written} b`])).toBe('a ann@example.org b'));

  it.each([
    '[EMAIL_2_k7q]',
    '[EMAIL_1_k7r]',
    '[PHONE_1_k7q]',
    '[EMAIL_1_k7q',
    'EMAIL_1_k7q]',
    '[EMAIL_11_k7q]',
    '[[EMAIL_1]',
    '[EMAIL-1-k7q]',
  ])('leaves %s as it is', (written) => expect(through([`a ${written} b`])).toBe(`a ${written} b`));

  it('gives the same text wherever it is cut', () => {
    const entries = [mail, entry('"q" \\ \n', 2), entry('Zoë 😀', 11), entry('x', 1, 'PERSON')];
    const part = fc.oneof(
      fc.constantFrom(...entries.map((it) => it.placeholder)),
      fc.constantFrom('[', ']', '\\', '[EMAIL_1', '[PERSON_1_k7', '_1_k7q]', '\n', '**'),
      fc.string({ maxLength: 6 }),
    );
    const texts = cutText(fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')));
    fc.assert(
      fc.property(texts, ({ whole, pieces }) => {
        expect(through(pieces, { entries })).toBe(through([whole], { entries }));
        expect(through(pieces, { entries, type: 'reasoning-delta' })).toBe(through([whole], { entries }));
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps arguments of tools JSON, wherever they are cut and however signs are escaped', () => {
    const entries = [mail, entry('say "hi"\\ \n', 2), entry('Zoë 😀', 3)];
    const escaped = (text: string): string => JSON.stringify(text).slice(1, -1);
    const piece = fc.oneof(
      fc.constantFrom(...entries).map((it) => ({ json: it.placeholder, value: it.value })),
      fc.constantFrom(...entries).map((it) => ({
        json: it.placeholder.replace('[', '\\u005b').replace('_', '\\u005F'),
        value: it.value,
      })),
      fc
        .constantFrom(...entries)
        .map((it) => ({ json: it.placeholder.replace('[', '\\\\[').replace(']', '\\\\]'), value: it.value })),
      fc.string({ maxLength: 6 }).map((text) => ({ json: escaped(text), value: text })),
      fc.constantFrom('\\', '\\\\', '\n', '"', '[').map((text) => ({ json: escaped(text), value: text })),
    );
    // A bare backslash before a placeholder is taken for Markdown's; what comes out is JSON all the same.
    fc.assert(
      fc.property(
        cutText(
          fc
            .array(piece, { maxLength: 6 })
            .map((parts) => `{"a":"${parts.map((it) => it.json).join('')}","b":["[EMAIL_1_k7q]"]}`),
        ),
        ({ whole, pieces }) => {
          const restored = through(pieces, { entries, type: 'tool-input-delta' });
          expect(restored).toBe(through([whole], { entries, type: 'tool-input-delta' }));
          expect(() => JSON.parse(restored)).not.toThrow();
          expect(restored).not.toContain('k7q]');
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('puts exactly the values into arguments', () => {
    const odd = entry('a"b\\c\n😀', 2);
    const json = through(['{"q":"x \\u005bEMA', 'IL_2_k', '7q\\u005', 'd y"}'], {
      entries: [mail, odd],
      type: 'tool-input-delta',
    });
    expect(JSON.parse(json)).toEqual({ q: `x ${odd.value} y` });
  });

  it('escapes values in structured output', () => {
    const odd = entry('a"b', 2);
    expect(JSON.parse(through(['{"q":"[EMAIL_2', '_k7q]"}'], { entries: [odd], json: true }))).toEqual({
      q: 'a"b',
    });
  });

  it('restores parts that interleave each on its own', () => {
    const filter = filterOf([mail]);
    const out = [
      { type: 'text-delta', part: 0, text: '[EMAIL_' },
      { type: 'tool-input-delta', part: 1, json: '{"a":"[EMAIL_1' },
      { type: 'text-delta', part: 0, text: '1_k7q]' },
      { type: 'tool-input-delta', part: 1, json: '_k7q]"}' },
      { type: 'part-stop', part: 0 },
      { type: 'part-stop', part: 1 },
    ] satisfies ModelEvent[];
    expect(out.flatMap((event) => filter.push(event))).toEqual([
      { type: 'tool-input-delta', part: 1, json: '{"a":"' },
      { type: 'text-delta', part: 0, text: 'ann@example.org' },
      { type: 'tool-input-delta', part: 1, json: 'ann@example.org"}' },
      { type: 'part-stop', part: 0 },
      { type: 'part-stop', part: 1 },
    ]);
  });

  it('lets nothing of a part overtake its text, and gives back what is held when the answer ends', () => {
    const filter = filterOf([mail]);
    const signature: ModelEvent = { type: 'reasoning-signature', part: 0, signature: 's' };
    expect(filter.push({ type: 'reasoning-delta', part: 0, text: 'x [EMAIL' })).toEqual([
      { type: 'reasoning-delta', part: 0, text: 'x ' },
    ]);
    expect(filter.push(signature)).toEqual([]);
    expect(filter.push({ type: 'finish', choice: 0, reason: 'length' })).toEqual([
      { type: 'reasoning-delta', part: 0, text: '[EMAIL' },
      signature,
      { type: 'finish', choice: 0, reason: 'length' },
    ]);
  });

  it('moves the offsets of citations, and restores their words', () => {
    const filter = filterOf([mail]);
    filter.push({ type: 'text-delta', part: 0, text: '[EMAIL_1_k7q] 😀 said so' });
    expect(
      filter.push({
        type: 'citation',
        part: 0,
        citation: { start: 14, end: 23, citedText: '[EMAIL_1_k7q]' },
      }),
    ).toEqual([
      { type: 'citation', part: 0, citation: { start: 16, end: 25, citedText: 'ann@example.org' } },
    ]);
  });

  it('does not read what it has put back', () => {
    const entries = [entry('[EMAIL_2_k7q]', 1), entry('two', 2)];
    expect(through(['[EMAIL_1_k7q]'], { entries })).toBe('[EMAIL_2_k7q]');
  });
});
