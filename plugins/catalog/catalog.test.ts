import { describe, expect, it } from 'vitest';
import { familyOf, parseCatalog } from './catalog.ts';

const row = '{ family: openai, model: m, asOf: 2026-01-01, source: here, input: 1, output: 2 }';
const dated = '{ family: openai, model: d, asOf: 2026-01-01, source: here, input: 1, output: 2 }';
const later =
  '{ family: openai, model: d, asOf: 2026-01-01, from: 2026-06-01, source: here, input: 3, output: 4 }';
const facts =
  '{ family: openai, model: m, asOf: 2026-01-01, source: here, maxOutputTokens: 9, input: [text], output: [text], tools: true, reasoning: false }';
const catalog = parseCatalog(`- ${row}\n- ${later}\n- ${dated}\n`, `- ${facts}\n`);
const place = (model: string) => ({ dialect: 'openai-chat', authority: 'api.openai.com', model }) as const;
const day = (text: string) => Date.parse(text);

describe('the catalogue', () => {
  it.each(['m', 'm-2026-03-05', 'm-20260305', 'models/m'])('finds %s', (model) => {
    expect(catalog.priceOf(place(model), 0)).toMatchObject({ input: 1_000_000, output: 2_000_000 });
    expect(catalog.factsOf(place(model))).toMatchObject({ maxOutputTokens: 9 });
  });

  it.each(['', 'mm', 'm-mini', 'M', '__proto__'])('does not know %j', (model) => {
    expect(catalog.priceOf(place(model), 0)).toBeUndefined();
    expect(catalog.factsOf(place(model))).toBeUndefined();
  });

  it('goes by the date', () => {
    expect(catalog.priceOf(place('d'), day('2026-05-31'))?.input).toBe(1_000_000);
    expect(catalog.priceOf(place('d'), day('2026-06-01'))?.input).toBe(3_000_000);
  });

  it('refuses a row that is not right', () => {
    expect(() => parseCatalog('- { family: openai, model: m }', '[]')).toThrow();
    expect(() => parseCatalog(`- ${row.replace('input: 1', 'input: -1')}`, '[]')).toThrow();
  });
});

describe('familyOf', () => {
  it.each([
    ['openai-chat', 'api.openai.com', 'm', 'openai'],
    ['openai-chat', 'api.groq.com:443', 'm', 'groq'],
    ['openai-chat', 'my.openai.azure.com', 'm', 'openai'],
    ['openai-chat', 'vllm.internal:8000', 'm', 'openai'],
    ['openai-chat', 'evil-groq.com', 'm', 'openai'],
    ['anthropic-messages', '127.0.0.1:1', 'm', 'anthropic'],
    ['openai-chat', 'generativelanguage.googleapis.com', 'm', 'google'],
    ['openai-chat', 'europe-west1-aiplatform.googleapis.com', 'm', 'google'],
    ['anthropic', 'europe-west1-aiplatform.googleapis.com', 'claude-x', 'anthropic'],
    ['gemini', '127.0.0.1:1', 'm', 'google'],
    ['cohere', 'proxy', 'm', 'cohere'],
    ['bedrock', 'bedrock-runtime.eu-central-1.amazonaws.com', 'eu.anthropic.claude-x-v1:0', 'anthropic'],
    ['bedrock', 'bedrock-runtime.eu-central-1.amazonaws.com', 'mistral.x', 'mistral'],
  ])('%s at %s: %s', (dialect, authority, model, family) => {
    expect(familyOf({ dialect, authority, model })).toBe(family);
  });
});
