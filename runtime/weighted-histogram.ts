import type { Labels } from '../core/metrics-port.ts';

interface Series {
  readonly labels: Labels;
  /** observations per bucket, not cumulative; the last one is +Inf */
  readonly counts: Float64Array;
  sum: number;
}

interface Sample {
  readonly metricName: string;
  readonly labels: Labels;
  readonly value: number;
}

/**
 * A histogram that takes many equal observations in one call, in the shape that prom-client's registry collects.
 * Its own histogram takes one at a time, 0.4 us each: at full rate that would be a visible share of a core.
 */
export interface WeightedHistogram {
  readonly name: string;
  observe(labels: Labels, value: number, times: number): void;
  get(): Promise<{ name: string; help: string; type: 'histogram'; values: Sample[]; aggregator: 'sum' }>;
}

export interface WeightedHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** upper bounds, rising */
  readonly buckets: readonly number[];
  /** series that exist from the start */
  readonly born: readonly Labels[];
}

export function createWeightedHistogram(options: WeightedHistogramOptions): WeightedHistogram {
  const { name, help, labelNames, buckets, born } = options;
  const series = new Map<string, Series>();
  const seriesOf = (labels: Labels): Series => {
    const key = labelNames.map((label) => labels[label]).join('\0');
    const known = series.get(key);
    if (known) return known;
    const made = { labels, counts: new Float64Array(buckets.length + 1), sum: 0 };
    series.set(key, made);
    return made;
  };
  for (const labels of born) seriesOf(labels);
  return {
    name,
    observe(labels, value, times) {
      if (!Number.isFinite(value)) throw new TypeError(`${name}: ${value} cannot be observed`);
      const one = seriesOf(labels);
      const bucket = buckets.findIndex((bound) => value <= bound);
      one.counts[bucket < 0 ? buckets.length : bucket]! += times;
      one.sum += value * times;
    },
    async get() {
      const values = [...series.values()].flatMap((one) => samplesOf(name, buckets, one));
      return { name, help, type: 'histogram', values, aggregator: 'sum' };
    },
  };
}

function samplesOf(name: string, buckets: readonly number[], { labels, counts, sum }: Series): Sample[] {
  let total = 0;
  const cumulative = [...counts].map((count, bucket) => {
    total += count;
    const le = bucket < buckets.length ? buckets[bucket]! : '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [
    ...cumulative,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
