import { API_LABELS, API_METRIC_NAMES } from '../api/http/measure.ts';
import { LEARNER_METRICS } from '../consumers/learner/learner-metrics.ts';
import { SINK_METRICS } from '../consumers/sink-metrics.ts';
import type { MetricName } from '../core/metrics-catalogue.ts';
import { type LabelCounts, seriesBound } from '../core/series-bound.ts';
import { CATALOGUE_CHECKS } from '../reconciler/catalogue-checks.ts';
import { SIZED_TABLES } from '../reconciler/read-table-bytes.ts';
import { RECONCILER_METRIC_NAMES } from '../reconciler/reconciler.ts';
import { PROCESS_SERIES_LIMIT } from '../runtime/metrics.ts';
import type { Settings } from '../runtime/settings.ts';

export const PRODUCER_METRIC_NAMES = [
  'producer_target_events_per_second',
  'producer_events_generated_total',
  'producer_events_acked_total',
  'producer_events_failed_total',
  'producer_events_overloaded_total',
  'producer_injected_total',
  'producer_injected_records_total',
  'producer_injecting_run_timestamp_seconds',
  'producer_acked_bytes_total',
  'producer_queue_events',
  'producer_schedule_delay_seconds',
  'producer_ack_duration_seconds',
] as const satisfies readonly MetricName[];

export const RECONCILER_SERVICE_METRICS = [...RECONCILER_METRIC_NAMES, 'registry_requests_total'] as const;

export const SERVICE_NAMES = ['sink', 'recommender', 'reconciler', 'producer', 'console'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Beyond those that exist from the start: whatever else HTTP knows, and methods that nobody has heard of. */
const API_CODES = 20;
const API_METHODS = API_LABELS.method.length + 1;

/** The most series that each service can export; what Node.js says of the process is in it. */
export function seriesBounds(
  settings: Settings,
  checks = CATALOGUE_CHECKS.length,
): Record<ServiceName, number> {
  const own: Record<ServiceName, number> = {
    sink: seriesBound(SINK_METRICS, { topic: 1, group: 1, table: SIZED_TABLES.length }),
    recommender: seriesBound([...LEARNER_METRICS, ...API_METRIC_NAMES], {
      ...{ topic: 1, group: 1, model: 1 },
      ...{ route: API_LABELS.route.length, method: API_METHODS, code: API_CODES },
    }),
    reconciler: seriesBound(RECONCILER_SERVICE_METRICS, reconcilerCounts(settings, checks)),
    producer: seriesBound(PRODUCER_METRIC_NAMES, { topic: 1, started: 1 }),
    console: 0,
  };
  return Object.fromEntries(SERVICE_NAMES.map((name) => [name, own[name] + PROCESS_SERIES_LIMIT])) as Record<
    ServiceName,
    number
  >;
}

function reconcilerCounts(settings: Settings, check: number): LabelCounts {
  return {
    topic: 1,
    partition: settings.REELSTREAM_RATINGS_PARTITIONS,
    group: settings.REELSTREAM_RECONCILER_GROUPS.length,
    table: SIZED_TABLES.length,
    check,
  };
}
