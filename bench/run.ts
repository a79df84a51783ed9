import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { availableParallelism, cpus, loadavg, release, type } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExitCode } from '../cli/run.ts';
import { bringEnvoy } from '../cli/supervisor/bring-envoy.ts';
import { type Child, startNode } from '../cli/supervisor/child.ts';
import { openRunDirectory } from '../cli/supervisor/run-directory.ts';
import { type Scope, supervise } from '../cli/supervisor/supervise.ts';
import { upstreamKeyName } from './configs.ts';
import type { JobResult } from './load.ts';
import { measure, type RunJob, type Sample } from './measure.ts';
import { Progress } from './progress.ts';
import { type Circumstances, markdownReport, textReport } from './report.ts';
import { isStream, type Scenario, scenarios } from './scenarios.ts';
import { compare, figuresOf, type Row } from './summary.ts';
import {
  mustLive,
  nextMessage,
  startVariant,
  type Variant,
  type VariantName,
  variantNames,
} from './variants.ts';

export interface BenchOptions {
  readonly rounds: number;
  /** Of each round. */
  readonly seconds: number;
  readonly workers: number;
  /** Scenarios whose names it finds; absent: all. */
  readonly only?: RegExp | undefined;
  /** Where workers leave their CPU profiles; absent: no profiles. */
  readonly profileDirectory?: string | undefined;
  readonly output: 'tables' | 'json';
  /** RESULTS.md is written again. */
  readonly record: boolean;
  /** As it was typed, for the record. */
  readonly command: string;
}

const resultsFile = join(import.meta.dirname, 'RESULTS.md');

/** Measures, prints, and perhaps records. 1 when a request failed. */
export const runBench = async (options: BenchOptions): Promise<ExitCode> => {
  let failed = 0;
  await supervise(async (scope) => {
    const envoyBinary = await bringEnvoy(console.error);
    const circumstances = await describeCircumstances(options, envoyBinary);
    const rows = await measureAll(options, await startAll(options, envoyBinary, scope));
    failed = rows.reduce((total, { figures }) => total + figures.failed, 0);
    console.log(options.output === 'json' ? asJson(rows, circumstances) : textReport(rows));
    if (options.record) writeFileSync(resultsFile, markdownReport(rows, circumstances));
    scope.finish();
  });
  return failed === 0 ? 0 : 1;
};

const asJson = (rows: readonly Row[], circumstances: Circumstances): string =>
  JSON.stringify({ circumstances, rows }, null, 2);

/** Goes through the scenarios: in each round every variant, beginning with another one each time. */
const measureAll = async (options: BenchOptions, { variants, runJob }: Running): Promise<Row[]> => {
  const { rounds, seconds, only = /^/ } = options;
  const wanted = scenarios.filter(({ name }) => only.test(name));
  const warmUps = hottest(wanted);
  const warmUpSeconds = Math.min(longestWarmUpSeconds, 3 * seconds);
  const progress = new Progress(
    variants.length * (seconds * rounds * wanted.length + warmUpSeconds * warmUps.length),
  );
  const run = (scenario: Scenario, variant: Variant, forSeconds: number, what: string) => {
    progress.show(`${scenario.name}, ${what}, ${variant.name}`);
    return measure(variant, scenario, { seconds: forSeconds, runJob });
  };
  for (const scenario of warmUps) {
    for (const variant of variants) await run(scenario, variant, warmUpSeconds, 'warming up');
  }
  const rows: Row[] = [];
  for (const scenario of wanted) {
    const samples = new Map<VariantName, Sample[]>(variantNames.map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const variant of turned(variants, round)) {
        const sample = await run(scenario, variant, seconds, `round ${round + 1} of ${rounds}`);
        samples.get(variant.name)?.push(sample);
      }
    }
    rows.push(...rowsOf(scenario, samples));
  }
  progress.clear();
  return rows;
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

const rowsOf = (scenario: Scenario, samples: ReadonlyMap<VariantName, readonly Sample[]>): Row[] => {
  const plain = samples.get('plain') ?? [];
  return [...samples].map(([variant, of]) => ({
    scenario,
    variant,
    figures: figuresOf(scenario, of),
    ...(variant === 'plain' ? {} : { versusPlain: compare(of, plain) }),
  }));
};

interface Running {
  readonly variants: readonly Variant[];
  readonly runJob: RunJob;
}

const startAll = async (
  { workers, profileDirectory }: BenchOptions,
  envoyBinary: string,
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
  const variants: Variant[] = [];
  for (const name of variantNames) {
    const options = { directory, envoyBinary, upstreamPort, workers, profileDirectory };
    variants.push(await startVariant(name, options, scope));
  }
  return { variants, runJob };
};

/** One of the bench's own programs. */
const startPart = (name: 'upstream' | 'load', directory: string, scope: Scope): Child => {
  const script = join(import.meta.dirname, `${name}.ts`);
  const child = startNode(script, { name, args: [], logFile: join(directory, `${name}.log`) });
  scope.defer(() => child.stop(500));
  mustLive(child, scope);
  return child;
};

const describeCircumstances = async (
  { rounds, seconds, workers, command }: BenchOptions,
  envoyBinary: string,
): Promise<Circumstances> => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  system: `${type()} ${release()}`,
  loadAverage: loadavg()[0] ?? Number.NaN,
  node: process.versions.node,
  envoy: /\d+\.\d+\.\d+/.exec(await outputOf(envoyBinary, ['--version']))?.[0] ?? 'unknown',
  commit: (await outputOf('git', ['describe', '--always', '--dirty'])) || 'unknown',
  date: new Date().toISOString().slice(0, 10),
  ...{ rounds, seconds, workers, command },
});

/** What a program prints; nothing when it fails. */
const outputOf = (program: string, args: readonly string[]): Promise<string> =>
  promisify(execFile)(program, [...args], { cwd: import.meta.dirname }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
