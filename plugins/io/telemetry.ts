import { Counter, Histogram, Registry } from 'prom-client';
import { type Labels, type Meter, type MetricName, type MetricSpec, metrics } from '../ports/meter.ts';

/** A meter that keeps its numbers in a Prometheus registry of its own. */
export const prometheusMeter = (): { readonly meter: Meter; readonly registry: Registry } => {
  const registry = new Registry();
  const counters = new Map<string, (labels: Labels) => { inc(by: number): void }>();
  const histograms = new Map<string, (labels: Labels) => { observe(value: number): void }>();
  for (const [name, spec] of Object.entries<MetricSpec>(metrics)) {
    const common = { name, help: spec.help, labelNames: [...spec.labels], registers: [registry] };
    if (spec.kind === 'counter') {
      const counter = new Counter(common);
      counters.set(
        name,
        remembered(spec, (labels) => counter.labels(labels)),
      );
    } else {
      const histogram = new Histogram({ ...common, buckets: [...(spec.buckets ?? [])] });
      histograms.set(
        name,
        remembered(spec, (labels) => histogram.labels(labels)),
      );
    }
  }
  return {
    registry,
    meter: {
      count: (name: MetricName, labels, by = 1) => counters.get(name)?.(labels).inc(by),
      observe: (name: MetricName, labels, value) => histograms.get(name)?.(labels).observe(value),
    },
  };
};

/**
 * Finds the series of a set of labels without the library's hashing of them, which would cost more than all else that
 * is done with a number. Labels are bounded, so the memory of them is.
 */
const remembered = <Series>(spec: MetricSpec, find: (labels: Record<string, string>) => Series) => {
  const known = new Map<string, Series>();
  return (labels: Labels): Series => {
    let key = '';
    for (const name of spec.labels) key += `${labels[name] ?? ''}\n`;
    const series = known.get(key) ?? find({ ...labels });
    known.set(key, series);
    return series;
  };
};
