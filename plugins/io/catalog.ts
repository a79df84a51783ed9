import { readFileSync } from 'node:fs';
import { type Catalog, type CatalogTables, catalogOf, catalogTables } from '../catalog/catalog.ts';

const read = (name: string): string => readFileSync(new URL(`../catalog/${name}`, import.meta.url), 'utf8');

/** The tables as people edit them. Parsing them takes a fifth of a second. */
export const editedTables = (): CatalogTables => catalogTables(read('prices.yaml'), read('models.yaml'));

let loaded: Catalog | undefined;

/** The tables that come with the program, read once from what `npm run generate` makes of them. */
export const builtinCatalog = (): Catalog => {
  loaded ??= catalogOf(JSON.parse(read('tables.json')) as CatalogTables);
  return loaded;
};
