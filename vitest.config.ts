import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

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

/** Files beside the code that talk to real sockets and processes all the same. */
const inProcess = ['test/contract/**/*.test.ts', 'test/unit/fakes.test.ts'];

export default defineConfig({
  test: {
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
