import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ExitCode } from '../cli/run.ts';
import { openRunDirectory } from '../cli/supervisor/run-directory.ts';
import { type Scope, supervise } from '../cli/supervisor/supervise.ts';
import { nextMessage, startPart } from './children.ts';
import { type Circumstances, describeCircumstances } from './circumstances.ts';
import { upstreamKeyName } from './configs.ts';
import { type BenchHost, type BenchHostName, benchHosts } from './hosts.ts';
import type { JobResult } from './load.ts';
import { measure, type RunJob, type Sample } from './measure.ts';
import { Progress } from './progress.ts';
import { markdownReport, textReport } from './report.ts';
import { isStream, type Scenario, scenarios } from './scenarios.ts';
import { compare, figuresOf, type Row } from './summary.ts';
import { plainOf, type Variant, type VariantName } from './variants.ts';

export interface BenchOptions {
  readonly host: BenchHostName;
  readonly rounds: number;
  /** Of each round. */
  readonly seconds: number;
  readonly workers: number;
  /** Scenarios whose names it finds; absent: all. */
  readonly only?: RegExp | undefined;
  /** Where workers leave their CPU profiles; absent: no profiles. */
  readonly profileDirectory?: string | undefined;
  readonly output: 'tables' | 'json';
  /** The file with the host's results is written again. */
  readonly record: boolean;
  /** As it was typed, for the record. */
  readonly command: string;
}

/** Measures, prints, and perhaps records. 1 when a request failed. */
export const runBench = async (options: BenchOptions): Promise<ExitCode> => {
  let failed = 0;
  await supervise(async (scope) => {
    const host = await benchHosts[options.host]();
    const circumstances = await describeCircumstances(options, host);
    const rows = await measureAll(options, await startAll(options, host, scope));
    failed = rows.reduce((total, { figures }) => total + figures.failed, 0);
    console.log(options.output === 'json' ? asJson(rows, circumstances) : textReport(rows));
    if (options.record)
      writeFileSync(join(import.meta.dirname, host.resultsFile), markdownReport(rows, circumstances));
    scope.finish();
  });
  return failed === 0 ? 0 : 1;
};

const asJson = (rows: readonly Row[], circumstances: Circumstances): string =>
  JSON.stringify({ circumstances, rows }, null, 2);

interface Running {
  readonly variants: readonly Variant[];
  readonly runJob: RunJob;
}

const startAll = async (
  { workers, profileDirectory }: BenchOptions,
  host: BenchHost,
  scope: Scope,
): Promise<Running> => {
  process.env[upstreamKeyName] = 'sk-bench';
  if (profileDirectory !== undefined) mkdirSync(profileDirectory, { recursive: true });
  const directory = openRunDirectory(scope);
  const upstream = await nextMessage(startPart('upstream', directory, scope));
  const { port: upstreamPort } = upstream as AddressInfo; // what upstream.ts sends
  const load = startPart('load', directory, scope);
  const runJob: RunJob = async (job) => {
    load.process.send(job);
    return (await nextMessage(load)) as JobResult; // what load.ts sends
  };
  const options = { directory, upstreamPort, workers, profileDirectory };
  return { variants: await host.startVariants(options, scope), runJob };
};

/** Drives one variant through one scenario; `what` is shown meanwhile. */
type Drive = (scenario: Scenario, variant: Variant, seconds: number, what: string) => Promise<Sample>;

const measureAll = async (options: BenchOptions, { variants, runJob }: Running): Promise<Row[]> => {
  const { rounds, seconds, only = /^/ } = options;
  const wanted = scenarios.filter(({ name }) => only.test(name));
  const warmUps = hottest(wanted);
  const warmUpSeconds = Math.min(longestWarmUpSeconds, 3 * seconds);
  const secondsEach = seconds * rounds * wanted.length + warmUpSeconds * warmUps.length;
  const progress = new Progress(variants.length * secondsEach);
  const drive: Drive = (scenario, variant, forSeconds, what) => {
    progress.show(`${scenario.name}, ${what}, ${variant.name}`);
    return measure(variant, scenario, { seconds: forSeconds, runJob });
  };
  for (const scenario of warmUps) {
    for (const variant of variants) await drive(scenario, variant, warmUpSeconds, 'warming up');
  }
  const rows: Row[] = [];
  for (const scenario of wanted) rows.push(...(await measureScenario(scenario, options, variants, drive)));
  progress.clear();
  return rows;
};

/** In each round every variant, beginning with another one each time. */
const measureScenario = async (
  scenario: Scenario,
  { rounds, seconds }: BenchOptions,
  variants: readonly Variant[],
  drive: Drive,
): Promise<Row[]> => {
  const samples = new Map<VariantName, Sample[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const variant of turned(variants, round)) {
      const sample = await drive(scenario, variant, seconds, `round ${round + 1} of ${rounds}`);
      samples.get(variant.name)?.push(sample);
    }
  }
  return rowsOf(scenario, samples);
};

/** Time for V8 to compile what is hot; a busy machine needs all of it. */
const longestWarmUpSeconds = 5;

/** The scenarios that run most code most often: one unary, one streamed. */
const hottest = (wanted: readonly Scenario[]): Scenario[] =>
  [wanted.filter(isStream), wanted.filter((scenario) => !isStream(scenario))].flatMap(
    (kind) => kind.toSorted((a, b) => b.concurrency - a.concurrency)[0] ?? [],
  );

const turned = <T>(list: readonly T[], by: number): T[] => {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
};

const rowsOf = (scenario: Scenario, samples: ReadonlyMap<VariantName, readonly Sample[]>): Row[] =>
  [...samples].map(([variant, of]) => ({
    scenario,
    variant,
    figures: figuresOf(scenario, of),
    ...(variant === plainOf(variant)
      ? {}
      : { versusPlain: compare(of, samples.get(plainOf(variant)) ?? []) }),
  }));
