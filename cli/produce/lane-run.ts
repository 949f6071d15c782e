import { systemClock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { LimitedSchedule } from '../../core/schedule/limit.ts';
import type { LogWriter } from '../../kafka/log-writer.ts';
import type { EventSource } from '../../producer/event-source.ts';
import { createFaultCounts } from '../../producer/faults/fault-counts.ts';
import type { LedgerWriter } from '../../producer/ledger/ledger.ts';
import { openLedgerWriter } from '../../producer/ledger/ledger-writer.ts';
import type { Lane } from '../../producer/run/lane.ts';
import type { LoadProgress, LoadReport } from '../../producer/run/load-run.ts';
import { createBarrierResolution, createReportedResolution } from '../../producer/run/resolution.ts';
import { LoadRun } from '../../producer/run/run-load.ts';
import type { Settings } from '../../runtime/settings.ts';
import { buildLaneParts } from './lane-parts.ts';
import { openLaneWriter } from './lane-writer.ts';
import type { Destination, LoadPlan } from './load-plan.ts';

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
  readonly schedule?: LimitedSchedule;
  readonly saveNext: (next: number) => Promise<void>;
  /** nothing is measured: the schedule has no times */
  readonly unmeasured?: boolean;
}

/** One worker's share of a run, ready to go. */
export interface LaneRun {
  run(): Promise<LoadReport>;
  scale(atMs: number, factor: number): void;
  readonly elapsedMs: number;
}

/** The rest of the stop's time is for letting go of the connection. */
const FLUSH_SHARE_OF_STOP = 0.8;
const CLOSE_DEADLINE_MS = 1_000;
/** By barriers everything waits for the answers; every two seconds that is a hundredth of the time at full rate. */
const BARRIER_INTERVAL_MS = 2_000;

/** @param startTsMs when all workers begin, wall clock */
export async function openLaneRun(
  plan: LoadPlan,
  destination: Destination,
  lane: Lane,
  settings: Settings,
  startTsMs: number,
  hooks: LaneHooks,
  special?: LaneSpecial,
): Promise<LaneRun> {
  const { options, runAhead, reports } = plan;
  const parts = { ...(await buildLaneParts(plan, destination, startTsMs)), ...special };
  const own = Math.ceil(runAhead / lane.workers) + 1;
  const resolution = reports === 'all' ? createReportedResolution(own) : createBarrierResolution(own);
  let run: LoadRun | null = null;
  const writer = await openLaneWriter(plan, lane, settings, hooks.logger, (i, failed) =>
    run?.settle(i, failed),
  );
  const ledger = await openLedger(plan, destination, lane, startTsMs, writer);
  const load = new LoadRun(
    {
      ...parts,
      ...hooks,
      writer,
      ledger,
      resolution,
      resolvesBy: reports === 'all' ? 'reports' : 'barriers',
      faultCounts: createFaultCounts(),
      clock: systemClock,
    },
    {
      ...lane,
      runId: plan.runId,
      startTsMs,
      durationMs: options.for,
      warmupMs: special?.unmeasured ? Number.POSITIVE_INFINITY : options.warmup,
      // what lies behind a failed record must not be saved as sent
      stopOnFailure: special !== undefined,
      overload: options.overload,
      dropAfterMs: options.dropAfter,
      runAhead,
      flushDeadlineMs: settings.REELSTREAM_STOP_TIMEOUT_MS * FLUSH_SHARE_OF_STOP,
      ...(reports === 'all' ? {} : { checkpointIntervalMs: BARRIER_INTERVAL_MS }),
    },
  );
  run = load;
  return {
    async run() {
      try {
        const report = await load.run();
        await ledger?.close(footerOf(report));
        return report;
      } finally {
        await writer.close(CLOSE_DEADLINE_MS);
      }
    },
    scale: (atMs, factor) => load.scale(atMs, factor),
    get elapsedMs() {
      return load.elapsedMs;
    },
  };
}

async function openLedger(
  plan: LoadPlan,
  { log, schemaId, switchedSchemaId }: Destination,
  lane: Lane,
  startTsMs: number,
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
      startedAtMs: Math.round(startTsMs),
    });
  } catch (error) {
    await writer.close(0);
    throw error;
  }
}

function footerOf(report: LoadReport) {
  const { generated, acknowledged, failed, overloaded, byLabel, stoppedBy, elapsedMs } = report;
  return { generated, acknowledged, failed, overloaded, byLabel, stoppedBy, elapsedMs };
}
