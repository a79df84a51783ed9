import { Counter, Histogram, Registry } from 'prom-client';
import { type Meter, type MetricName, type MetricSpec, metrics } from '../ports/meter.ts';

/** A meter that keeps its numbers in a Prometheus registry of its own. */
export const prometheusMeter = (): { readonly meter: Meter; readonly registry: Registry } => {
  const registry = new Registry();
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  for (const [name, spec] of Object.entries<MetricSpec>(metrics)) {
    const common = { name, help: spec.help, labelNames: [...spec.labels], registers: [registry] };
    if (spec.kind === 'counter') counters.set(name, new Counter(common));
    else histograms.set(name, new Histogram({ ...common, buckets: [...(spec.buckets ?? [])] }));
  }
  return {
    registry,
    meter: {
      count: (name: MetricName, labels, by = 1) => counters.get(name)?.inc(labels, by),
      observe: (name: MetricName, labels, value) => histograms.get(name)?.observe(labels, value),
    },
  };
};
