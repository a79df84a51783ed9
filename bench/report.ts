import type { Circumstances } from './circumstances.ts';
import { isStream } from './scenarios.ts';
import type { Row } from './summary.ts';
import { targetOf } from './targets.ts';

type Table = readonly (readonly string[])[];

const ratios = (rows: readonly Row[]): Table => [
  ['scenario', 'variant', 'CPU', 'p50', 'throughput', 'failed', 'target', ''],
  ...rows.flatMap((row) => (row.versusPlain ? [ratioCells(row, row.versusPlain)] : [])),
];

const ratioCells = (row: Row, { cpuRatio, addedP50Ms, throughputRatio }: NonNullable<Row['versusPlain']>) => {
  const target = targetOf(row);
  return [
    row.scenario.name,
    row.variant,
    `${cpuRatio.toFixed(2)}×`,
    `${addedP50Ms < 0 ? '−' : '+'}${Math.abs(addedP50Ms).toFixed(2)} ms`,
    `${(throughputRatio * 100).toFixed(1)} %`,
    String(row.figures.failed),
    target?.text ?? '',
    target ? (target.met ? 'met' : 'missed') : '',
  ];
};

const figures = (rows: readonly Row[]): Table => [
  [
    'scenario',
    'variant',
    'p50 ms',
    'p99 ms',
    'first byte p50 ms',
    'per second',
    'proxy CPU µs',
    'workers CPU µs',
    'completed',
    'failed',
  ],
  ...rows.map(({ scenario, variant, figures: of }) => [
    scenario.name,
    variant,
    of.p50Ms.toFixed(3),
    of.p99Ms.toFixed(3),
    of.firstByteP50Ms.toFixed(3),
    `${of.operationsPerSecond.toFixed(0)} ${isStream(scenario) ? 'events' : 'requests'}`,
    of.hostMicrosPerOperation.toFixed(2),
    of.workersMicrosPerOperation.toFixed(2),
    String(of.completed),
    String(of.failed),
  ]),
];

/** Both tables, for a terminal. */
export const textReport = (rows: readonly Row[]): string =>
  ['Beside the plain proxy', aligned(ratios(rows)), '', 'Measured', aligned(figures(rows))].join('\n');

/** The content of RESULTS.md. */
export const markdownReport = (rows: readonly Row[], at: Circumstances): string =>
  `${[
    '# Bench',
    '',
    `- Written by \`${at.command}\` on ${at.date}, commit ${at.commit}.`,
    `- ${at.cores} cores of ${at.cpu}, ${at.system}, load average ${at.loadAverage.toFixed(1)} before it began. Clients,`,
    '  proxy, workers and upstream share these cores.',
    `- ${at.host}, Nexus with ${at.workers} worker(s) on Node ${at.node}.`,
    `- ${at.rounds} round(s) of ${at.seconds} s for each scenario, the variants in turn. Latency and throughput are medians over`,
    '  rounds, compared within each round.',
    ...at.variantsText,
    '- `c` clients, each with one connection, send their next request when they have the whole answer. Answers of `unary`',
    '  have 0.8 KB. `burst` streams 100 events at once, `paced` one every 5 ms. Clients of the slow upstream (`60ms`) begin',
    '  spread over its latency: together they would come all in one instant, again and again.',
    '- No request comes twice: requests of 1 KB are new, larger ones are conversations whose last turn of 1 KB is (the guard and',
    '  the finder of personal data remember the turns before), those called `new` hold nothing that came before.',
    '- CPU is the time of proxy and workers for one request, of streams for one event. p50 is the whole answer.',
    '',
    '## Beside the plain proxy',
    '',
    markdown(ratios(rows)),
    '',
    '## Measured',
    '',
    markdown(figures(rows)),
  ].join('\n')}\n`;

const aligned = (table: Table): string => {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((cells) => cells[column]?.length ?? 0)),
  );
  const pad = (cell: string, column: number) =>
    column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return table.map((cells) => cells.map(pad).join('  ').trimEnd()).join('\n');
};

const markdown = ([header = [], ...body]: Table): string => {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(header),
    line(header.map((_, column) => (column < 2 ? '---' : '--:'))),
    ...body.map(line),
  ].join('\n');
};
