import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { defineCommand } from 'citty';
import type { BenchHostName } from '../../bench/hosts.ts';
import { runRouteBench } from '../../bench/route.ts';
import { runBench } from '../../bench/run.ts';
import { scenarios } from '../../bench/scenarios.ts';
import { expectedOneOf } from '../../plugins/config/problem.ts';
import { type ExitCode, UsageError } from '../run.ts';
import { parseWorkerCount } from '../supervisor/worker-pool.ts';

/** About 5 minutes for all scenarios; half a minute with `--quick`. */
const whole = { rounds: 4, seconds: 1.5 };
const quick = { rounds: 1, seconds: 0.4 };

/** A million requests under all picks together take about half a minute. */
const story = { requestsPerSecond: 200, seed: 1 };

/** Measurements that are programs of their own, by the area's name. */
const scripts: Readonly<Record<string, string>> = {
  counters: 'counters.ts',
  budgets: 'budget-hook.ts',
  guard: 'guard.ts',
  pii: 'pii/speed.ts',
  dialects: 'dialect-cost.ts',
};

const runScript = (area: string): ExitCode => {
  const script = Object.hasOwn(scripts, area) ? scripts[area] : undefined;
  if (script === undefined) {
    throw new UsageError(`unknown area, ${expectedOneOf(area, ['route', ...Object.keys(scripts)])}`);
  }
  const path = join(import.meta.dirname, '../../bench', script);
  return spawnSync(process.execPath, [path], { stdio: 'inherit' }).status === 0 ? 0 : 1;
};

export default defineCommand({
  meta: {
    description:
      'Measure what Nexus costs beside the plain proxy; a whole run writes bench/RESULTS.md. An area measures a part by itself',
  },
  args: {
    area: {
      type: 'positional',
      required: false,
      description: `One of route (simulates, draws docs/routing-share.svg), ${Object.keys(scripts).join(', ')}`,
    },
    host: { type: 'string', default: 'envoy', description: 'The proxy to measure in: envoy or kong' },
    rounds: { type: 'string', description: `Rounds of each scenario; ${whole.rounds} when left out` },
    seconds: { type: 'string', description: `Length of a round; ${whole.seconds} when left out` },
    quick: { type: 'boolean', description: 'Half a minute for all, too short for firm figures' },
    only: { type: 'string', description: 'Scenarios that a pattern finds: "burst", "unary 1KB c=32"' },
    workers: { type: 'string', default: '1', description: 'Processes of the policy service' },
    'cpu-prof': { type: 'string', description: 'Directory for CPU profiles of the workers' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: async ({ args, rawArgs }): Promise<ExitCode> => {
    const output = args.json ? 'json' : 'tables';
    if (args.area === 'route') {
      runRouteBench({ output, ...(args.quick ? { ...story, requestsPerSecond: 20 } : story) });
      return 0;
    }
    if (args.area !== undefined) return runScript(args.area);
    const profile = args['cpu-prof'];
    const only = args.only === undefined ? undefined : parsePattern(args.only);
    const { rounds, seconds } = args.quick ? quick : whole;
    if (!isHost(args.host)) throw new UsageError(`--host ${args.host}: expected envoy or kong`);
    return runBench({
      host: args.host,
      rounds: parseAmount('rounds', args.rounds, rounds),
      seconds: parseAmount('seconds', args.seconds, seconds),
      workers: parseWorkerCount(args.workers),
      only,
      profileDirectory: profile === undefined ? undefined : resolve(profile),
      output,
      record: !args.quick && only === undefined && profile === undefined,
      command: ['./nexus', 'bench', ...rawArgs].join(' '),
    });
  },
});

const isHost = (name: string): name is BenchHostName => name === 'envoy' || name === 'kong';

const parseAmount = (option: string, text: string | undefined, whenAbsent: number): number => {
  const amount = text === undefined ? whenAbsent : Number(text);
  if (amount > 0 && (option !== 'rounds' || Number.isInteger(amount))) return amount;
  throw new UsageError(
    `--${option} ${text}: expected a positive ${option === 'rounds' ? 'whole ' : ''}number`,
  );
};

const parsePattern = (text: string): RegExp => {
  const pattern = regExp(text);
  if (pattern && scenarios.some(({ name }) => pattern.test(name))) return pattern;
  throw new UsageError(
    `--only ${text}: expected to find one of ${scenarios.map(({ name }) => name).join(', ')}`,
  );
};

const regExp = (text: string): RegExp | undefined => {
  try {
    return new RegExp(text);
  } catch {
    return undefined;
  }
};
