import { type HistogramCounts, valueOfCell } from '../../core/histogram.ts';
import { METRICS } from '../../core/metrics-catalogue.ts';
import type { Labels, Metrics } from '../../core/metrics-port.ts';
import { FAULT_KINDS } from '../faults/fault.ts';
import type { MeasuredDelays } from '../run/load-run.ts';
import type { TotalCounts } from './run-totals.ts';

/** Totals -> Prometheus: counters grow by what came since the last call. */
export interface Publisher {
  publish(counts: TotalCounts, byLabel: Readonly<Record<string, number>>): void;
  observe(delays: MeasuredDelays): void;
}

const NOTHING = { generated: 0, recordsAcknowledged: 0, recordsFailed: 0, overloaded: 0 };

export function createPublisher(metrics: Metrics, topic: string): Publisher {
  const labels = { topic };
  let published: typeof NOTHING = NOTHING;
  let publishedBytes = 0;
  let publishedKinds: Readonly<Record<string, number>> = {};
  return {
    publish(counts, byLabel) {
      metrics.add('producer_events_generated_total', labels, counts.generated - published.generated);
      metrics.add(
        'producer_events_acked_total',
        labels,
        counts.recordsAcknowledged - published.recordsAcknowledged,
      );
      metrics.add(
        'producer_events_failed_total',
        { topic, reason: 'delivery' },
        counts.recordsFailed - published.recordsFailed,
      );
      metrics.add('producer_events_overloaded_total', labels, counts.overloaded - published.overloaded);
      const bytes = ackedBytes(counts);
      metrics.add('producer_acked_bytes_total', labels, Math.max(0, bytes - publishedBytes));
      publishedBytes = Math.max(bytes, publishedBytes);
      metrics.set('producer_queue_events', labels, counts.inFlight);
      metrics.set('producer_target_events_per_second', labels, counts.targetRate);
      const kinds = byKind(byLabel);
      for (const kind of FAULT_KINDS) {
        const more = (kinds[kind] ?? 0) - (publishedKinds[kind] ?? 0);
        if (more > 0) metrics.add('producer_injected_total', { topic, kind }, more);
      }
      published = counts;
      publishedKinds = kinds;
    },
    observe({ schedule, delivery }) {
      observeAll(metrics, 'producer_schedule_delay_seconds', labels, schedule);
      observeAll(metrics, 'producer_ack_duration_seconds', labels, delivery);
    },
  };
}

/** Answers do not say how long their records were: the mean stands for them until all have come. */
function ackedBytes({ bytes, records, recordsAcknowledged }: TotalCounts): number {
  return records === 0 ? 0 : Math.round((bytes * recordsAcknowledged) / records);
}

function byKind(byLabel: Readonly<Record<string, number>>): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const [label, count] of Object.entries(byLabel)) {
    const kind = label.split('/')[0]!;
    kinds[kind] = (kinds[kind] ?? 0) + count;
  }
  return kinds;
}

type DelayMetric = 'producer_schedule_delay_seconds' | 'producer_ack_duration_seconds';

/** One call per bucket of the metric instead of one per value. */
function observeAll(metrics: Metrics, name: DelayMetric, labels: Labels, counts: HistogramCounts): void {
  const bounds: readonly number[] = METRICS[name].buckets;
  let times = 0;
  let sum = 0;
  let bucket = 0;
  const flush = () => {
    if (times > 0) metrics.observe(name, labels, sum / times, times);
    times = 0;
    sum = 0;
  };
  counts.cells.forEach((cell, i) => {
    const seconds = valueOfCell(cell) / 1e6;
    while (bucket < bounds.length && seconds > bounds[bucket]!) {
      flush();
      bucket += 1;
    }
    times += counts.hits[i]!;
    sum += seconds * counts.hits[i]!;
  });
  flush();
}
