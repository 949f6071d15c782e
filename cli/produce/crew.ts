import { type ChildProcess, fork } from 'node:child_process';
import { systemClock } from '../../core/clock.ts';
import { withDeadline } from '../../core/deadline.ts';
import { ReelstreamError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { mergeReports } from '../../producer/measure/run-totals.ts';
import type { LoadProgress, LoadReport } from '../../producer/run/load-run.ts';
import type { Settings } from '../../runtime/settings.ts';
import { launcher } from '../stack.ts';
import { openLaneRun } from './lane-run.ts';
import type { Destination, LoadPlan } from './load-plan.ts';
import { type ParentMessage, received, type WorkerMessage } from './worker-messages.ts';

/** The workers of a run as one: in this process, or one process each. */
export interface Crew {
  /** resolves with what all of them did; rejects when one could not begin, or died */
  readonly done: Promise<LoadReport>;
  readonly elapsedMs: number;
  scale(factor: number): void;
}

export interface CrewHooks {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: (worker: number, progress: LoadProgress) => void;
  /** every event below it is resolved, by what the workers told so far */
  readonly resolvedBelow: () => number;
}

const START_DEADLINE_MS = 30_000;
/** From the word to begin to the first event: files are read and connections made meanwhile. */
const HEAD_START_MS = 2_000;
/** A change of rate must lie ahead of what any worker has already sent. */
const SCALE_AHEAD_MS = 250;

export async function startCrew(
  plan: LoadPlan,
  destination: Destination,
  settings: Settings,
  hooks: CrewHooks,
): Promise<Crew> {
  return plan.options.workers === 1
    ? startAlone(plan, destination, settings, hooks)
    : startMany(plan, destination, hooks);
}

async function startAlone(
  plan: LoadPlan,
  destination: Destination,
  settings: Settings,
  { logger, signal, onProgress }: CrewHooks,
): Promise<Crew> {
  const lane = { first: plan.first, worker: 0, workers: 1 };
  const run = await openLaneRun(plan, destination, lane, settings, systemClock.nowMs(), {
    logger,
    signal,
    onProgress: (progress) => onProgress(0, progress),
  });
  return {
    done: run.run(),
    get elapsedMs() {
      return run.elapsedMs;
    },
    scale: (factor) => run.scale(Math.max(0, run.elapsedMs), factor),
  };
}

async function startMany(plan: LoadPlan, destination: Destination, hooks: CrewHooks): Promise<Crew> {
  const { workers } = plan.options;
  const children = Array.from({ length: workers }, () =>
    // detached from the terminal's signals: the parent passes on what it decides
    fork(launcher, ['produce-worker'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true }),
  );
  const tellAll = (message: ParentMessage) => {
    // one that has just ended hears nothing more, which its report or its exit tells anyhow
    for (const child of children) if (child.connected) child.send(message, () => {});
  };
  try {
    const ready = Promise.all(children.map(untilReady));
    await withDeadline(ready, START_DEADLINE_MS, systemClock, 'starting the workers');
  } catch (error) {
    for (const child of children) child.kill('SIGKILL');
    throw error;
  }
  const startTsMs = systemClock.nowMs() + HEAD_START_MS;
  const startMs = systemClock.monotonicMs() + HEAD_START_MS;
  children.forEach((child, worker) => {
    child.on('message', (message: WorkerMessage) => {
      if (message.kind !== 'progress') return;
      hooks.onProgress(worker, message.progress);
      tellAll({ kind: 'resolved', below: hooks.resolvedBelow() });
    });
    child.send({ kind: 'begin', plan, destination, worker, workers, startTsMs } satisfies ParentMessage);
  });
  const stop = () => tellAll({ kind: 'stop' });
  if (hooks.signal.aborted) stop();
  hooks.signal.addEventListener('abort', stop, { once: true });
  const reports = children.map((child, worker) => reportOf(child, worker));
  // the others cannot go on without one: their numbers wait for its own
  for (const report of reports) report.catch(stop);
  const settled = Promise.allSettled(reports).then((outcomes) => {
    hooks.signal.removeEventListener('abort', stop);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    return mergeReports(
      outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    );
  });
  return {
    done: settled,
    get elapsedMs() {
      return systemClock.monotonicMs() - startMs;
    },
    scale: (factor) =>
      tellAll({
        kind: 'scale',
        atMs: Math.max(0, systemClock.monotonicMs() - startMs) + SCALE_AHEAD_MS,
        factor,
      }),
  };
}

function untilReady(child: ChildProcess, worker: number): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code, signal) => reject(deathOf(worker, code, signal)));
    child.once('error', reject);
  });
}

function reportOf(child: ChildProcess, worker: number): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: WorkerMessage) => {
      if (message.kind === 'done') resolve(received(message.report));
      if (message.kind === 'failed') reject(new ReelstreamError(message.error.code, message.error.message));
    });
    child.once('exit', (code, signal) => reject(deathOf(worker, code, signal)));
  });
}

function deathOf(worker: number, code: number | null, signal: NodeJS.Signals | null): ReelstreamError {
  const how = signal ? `was killed by ${signal}` : `ended with ${code}`;
  return new ReelstreamError('unknown', `worker ${worker} ${how} before its run was over`);
}
