import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import { METRIC_PREFIX, METRICS, type MetricName, type MetricSpec } from '../core/metrics-catalogue.ts';
import { type ForgetfulMetrics, type Labels, noMetrics } from '../core/metrics-port.ts';
import { createWeightedHistogram, type WeightedHistogram } from './weighted-histogram.ts';

export interface MetricsRegistry extends ForgetfulMetrics {
  /** nothing is counted: there is no exposition */
  readonly switchedOff?: true;
  /** text exposition format */
  expose(): Promise<{ contentType: string; body: string }>;
}

export interface MetricsOptions {
  readonly service: string;
  readonly version: string;
  /** the metrics this service exports */
  readonly names: readonly MetricName[];
  /** values of labels that the catalogue leaves open: every combination is born at 0; an empty list: when somebody says so */
  readonly knownLabels?: Readonly<Record<string, readonly (string | number)[]>>;
}

/**
 * Series that every service exports besides the catalogue's: its version, and what prom-client says of the process. About 55
 * stand from the start; kinds of garbage collection, handles and requests come as they are met.
 */
export const PROCESS_SERIES_LIMIT = 150;

/** Nothing is counted and nothing collected, not even of the process: for measuring what figures cost. */
export function createSilentMetrics(): MetricsRegistry {
  return {
    ...noMetrics,
    switchedOff: true,
    forget() {},
    expose: async () => ({ contentType: 'text/plain; charset=utf-8', body: '' }),
  };
}

/** Instruments made from the catalogue; a series that exists from the start can be alerted on from the start. */
export function createMetrics(options: MetricsOptions): MetricsRegistry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const info = new Gauge({
    name: `${METRIC_PREFIX}build_info`,
    help: 'Version of the running service',
    labelNames: ['service', 'version'],
    registers: [registry],
  });
  info.set({ service: options.service, version: options.version }, 1);
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, WeightedHistogram>();
  for (const name of options.names) {
    const spec: MetricSpec = METRICS[name];
    const base = {
      name: METRIC_PREFIX + name,
      help: spec.help,
      labelNames: Object.keys(spec.labels),
      registers: [registry],
    };
    const known = options.knownLabels ?? {};
    requireBirth(name, spec, known);
    const series = spec.absentUntilKnown ? [] : combinations(spec, known);
    if (spec.type === 'counter') {
      const counter = new Counter(base);
      for (const labels of series) counter.inc(labels, 0);
      counters.set(name, counter);
    } else if (spec.type === 'gauge') {
      const gauge = new Gauge(base);
      for (const labels of series) gauge.set(labels, 0);
      // without labels it is born at 0 whether one wants it or not
      if (spec.absentUntilKnown) gauge.remove({});
      gauges.set(name, gauge);
    } else {
      const histogram = createWeightedHistogram({ ...base, buckets: spec.buckets ?? [], born: series });
      // the registry only asks for a name and for samples; its type says more
      registry.registerMetric(histogram as unknown as Metric);
      histograms.set(name, histogram);
    }
  }
  return {
    add: (name, labels, value = 1) => owned(counters, name).inc(labels, value),
    set: (name, labels, value) => owned(gauges, name).set(labels, value),
    forget(name) {
      const gauge = owned(gauges, name);
      gauge.reset();
      // without labels that is 0 and not nothing
      gauge.remove({});
    },
    observe: (name, labels, value, times = 1) => owned(histograms, name).observe(labels, value, times),
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

function owned<T>(instruments: Map<string, T>, name: string): T {
  const instrument = instruments.get(name);
  if (!instrument) throw new Error(`metric ${name} is not exported by this service`);
  return instrument;
}

/** A series that is born with its first increase has none that anybody could see: rules would sleep through it. */
function requireBirth(name: string, spec: MetricSpec, known: MetricsOptions['knownLabels'] = {}): void {
  if (spec.type === 'gauge') return;
  const open = Object.entries(spec.labels).filter(([label, closed]) => !closed && known[label] === undefined);
  if (open.length > 0) {
    throw new Error(
      `${name} has no known ${open.map(([label]) => label).join(', ')}: name them in knownLabels`,
    );
  }
}

/** Labels of a gauge that stay open have no series yet: the first one is born with its first value. */
function combinations(
  spec: MetricSpec,
  known: Readonly<Record<string, readonly (string | number)[]>>,
): Labels[] {
  let series: Record<string, string | number>[] = [{}];
  for (const [label, closed] of Object.entries(spec.labels)) {
    const values = closed ?? known[label] ?? [];
    series = series.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value })));
  }
  return series;
}
