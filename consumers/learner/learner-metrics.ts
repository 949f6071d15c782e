import type { CounterName } from '../../core/metrics-catalogue.ts';
import type { Metrics } from '../../core/metrics-port.ts';
import { createQuantiles } from '../../core/quantiles.ts';
import { DEAD_LETTER_REASONS, DROP_REASONS } from '../../core/verdict.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import type { Tally } from '../tally.ts';
import type { Scores } from './scoring.ts';

/** The metrics that a learner exports; the process's own and the API's come on top. */
export const LEARNER_METRICS = [
  'consumer_events_consumed_total',
  'consumer_events_applied_total',
  'consumer_events_dropped_total',
  'consumer_events_dead_lettered_total',
  'consumer_inflight_events',
  'consumer_event_delay_seconds',
  'consumer_assigned_partitions',
  'consumer_paused_partitions',
  'consumer_halted_partitions',
  'consumer_discarded_events_total',
  'dedup_entries',
  'registry_requests_total',
  'reco_predictions_scored_total',
  'reco_squared_error_total',
  'reco_squared_error_without_drift_total',
  'reco_naive_squared_error_total',
  'reco_hits_scored_total',
  'reco_hits_total',
  'reco_popularity_hits_total',
  'reco_replay_rounds_total',
  'reco_nonfinite_total',
  'reco_model_updates_total',
  'reco_known_entities',
  'reco_snapshot_timestamp_seconds',
  'reco_snapshot_interval_seconds',
  'reco_snapshot_bytes',
  'api_model_timestamp_seconds',
] as const;

const SCORES: readonly (readonly [CounterName, keyof Scores])[] = [
  ['reco_predictions_scored_total', 'scored'],
  ['reco_squared_error_total', 'squaredError'],
  ['reco_squared_error_without_drift_total', 'squaredErrorWithoutDrift'],
  ['reco_naive_squared_error_total', 'naiveSquaredError'],
  ['reco_hits_scored_total', 'hitsScored'],
  ['reco_hits_total', 'hits'],
  ['reco_popularity_hits_total', 'popularityHits'],
];

export interface LearnerCounts {
  consumed: number;
  applied: number;
  dropped: number;
  deadLettered: number;
  /** events that changed the model */
  updates: number;
  replayRounds: number;
}

export interface LearnerMetrics {
  readonly counts: Readonly<LearnerCounts>;
  /** Kafka time to applied over this process's life; null before the first event */
  freshness(): { readonly p50Ms: number | null; readonly p99Ms: number | null };
  /** a slice was applied at `nowMs` (wall clock); `updates` of it changed the model */
  applied(tally: Tally, updates: number, nowMs: number): void;
  replayed(rounds: number): void;
  discarded(records: number): void;
  snapshotWritten(atMs: number, bytes: number): void;
  partitions(assigned: number, paused: number, halted: number, windowEntries: number): void;
  /** Kafka time of the newest record that the model holds, ms since 1970 */
  newestAt(logTsMs: number): void;
  /** what the scores and the model count by themselves */
  publish(scores: Readonly<Scores>, recommender: Recommender): void;
}

export function createLearnerMetrics(
  metrics: Metrics,
  names: { readonly topic: string; readonly group: string; readonly model: string },
  snapshotIntervalMs: number,
): LearnerMetrics {
  const stream = { topic: names.topic, group: names.group };
  const model = { model: names.model };
  const counts: LearnerCounts = {
    consumed: 0,
    applied: 0,
    dropped: 0,
    deadLettered: 0,
    updates: 0,
    replayRounds: 0,
  };
  const published = new Map<CounterName, number>();
  const delaysMs = createQuantiles();
  metrics.set('reco_snapshot_interval_seconds', model, snapshotIntervalMs / 1_000);

  function raise(name: CounterName, total: number): void {
    const before = published.get(name) ?? 0;
    if (total > before) metrics.add(name, model, total - before);
    published.set(name, total);
  }

  return {
    counts,
    freshness: () => ({ p50Ms: delaysMs.at(0.5), p99Ms: delaysMs.at(0.99) }),
    applied(tally, updates, nowMs) {
      counts.consumed += tally.rows;
      counts.applied += tally.byReason.none;
      counts.updates += updates;
      metrics.add('consumer_events_consumed_total', stream, tally.rows);
      metrics.add('consumer_events_applied_total', stream, tally.byReason.none);
      metrics.add('reco_model_updates_total', model, updates);
      for (const reason of DROP_REASONS) {
        if (tally.byReason[reason] === 0) continue;
        counts.dropped += tally.byReason[reason];
        metrics.add('consumer_events_dropped_total', { ...stream, reason }, tally.byReason[reason]);
      }
      for (const reason of DEAD_LETTER_REASONS) {
        if (tally.byReason[reason] === 0) continue;
        counts.deadLettered += tally.byReason[reason];
        metrics.add('consumer_events_dead_lettered_total', { ...stream, reason }, tally.byReason[reason]);
      }
      tally.logTsMs.forEach((logTsMs, run) => {
        const delayMs = Math.max(0, nowMs - logTsMs);
        const records = tally.logTsCounts[run]!;
        delaysMs.add(delayMs, records);
        metrics.observe('consumer_event_delay_seconds', stream, delayMs / 1_000, records);
      });
    },
    replayed(rounds) {
      counts.replayRounds += rounds;
      metrics.add('reco_replay_rounds_total', model, rounds);
    },
    discarded: (records) => metrics.add('consumer_discarded_events_total', stream, records),
    snapshotWritten(atMs, bytes) {
      metrics.set('reco_snapshot_timestamp_seconds', model, atMs / 1_000);
      metrics.set('reco_snapshot_bytes', model, bytes);
    },
    partitions(assigned, paused, halted, windowEntries) {
      metrics.set('consumer_assigned_partitions', stream, assigned);
      metrics.set('consumer_paused_partitions', stream, paused);
      metrics.set('consumer_halted_partitions', stream, halted);
      metrics.set('dedup_entries', { topic: names.topic }, windowEntries);
    },
    newestAt: (logTsMs) => metrics.set('api_model_timestamp_seconds', model, logTsMs / 1_000),
    publish(scores, recommender) {
      for (const [name, score] of SCORES) raise(name, scores[score]);
      raise('reco_nonfinite_total', recommender.refused().updates);
      metrics.set('reco_known_entities', { ...model, kind: 'user' }, recommender.users());
      metrics.set('reco_known_entities', { ...model, kind: 'movie' }, recommender.films());
    },
  };
}
