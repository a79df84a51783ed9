import { hash } from 'node:crypto';
import { parse } from 'yaml';
import { z } from 'zod';
import { priceSchema } from './price.ts';

/** Who sells a model: the companies whose prices and models we list. */
export const families = [
  'openai',
  'anthropic',
  'google',
  'mistral',
  'deepseek',
  'groq',
  'cohere',
  'togetherai',
] as const;
export type Family = (typeof families)[number];

const media = ['text', 'image', 'audio', 'video', 'pdf'] as const;

/** What a model can do, as its maker says. */
export interface ModelFacts {
  /** Most tokens of prompt and answer together. */
  readonly contextWindow?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  /** What it reads. */
  readonly input: readonly (typeof media)[number][];
  /** What it makes. */
  readonly output: readonly (typeof media)[number][];
  /** Calls functions. */
  readonly tools: boolean;
  /** Keeps to a JSON schema; absent when the source does not say. */
  readonly jsonSchema?: boolean | undefined;
  /** Can think before it answers. */
  readonly reasoning: boolean;
}

const sourced = {
  family: z.enum(families),
  model: z.string().min(1),
  asOf: z.iso.date(),
  source: z.string().min(1),
};

const priceRow = z.strictObject({
  ...sourced,
  /** First day (UTC) on which it holds; another row of the same model holds before. */
  from: z.iso.date().optional(),
  ...priceSchema.shape,
});

const factsRow = z.strictObject({
  ...sourced,
  contextWindow: z.int().positive().optional(),
  maxOutputTokens: z.int().positive().optional(),
  input: z.array(z.enum(media)),
  output: z.array(z.enum(media)),
  tools: z.boolean(),
  jsonSchema: z.boolean().optional(),
  reasoning: z.boolean(),
});

export type PriceRow = z.output<typeof priceRow>;
export type FactsRow = z.output<typeof factsRow>;

/** One model at one place: the dialect and host of a configured provider, and its name of the model. */
export interface Place {
  readonly dialect: string;
  /** Host of the provider's API: `api.openai.com`, with or without a port. */
  readonly authority: string;
  readonly model: string;
}

/** Public prices and facts of models, with their dates and sources. */
export interface Catalog {
  /** The public price that holds at `epochMs`; undefined when none is known. */
  priceOf(place: Place, epochMs: number): PriceRow | undefined;
  /** What is known of the model; undefined when nothing is. */
  factsOf(place: Place): FactsRow | undefined;
  /** `sha256:` and 64 hexadecimal digits of the price table. */
  readonly priceDigest: string;
  readonly prices: readonly PriceRow[];
}

/** The rows of prices.yaml and models.yaml as they stand there. */
export interface CatalogTables {
  readonly prices: unknown;
  readonly models: unknown;
}

/** Parses prices.yaml and models.yaml. Throws for what is no YAML. */
export const catalogTables = (pricesYaml: string, modelsYaml: string): CatalogTables => ({
  prices: parse(pricesYaml),
  models: parse(modelsYaml),
});

/** The catalogue of these tables. Throws when they are not of the right shape. */
export const catalogOf = (tables: CatalogTables): Catalog => {
  const prices = z.array(priceRow).parse(tables.prices);
  const facts = z.array(factsRow).parse(tables.models);
  const pricesByName = Map.groupBy(prices, rowName);
  const factsByName = Map.groupBy(facts, rowName);
  return {
    prices,
    priceDigest: `sha256:${hash('sha256', JSON.stringify(prices))}`,
    priceOf: (place, epochMs) => lastValid(found(pricesByName, place), epochMs),
    factsOf: (place) => found(factsByName, place)?.[0],
  };
};

/** The catalogue of prices.yaml and models.yaml. */
export const parseCatalog = (pricesYaml: string, modelsYaml: string): Catalog =>
  catalogOf(catalogTables(pricesYaml, modelsYaml));

/** A catalogue that knows nothing. */
export const emptyCatalog: Catalog = {
  prices: [],
  priceDigest: 'none',
  priceOf: () => undefined,
  factsOf: () => undefined,
};

const rowName = ({ family, model }: { readonly family: Family; readonly model: string }): string =>
  `${family}/${model}`;

const found = <Row>(rows: ReadonlyMap<string, readonly Row[]>, place: Place): readonly Row[] | undefined => {
  const family = familyOf(place);
  for (const model of spellings(place.model)) {
    const row = rows.get(`${family}/${model}`);
    if (row) return row;
  }
  return undefined;
};

/** Rows with `from` hold from that day on; the latest that has begun holds. */
const lastValid = (rows: readonly PriceRow[] | undefined, epochMs: number): PriceRow | undefined =>
  rows
    ?.filter(({ from }) => from === undefined || Date.parse(from) <= epochMs)
    .toSorted((a, b) => (a.from ?? '').localeCompare(b.from ?? ''))
    .at(-1);

const hosts: readonly (readonly [RegExp, Family])[] = [
  [/(^|\.)openai\.(com|azure\.com)$/, 'openai'],
  [/(^|\.)anthropic\.com$/, 'anthropic'],
  [/(^|\.)(generativelanguage|aiplatform)\.googleapis\.com$|-aiplatform\.googleapis\.com$/, 'google'],
  [/(^|\.)mistral\.ai$/, 'mistral'],
  [/(^|\.)deepseek\.com$/, 'deepseek'],
  [/(^|\.)groq\.com$/, 'groq'],
  [/(^|\.)cohere\.(com|ai)$/, 'cohere'],
  [/(^|\.)together\.(xyz|ai)$/, 'togetherai'],
];

/**
 * Whose models a place serves: its host says so, or on the clouds that sell others' models the dialect or the model's own
 * name. A host that we do not know serves the models of the company whose dialect it speaks, until nexus.yaml says
 * otherwise (a proxy of OpenAI costs no less than OpenAI).
 */
export const familyOf = ({ dialect, authority, model }: Place): Family => {
  const host = authority.toLowerCase().replace(/:\d+$/, '');
  const vendor = bedrockVendor.exec(model)?.[1];
  if (dialect.startsWith('bedrock') && vendor) return families.find((it) => it === vendor) ?? 'openai';
  const home = homes.find(([prefix]) => dialect.startsWith(prefix))?.[1] ?? 'openai';
  const known = hosts.find(([pattern]) => pattern.test(host))?.[1];
  return known === undefined || (known === 'google' && home === 'anthropic') ? home : known; // Claude on Vertex AI
};

/** `us.anthropic.claude-…`: Bedrock names the maker, after the region that the call may leave. */
const bedrockVendor = /^(?:[a-z]{2,6}\.)?(anthropic|mistral|cohere|openai|deepseek)\./;

const homes: readonly (readonly [string, Family])[] = [
  ['anthropic', 'anthropic'],
  ['gemini', 'google'],
  ['google', 'google'],
  ['cohere', 'cohere'],
];

/**
 * A model's name, then without a path (`models/`) or maker (Bedrock) before it and a version after it, then without the
 * date of a snapshot.
 */
const spellings = (model: string): string[] => {
  const bare = model
    .replace(/^(models|publishers\/[^/]+\/models)\//, '')
    .replace(bedrockVendor, '')
    .replace(/-v\d+(:\d+)?$/, '')
    .replace('@', '-');
  const undated = bare.replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|default|latest)$/, '');
  return [model, bare, undated];
};
