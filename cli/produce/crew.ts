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
import { type ParentMessage, received, type SentError, type WorkerMessage } from './worker-messages.ts';

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

/** Processes start, read files and make connections. */
const START_DEADLINE_MS = 60_000;
/** From the word to begin to the first event: it must have reached every worker by then. */
const HEAD_START_MS = 100;
/** A change of rate must lie ahead of what any worker has already sent. */
const SCALE_AHEAD_MS = 250;

/** Resolves when the run has begun, with everything it needs open. */
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
  const run = await openLaneRun(plan, destination, lane, settings, {
    logger,
    signal,
    onProgress: (progress) => onProgress(0, progress),
  });
  return {
    done: run.run(),
    get elapsedMs() {
      return run.elapsedMs;
    },
    scale: (factor) => run.scale(run.elapsedMs, factor),
  };
}

async function startMany(plan: LoadPlan, destination: Destination, hooks: CrewHooks): Promise<Crew> {
  const { workers } = plan.options;
  const children = Array.from({ length: workers }, forkWorker);
  // whoever ends this process in a hurry wants its workers gone, too
  const endAll = () => killAll(children);
  process.once('exit', endAll);
  const tellAll = (message: ParentMessage) => {
    for (const child of children) tell(child, message);
  };
  const opened = children.map(async (child, worker) => {
    await answerOf(child, worker, 'up');
    tell(child, { kind: 'open', plan, destination, worker, workers });
    await answerOf(child, worker, 'ready');
  });
  try {
    await withDeadline(Promise.all(opened), START_DEADLINE_MS, systemClock, 'starting the workers');
  } catch (error) {
    process.off('exit', endAll);
    endAll();
    throw error;
  }
  const reports = children.map(reportOf);
  children.forEach((child, worker) => {
    child.on('message', (message: WorkerMessage) => {
      if (message.kind !== 'progress') return;
      hooks.onProgress(worker, message.progress);
      tellAll({ kind: 'resolved', below: hooks.resolvedBelow() });
    });
  });
  const stop = () => tellAll({ kind: 'stop' });
  // the others cannot go on without one: their numbers wait for its own
  for (const report of reports) report.then(({ error }) => (error === null ? undefined : stop()), stop);
  const startMs = systemClock.monotonicMs() + HEAD_START_MS;
  tellAll({ kind: 'begin', startTsMs: systemClock.nowMs() + HEAD_START_MS });
  if (hooks.signal.aborted) stop();
  hooks.signal.addEventListener('abort', stop, { once: true });
  const elapsedMs = () => Math.max(0, systemClock.monotonicMs() - startMs);
  return {
    done: merged(reports).finally(() => {
      hooks.signal.removeEventListener('abort', stop);
      process.off('exit', endAll);
    }),
    get elapsedMs() {
      return elapsedMs();
    },
    scale: (factor) => tellAll({ kind: 'scale', atMs: elapsedMs() + SCALE_AHEAD_MS, factor }),
  };
}

/** Not of this process's group: the terminal's signals are for the parent, which passes on what it decides. */
function forkWorker(): ChildProcess {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  return fork(launcher, ['produce-worker'], { stdio: [...stdio], detached: true });
}

function killAll(children: readonly ChildProcess[]): void {
  for (const child of children) child.kill('SIGKILL');
}

/** A worker that has ended hears nothing more; that it has, its exit says. */
function tell(child: ChildProcess, message: ParentMessage): void {
  if (child.connected) child.send(message, () => {});
}

async function merged(reports: readonly Promise<LoadReport>[]): Promise<LoadReport> {
  const outcomes = await Promise.allSettled(reports);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return mergeReports(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])));
}

/** Resolves when the worker says so; rejects when it fails or ends before. */
function answerOf(child: ChildProcess, worker: number, kind: 'up' | 'ready'): Promise<void> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: WorkerMessage) => {
      if (message.kind === kind) settle(resolve);
      if (message.kind === 'failed') settle(() => reject(errorOf(message.error)));
    };
    const onExit = (code: number | null, signal: NodeJS.Signals | null) =>
      settle(() => reject(deathOf(worker, code, signal)));
    const onError = (error: Error) => settle(() => reject(error));
    const settle = (how: () => void) => {
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      how();
    };
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
  });
}

function reportOf(child: ChildProcess, worker: number): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: WorkerMessage) => {
      if (message.kind === 'done') resolve(received(message.report));
      if (message.kind === 'failed') reject(errorOf(message.error));
    });
    child.once('exit', (code, signal) => reject(deathOf(worker, code, signal)));
    child.on('error', reject);
  });
}

function errorOf({ code, message }: SentError): ReelstreamError {
  return new ReelstreamError(code, message);
}

function deathOf(worker: number, code: number | null, signal: NodeJS.Signals | null): ReelstreamError {
  const how = signal ? `was killed by ${signal}` : `ended with ${code}`;
  return new ReelstreamError('unknown', `worker ${worker} ${how} before its run was over`);
}
