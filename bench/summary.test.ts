import { expect, test } from 'vitest';
import { loadConfig } from '../plugins/config/load.ts';
import type { Circumstances } from './circumstances.ts';
import { configs } from './configs.ts';
import type { Sample } from './measure.ts';
import { markdownReport, textReport } from './report.ts';
import { requestOf, type Scenario, scenarios } from './scenarios.ts';
import { median, quantile } from './statistics.ts';
import { compare, figuresOf, type Row } from './summary.ts';
import { targetOf } from './targets.ts';

const named = (name: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (!found) throw new Error(`no scenario ${name}`);
  return found;
};

const sample = (change: Partial<Sample>): Sample => ({
  completed: 100,
  failed: 0,
  seconds: 1,
  p50Ms: 1,
  p99Ms: 2,
  firstByteP50Ms: 0.5,
  hostMs: 10,
  workersMs: 0,
  ...change,
});

const plain = [sample({}), sample({ p50Ms: 3, completed: 300, hostMs: 30 })];
const nexus = [
  sample({ p50Ms: 1.4, completed: 90, hostMs: 18, workersMs: 9, failed: 1 }),
  sample({ p50Ms: 3.6, completed: 270, hostMs: 54, workersMs: 27 }),
];

test('statistics', () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(3);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
  expect(quantile([], 0.5)).toBeNaN();
  expect(median([5, 1, 3])).toBe(3);
  expect(median([5, 1, 3, 4])).toBe(3.5);
  expect(median([])).toBeNaN();
});

test('figures are per request, of streams per event', () => {
  const unary = figuresOf(named('unary 1KB c=1'), nexus);
  expect(unary.hostMicrosPerOperation).toBeCloseTo(200);
  expect(unary.workersMicrosPerOperation).toBeCloseTo(100);
  expect(unary).toMatchObject({ completed: 360, failed: 1, p50Ms: 2.5, operationsPerSecond: 180 });
  const streamed = figuresOf(named('burst c=1'), nexus);
  expect(streamed.hostMicrosPerOperation).toBeCloseTo(2);
  expect(streamed.operationsPerSecond).toBe(18_000);
});

test('variants are compared round by round', () => {
  const { cpuRatio, addedP50Ms, throughputRatio } = compare(nexus, plain);
  expect(cpuRatio).toBeCloseTo(3);
  expect(addedP50Ms).toBeCloseTo(0.5);
  expect(throughputRatio).toBeCloseTo(0.9);
});

const rowOf = (name: string, change: Partial<Row['versusPlain'] & {}>): Row => ({
  scenario: named(name),
  variant: 'nexus',
  figures: figuresOf(named(name), nexus),
  versusPlain: { ...compare(nexus, plain), ...change },
});

test('targets are told with the rows that they are for', () => {
  expect(targetOf(rowOf('unary 1KB c=32', { cpuRatio: 5.5 }))?.met).toBe(true);
  expect(targetOf(rowOf('unary 1KB c=32', { cpuRatio: 5.6 }))?.met).toBe(false);
  expect(targetOf(rowOf('unary 1KB c=1', { addedP50Ms: 0.6 }))?.met).toBe(false);
  expect(targetOf(rowOf('unary 8KB 60ms c=32', { throughputRatio: 0.97 }))?.met).toBe(false);
  expect(targetOf(rowOf('burst c=1', { cpuRatio: 4.1 }))?.met).toBe(false);
  expect(targetOf(rowOf('paced c=1', {}))).toBeUndefined();
});

test('both reports hold both tables', () => {
  const rows = [rowOf('unary 1KB c=1', { addedP50Ms: 0.6 }), rowOf('burst c=32', { cpuRatio: 3 })];
  const text = textReport(rows);
  expect(text).toMatch(/^unary 1KB c=1 +nexus +3\.00× +\+0\.60 ms +90\.0 % +1 +p50 ≤ \+0\.55 ms +missed$/m);
  const at: Circumstances = {
    ...{
      cpu: 'A CPU',
      cores: 2,
      system: 'Linux 6',
      loadAverage: 0.5,
      node: '24.0.0',
      host: 'Envoy 1.40.0',
      variantsText: [],
    },
    ...{
      commit: 'abc1234',
      date: '2026-11-24',
      command: './nexus bench',
      rounds: 4,
      seconds: 1.5,
      workers: 1,
    },
  };
  const markdown = markdownReport(rows, at);
  expect(markdown).toContain('commit abc1234');
  expect(markdown).toContain('| burst c=32 | nexus | 3.00× | +0.50 ms | 90.0 % | 1 | CPU ≤ 4× | met |');
});

test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  'the request of %s',
  (_, scenario) => {
    const { request, freshAt } = requestOf(scenario);
    const [head = '', body = ''] = Buffer.from(request, 'base64').toString().split('\r\n\r\n');
    expect(freshAt).toHaveLength(1);
    expect(body).toHaveLength(scenario.requestBytes);
    expect(head).toContain(`content-length: ${scenario.requestBytes}`);
    expect(JSON.parse(body).model).toBe(scenario.behaviour);
  },
);

test.each(Object.entries(configs))('what %s serves is a valid nexus.yaml', (_, config) => {
  const env = { NEXUS_BENCH_UPSTREAM_KEY: 'sk-bench' };
  const loaded = loadConfig(JSON.stringify(config(1)), { file: 'nexus.yaml', env, readFile: () => '' });
  expect(loaded).toMatchObject({ warnings: [] });
});
