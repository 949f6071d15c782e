import type { ClaimedSlot } from '../clickhouse/sink-store.ts';
import type { FlushReason } from '../core/flush-policy.ts';
import type { Metrics } from '../core/metrics-port.ts';
import { createQuantiles } from '../core/quantiles.ts';
import { DEAD_LETTER_REASONS, DROP_REASONS } from '../core/verdict.ts';
import type { Tally } from './tally.ts';

/** The table whose INSERT carries everything: the views write the rest of the same statement. */
const TABLE = 'events_raw';

/** The metrics that a sink exports; the process's own come on top. */
export const SINK_METRICS = [
  'consumer_events_consumed_total',
  'consumer_events_applied_total',
  'consumer_events_dropped_total',
  'consumer_events_dead_lettered_total',
  'consumer_events_abandoned_total',
  'consumer_inflight_events',
  'consumer_event_delay_seconds',
  'consumer_assigned_partitions',
  'consumer_paused_partitions',
  'consumer_halted_partitions',
  'consumer_rebalances_total',
  'consumer_discarded_events_total',
  'dedup_entries',
  'sink_rows_written_total',
  'sink_batches_total',
  'sink_flush_reasons_total',
  'sink_batch_rows',
  'sink_insert_duration_seconds',
  'sink_recoveries_total',
  'sink_repairs_total',
  'sink_recover_duration_seconds',
  'registry_requests_total',
  'catalog_version',
] as const;

export interface SinkCounts {
  consumed: number;
  applied: number;
  dropped: number;
  deadLettered: number;
  abandoned: number;
}

/**
 * How the sink counts. At every moment consumed = applied + dropped + dead-lettered + abandoned + in flight: a record is
 * consumed when it is judged, and leaves by exactly one of the other doors.
 */
export interface SinkMetrics {
  readonly counts: Readonly<SinkCounts>;
  /** Kafka time to durable over this process's life; null before the first row */
  freshness(): { readonly p50Ms: number | null; readonly p99Ms: number | null };
  consumed(records: number): void;
  /** these records are durable at `nowMs` (wall clock) */
  settled(tally: Tally, nowMs: number): void;
  /** judged here and given up: whoever owns the partition next reads them again */
  abandoned(records: number): void;
  /** fetched from another offset than the next one and never judged */
  discarded(records: number): void;
  flushStarted(reason: FlushReason): void;
  /** an INSERT was answered, or given up after `seconds` */
  inserted(outcome: 'ok' | 'doubt' | 'fenced', rows: number, seconds: number): void;
  rebalanced(): void;
  /** one claim, of however many slots, took this long */
  claimed(seconds: number): void;
  /** one slot of it */
  recovered(cause: 'claim' | 'doubt', claimed: ClaimedSlot): void;
  partitions(assigned: number, paused: number, halted: number): void;
  windows(entries: number): void;
}

export function createSinkMetrics(metrics: Metrics, topic: string, group: string): SinkMetrics {
  const stream = { topic, group };
  const table = { table: TABLE };
  const counts: SinkCounts = { consumed: 0, applied: 0, dropped: 0, deadLettered: 0, abandoned: 0 };
  const delaysMs = createQuantiles();
  const showInFlight = () =>
    metrics.set(
      'consumer_inflight_events',
      stream,
      counts.consumed - counts.applied - counts.dropped - counts.deadLettered - counts.abandoned,
    );
  return {
    counts,
    freshness: () => ({ p50Ms: delaysMs.at(0.5), p99Ms: delaysMs.at(0.99) }),
    consumed(records) {
      counts.consumed += records;
      metrics.add('consumer_events_consumed_total', stream, records);
      showInFlight();
    },
    settled(tally, nowMs) {
      counts.applied += tally.byReason.none;
      metrics.add('consumer_events_applied_total', stream, tally.byReason.none);
      for (const reason of DROP_REASONS) {
        counts.dropped += tally.byReason[reason];
        metrics.add('consumer_events_dropped_total', { ...stream, reason }, tally.byReason[reason]);
      }
      for (const reason of DEAD_LETTER_REASONS) {
        counts.deadLettered += tally.byReason[reason];
        metrics.add('consumer_events_dead_lettered_total', { ...stream, reason }, tally.byReason[reason]);
      }
      tally.logTsMs.forEach((logTsMs, run) => {
        const delayMs = Math.max(0, nowMs - logTsMs);
        const records = tally.logTsCounts[run]!;
        delaysMs.add(delayMs, records);
        metrics.observe('consumer_event_delay_seconds', stream, delayMs / 1_000, records);
      });
      showInFlight();
    },
    abandoned(records) {
      counts.abandoned += records;
      metrics.add('consumer_events_abandoned_total', stream, records);
      showInFlight();
    },
    discarded: (records) => metrics.add('consumer_discarded_events_total', stream, records),
    flushStarted: (reason) => metrics.add('sink_flush_reasons_total', { reason }),
    inserted(outcome, rows, seconds) {
      metrics.add('sink_batches_total', { ...table, outcome });
      metrics.observe('sink_insert_duration_seconds', table, seconds);
      if (outcome !== 'ok') return;
      metrics.observe('sink_batch_rows', table, rows);
      metrics.add('sink_rows_written_total', table, rows);
    },
    rebalanced: () => metrics.add('consumer_rebalances_total', { group }),
    claimed: (seconds) => metrics.observe('sink_recover_duration_seconds', {}, seconds),
    recovered(cause, { repairs }) {
      metrics.add('sink_recoveries_total', { cause });
      for (const repair of repairs) {
        metrics.add('sink_repairs_total', { table: repair.table, kind: repair.kind });
      }
    },
    partitions(assigned, paused, halted) {
      metrics.set('consumer_assigned_partitions', stream, assigned);
      metrics.set('consumer_paused_partitions', stream, paused);
      metrics.set('consumer_halted_partitions', stream, halted);
    },
    windows: (entries) => metrics.set('dedup_entries', { topic }, entries),
  };
}
