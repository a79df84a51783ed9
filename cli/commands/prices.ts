import { readFileSync } from 'node:fs';
import { defineCommand } from 'citty';
import { families, type PriceRow } from '../../plugins/catalog/catalog.ts';
import { fromLitellm, fromModelsDev, type ImportedRow, rowLine } from '../../plugins/catalog/import.ts';
import { dollars } from '../../plugins/catalog/money.ts';
import { expectedAny, expectedOneOf } from '../../plugins/config/problem.ts';
import { builtinCatalog, editedTables } from '../../plugins/io/catalog.ts';
import { type ExitCode, UsageError } from '../run.ts';

const importers: Readonly<Record<string, typeof fromLitellm>> = {
  litellm: fromLitellm,
  'models.dev': fromModelsDev,
};

const importRows = defineCommand({
  meta: { description: 'Turn a public price table into rows for prices.yaml' },
  args: {
    file: {
      type: 'positional',
      required: true,
      description: "LiteLLM's price JSON, or models.dev's api.json",
    },
    from: { type: 'string', required: true, description: 'litellm or models.dev' },
    source: {
      type: 'string',
      description: 'Where the file is from: repository@commit; its name when left out',
    },
    date: { type: 'string', description: 'When it held: 2026-07-24; today when left out' },
    json: { type: 'boolean', description: 'Print a JSON list instead of YAML' },
  },
  run: ({ args }): ExitCode => {
    const importer = importers[args.from];
    if (!importer) throw new UsageError(`--from is ${args.from}, ${expectedAny(Object.keys(importers))}`);
    const asOf = args.date ?? new Date().toISOString().slice(0, 10);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(asOf))
      throw new UsageError('--date is no date, expected one like 2026-07-24');
    const rows = importer(readTable(args.file), { asOf, source: args.source ?? args.file });
    if (rows.length === 0) console.error(`${args.file}: no prices that ${args.from} would have`);
    else
      console.log(
        args.json ? JSON.stringify(rows, null, 2) : rows.map((row: ImportedRow) => rowLine(row)).join('\n'),
      );
    return rows.length === 0 ? 1 : 0;
  },
});

const readTable = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new UsageError(`cannot read ${file} (${cause instanceof Error ? cause.message : String(cause)})`);
  }
};

const show = defineCommand({
  meta: { description: 'What the public table says about a model, and from where' },
  args: {
    model: { type: 'positional', required: true, description: 'gpt-5.4, or with its seller: openai/gpt-5.4' },
    json: { type: 'boolean', description: 'Print a JSON list; amounts in micro-dollars' },
  },
  run: ({ args }): ExitCode => {
    const { prices } = builtinCatalog();
    const rows = prices.filter(
      (row) => row.model === args.model || `${row.family}/${row.model}` === args.model,
    );
    if (args.json) console.log(JSON.stringify(rows, null, 2));
    else if (rows.length > 0) console.log(rows.map(shown).join('\n\n'));
    else console.error(`no price of ${args.model} is known, ${nearest(args.model, prices)}`);
    return rows.length > 0 ? 0 : 1;
  },
});

const nearest = (model: string, prices: readonly PriceRow[]): string => {
  const meant = expectedOneOf(
    model,
    prices.map((row) => row.model),
  );
  return meant.startsWith('did') ? meant : `expected a model of ${families.join(', ')}`;
};

/** The row, a line for each price. */
const shown = ({ family, model, asOf, from, source, ...price }: PriceRow): string =>
  [
    `${family}/${model}${from === undefined ? '' : ` from ${from}`}`,
    ...lines(price, '  '),
    `  read ${asOf}: ${source}`,
  ].join('\n');

const lines = (prices: object, indent: string): string[] =>
  Object.entries(prices).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (typeof value === 'object') return [`${indent}${name}`, ...lines(value, `${indent}  `)];
    const amount = name === 'above' ? `${value} input tokens` : `$${dollars(Number(value))}`;
    return [`${indent}${name.padEnd(13)}${amount}`];
  });

const table = defineCommand({
  meta: { description: 'Print prices.yaml and models.yaml as the JSON that the program reads' },
  run: () => {
    const { prices, models } = editedTables();
    console.log(`{"prices":${lineEach(prices)},"models":${lineEach(models)}}`);
  },
});

/** A line for each row, so that a change shows in a diff. */
const lineEach = (rows: unknown): string =>
  Array.isArray(rows) ? `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]` : JSON.stringify(rows);

export default defineCommand({
  meta: { description: 'Public prices of models, and how to bring newer ones' },
  subCommands: { show, import: importRows, table },
});
