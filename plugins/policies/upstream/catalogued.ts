import type { Catalog, FactsRow } from '../../catalog/catalog.ts';
import { type PriceBook, priceBook } from '../../catalog/price-book.ts';
import type { Config } from '../../config/schema.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ModelFacts } from './candidate.ts';
import type { RoutingPorts } from './routes.ts';

/** What the catalogue and `prices` of nexus.yaml say of upstreams, as routing asks for it. */
export const catalogued = (
  { prices, providers }: Config,
  { catalog, clock }: { readonly catalog: Catalog; readonly clock: Clock },
): Required<Pick<RoutingPorts, 'factsOf' | 'priceOf'>> => {
  const book: PriceBook = priceBook({ prices, providers, catalog });
  return {
    factsOf: (upstream) => {
      const row = book.factsOf(upstream);
      return row && modelFacts(row);
    },
    // The ceiling for models without a price keeps budgets safe; to be cheapest by a guess is nothing to go by.
    priceOf: (upstream) => {
      const priced = book.priceOf(upstream, clock.epochMs());
      return priced?.from === 'ceiling' ? undefined : priced?.price;
    },
  };
};

const modelFacts = (row: FactsRow): ModelFacts => {
  const { contextWindow, maxOutputTokens, input, tools, jsonSchema } = row;
  return {
    contextTokens: contextWindow,
    maxOutputTokens,
    images: input.includes('image'),
    audio: input.includes('audio'),
    files: input.includes('pdf'),
    tools,
    jsonSchema,
  };
};
