import { describe, expect, it } from 'vitest';
import { parseCatalog } from './catalog.ts';
import { priceBook, seatsOf } from './price-book.ts';

const row = (fields: string) => `- { family: openai, model: m, asOf: 2026-01-01, source: here, ${fields} }`;
const catalog = parseCatalog(
  [row('input: 1, output: 2'), row('input: 3, output: 4, from: 2026-06-01')].join('\n'),
  '[]',
);
const providers = {
  openai: { dialect: 'openai', baseUrl: 'https://api.openai.com/v1' },
  vllm: { dialect: 'openai', baseUrl: 'http://vllm:8000/v1' },
};
const free = { input: 0, output: 0 };
const book = (prices: object = {}) =>
  priceBook({ prices: { unknownModel: 'refuse', ...prices }, providers, catalog });
const then = Date.parse('2026-05-01');

describe('priceBook', () => {
  it('takes nexus.yaml before the table, and a model before all of its provider', () => {
    const own = book({ 'openai/m': { input: 7, output: 7 }, 'vllm/*': free });
    expect(own.priceOf({ provider: 'openai', model: 'm' }, then)).toMatchObject({
      from: 'config',
      price: { input: 7 },
    });
    expect(own.priceOf({ provider: 'vllm', model: 'any' }, then)).toEqual({ from: 'config', price: free });
    expect(book().priceOf({ provider: 'openai', model: 'm' }, then)).toMatchObject({ from: 'table' });
  });

  it('knows no price rather than none', () => {
    expect(book().priceOf({ provider: 'vllm', model: 'llama' }, then)).toBeUndefined();
    expect(book().priceOf({ provider: 'nobody', model: 'm' }, then)).toBeUndefined();
    const ceiling = { input: 9, output: 9 };
    expect(book({ unknownModel: ceiling }).priceOf({ provider: 'vllm', model: 'llama' }, then)).toEqual({
      from: 'ceiling',
      price: ceiling,
    });
  });

  it('is not fooled by names of objects', () => {
    for (const model of ['constructor', '__proto__', 'toString']) {
      expect(book().priceOf({ provider: 'openai', model }, then)).toBeUndefined();
    }
  });

  it('changes its price with the day', () => {
    const it = book();
    const seat = { provider: 'openai', model: 'm' };
    expect(it.priceOf(seat, then)?.price.input).toBe(1_000_000);
    expect(it.priceOf(seat, Date.parse('2026-06-01'))?.price.input).toBe(3_000_000);
  });

  it('has a digest of what holds', () => {
    expect(book().digest).toBe(book().digest);
    expect(book().digest).not.toBe(book({ 'vllm/*': free }).digest);
  });
});

describe('seatsOf', () => {
  it('finds every place of a model, wherever it is named', () => {
    const model = {
      pick: 'ordered',
      candidates: [{ provider: 'a', model: 'x', weight: 1 }],
      fallback: [{ provider: 'a', model: 'x' }],
      peak: { when: { inFlightOver: 1 }, use: [{ provider: 'b', model: 'y' }] },
    };
    expect(seatsOf(model)).toEqual([
      { provider: 'a', model: 'x' },
      { provider: 'b', model: 'y' },
    ]);
  });
});
