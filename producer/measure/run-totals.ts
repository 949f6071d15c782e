import { createHistogram, type Histogram } from '../../core/histogram.ts';
import type { CatchCounts } from '../faults/to-catch.ts';
import type { LoadProgress, LoadReport } from '../run/load-run.ts';
import { type DelayPoint, worseDelay } from './delay-point.ts';
import { createSeries, type SeriesPoint } from './series.ts';

/** Sums over the workers of a run. */
export type TotalCounts = Pick<LoadProgress, (typeof SUMMED)[number]>;

const SUMMED = [
  'generated',
  'acknowledged',
  'failed',
  'keptBack',
  'inFlight',
  'overloaded',
  'records',
  'recordsAcknowledged',
  'recordsFailed',
  'bytes',
  'due',
  'targetRate',
] as const;

/** All workers of a run as one. */
export interface RunTotals {
  /** @param elapsedMs of the whole run */
  absorb(worker: number, progress: LoadProgress, elapsedMs: number): void;
  counts(): TotalCounts;
  byLabel(): Readonly<Record<string, number>>;
  toCatch(): CatchCounts;
  /** every event of the run below it is resolved */
  readonly resolved: number;
  /** intended time to hand-over, microseconds */
  readonly schedule: Histogram;
  /** intended time to acknowledgement, microseconds */
  readonly delivery: Histogram;
  series(): readonly SeriesPoint[];
}

export function createRunTotals(workers: number): RunTotals {
  const latest: (LoadProgress | null)[] = Array.from({ length: workers }, () => null);
  const schedule = createHistogram();
  const delivery = createHistogram();
  const series = createSeries();
  const known = () => latest.filter((one) => one !== null);
  const counts = (): TotalCounts =>
    Object.fromEntries(
      SUMMED.map((name) => [name, known().reduce((sum, progress) => sum + progress[name], 0)]),
    ) as unknown as TotalCounts;
  return {
    absorb(worker, progress, elapsedMs) {
      latest[worker] = progress;
      schedule.add(progress.delays.schedule);
      delivery.add(progress.delays.delivery);
      series.addDelays(progress.delays);
      series.sample({ ...counts(), elapsedMs });
    },
    counts,
    byLabel: () => sumLabels(known().map(({ byLabel }) => byLabel)),
    toCatch: () => sumLabels(known().map(({ toCatch }) => toCatch)),
    get resolved() {
      return latest.some((one) => one === null) ? 0 : Math.min(...known().map(({ resolved }) => resolved));
    },
    schedule,
    delivery,
    series: () => series.points(),
  };
}

function sumLabels(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const byLabel of all) {
    for (const [label, count] of Object.entries(byLabel)) sums[label] = (sums[label] ?? 0) + count;
  }
  return sums;
}

/** The reports of all workers as one: counts added, the first that went wrong gives the reason. */
export function mergeReports(reports: readonly LoadReport[]): LoadReport {
  const [first] = reports as [LoadReport];
  if (reports.length === 1) return first;
  const sum = (of: (report: LoadReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  const most = (of: (report: LoadReport) => number) => Math.max(...reports.map(of));
  const unhappy = reports.find(({ stoppedBy }) => stoppedBy === 'failure' || stoppedBy === 'too_slow');
  return {
    generated: sum((report) => report.generated),
    acknowledged: sum((report) => report.acknowledged),
    failed: sum((report) => report.failed),
    keptBack: sum((report) => report.keptBack),
    inFlight: sum((report) => report.inFlight),
    overloaded: sum((report) => report.overloaded),
    records: sum((report) => report.records),
    recordsAcknowledged: sum((report) => report.recordsAcknowledged),
    recordsFailed: sum((report) => report.recordsFailed),
    bytes: sum((report) => report.bytes),
    stoppedBy: (unhappy ?? first).stoppedBy,
    elapsedMs: most((report) => report.elapsedMs),
    measured: {
      due: sum((report) => report.measured.due),
      acknowledged: sum((report) => report.measured.acknowledged),
      ms: most((report) => report.measured.ms),
      plannedMs: most((report) => report.measured.plannedMs),
    },
    flushMs: most((report) => report.flushMs),
    missed: sum((report) => report.missed),
    blockedMs: most((report) => report.blockedMs),
    first: Math.min(...reports.map((report) => report.first)),
    next: Math.min(...reports.map((report) => report.next)),
    byLabel: sumLabels(reports.map(({ byLabel }) => byLabel)),
    loopDelay:
      reports.reduce<DelayPoint | null>(
        (worst, { loopDelay = null }) => worseDelay(worst, loopDelay),
        null,
      ) ?? undefined,
    error: reports.find(({ error }) => error !== null)?.error ?? null,
  };
}
