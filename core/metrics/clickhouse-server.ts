import { FAST_SECONDS, type MetricSpec } from './spec.ts';

const KINDS = ['select', 'insert', 'ddl', 'other'] as const;

/** The embedded ClickHouse server; a stock server has metrics of its own. */
export const CLICKHOUSE_SERVER_METRICS = {
  clickhouse_server_requests_total: {
    type: 'counter',
    unit: 'statements',
    help: 'Statements that the embedded ClickHouse server answered',
    labels: { kind: KINDS, outcome: ['ok', 'refused', 'client_error', 'engine_error', 'cancelled'] },
  },
  clickhouse_server_request_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Request read to answer sent, by the embedded ClickHouse server',
    labels: { kind: KINDS },
    buckets: FAST_SECONDS,
  },
  clickhouse_server_body_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes of rows sent to the embedded ClickHouse server',
    labels: {},
  },
  clickhouse_server_answer_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes of rows the embedded ClickHouse server answered with, before compression',
    labels: {},
  },
  clickhouse_server_running_queries: {
    type: 'gauge',
    unit: 'statements',
    help: 'Statements in the hands of the embedded ClickHouse server',
    labels: {},
  },
  clickhouse_server_scratch_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Bytes of request bodies that the embedded ClickHouse server holds',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;
