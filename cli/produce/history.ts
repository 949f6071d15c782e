import { randomBytes, randomInt } from 'node:crypto';
import { join, resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { limitSchedule } from '../../core/schedule/limit.ts';
import { createSchedule } from '../../core/schedule/schedule.ts';
import { UNPACED } from '../../core/schedule/unpaced.ts';
import { mergeReports } from '../../producer/measure/run-totals.ts';
import { planReplay, type ReplayPlan } from '../../producer/replay-plan.ts';
import type { LoadReport } from '../../producer/run/load-run.ts';
import type { Settings } from '../../runtime/settings.ts';
import { stackHome } from '../stack.ts';
import { kafkaAdminFrom } from '../wiring.ts';
import type { Crew, CrewHooks } from './crew.ts';
import { openDestination, requireTopic } from './destination.ts';
import { type LaneRun, openLaneRun } from './lane-run.ts';
import { type Destination, type LoadPlan, planLoad, SAMPLE_RATINGS } from './load-plan.ts';
import type { MoviesMatchSimulation } from './movies-match.ts';
import type { ProduceOptions } from './options.ts';
import { takeProducerLock } from './producer-lock.ts';

/** A run that first replays a file and then goes on live, and that knows where it stopped. */
export interface HistoryRun {
  readonly plan: LoadPlan;
  readonly replay: ReplayPlan;
  readonly destination: Destination;
}

const LANE = { worker: 0, workers: 1 } as const;
/** They count one by one, as two workers would. */
const PAST = 0;
const LIVE = 1;

/** Finds out how far the file has been replayed into this topic; held for this process until `replay.release`. */
export async function planHistory(
  options: ProduceOptions,
  simulation: MoviesMatchSimulation | null,
  settings: Settings,
): Promise<HistoryRun> {
  const replay = await openReplay(options, settings);
  try {
    const { runId, seed, first, replayEvents, runAhead: mostAhead } = replay.run;
    const begin = { runId, seed, first, firstLive: replayEvents, mostAhead };
    const plan = await planLoad(options, simulation, settings, begin);
    return { plan, replay, destination: await openDestination(plan, settings) };
  } catch (error) {
    await replay.release();
    throw error;
  }
}

async function openReplay(options: ProduceOptions, settings: Settings): Promise<ReplayPlan> {
  const topic = settings.REELSTREAM_RATINGS_TOPIC;
  const path = typeof options.history === 'string' ? options.history : SAMPLE_RATINGS;
  const admin = kafkaAdminFrom(settings, 'reelstream-producer');
  try {
    await requireTopic(admin, settings, options.createTopic === true);
    const ends = [...(await admin.bounds(topic)).values()].map(({ end }) => end);
    return await planReplay(
      {
        clusterId: await admin.clusterId(),
        topic,
        recordsWritten: ends.reduce((sum, end) => sum + end, 0),
        stateFolder: join(stackHome(settings), 'state', 'producer'),
        takeLock: takeProducerLock,
      },
      { ratingsPath: resolve(path), seed: options.seed, runId: options.runId },
      { runId: randomBytes(8).toString('hex').slice(1), seed: randomInt(2 ** 32) },
    );
  } finally {
    await admin.close();
  }
}

/** History, then live events, as one crew. */
export function startHistory(history: HistoryRun, settings: Settings, hooks: CrewHooks): Crew {
  const startMs = systemClock.monotonicMs();
  let current: LaneRun | null = null;
  let wantedFactor = 1;
  const runOne = async (lane: Promise<LaneRun>): Promise<LoadReport> => {
    current = await lane;
    const report = current.run();
    if (wantedFactor !== 1) current.scale(0, wantedFactor);
    return report;
  };
  const sequence = async (): Promise<LoadReport> => {
    const { plan, replay } = history;
    const reports: LoadReport[] = [];
    if (replay.run.first < replay.run.replayEvents) {
      reports.push(await runOne(openPast(history, settings, hooks)));
      if (reports[0]!.stoppedBy !== 'source_end') return reports[0]!;
    }
    if (plan.options.once) return reports[0] ?? (await runOne(openPast(history, settings, hooks)));
    const live = await runOne(openLive(history, settings, hooks, reports[0]));
    return { ...mergeReports([live, ...reports]), next: live.next };
  };
  return {
    done: sequence().finally(() => history.replay.release()),
    get elapsedMs() {
      return systemClock.monotonicMs() - startMs;
    },
    scale(factor) {
      wantedFactor = factor;
      current?.scale(current.elapsedMs, factor);
    },
  };
}

function openPast(
  { plan, replay, destination }: HistoryRun,
  settings: Settings,
  hooks: CrewHooks,
): Promise<LaneRun> {
  const { historyRate, count, for: durationMs } = plan.options;
  const paced =
    historyRate === undefined
      ? UNPACED
      : createSchedule([], { eventsPerSecond: historyRate, jitter: 'none', seed: plan.seed });
  return openLaneRun(plan, destination, { ...LANE, first: plan.first }, settings, laneHooks(hooks, PAST), {
    source: replay.source,
    scheduleFrom: () => limitSchedule(paced, { count, durationMs }),
    saveNext: replay.saveNext,
    unmeasured: historyRate === undefined,
  });
}

function openLive(
  { plan, replay, destination }: HistoryRun,
  settings: Settings,
  hooks: CrewHooks,
  past: LoadReport | undefined,
): Promise<LaneRun> {
  const { count, for: durationMs } = plan.options;
  const first = Math.max(plan.first, replay.run.replayEvents);
  const rest = {
    ...plan.options,
    ...(count === undefined ? {} : { count: Math.max(1, count - (past?.generated ?? 0)) }),
    ...(durationMs === undefined ? {} : { for: Math.max(1, durationMs - (past?.elapsedMs ?? 0)) }),
  };
  return openLaneRun(
    { ...plan, first, options: rest },
    destination,
    { ...LANE, first },
    settings,
    laneHooks(hooks, LIVE),
    { saveNext: replay.saveNext },
  );
}

function laneHooks({ logger, signal, onProgress }: CrewHooks, phase: number) {
  return {
    logger,
    signal,
    onProgress: (progress: Parameters<CrewHooks['onProgress']>[1]) => onProgress(phase, progress),
  };
}
