import { hash } from 'node:crypto';
import type { Catalog, FactsRow, Place } from './catalog.ts';
import type { Price } from './price.ts';

/** What nexus.yaml says about prices. Keys beside `unknownModel` are `provider/model` or `provider/*`. */
export interface PriceSettings {
  readonly unknownModel: 'refuse' | Pick<Price, 'input' | 'output'>;
  readonly [place: string]: Price | PriceSettings['unknownModel'];
}

/** One model at one configured provider. */
export interface Seat {
  readonly provider: string;
  readonly model: string;
}

export interface Priced {
  readonly price: Price;
  /** Where it comes from: nexus.yaml, the public table, or the ceiling for models without a price. */
  readonly from: 'config' | 'table' | 'ceiling';
}

/** The prices that hold in one version of the configuration. */
export interface PriceBook {
  /** Undefined: no price is known, which is never the same as free. */
  priceOf(seat: Seat, epochMs: number): Priced | undefined;
  factsOf(seat: Seat): FactsRow | undefined;
  /** `sha256:` and 64 hexadecimal digits of the public table and what nexus.yaml changes in it; for records. */
  readonly digest: string;
}

interface BookSetup {
  readonly prices: PriceSettings;
  readonly providers: Readonly<Record<string, { readonly dialect: string; readonly baseUrl: string }>>;
  readonly catalog: Catalog;
}

/** How long a price is remembered: rows change with the day. */
const rememberMs = 60_000;

export const priceBook = ({ prices, providers, catalog }: BookSetup): PriceBook => {
  const places = new Map(Object.entries(providers).map(([name, it]) => [name, placeOf(it)]));
  const known = new Map<string, { readonly priced: Priced | undefined; readonly untilMs: number }>();
  const facts = new Map<string, FactsRow | undefined>();
  const lookUp = (seat: Seat, epochMs: number): Priced | undefined => {
    const own = configured(prices, seat);
    if (own) return { price: own, from: 'config' };
    const place = places.get(seat.provider);
    const row = place && catalog.priceOf({ ...place, model: seat.model }, epochMs);
    if (row) return { price: row, from: 'table' };
    return prices.unknownModel === 'refuse' ? undefined : { price: prices.unknownModel, from: 'ceiling' };
  };
  return {
    digest: `sha256:${hash('sha256', JSON.stringify([catalog.priceDigest, sortedEntries(prices)]))}`,
    factsOf: ({ provider, model }) => {
      const key = `${provider}/${model}`;
      if (!facts.has(key)) {
        const place = places.get(provider);
        facts.set(key, place && catalog.factsOf({ ...place, model }));
      }
      return facts.get(key);
    },
    priceOf: (seat, epochMs) => {
      const key = `${seat.provider}/${seat.model}`;
      const before = known.get(key);
      if (before && epochMs < before.untilMs) return before.priced;
      const priced = lookUp(seat, epochMs);
      known.set(key, { priced, untilMs: epochMs + rememberMs }); // seats are configured: they are few
      return priced;
    },
  };
};

const placeOf = ({ dialect, baseUrl }: BookSetup['providers'][string]): Omit<Place, 'model'> => ({
  dialect,
  authority: new URL(baseUrl).host,
});

const configured = (prices: PriceSettings, { provider, model }: Seat): Price | undefined => {
  const name = [`${provider}/${model}`, `${provider}/*`].find((it) => Object.hasOwn(prices, it));
  return name === undefined ? undefined : (prices[name] as Price); // only `unknownModel`, which has no "/", is something else
};

const sortedEntries = (prices: PriceSettings) =>
  Object.entries(prices).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** Every place that the settings of a model name, wherever in them: each of them may be tried. */
export const seatsOf = (settings: unknown): Seat[] => {
  const seats = new Map<string, Seat>();
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { provider, model } = value as Partial<Record<keyof Seat, unknown>>;
    if (typeof provider === 'string' && typeof model === 'string') {
      seats.set(`${provider}/${model}`, { provider, model });
    }
    for (const it of Object.values(value)) walk(it);
  };
  walk(settings);
  return [...seats.values()];
};
