import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defineCommand } from 'citty';
import type { TestCase, TestModule } from 'vitest/node';
import { expectedOneOf } from '../../plugins/config/problem.ts';
import { type ExitCode, UsageError } from '../run.ts';
import { bringEnvoy } from '../supervisor/bring-envoy.ts';
import { testExitCode, testReport, type Verdict } from '../test-report.ts';

/** What can be tested alone; the names of the vitest projects. `contract` is the table of scenarios, in process. */
const areas = ['unit', 'contract', 'envoy', 'kong', 'redis', 'sdk', 'browser'] as const;
type Area = (typeof areas)[number];

/** Areas whose tests start a real Envoy. */
const withEnvoy: readonly Area[] = ['envoy', 'sdk'];

const root = join(import.meta.dirname, '../..');

export default defineCommand({
  meta: { description: 'Run all tests, or those of one area' },
  args: {
    area: { type: 'positional', required: false, description: `One of ${areas.join(', ')}` },
  },
  run: async ({ args }): Promise<ExitCode> => {
    const startedMs = performance.now();
    const wanted = args.area === undefined ? areas : [areaNamed(args.area)];
    const verdicts = [...(wanted.includes('unit') ? await checks() : []), ...(await testsOf(wanted))];
    console.log(testReport(verdicts, (performance.now() - startedMs) / 1000));
    return testExitCode(verdicts);
  },
});

const areaNamed = (word: string): Area => {
  const area = areas.find((name) => name === word);
  if (!area) throw new UsageError(`unknown area ${word}, ${expectedOneOf(word, areas)}`);
  return area;
};

/** What is checked without running our code. */
const checks = (): Promise<Verdict[]> =>
  Promise.all([check('lint', 'biome', ['check', '.']), check('types', 'tsc', ['--noEmit'])]);

const check = async (name: string, program: string, args: readonly string[]): Promise<Verdict> => {
  const startedMs = performance.now();
  const state = await promisify(execFile)(program, [...args], { cwd: root, maxBuffer: 2 ** 24 }).then(
    () => 'passed' as const,
    (fault) => {
      console.error(`${fault.stdout}${fault.stderr}`.trim() || fault.message);
      return 'failed' as const;
    },
  );
  console.log(`${name}: ${state} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  return state === 'passed'
    ? { name, state }
    : { name, state, why: `${[program, ...args].join(' ')}, see above` };
};

/** Areas run one after another: what starts processes must not share the machine with the rest. */
const testsOf = async (wanted: readonly Area[]): Promise<Verdict[]> => {
  const filled = await areasWithTests();
  const verdicts: Verdict[] = [];
  for (const area of wanted) {
    if (filled.has(area)) verdicts.push(...(await testsIn(area)));
    else console.log(`${area}: nothing here yet`);
  }
  return verdicts;
};

/** Names of the vitest projects that have a test file. */
const areasWithTests = async (): Promise<ReadonlySet<string>> => {
  const { createVitest } = await import('vitest/node'); // a development dependency, and slow to load
  const vitest = await createVitest('test', { root, watch: false });
  const specifications = await vitest.globTestSpecifications();
  await vitest.close();
  return new Set(specifications.map(({ project }) => project.name));
};

const testsIn = async (area: Area): Promise<Verdict[]> => {
  if (withEnvoy.includes(area)) {
    const missing = await envoyIsMissing();
    if (missing) return [{ name: `${area}: Envoy`, state: 'failed', why: missing }];
  }
  const { startVitest } = await import('vitest/node');
  const vitest = await startVitest([], { root, watch: false, project: area });
  const { state } = vitest;
  const outside = state.getUnhandledErrors().map((): Verdict => {
    return { name: `${area}: an error outside of all tests`, state: 'failed', why: 'see above' };
  });
  const verdicts = [...state.getTestModules().flatMap(verdictsOf), ...outside];
  await vitest.close();
  return verdicts;
};

/** Fetches Envoy before the first test has to wait for it. The reason when there is none. */
const envoyIsMissing = (): Promise<string | undefined> =>
  bringEnvoy(console.log).then(
    () => undefined,
    (cause: Error) => cause.message,
  );

const verdictsOf = (module: TestModule): Verdict[] => {
  const verdicts = [...module.children.allTests()].map((test) => verdictOf(test, module));
  const explained = verdicts.some(({ state }) => state === 'failed');
  if (explained || module.state() !== 'failed') return verdicts;
  return [...verdicts, { name: module.relativeModuleId, state: 'failed', why: 'the file failed, see above' }];
};

const verdictOf = (test: TestCase, module: TestModule): Verdict => {
  const name = `${module.relativeModuleId} > ${test.fullName}`;
  const result = test.result();
  if (result.state === 'passed') return { name, state: 'passed' };
  if (result.state === 'skipped') {
    return { name, state: 'skipped', why: result.note ?? `${test.options.mode}, no reason given` };
  }
  return { name, state: 'failed', why: result.errors?.[0]?.message?.split('\n', 1)[0] ?? 'did not end' };
};
