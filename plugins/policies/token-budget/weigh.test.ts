import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { learningFactors } from './factors.ts';
import { guarded } from './tokenizer.ts';
import { weigh } from './weigh.ts';

const real = guarded((text) => countTokens(text, { disallowedSpecial: new Set() }));

/** The same letters every time, and no pattern in them. */
const noise = (alphabet: string, length: number): string => {
  let state = 7;
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return alphabet[Math.floor((state / 2 ** 31) * alphabet.length)];
  }).join('');
};

const letters = 'abcdefghijklmnopqrstuvwxyz';
const base64 = `${letters}${letters.toUpperCase()}0123456789+/`;

const texts: Record<string, string> = {
  prose: 'The quick brown fox jumps over the lazy dog, and then it writes a letter to the editor. '.repeat(
    20,
  ),
  german:
    'Die Bundeskanzlerin unterzeichnete gestern die Geschäftsordnung des Untersuchungsausschusses. '.repeat(
      10,
    ),
  code: 'export const weigh = (text: string): Weight => {\n  let tokens = 0;\n  return { tokens, bytes };\n};\n'.repeat(
    10,
  ),
  json: JSON.stringify(Array.from({ length: 40 }, (_, id) => ({ id, name: `item ${id}`, price: id * 1.25 }))),
  russian: 'Привет, как дела сегодня? Расскажи, пожалуйста, о погоде в Москве. '.repeat(10),
  chinese: '人工智能是计算机科学的一个分支,它企图了解智能的实质。'.repeat(10),
  japanese: '今日はとても良い天気ですね。散歩に行きましょう。'.repeat(10),
  arabic: 'مرحبا كيف حالك اليوم؟ الطقس جميل جدا. '.repeat(10),
  hindi: 'नमस्ते, आप कैसे हैं? आज मौसम बहुत अच्छा है। '.repeat(10),
  amharic: 'ሰላም ለዓለም እንደምን ነህ '.repeat(20),
  emoji: '😀🎉👩‍💻🏳️‍🌈'.repeat(30),
  base64: noise(base64, 3000),
  hex: noise('0123456789abcdef', 3000),
  digits: noise('0123456789 ', 2000),
  marks: noise('!"#$%&\'()*+,-./:;<=>?@[]^_{|}~', 1500),
  control: '<|endoftext|><|im_start|>system'.repeat(30),
  blanks: `a${' '.repeat(3000)}b\n${'\n'.repeat(200)}`,
};

describe('weigh', () => {
  it.each(Object.entries(texts))('%s: no less than o200k counts, nor more than 2.6 times', (_, text) => {
    const { tokens, bytes } = weigh(text);
    const counted = real(text);
    expect(tokens).toBeGreaterThanOrEqual(counted);
    expect(bytes).toBe(Buffer.byteLength(text));
    expect(counted).toBeLessThanOrEqual(bytes);
    if (!['blanks', 'hindi', 'arabic'].includes(_)) expect(tokens).toBeLessThanOrEqual(2.6 * counted);
  });

  it('knows the bytes of every text', () => {
    for (const text of ['', 'é', '€', '😀', 'a😀é€z'])
      expect(weigh(text).bytes).toBe(Buffer.byteLength(text));
  });
});

describe('a model that has only been asked in prose', () => {
  const factors = learningFactors();
  const seat = { provider: 'p', model: 'gpt-x' };
  for (let call = 0; call < 500; call++) factors.learn(seat, 500, 1000);

  it.each(Object.entries(texts))('is not sent too much of %s, alone or among prose', (_, text) => {
    for (const mixed of [text, text + (texts.prose ?? ''), (texts.prose ?? '') + text]) {
      expect(weigh(mixed).tokens * factors.of(seat)).toBeGreaterThanOrEqual(real(mixed));
    }
  });
});

describe('guarded', () => {
  it('gives no run to the tokenizer that takes it long', () => {
    let longest = 0;
    const count = guarded((text) => {
      longest = Math.max(longest, text.length);
      return 1;
    });
    for (const text of ['a'.repeat(20_000), '测'.repeat(20_000), ' '.repeat(20_000)]) count(text);
    expect(longest).toBe(256);
  });

  it('leaves the words around a long run as they are', () => {
    const words = 'one two three four five six';
    expect(real(`${words} ${'a'.repeat(300)} ${words}`)).toBeLessThan(
      2 * real(words) + real('a'.repeat(300)) + 3,
    );
  });

  it('counts a text of words in one piece, and control tokens as words', () => {
    expect(real('hello world')).toBe(2);
    expect(real('<|endoftext|>')).toBeGreaterThan(1);
  });
});
