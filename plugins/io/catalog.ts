import { readFileSync } from 'node:fs';
import { type Catalog, parseCatalog } from '../catalog/catalog.ts';

const read = (name: string): string => readFileSync(new URL(`../catalog/${name}`, import.meta.url), 'utf8');

let loaded: Catalog | undefined;

/** The tables that come with the program, read once. */
export const builtinCatalog = (): Catalog => {
  loaded ??= parseCatalog(read('prices.yaml'), read('models.yaml'));
  return loaded;
};
