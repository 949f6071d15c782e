import { DEAD_LETTER_REASONS, DROP_REASONS } from './verdict.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

export interface MetricSpec {
  readonly type: MetricType;
  readonly help: string;
  /** label name -> closed set of values; null = bounded by configuration (topics, tables, partitions) */
  readonly labels: Readonly<Record<string, readonly string[] | null>>;
  readonly buckets?: readonly number[];
}

const FAST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const DELAY_SECONDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 300] as const;

/**
 * Every metric the project exports, as data: instruments, documentation and lint come from here.
 * Names carry the prefix `reelstream_` when exported; base units; counters end in `_total`.
 */
export const METRICS = {
  producer_target_events_per_second: {
    type: 'gauge',
    help: 'Rate the load profile asks for now; 0 while stopped on purpose',
    labels: { topic: null },
  },
  producer_events_generated_total: {
    type: 'counter',
    help: 'Events made by the profile',
    labels: { topic: null },
  },
  producer_events_acked_total: {
    type: 'counter',
    help: 'Records acknowledged by the broker, duplicates on purpose included: the source count',
    labels: { topic: null },
  },
  producer_events_failed_total: {
    type: 'counter',
    help: 'Records given up after retries',
    labels: { topic: null, reason: ['delivery'] },
  },
  producer_events_overloaded_total: {
    type: 'counter',
    help: 'Events left out by the overload policy: they were due and could not be sent in time',
    labels: { topic: null },
  },
  producer_injected_total: {
    type: 'counter',
    help: 'Events changed on purpose, by what was done to them',
    labels: {
      topic: null,
      kind: ['late', 'reorder', 'duplicate', 'drop', 'domain', 'poison', 'key_skew', 'clock_skew'],
    },
  },
  producer_acked_bytes_total: {
    type: 'counter',
    help: 'Encoded bytes acknowledged',
    labels: { topic: null },
  },
  producer_queue_events: {
    type: 'gauge',
    help: 'Events waiting for acknowledgement',
    labels: { topic: null },
  },
  producer_schedule_delay_seconds: {
    type: 'histogram',
    help: 'Planned send time to hand-over',
    labels: { topic: null },
    buckets: FAST_SECONDS,
  },
  producer_ack_duration_seconds: {
    type: 'histogram',
    help: 'Planned send time to acknowledgement, of every record or of a sample of users',
    labels: { topic: null },
    buckets: FAST_SECONDS,
  },
  consumer_events_consumed_total: {
    type: 'counter',
    help: 'Records read and judged; once more when they are read again after doubt',
    labels: { topic: null, group: null },
  },
  consumer_events_applied_total: {
    type: 'counter',
    help: 'Records whose effect is durable',
    labels: { topic: null, group: null },
  },
  consumer_events_dropped_total: {
    type: 'counter',
    help: 'Good records that count for nothing, durable in raw with their reason',
    labels: { topic: null, group: null, reason: DROP_REASONS },
  },
  consumer_events_dead_lettered_total: {
    type: 'counter',
    help: 'Bad records, durable in raw and in the dead-letter topic',
    labels: { topic: null, group: null, reason: DEAD_LETTER_REASONS },
  },
  consumer_events_abandoned_total: {
    type: 'counter',
    help: 'Records judged and given up before they were durable: read again, here or by the next owner',
    labels: { topic: null, group: null },
  },
  consumer_inflight_events: {
    type: 'gauge',
    help: 'Records read and not yet durable: consumed = applied + dropped + dead-lettered + abandoned + in flight',
    labels: { topic: null, group: null },
  },
  consumer_event_delay_seconds: {
    type: 'histogram',
    help: 'Kafka log time to durable in ClickHouse',
    labels: { topic: null, group: null },
    buckets: DELAY_SECONDS,
  },
  consumer_assigned_partitions: {
    type: 'gauge',
    help: 'Partitions owned now',
    labels: { topic: null, group: null },
  },
  consumer_paused_partitions: {
    type: 'gauge',
    help: 'Partitions that are owned and not read now: recovery, back-pressure, registry outage or halt',
    labels: { topic: null, group: null },
  },
  consumer_halted_partitions: {
    type: 'gauge',
    help: 'Partitions stopped because log and table disagree or the broker cannot read them; a person is needed',
    labels: { topic: null, group: null },
  },
  consumer_rebalances_total: { type: 'counter', help: 'Group rebalances seen', labels: { group: null } },
  consumer_discarded_events_total: {
    type: 'counter',
    help: 'Records fetched from another offset than the next one, thrown away and sought again',
    labels: { topic: null, group: null },
  },
  dedup_entries: { type: 'gauge', help: 'Event ids in the duplicate window', labels: { topic: null } },
  sink_rows_written_total: {
    type: 'counter',
    help: 'Rows acknowledged by ClickHouse',
    labels: { table: null },
  },
  sink_batches_total: {
    type: 'counter',
    help: 'INSERTs by outcome',
    labels: { table: null, outcome: ['ok', 'doubt', 'fenced'] },
  },
  sink_flush_reasons_total: {
    type: 'counter',
    help: 'What made a batch ready',
    labels: { reason: ['age', 'rows', 'bytes', 'fan_out', 'drain'] },
  },
  sink_batch_rows: {
    type: 'histogram',
    help: 'Rows per flush',
    labels: { table: null },
    buckets: [1, 10, 100, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000],
  },
  sink_insert_duration_seconds: {
    type: 'histogram',
    help: 'INSERT over raw and all aggregates, without the dead letters before it',
    labels: { table: null },
    buckets: FAST_SECONDS,
  },
  sink_recoveries_total: {
    type: 'counter',
    help: 'Slots recovered, by what made it necessary',
    labels: { cause: ['claim', 'doubt'] },
  },
  sink_repairs_total: {
    type: 'counter',
    help: 'Aggregates repaired by recovery',
    labels: { table: null, kind: ['filled', 'rebuilt'] },
  },
  sink_recover_duration_seconds: {
    type: 'histogram',
    help: 'Claim of one or more slots: new epoch, drain and repair',
    labels: {},
    buckets: FAST_SECONDS,
  },
  registry_requests_total: {
    type: 'counter',
    help: 'Look-ups sent to the schema registry',
    labels: { outcome: ['ok', 'not_found', 'unavailable'] },
  },
  catalog_version: { type: 'gauge', help: 'Catalogue version the sink stamps on new rows', labels: {} },
  clickhouse_server_requests_total: {
    type: 'counter',
    help: 'Statements that the embedded ClickHouse server answered',
    labels: {
      kind: ['select', 'insert', 'ddl', 'other'],
      outcome: ['ok', 'refused', 'client_error', 'engine_error', 'cancelled'],
    },
  },
  clickhouse_server_request_duration_seconds: {
    type: 'histogram',
    help: 'Request read to answer sent, by the embedded ClickHouse server',
    labels: { kind: ['select', 'insert', 'ddl', 'other'] },
    buckets: FAST_SECONDS,
  },
  clickhouse_server_body_bytes_total: {
    type: 'counter',
    help: 'Bytes of rows sent to the embedded ClickHouse server',
    labels: {},
  },
  clickhouse_server_answer_bytes_total: {
    type: 'counter',
    help: 'Bytes of rows the embedded ClickHouse server answered with, before compression',
    labels: {},
  },
  clickhouse_server_running_queries: {
    type: 'gauge',
    help: 'Statements in the hands of the embedded ClickHouse server',
    labels: {},
  },
  clickhouse_server_scratch_bytes: {
    type: 'gauge',
    help: 'Bytes of request bodies that the embedded ClickHouse server holds',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRICS;
type NamesOf<T extends MetricType> = {
  [K in MetricName]: (typeof METRICS)[K]['type'] extends T ? K : never;
}[MetricName];
export type CounterName = NamesOf<'counter'>;
export type GaugeName = NamesOf<'gauge'>;
export type HistogramName = NamesOf<'histogram'>;
