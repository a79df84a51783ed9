import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

interface Project {
  readonly name: string;
  readonly include: string[];
  readonly seconds: number;
  /**
   * Pure tests share one module graph a worker, on all cores but one, two at least. What starts processes runs two files
   * at a time: it waits a lot.
   */
  readonly kind: 'pure' | 'processes';
}

const project = ({ name, include, seconds, kind }: Project) => ({
  test: {
    name,
    include,
    testTimeout: seconds * 1000,
    hookTimeout: 60_000,
    ...(kind === 'pure'
      ? { isolate: false, maxWorkers: Math.max(2, availableParallelism() - 1) }
      : { maxWorkers: 2 }),
  },
});

/** Files that take a quarter of a minute and more, the longest first: begun last, they would be waited for alone. */
const long = [
  'redis/faults',
  'e2e/routing',
  'e2e/contract',
  'kong/relay-contract',
  'faults/workers',
  'redis/race',
  'kong/standby',
  'e2e/up',
  'kong/counters',
  'sdk/python',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = long.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return found === -1 ? long.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

/** Files beside the code that talk to real sockets and processes all the same. */
const inProcess = ['test/contract/**/*.test.ts', 'test/unit/fakes.test.ts'];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...project({
            name: 'unit',
            include: [
              '{plugins,extproc,kong,envoy,cli,bench}/**/*.test.ts',
              'test/{golden,recordings,unit}/**/*.test.ts',
            ],
            seconds: 10,
            kind: 'pure',
          }).test,
          exclude: inProcess,
        },
      },
      project({ name: 'contract', include: inProcess, seconds: 10, kind: 'processes' }),
      project({ name: 'envoy', include: ['test/e2e/**/*.test.ts'], seconds: 60, kind: 'processes' }),
      project({ name: 'kong', include: ['test/kong/**/*.test.ts'], seconds: 60, kind: 'processes' }),
      project({ name: 'redis', include: ['test/redis/**/*.test.ts'], seconds: 60, kind: 'processes' }),
      project({ name: 'sdk', include: ['test/sdk/**/*.test.ts'], seconds: 60, kind: 'processes' }),
    ],
  },
});
