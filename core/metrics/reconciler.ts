import { CHECK_OPERATORS, CHECK_SEVERITIES } from '../checks.ts';
import { FAULT_REASONS } from '../verdict.ts';
import type { MetricSpec } from './spec.ts';

/** What a reconciler looks at, each by itself. */
export const RECONCILER_MEASURES = [
  'lag',
  'canary_sent',
  'canary_seen',
  'settled',
  'caught',
  'periods',
  'table_bytes',
  'checks',
] as const;
export type ReconcilerMeasure = (typeof RECONCILER_MEASURES)[number];

const PARTITION = { topic: null, partition: null } as const;
const POSITION = { topic: null, group: null, partition: null } as const;
const SOURCE_AND_SINK = { topic: null, table: null } as const;
const PERIOD = { table: null, period: ['1h', '1d'] } as const;

/** Kafka and ClickHouse seen from outside: a dead consumer still has lag here. */
export const RECONCILER_METRICS = {
  kafka_topic_end_offset: {
    type: 'gauge',
    unit: 'offset',
    help: 'End of the log',
    labels: PARTITION,
    absentUntilKnown: true,
  },
  kafka_group_committed_offset: {
    type: 'gauge',
    unit: 'offset',
    help: 'Next offset that the group has to read',
    labels: POSITION,
    absentUntilKnown: true,
  },
  kafka_group_lag_events: {
    type: 'gauge',
    unit: 'events',
    help: 'End of the log minus position of the group, read in one call',
    labels: POSITION,
    absentUntilKnown: true,
  },
  recon_expected_consumer: {
    type: 'gauge',
    unit: 'flag',
    help: '1 for a group that must be reading, 0 for one that was stopped on purpose',
    labels: { topic: null, group: null },
  },
  recon_source_events: {
    type: 'gauge',
    unit: 'events',
    help: 'Records of the topic in the settled range of offsets',
    labels: SOURCE_AND_SINK,
    absentUntilKnown: true,
  },
  recon_sink_events: {
    type: 'gauge',
    unit: 'events',
    help: 'What the table holds of the same range, dropped and dead-lettered records included',
    labels: SOURCE_AND_SINK,
    absentUntilKnown: true,
  },
  recon_tolerance_ratio: {
    type: 'gauge',
    unit: 'ratio',
    help: 'Difference between the two that is allowed',
    labels: SOURCE_AND_SINK,
    absentUntilKnown: true,
  },
  recon_caught_events: {
    type: 'gauge',
    unit: 'events',
    help: 'Records that ClickHouse holds as duplicates or dead letters, since the topic was first read',
    labels: { topic: null, reason: FAULT_REASONS },
    absentUntilKnown: true,
  },
  recon_caught_until_timestamp_seconds: {
    type: 'gauge',
    unit: 'unix seconds',
    help: 'Whatever Kafka held of the topic at this time is in what recon_caught_events was counted from',
    labels: { topic: null },
    absentUntilKnown: true,
  },
  recon_canary_timestamp_seconds: {
    type: 'gauge',
    unit: 'unix seconds',
    help: 'Kafka time of the newest canary of the partition that ClickHouse shows; the first one sent while it shows none; group: who put it there',
    labels: POSITION,
    absentUntilKnown: true,
  },
  recon_canary_interval_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Configured time between canaries; 0 = none are sent',
    labels: { topic: null },
  },
  recon_canaries_sent_total: {
    type: 'counter',
    unit: 'events',
    help: 'Canaries that Kafka acknowledged',
    labels: { topic: null },
  },
  recon_period_rows: {
    type: 'gauge',
    unit: 'rows',
    help: 'Rows of the last closed period',
    labels: PERIOD,
    absentUntilKnown: true,
  },
  recon_previous_period_rows: {
    type: 'gauge',
    unit: 'rows',
    help: 'Rows of the period before it; missing without such history',
    labels: PERIOD,
    absentUntilKnown: true,
  },
  recon_last_week_period_rows: {
    type: 'gauge',
    unit: 'rows',
    help: 'Rows of the same period a week before; missing without such history',
    labels: PERIOD,
    absentUntilKnown: true,
  },
  recon_period_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Bytes of the records of the last closed period, so that merges do not matter',
    labels: PERIOD,
    absentUntilKnown: true,
  },
  recon_previous_period_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'The same of the period before it',
    labels: PERIOD,
    absentUntilKnown: true,
  },
  recon_dip_threshold_ratio: {
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of the expected rows below which a period counts as a dip',
    labels: PERIOD,
    absentUntilKnown: true,
  },
  recon_min_rows: {
    type: 'gauge',
    unit: 'rows',
    help: 'A period that expects fewer rows is not judged',
    labels: PERIOD,
    absentUntilKnown: true,
  },
  recon_table_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Active parts on disk',
    labels: { table: null },
  },
  recon_check_passed: {
    type: 'gauge',
    unit: 'flag',
    help: '1 when the configured check held or had nothing to compare with, 0 when it failed',
    labels: { check: null, operator: CHECK_OPERATORS, severity: CHECK_SEVERITIES },
    absentUntilKnown: true,
  },
  recon_check_value: {
    type: 'gauge',
    unit: '1',
    help: 'Left side of the check at its last run; missing when it could not be measured',
    labels: { check: null },
    absentUntilKnown: true,
  },
  recon_check_expectation: {
    type: 'gauge',
    unit: '1',
    help: 'What it was compared with; missing without such history',
    labels: { check: null },
    absentUntilKnown: true,
  },
  recon_last_success_timestamp_seconds: {
    type: 'gauge',
    unit: 'unix seconds',
    help: 'End of the last complete run; start of the process until there is one',
    labels: {},
    absentUntilKnown: true,
  },
  recon_measure_failures_total: {
    type: 'counter',
    unit: 'times',
    help: 'Measures that failed or took too long; the others went on',
    labels: { measure: RECONCILER_MEASURES },
  },
  recon_interval_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Configured time between runs',
    labels: {},
    absentUntilKnown: true,
  },
} as const satisfies Record<string, MetricSpec>;
