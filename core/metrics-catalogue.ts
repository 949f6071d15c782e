import { CATALOG_METRICS } from './metrics/catalog.ts';
import { CLICKHOUSE_SERVER_METRICS } from './metrics/clickhouse-server.ts';
import { CONSUMER_METRICS, SINK_ONLY_METRICS } from './metrics/consumer.ts';
import { PRODUCER_METRICS } from './metrics/producer.ts';
import { API_METRICS, RECOMMENDER_METRICS } from './metrics/recommender.ts';
import { RECONCILER_METRICS } from './metrics/reconciler.ts';
import type { MetricSpec, MetricType } from './metrics/spec.ts';

export type { MetricSpec, MetricType, MetricUnit } from './metrics/spec.ts';

/** Stands before every name when it is exported. */
export const METRIC_PREFIX = 'reelstream_';

/** The catalogue by who exports it. */
export const METRIC_FAMILIES = {
  producer: PRODUCER_METRICS,
  'every consumer (sink and recommender)': CONSUMER_METRICS,
  sink: SINK_ONLY_METRICS,
  recommender: RECOMMENDER_METRICS,
  'recommender, its REST API': API_METRICS,
  reconciler: RECONCILER_METRICS,
  'catalog watch': CATALOG_METRICS,
  'embedded ClickHouse server': CLICKHOUSE_SERVER_METRICS,
} as const satisfies Record<string, Readonly<Record<string, MetricSpec>>>;

/**
 * Every metric the project exports, as data: instruments, documentation, alert rules, dashboards and their lint come from here.
 * Names carry the prefix when exported; base units; counters end in `_total`.
 */
export const METRICS = {
  ...PRODUCER_METRICS,
  ...CONSUMER_METRICS,
  ...SINK_ONLY_METRICS,
  ...RECOMMENDER_METRICS,
  ...API_METRICS,
  ...RECONCILER_METRICS,
  ...CATALOG_METRICS,
  ...CLICKHOUSE_SERVER_METRICS,
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRICS;
type NamesOf<T extends MetricType> = {
  [K in MetricName]: (typeof METRICS)[K]['type'] extends T ? K : never;
}[MetricName];
export type CounterName = NamesOf<'counter'>;
export type GaugeName = NamesOf<'gauge'>;
export type HistogramName = NamesOf<'histogram'>;
