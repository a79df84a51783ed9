import type { Sample } from './measure.ts';
import { eventsPerStream, isStream, type Scenario } from './scenarios.ts';
import { median, sum } from './statistics.ts';
import type { VariantName } from './variants.ts';

/** What one variant did in one scenario. An operation is a request, of streams one event. */
export interface Figures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstByteP50Ms: number;
  readonly operationsPerSecond: number;
  readonly hostMicrosPerOperation: number;
  readonly workersMicrosPerOperation: number;
  readonly completed: number;
  readonly failed: number;
}

/** The same beside the plain proxy in the same rounds. */
export interface Comparison {
  readonly cpuRatio: number;
  readonly addedP50Ms: number;
  /** Share of plain's throughput, 0 to 1. */
  readonly throughputRatio: number;
}

export interface Row {
  readonly scenario: Scenario;
  readonly variant: VariantName;
  readonly figures: Figures;
  /** Of the variants of Nexus. */
  readonly versusPlain?: Comparison;
}

/** Samples of one variant in one scenario, in the order of the rounds. */
export type Samples = readonly Sample[];

/** Latency and throughput are medians over rounds; CPU time and failures are added up. */
export const figuresOf = (scenario: Scenario, samples: Samples): Figures => {
  const operations = isStream(scenario) ? eventsPerStream : 1;
  const of = (pick: (sample: Sample) => number) => samples.map(pick);
  const completed = sum(of((sample) => sample.completed));
  const micros = (milliseconds: number) => (milliseconds * 1000) / (completed * operations);
  return {
    p50Ms: median(of((sample) => sample.p50Ms)),
    p99Ms: median(of((sample) => sample.p99Ms)),
    firstByteP50Ms: median(of((sample) => sample.firstByteP50Ms)),
    operationsPerSecond: median(of(({ completed: count, seconds }) => (count * operations) / seconds)),
    hostMicrosPerOperation: micros(sum(of((sample) => sample.hostMs))),
    workersMicrosPerOperation: micros(sum(of((sample) => sample.workersMs))),
    completed,
    failed: sum(of((sample) => sample.failed)),
  };
};

/** Latency and throughput are compared round by round, since the machine changes between rounds. */
export const compare = (samples: Samples, plain: Samples): Comparison => {
  const pairs = samples.flatMap((sample, round) => {
    const other = plain[round];
    return other ? [{ sample, other }] : [];
  });
  return {
    cpuRatio: cpuPerRequest(samples) / cpuPerRequest(plain),
    addedP50Ms: median(pairs.map(({ sample, other }) => sample.p50Ms - other.p50Ms)),
    throughputRatio: median(pairs.map(({ sample, other }) => rate(sample) / rate(other))),
  };
};

const cpuPerRequest = (samples: Samples): number =>
  sum(samples.map(({ hostMs, workersMs }) => hostMs + workersMs)) /
  sum(samples.map(({ completed }) => completed));

const rate = ({ completed, seconds }: Sample): number => completed / seconds;
