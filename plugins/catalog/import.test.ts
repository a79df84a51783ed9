import { describe, expect, it } from 'vitest';
import { parseCatalog } from './catalog.ts';
import { fromLitellm, fromModelsDev, perMillion, rowLine } from './import.ts';

const origin = { asOf: '2026-07-24', source: 'someone/table@abc' };

describe('perMillion', () => {
  it.each([
    [2.5e-7, '0.25'],
    [0.00000125, '1.25'],
    [1e-6, '1'],
    [0.00003, '30'],
    [3.625e-9, '0.003625'],
    [3.6251e-9, '0.003626'], // finer than a micro-dollar: up
    [9.999999e-7, '1'],
    [0, '0'],
    [2, '2000000'],
  ])('%s', (perToken, text) => expect(perMillion(perToken)).toBe(text));

  it.each([undefined, null, '1', -1, Number.NaN, Number.POSITIVE_INFINITY])('not %s', (amount) =>
    expect(perMillion(amount)).toBeUndefined(),
  );
});

const litellm = {
  sample_spec: { input_cost_per_token: 0 },
  'gpt-x': {
    litellm_provider: 'openai',
    input_cost_per_token: 2.5e-6,
    output_cost_per_token: 0.000015,
    cache_read_input_token_cost: 2.5e-7,
    input_cost_per_token_above_272k_tokens: 5e-6,
    output_cost_per_token_above_272k_tokens: 2.25e-5,
    input_cost_per_token_priority: 5e-6,
    output_cost_per_token_priority: 3e-5,
  },
  'gemini/gemini-x': { litellm_provider: 'gemini', input_cost_per_token: 1e-7, output_cost_per_token: 4e-7 },
  'groq/openai/gpt-oss': {
    litellm_provider: 'groq',
    input_cost_per_token: 1e-7,
    output_cost_per_token: 5e-7,
  },
  'free-model': { litellm_provider: 'openai', input_cost_per_token: 0, output_cost_per_token: 0 },
  'image-only': { litellm_provider: 'openai', input_cost_per_image: 0.04 },
  elsewhere: { litellm_provider: 'nobody', input_cost_per_token: 1e-7, output_cost_per_token: 5e-7 },
};

const modelsDev = {
  openai: {
    models: {
      'gpt-x': {
        cost: {
          input: 2.5,
          output: 15,
          cache_read: 0.25,
          tiers: [{ tier: { size: 272_000 }, input: 5, output: 22.5 }],
        },
      },
      free: { cost: { input: 0, output: 0 } },
      unpriced: {},
    },
  },
  google: {
    models: { 'gemini-x': { cost: { input: 1, output: 2, context_over_200k: { input: 2, output: 4 } } } },
  },
  nobody: { models: { x: { cost: { input: 1, output: 1 } } } },
};

describe('importers', () => {
  it('read LiteLLM', () => {
    const rows = fromLitellm(litellm, origin);
    expect(rows.map(({ family, model }) => `${family} ${model}`)).toEqual([
      'openai gpt-x',
      'google gemini-x',
      'groq openai/gpt-oss',
    ]);
    expect(rows[0]).toEqual({
      family: 'openai',
      model: 'gpt-x',
      ...origin,
      input: '2.5',
      output: '15',
      cacheRead: '0.25',
      longContext: { above: 272_000, input: '5', output: '22.5' },
      priority: { input: '5', output: '30' },
    });
  });

  it('read models.dev', () => {
    const rows = fromModelsDev(modelsDev, origin);
    expect(rows.map(({ family, model }) => `${family} ${model}`)).toEqual([
      'openai gpt-x',
      'google gemini-x',
    ]);
    expect(rows[0]).toMatchObject({ longContext: { above: 272_000, input: '5', output: '22.5' } });
    expect(rows[1]).toMatchObject({ longContext: { above: 200_000, input: '2', output: '4' } });
  });

  it('write rows that the table reads', () => {
    const rows = [
      ...fromLitellm(litellm, origin),
      ...fromModelsDev(modelsDev, { ...origin, source: 'a: b "c"' }),
    ];
    const { prices } = parseCatalog(rows.map(rowLine).join('\n'), '[]');
    expect(prices).toHaveLength(rows.length);
    expect(prices[0]).toMatchObject({ input: 2_500_000, priority: { output: 30_000_000 } });
    expect(prices.at(-1)?.source).toBe('a: b "c"');
  });

  it.each([null, 'text', [], 5])('make nothing of %j', (table) => {
    expect(fromLitellm(table, origin)).toEqual([]);
    expect(fromModelsDev(table, origin)).toEqual([]);
  });
});
