import { systemClock } from '../../core/clock.ts';
import { toReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { LimitedSchedule } from '../../core/schedule/limit.ts';
import type { LogWriter } from '../../kafka/log-writer.ts';
import type { EventSource } from '../../producer/event-source.ts';
import { createFaultCounts } from '../../producer/faults/fault-counts.ts';
import type { LedgerWriter } from '../../producer/ledger/ledger.ts';
import { openLedgerWriter } from '../../producer/ledger/ledger-writer.ts';
import type { Lane } from '../../producer/run/lane.ts';
import type { LoadProgress, LoadReport } from '../../producer/run/load-run.ts';
import { createResolution } from '../../producer/run/resolution.ts';
import { LoadRun } from '../../producer/run/run-load.ts';
import type { Settings } from '../../runtime/settings.ts';
import { buildLaneParts } from './lane-parts.ts';
import { openLaneWriter } from './lane-writer.ts';
import type { Destination, LoadPlan } from './load-plan.ts';
import { watchLoopDelay } from './loop-delay.ts';

export interface LaneHooks {
  readonly logger: Logger;
  readonly onProgress: (progress: LoadProgress) => void;
  readonly signal: AbortSignal;
  /** every event of any worker below it is resolved; absent for a single worker */
  readonly resolvedBelow?: (() => number) | undefined;
}

/** What a run with a saved position does otherwise. */
export interface LaneSpecial {
  readonly source?: EventSource;
  readonly scheduleFrom?: () => LimitedSchedule;
  readonly saveNext: (next: number) => Promise<void>;
  /** nothing is measured and nothing left out: the schedule has no times */
  readonly unmeasured?: boolean;
}

/** One worker's share of a run, ready to go: files are read and connections made. */
export interface LaneRun {
  /**
   * Called once.
   * @param startTsMs when all workers begin, wall clock; default now
   */
  run(startTsMs?: number): Promise<LoadReport>;
  /** @param atMs since the start */
  scale(atMs: number, factor: number): void;
  /** since the start; 0 before it */
  readonly elapsedMs: number;
  /** for a run that will not begin */
  abandon(): Promise<void>;
}

/** Of the time to stop; what is left of it is for footer and summary. */
const FLUSH_SHARE_OF_STOP = 0.8;
const CLOSE_SHARE_OF_STOP = 0.05;
const CLOSE_DEADLINE_MS = 1_000;
const CHECKPOINT_INTERVAL_MS = 1_000;
const PROGRESS_INTERVAL_MS = 250;
const MIN_INTERVAL_MS = 50;

export async function openLaneRun(
  plan: LoadPlan,
  destination: Destination,
  lane: Lane,
  settings: Settings,
  hooks: LaneHooks,
  special?: LaneSpecial,
): Promise<LaneRun> {
  const parts = { ...(await buildLaneParts(plan, destination)), ...special };
  const own = Math.ceil(plan.runAhead / lane.workers) + 1;
  // what lies behind a record that was given up must not be saved as sent
  const stopOnFailure = special !== undefined;
  const resolution = createResolution(own, stopOnFailure);
  let load: LoadRun | null = null;
  const writer = await openLaneWriter(plan, settings, hooks.logger, (tag, failed) =>
    load?.settle(tag, failed),
  );
  const ledger = await openLedger(plan, destination, lane, writer);
  const begin = (startTsMs: number): LoadRun =>
    new LoadRun(
      {
        ...parts,
        ...hooks,
        schedule: parts.scheduleFrom(startTsMs),
        writer,
        ledger,
        resolution,
        faultCounts: createFaultCounts(),
        clock: systemClock,
      },
      { ...runOptionsOf(plan, settings, special), ...lane, stopOnFailure, startTsMs },
    );
  return {
    async run(startTsMs = systemClock.nowMs()) {
      load = begin(startTsMs);
      const loopDelay = watchLoopDelay();
      try {
        const report = { ...(await load.run()), loopDelay: loopDelay.stop() };
        return await closeLedger(ledger, report);
      } finally {
        await writer.close(
          Math.min(CLOSE_DEADLINE_MS, settings.REELSTREAM_STOP_TIMEOUT_MS * CLOSE_SHARE_OF_STOP),
        );
      }
    },
    scale: (atMs, factor) => load?.scale(atMs, factor),
    get elapsedMs() {
      return Math.max(0, load?.elapsedMs ?? 0);
    },
    abandon: async () => void (await writer.close(0)),
  };
}

function runOptionsOf(plan: LoadPlan, settings: Settings, special: LaneSpecial | undefined) {
  const { options, runId, runAhead, peakRate } = plan;
  // what is resolved must be known well before the run has to wait for it
  const aheadMs = (runAhead / peakRate) * 1_000;
  const often = (intervalMs: number) => Math.max(MIN_INTERVAL_MS, Math.min(intervalMs, aheadMs / 4));
  return {
    runId,
    runAhead,
    durationMs: options.for,
    warmupMs: special?.unmeasured ? Number.POSITIVE_INFINITY : options.warmup,
    overload: special?.unmeasured ? ('catch_up' as const) : options.overload,
    dropAfterMs: options.dropAfter,
    // a trial that is behind at its end has failed
    ...(options.findMax ? { catchUpMs: 0 } : {}),
    flushDeadlineMs: settings.REELSTREAM_STOP_TIMEOUT_MS * FLUSH_SHARE_OF_STOP,
    checkpointIntervalMs: often(CHECKPOINT_INTERVAL_MS),
    progressIntervalMs: often(PROGRESS_INTERVAL_MS),
  };
}

async function openLedger(
  plan: LoadPlan,
  { log, schemaId, switchedSchemaId }: Destination,
  lane: Lane,
  writer: LogWriter,
): Promise<LedgerWriter | null> {
  const { options, runId, seed, faultSeed, runAhead } = plan;
  if (options.ledger === undefined) return null;
  try {
    return await openLedgerWriter(options.ledger, {
      ...lane,
      runId,
      seed,
      faultSeed,
      runAhead,
      log,
      settings: JSON.stringify(plan),
      schemaIds: [schemaId, switchedSchemaId].filter((id) => id !== null),
      startedAtMs: systemClock.nowMs(),
    });
  } catch (error) {
    await writer.close(0);
    throw error;
  }
}

/** A ledger that cannot be ended is a failure of the run, and no reason not to tell what the run did. */
async function closeLedger(ledger: LedgerWriter | null, report: LoadReport): Promise<LoadReport> {
  try {
    await ledger?.close(footerOf(report));
    return report;
  } catch (thrown) {
    return { ...report, stoppedBy: 'failure', error: report.error ?? toReelstreamError(thrown) };
  }
}

function footerOf(report: LoadReport) {
  const { generated, acknowledged, failed, overloaded, byLabel, stoppedBy, elapsedMs } = report;
  return { generated, acknowledged, failed, overloaded, byLabel, stoppedBy, elapsedMs };
}
