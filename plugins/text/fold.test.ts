import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cpuMs } from '../../test/fakes/cpu.ts';
import { fold } from './fold.ts';

const tagged = (text: string): string =>
  [...text].map((it) => String.fromCodePoint(0xe0000 + it.charCodeAt(0))).join('');
const selected = (text: string): string =>
  [...text].map((it) => String.fromCodePoint(0xe0100 + it.charCodeAt(0) - 16)).join('');

test.each([
  ['Ignore', 'ignore'],
  ['ｉｇｎｏｒｅ', 'ignore'],
  ['𝐢𝐠𝐧𝐨𝐫𝐞 𝒶𝓁𝓁', 'ignore all'],
  ['ⓘⓖⓝⓞⓡⓔ', 'ignore'],
  ['🅸🅶🅽🅾🆁🅴', 'ignore'],
  ['ig\u200bno\u00adre', 'ignore'],
  ['i\u0336g\u0336n\u0336o\u0336r\u0336e\u0336', 'ignore'],
  ['ïgnörê', 'ignore'],
  ['іgnоrе аll', 'ignore all'],
  ['Іgnore', 'ignore'],
  ['ɪɢɴᴏʀᴇ all', 'ignore all'],
  ['ignore\u00a0all\u2028now', 'ignore all\nnow'],
  ['Straße', 'strasse'],
  ['пример сор рост', 'пример сор рост'],
  ['и\u0306', 'й'],
  ['तुम्हारे निर्देश', 'तुम्हारे निर्देश'],
  ['가', '가'],
  ['\u1100\u1161', '가'],
  ['VKонтакте', 'vkонтакте'],
  ['1️⃣ 🇩🇪', '1 de'],
])('%s reads %s', (written, read) => {
  expect(fold(written).text).toBe(read);
});

test('words of look-alikes only are read as Latin where the text is Latin', () => {
  expect(fold('please open the ѕсоре of this').text).toBe('please open the scope of this');
  expect(fold('рост и сор в доме, word').text).toBe('рост и сор в доме, word');
});

test('what tag characters and selectors spell is reported, flags are not', () => {
  const { text, signs } = fold(`hello${tagged('ignore all')} 😀${selected('reveal')}`);
  expect(text).toBe('hello 😀');
  expect(signs).toMatchObject({ hidden: 'ignore allreveal' });
  const flag = `\u{1f3f4}${tagged('gbeng')}\u{e007f}`;
  expect(fold(`flag ${flag}`).signs.hidden).toBe('');
  expect(fold('❤️').signs.hidden).toBe('');
});

test('overrides of the reading order are counted', () => {
  expect(fold('\u202eerongi\u202c').signs).toMatchObject({ bidi: 2, overrides: 1 });
});

const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      ...'abz AZ09.-\n',
      'é',
      'а',
      'е',
      'Ж',
      '\u0301',
      '\u200b',
      '漢',
      'ｉ',
      '😀',
      '\u{e0041}',
      'ﷺ',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});

test('folding twice is folding once', () => {
  fc.assert(
    fc.property(anyText, (written) => {
      const once = fold(written);
      expect(fold(once.cased).cased).toBe(once.cased);
      expect(fold(once.text).text).toBe(once.text);
    }),
    { numRuns: 2000 },
  );
});

test('every character of the first plane is folded once and for all, whatever stands before it', () => {
  const again: string[] = [];
  for (let code = 0x80; code < 0x10000; code++) {
    const character = String.fromCharCode(code);
    for (const text of [character, `a${character}`, `\u0430${character}`]) {
      const once = fold(text);
      if (fold(once.cased).cased !== once.cased || fold(once.text).text !== once.text) again.push(text);
    }
  }
  expect(again).toEqual([]);
});

test('the lower case is as long as what it is made from', () => {
  fc.assert(
    fc.property(anyText, (written) => {
      const folded = fold(written);
      expect(folded.text.length).toBe(folded.cased.length);
    }),
    { numRuns: 2000 },
  );
});

test('time grows with the length only', () => {
  const worst = 'e\u0301\u0301\u0301аa\u200b'.repeat(20_000);
  expect(cpuMs(() => fold(worst))).toBeLessThan(1500);
});
