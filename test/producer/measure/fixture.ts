import { createHistogram, type HistogramCounts } from '../../../core/histogram.ts';
import type { LoadProgress, LoadReport } from '../../../producer/run/load-run.ts';

export const NO_DELAYS: HistogramCounts = createHistogram().counts();

/** @param ms one delay each */
export function delaysOf(...ms: readonly number[]): HistogramCounts {
  const histogram = createHistogram();
  for (const one of ms) histogram.record(one * 1_000);
  return histogram.counts();
}

export function progressOf(changes: Partial<LoadProgress> = {}): LoadProgress {
  return {
    generated: 0,
    acknowledged: 0,
    failed: 0,
    keptBack: 0,
    inFlight: 0,
    overloaded: 0,
    records: 0,
    recordsAcknowledged: 0,
    recordsFailed: 0,
    bytes: 0,
    elapsedMs: 0,
    targetRate: 0,
    due: 0,
    next: 0,
    resolved: 0,
    delays: { schedule: NO_DELAYS, delivery: NO_DELAYS },
    blockedMs: 0,
    byLabel: {},
    toCatch: {},
    ...changes,
  };
}

export function reportOf(changes: Partial<LoadReport> = {}): LoadReport {
  const { delays: _, targetRate: __, due: ___, resolved: ____, toCatch: _____, ...counts } = progressOf();
  return {
    ...counts,
    stoppedBy: 'limit',
    measured: { due: 0, acknowledged: 0, ms: 1, plannedMs: 1 },
    flushMs: 0,
    missed: 0,
    first: 0,
    error: null,
    ...changes,
  };
}
