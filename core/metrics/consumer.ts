import { DEAD_LETTER_REASONS, DROP_REASONS } from '../verdict.ts';
import { DELAY_SECONDS, FAST_SECONDS, type MetricSpec } from './spec.ts';

const STREAM = { topic: null, group: null } as const;

/** Whoever reads the ratings topic: the sink and the recommender. */
export const CONSUMER_METRICS = {
  consumer_events_consumed_total: {
    type: 'counter',
    unit: 'events',
    help: 'Records read and judged; once more when they are read again after doubt',
    labels: STREAM,
  },
  consumer_events_applied_total: {
    type: 'counter',
    unit: 'events',
    help: 'Records whose effect is durable',
    labels: STREAM,
  },
  consumer_events_dropped_total: {
    type: 'counter',
    unit: 'events',
    help: 'Good records that count for nothing, durable in raw with their reason',
    labels: { ...STREAM, reason: DROP_REASONS },
  },
  consumer_events_dead_lettered_total: {
    type: 'counter',
    unit: 'events',
    help: 'Bad records, durable in raw and in the dead-letter topic',
    labels: { ...STREAM, reason: DEAD_LETTER_REASONS },
  },
  consumer_events_abandoned_total: {
    type: 'counter',
    unit: 'events',
    help: 'Records judged and given up before they were durable: read again, here or by the next owner',
    labels: STREAM,
  },
  consumer_inflight_events: {
    type: 'gauge',
    unit: 'events',
    help: 'Records read and not yet durable: consumed = applied + dropped + dead-lettered + abandoned + in flight',
    labels: STREAM,
  },
  consumer_event_delay_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Kafka log time to durable, in ClickHouse or in the model',
    labels: STREAM,
    buckets: DELAY_SECONDS,
  },
  consumer_assigned_partitions: {
    type: 'gauge',
    unit: 'partitions',
    help: 'Partitions owned now',
    labels: STREAM,
  },
  consumer_paused_partitions: {
    type: 'gauge',
    unit: 'partitions',
    help: 'Partitions that are owned and not read now: recovery, back-pressure, registry outage or halt',
    labels: STREAM,
  },
  consumer_halted_partitions: {
    type: 'gauge',
    unit: 'partitions',
    help: 'Partitions stopped because log and table disagree or the broker cannot read them; a person is needed',
    labels: STREAM,
  },
  consumer_rebalances_total: {
    type: 'counter',
    unit: 'times',
    help: 'Group rebalances seen',
    labels: { group: null },
  },
  consumer_discarded_events_total: {
    type: 'counter',
    unit: 'events',
    help: 'Records fetched from another offset than the next one, thrown away and sought again',
    labels: STREAM,
  },
  dedup_entries: {
    type: 'gauge',
    unit: 'events',
    help: 'Event ids in the duplicate window',
    labels: { topic: null },
  },
  registry_requests_total: {
    type: 'counter',
    unit: 'requests',
    help: 'Look-ups sent to the schema registry',
    labels: { outcome: ['ok', 'not_found', 'unavailable'] },
  },
} as const satisfies Record<string, MetricSpec>;

/** What the sink adds: its INSERTs and recoveries. */
export const SINK_ONLY_METRICS = {
  sink_rows_written_total: {
    type: 'counter',
    unit: 'rows',
    help: 'Rows acknowledged by ClickHouse',
    labels: { table: null },
  },
  sink_batches_total: {
    type: 'counter',
    unit: 'batches',
    help: 'INSERTs by outcome',
    labels: { table: null, outcome: ['ok', 'doubt', 'fenced'] },
  },
  sink_flush_reasons_total: {
    type: 'counter',
    unit: 'batches',
    help: 'What made a batch ready',
    labels: { reason: ['age', 'rows', 'bytes', 'fan_out', 'drain'] },
  },
  sink_batch_rows: {
    type: 'histogram',
    unit: 'rows',
    help: 'Rows per flush',
    labels: { table: null },
    buckets: [1, 10, 100, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000],
  },
  sink_insert_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'INSERT over raw and all aggregates, without the dead letters before it',
    labels: { table: null },
    buckets: FAST_SECONDS,
  },
  sink_recoveries_total: {
    type: 'counter',
    unit: 'times',
    help: 'Slots recovered, by what made it necessary',
    labels: { cause: ['claim', 'doubt'] },
  },
  sink_repairs_total: {
    type: 'counter',
    unit: 'times',
    help: 'Aggregates repaired by recovery',
    labels: { table: null, kind: ['filled', 'rebuilt'] },
  },
  sink_recover_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Claim of one or more slots: new epoch, drain and repair',
    labels: {},
    buckets: FAST_SECONDS,
  },
  catalog_version: {
    type: 'gauge',
    unit: 'version',
    help: 'Catalogue version the sink stamps on new rows',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;
