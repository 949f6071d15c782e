import { METRICS, type MetricName, type MetricSpec } from './metrics-catalogue.ts';

/** How many values a label has that the catalogue leaves to configuration: topics, partitions, groups, tables. */
export type LabelCounts = Readonly<Record<string, number>>;

/** Of a histogram, besides its buckets: the bucket without a bound, sum and count. */
const HISTOGRAM_EXTRA = 3;

/**
 * The most series that these metrics can come to: every combination of every label's values, also of those that never meet.
 * @throws RangeError for a label without a closed set and without a count
 */
export function seriesBound(names: readonly MetricName[], counts: LabelCounts): number {
  return names.reduce((sum, name) => sum + boundOf(name, METRICS[name], counts), 0);
}

function boundOf(name: string, { type, labels, buckets = [] }: MetricSpec, counts: LabelCounts): number {
  const combinations = Object.entries(labels).reduce((product, [label, closed]) => {
    const values = closed?.length ?? counts[label];
    if (values === undefined) throw new RangeError(`${name}: nobody says how many values ${label} has`);
    return product * values;
  }, 1);
  return type === 'histogram' ? combinations * (buckets.length + HISTOGRAM_EXTRA) : combinations;
}

/** Samples in a text exposition: lines that are no comment. */
export function countSeries(exposition: string): number {
  return exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}
