import { defineConfig } from 'vitest/config';

/** `unit` is pure and quick; every other project starts real processes and runs one file at a time. */
const project = (name: string, include: string[], seconds: number) => ({
  test: {
    name,
    include,
    testTimeout: seconds * 1000,
    hookTimeout: 60_000,
    ...(name === 'unit' ? {} : { fileParallelism: false, maxWorkers: 1 }),
  },
});

export default defineConfig({
  test: {
    projects: [
      project(
        'unit',
        ['{plugins,extproc,kong,envoy,cli,bench}/**/*.test.ts', 'test/{golden,contract,unit}/**/*.test.ts'],
        10,
      ),
      project('envoy', ['test/e2e/**/*.test.ts'], 60),
      project('kong', ['test/kong/**/*.test.ts'], 60),
      project('sdk', ['test/sdk/**/*.test.ts'], 60),
    ],
  },
});
