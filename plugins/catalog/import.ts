import { microDollars } from './money.ts';

/** A row for prices.yaml, its amounts as decimal texts. */
export interface ImportedRow {
  readonly family: string;
  readonly model: string;
  readonly asOf: string;
  readonly source: string;
  readonly [field: string]: ImportedValue | undefined;
}

type ImportedValue = string | number | { readonly [field: string]: string | number };

/** Where rows come from and when, for each of them. */
export interface ImportOrigin {
  readonly asOf: string;
  readonly source: string;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Rows of LiteLLM's `model_prices_and_context_window.json`: dollars for a token. Models without both prices are left out. */
export const fromLitellm = (table: unknown, origin: ImportOrigin): ImportedRow[] =>
  entriesOf(table).flatMap(([name, fields]) => {
    const family = litellmFamilies[String(fields.litellm_provider)];
    const rates = litellmRates(fields, '');
    if (!family || !rates || (rates.input === '0' && rates.output === '0')) return [];
    const above = [128, 200, 256, 272].find(
      (it) => fields[`input_cost_per_token_above_${it}k_tokens`] !== undefined,
    );
    const long = above === undefined ? undefined : litellmRates(fields, `_above_${above}k_tokens`);
    const priority = litellmRates(fields, '_priority');
    return {
      family,
      model: name.replace(/^[a-z_]+\//, (prefix) =>
        prefix.slice(0, -1) === fields.litellm_provider ? '' : prefix,
      ),
      ...origin,
      ...rates,
      ...optional('cacheWrite1h', fields.cache_creation_input_token_cost_above_1hr),
      ...optional('reasoning', fields.output_cost_per_reasoning_token),
      ...optional('audioInput', fields.input_cost_per_audio_token),
      ...optional('audioOutput', fields.output_cost_per_audio_token),
      ...(long ? { longContext: { above: (above ?? 0) * 1000, ...long } } : {}),
      ...(priority ? { priority } : {}),
    };
  });

const litellmFamilies: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'google',
  mistral: 'mistral',
  deepseek: 'deepseek',
  groq: 'groq',
  cohere: 'cohere',
  cohere_chat: 'cohere',
  together_ai: 'togetherai',
};

const litellmRates = (fields: Fields, suffix: string): Record<string, string> | undefined => {
  const input = perMillion(fields[`input_cost_per_token${suffix}`]);
  const output = perMillion(
    fields[`output_cost_per_token${suffix}`] ?? fields[`output_cost_per_image_token${suffix}`],
  );
  if (input === undefined || output === undefined) return undefined;
  return {
    input,
    output,
    ...optional('cacheRead', fields[`cache_read_input_token_cost${suffix}`]),
    ...optional('cacheWrite', fields[`cache_creation_input_token_cost${suffix}`]),
  };
};

const optional = (name: string, perToken: unknown): Record<string, string> => {
  const amount = perMillion(perToken);
  return amount === undefined ? {} : { [name]: amount };
};

/**
 * Dollars for a million tokens, of dollars for one: `2.5e-7` → `0.25`. By moving the point of its shortest writing, for a
 * product of floats would be another number. Finer than a micro-dollar is rounded up.
 */
export const perMillion = (dollarsPerToken: unknown): string | undefined => {
  if (typeof dollarsPerToken !== 'number' || !Number.isFinite(dollarsPerToken) || dollarsPerToken < 0) {
    return undefined;
  }
  const [, digits = '', fraction = '', exponent = '0'] =
    /^(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/.exec(String(dollarsPerToken)) ?? [];
  return shifted(digits + fraction, Number(exponent) - fraction.length + 6);
};

/** `digits` × 10^`power` as a decimal text of at most six decimals. */
const shifted = (digits: string, power: number): string => {
  if (power >= 0) return trimmed(digits + '0'.repeat(power), '');
  const padded = digits.padStart(1 - power, '0');
  const whole = padded.slice(0, power);
  const fraction = padded.slice(power);
  if (/[1-9]/.test(fraction.slice(6)))
    return String(Number((BigInt(whole + fraction.slice(0, 6)) + 1n).toString()) / 1e6);
  return trimmed(whole, fraction.slice(0, 6));
};

const trimmed = (whole: string, fraction: string): string => {
  const rest = fraction.replace(/0+$/, '');
  const front = whole.replace(/^0+(?=\d)/, '');
  return rest === '' ? front : `${front}.${rest}`;
};

/** Rows of models.dev's `api.json`: dollars for a million tokens. Free and unpriced models are left out. */
export const fromModelsDev = (table: unknown, origin: ImportOrigin): ImportedRow[] =>
  entriesOf(table).flatMap(([provider, { models }]) => {
    const family = modelsDevFamilies[provider];
    if (!family) return [];
    return entriesOf(models).flatMap(([model, { cost }]) => {
      const rates = isFields(cost) ? modelsDevRates(cost) : undefined;
      if (!isFields(cost) || !rates || (rates.input === '0' && rates.output === '0')) return [];
      const long = longTier(cost);
      return {
        family,
        model,
        ...origin,
        ...rates,
        ...plain('reasoning', cost.reasoning),
        ...plain('audioInput', cost.input_audio),
        ...plain('audioOutput', cost.output_audio),
        ...(long ? { longContext: long } : {}),
      };
    });
  });

const modelsDevFamilies: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  mistral: 'mistral',
  deepseek: 'deepseek',
  groq: 'groq',
  cohere: 'cohere',
  togetherai: 'togetherai',
};

const modelsDevRates = (cost: Fields): Record<string, string> | undefined => {
  const rates = { ...plain('input', cost.input), ...plain('output', cost.output) };
  if (rates.input === undefined || rates.output === undefined) return undefined;
  return { ...rates, ...plain('cacheRead', cost.cache_read), ...plain('cacheWrite', cost.cache_write) };
};

const longTier = (cost: Fields): { readonly [field: string]: string | number } | undefined => {
  const over = cost.context_over_200k;
  if (isFields(over)) return withAbove(over, 200_000);
  const tiers: unknown = cost.tiers;
  const last: unknown = Array.isArray(tiers) ? tiers.at(-1) : undefined;
  if (!isFields(last) || !isFields(last.tier)) return undefined;
  const { size } = last.tier;
  return typeof size === 'number' ? withAbove(last, size) : undefined;
};

const withAbove = (cost: Fields, above: number) => {
  const rates = modelsDevRates(cost);
  return rates && { above, ...rates };
};

const plain = (name: string, amount: unknown): Record<string, string> =>
  typeof amount === 'number' && microDollars(amount) !== undefined ? { [name]: String(amount) } : {};

const entriesOf = (value: unknown): [string, Fields][] =>
  isFields(value)
    ? Object.entries(value).filter((entry): entry is [string, Fields] => isFields(entry[1]))
    : [];

/** A row as one line of prices.yaml. */
export const rowLine = (row: ImportedRow): string => `- ${flow(row)}`;

const flow = (fields: object): string =>
  `{ ${Object.entries(fields)
    .map(
      ([name, value]) =>
        `${name}: ${typeof value === 'object' && value !== null ? flow(value) : scalar(name, value)}`,
    )
    .join(', ')} }`;

/** Amounts and words stand as they are, all else in quotes. */
const scalar = (name: string, value: unknown): string => {
  const text = String(value);
  const isAmount = name !== 'model' && name !== 'source' && /^[\d.-]+$/.test(text);
  return isAmount || /^[A-Za-z][\w./@-]*$/.test(text) ? text : JSON.stringify(text);
};
