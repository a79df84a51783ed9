import { type Metric, Registry } from 'prom-client';
import { type Labels, type Meter, type MetricName, type MetricSpec, metrics } from '../ports/meter.ts';

/** A meter whose numbers a Prometheus registry shows. */
export const prometheusMeter = (): { readonly meter: Meter; readonly registry: Registry } => {
  const registry = new Registry();
  const all = new Map<MetricName, Counted>();
  for (const [name, spec] of Object.entries(metrics) as [MetricName, MetricSpec][]) {
    const counted = new Counted(name, spec);
    all.set(name, counted);
    registry.registerMetric(counted as unknown as Metric); // the registry asks a metric for its name and `get` alone
  }
  return {
    registry,
    meter: {
      count: (name, labels, by = 1) => all.get(name)?.add(labels, by),
      observe: (name, labels, value) => all.get(name)?.add(labels, value),
    },
  };
};

/** One combination of labels and its numbers. */
interface Series {
  readonly labels: Labels;
  sum: number;
  count: number;
  /** Observations up to each bucket's bound, not added up; the last one counts those beyond. */
  readonly buckets: number[];
}

/** Series by the values of their labels, one level for each: a key made of all of them would be built anew each time. */
interface Node {
  readonly next: Map<string, Node>;
  series?: Series;
}

const leaf = (): Node => ({ next: new Map() });

/**
 * A counter or histogram. prom-client's own hash their labels with each number, which cost ten times all else that is
 * done with it (23 µs for one exchange against 3); so the numbers are kept here, and prom-client shows and adds them up.
 */
class Counted {
  readonly name: MetricName;
  readonly #spec: MetricSpec;
  readonly #bounds: readonly number[];
  readonly #tree = leaf();
  readonly #series: Series[] = [];

  constructor(name: MetricName, spec: MetricSpec) {
    this.name = name;
    this.#spec = spec;
    this.#bounds = spec.buckets ?? [];
  }

  add(labels: Labels, value: number): void {
    const series = this.#seriesOf(labels);
    series.sum += value;
    series.count++;
    if (this.#bounds.length === 0) return;
    let at = 0;
    while (at < this.#bounds.length && !(value <= (this.#bounds[at] ?? 0))) at++;
    series.buckets[at] = (series.buckets[at] ?? 0) + 1;
  }

  /** In the form of prom-client 15's `metric.get()`. */
  get(): object {
    const { kind, help } = this.#spec;
    const show = kind === 'counter' ? counterValues : histogramValues;
    const values = this.#series.flatMap((series) => show(this.name, series, this.#bounds));
    return { name: this.name, help, type: kind, values, aggregator: 'sum' };
  }

  #seriesOf(labels: Labels): Series {
    let node = this.#tree;
    for (const name of this.#spec.labels) {
      const value = labels[name] ?? '';
      let next = node.next.get(value);
      if (!next) {
        next = leaf();
        node.next.set(value, next);
      }
      node = next;
    }
    node.series ??= this.#newSeries(labels);
    return node.series;
  }

  #newSeries(labels: Labels): Series {
    const buckets = new Array<number>(this.#bounds.length + 1).fill(0);
    const series: Series = { labels: { ...labels }, sum: 0, count: 0, buckets };
    this.#series.push(series);
    return series;
  }
}

const counterValues = (_name: string, { labels, sum }: Series): object[] => [{ labels, value: sum }];

const histogramValues = (name: string, series: Series, bounds: readonly number[]): object[] => {
  const { labels, sum, count, buckets } = series;
  let upTo = 0;
  const shown = bounds.map((le, at) => {
    upTo += buckets[at] ?? 0;
    return { labels: { le, ...labels }, value: upTo, metricName: `${name}_bucket` };
  });
  return [
    ...shown,
    { labels: { le: '+Inf', ...labels }, value: count, metricName: `${name}_bucket` },
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ];
};
