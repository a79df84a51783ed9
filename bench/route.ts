import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pickNames } from '../plugins/policies/upstream/config.ts';
import { seededRandom } from '../test/fakes/time.ts';
import { timeHook } from './routing/hook-time.ts';
import { shareSvg } from './routing/share-svg.ts';
import { type SimulationResult, simulate } from './routing/simulation.ts';
import { incidents, storySeconds, storyUpstreams } from './routing/story.ts';

export interface RouteBenchOptions {
  readonly output: 'tables' | 'json';
  /** Requests a second of the story. */
  readonly requestsPerSecond: number;
  readonly seed: number;
}

const picture = join(import.meta.dirname, '../docs/routing-share.svg');

/** One way to pick in the story. */
interface Row {
  readonly pick: string;
  readonly requests: number;
  readonly failed: number;
  readonly meanMs: number;
  /** Requests that somebody failed before somebody answered, of a hundred. */
  readonly failedOverPercent: number;
  /** CPU time that the policy takes to plan one request with five candidates. */
  readonly hookMicros: number;
}

/** Runs the story under every pick, prints what came of it, and draws who answered under `latency`. */
export const runRouteBench = ({ output, requestsPerSecond, seed }: RouteBenchOptions): void => {
  const rows: Row[] = [];
  for (const pick of pickNames) {
    const result = story({ pick }, { requestsPerSecond, seed });
    rows.push({ pick, ...figures(result), hookMicros: timeHook(pick, seededRandom(seed)) });
    if (pick === 'latency') writeFileSync(picture, draw(result, requestsPerSecond));
  }
  const fixed = storyUpstreams.map(({ name }) => ({
    pick: `${name} alone`,
    ...figures(
      simulate({
        ...setup({ requestsPerSecond, seed }),
        upstreams: storyUpstreams.filter((it) => it.name === name),
        model: {},
      }),
    ),
    hookMicros: Number.NaN,
  }));
  console.log(output === 'json' ? JSON.stringify([...rows, ...fixed], null, 2) : table([...rows, ...fixed]));
};

const setup = ({ requestsPerSecond, seed }: Omit<RouteBenchOptions, 'output'>) => ({
  upstreams: storyUpstreams,
  requestsPerSecond,
  seconds: storySeconds,
  seed,
});

const story = (model: object, options: Omit<RouteBenchOptions, 'output'>): SimulationResult =>
  simulate({ ...setup(options), model });

const figures = ({ requests }: SimulationResult): Omit<Row, 'pick' | 'hookMicros'> => ({
  requests: requests.length,
  failed: requests.filter(({ served }) => served === undefined).length,
  meanMs: requests.reduce((sum, it) => sum + it.durationMs, 0) / requests.length,
  failedOverPercent: (100 * requests.filter(({ tried }) => tried.length > 1).length) / requests.length,
});

const draw = ({ requests }: SimulationResult, requestsPerSecond: number): string =>
  shareSvg({
    title: 'Who is asked first under pick: latency',
    note: `Simulated, ${requestsPerSecond} requests a second. A usually begins after 0.4 s, B after 0.7 s, C after 1.1 s.`,
    requests,
    upstreams: storyUpstreams.map(({ name }) => name),
    seconds: storySeconds,
    incidents,
  });

const table = (rows: readonly Row[]): string => {
  const cells = [
    ['pick', 'requests', 'failed', 'mean ms', 'failed over %', 'plan CPU µs'],
    ...rows.map((row) => [
      row.pick,
      String(row.requests),
      String(row.failed),
      row.meanMs.toFixed(0),
      row.failedOverPercent.toFixed(2),
      Number.isNaN(row.hookMicros) ? '' : row.hookMicros.toFixed(1),
    ]),
  ];
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
