import { createHistogram } from 'node:perf_hooks';
import { METRICS } from '../core/metrics-catalogue.ts';
import type { Metrics } from '../core/metrics-port.ts';
import type { WriterCounts } from '../kafka/log-writer.ts';

/** Generated = acknowledged + failed + in flight, at every moment. */
export interface EventCounts {
  readonly generated: number;
  readonly acknowledged: number;
  readonly failed: number;
  readonly inFlight: number;
}

/** From intended time to hand-over to the Kafka client, over every event of the run. */
export interface ScheduleDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Meter {
  recordDelay(delayMs: number): void;
  recordBytes(bytes: number): void;
  /** Publishes what changed since the last call. Cheap enough for every quarter of a second, not for every event. */
  publish(counts: EventCounts, targetRate: number): void;
  /** What was handed over so far is acknowledged. */
  acknowledgeBytes(): void;
  scheduleDelay(): ScheduleDelay;
}

/** An hour: a longer stall counts as an hour. */
const LONGEST_DELAY_US = 3_600_000_000;

export function createMeter(metrics: Metrics, topic: string): Meter {
  // HDR histogram: 3 significant digits in constant memory, in microseconds because it holds whole numbers from 1
  const delays = createHistogram({ lowest: 1, highest: LONGEST_DELAY_US, figures: 3 });
  const labels = { topic };
  let published: EventCounts = { generated: 0, acknowledged: 0, failed: 0, inFlight: 0 };
  const buckets = createDelayBuckets();
  let unacknowledgedBytes = 0;
  return {
    recordDelay(delayMs) {
      delays.record(Math.min(LONGEST_DELAY_US, Math.max(1, Math.round(delayMs * 1_000))));
      buckets.add(delayMs / 1_000);
    },
    recordBytes(bytes) {
      unacknowledgedBytes += bytes;
    },
    publish(counts, targetRate) {
      metrics.add('producer_events_generated_total', labels, counts.generated - published.generated);
      metrics.add('producer_events_acked_total', labels, counts.acknowledged - published.acknowledged);
      metrics.add(
        'producer_events_failed_total',
        { topic, reason: 'delivery' },
        counts.failed - published.failed,
      );
      metrics.set('producer_queue_events', labels, counts.inFlight);
      metrics.set('producer_target_events_per_second', labels, targetRate);
      buckets.drain((seconds, times) =>
        metrics.observe('producer_schedule_delay_seconds', labels, seconds, times),
      );
      published = counts;
    },
    acknowledgeBytes() {
      metrics.add('producer_acked_bytes_total', labels, unacknowledgedBytes);
      unacknowledgedBytes = 0;
    },
    scheduleDelay: () => ({
      p50Ms: delays.count === 0 ? 0 : delays.percentile(50) / 1_000,
      p99Ms: delays.count === 0 ? 0 : delays.percentile(99) / 1_000,
      maxMs: delays.count === 0 ? 0 : delays.max / 1_000,
    }),
  };
}

const BOUNDS: readonly number[] = METRICS.producer_schedule_delay_seconds.buckets;

/** Collects observations by the metric's own buckets: one call per bucket instead of one per event, the sum kept exact. */
function createDelayBuckets() {
  const counts = new Float64Array(BOUNDS.length + 1);
  const sums = new Float64Array(BOUNDS.length + 1);
  return {
    add(seconds: number) {
      let bucket = 0;
      while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket += 1;
      counts[bucket]! += 1;
      sums[bucket]! += seconds;
    },
    drain(observe: (meanSeconds: number, times: number) => void) {
      for (let bucket = 0; bucket < counts.length; bucket++) {
        const times = counts[bucket]!;
        if (times > 0) observe(sums[bucket]! / times, times);
      }
      counts.fill(0);
      sums.fill(0);
    },
  };
}

export function eventCounts(counts: WriterCounts): EventCounts {
  return {
    generated: counts.enqueued,
    acknowledged: counts.acked,
    failed: counts.failed,
    inFlight: counts.enqueued - counts.acked - counts.failed,
  };
}
