import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import {
  isAlive,
  type ProcessIdentity,
  readStartTime,
  signalGroup,
  signalProcess,
} from './process-identity.ts';
import type { ProcessSpec } from './process-spec.ts';

/** A log larger than this at start is kept once more as `.1`; the one before that goes. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const POLL_MS = 50;

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a process gets from whoever starts it. */
export interface ChildSurroundings {
  readonly logFile: string;
  /** the parent's environment; the spec's own variables win */
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** called in the same turn as the process begins, so that a crash of the caller can hardly leave it unrecorded */
  readonly onSpawned?: (identity: ProcessIdentity) => void;
}

export interface RunningChild {
  readonly identity: ProcessIdentity;
  /** settles when the process ends, for whatever reason; never rejects */
  readonly exited: Promise<ChildExit>;
  /** lets the caller's own process end while this one goes on */
  release(): void;
}

/**
 * Starts the process of a spec in a process group of its own, so that Ctrl-C in a terminal reaches only whoever
 * supervises it. Its output goes straight into the log file: it outlives its supervisor without a broken pipe.
 * @throws ReelstreamError `unavailable` when it cannot be prepared, started or put on record; nothing runs then
 */
export async function spawnChild(spec: ProcessSpec, given: ChildSurroundings): Promise<RunningChild> {
  await prepare(spec);
  const log = openLog(given.logFile);
  try {
    const child = spawn(spec.command, [...spec.args], {
      cwd: spec.cwd,
      env: { ...given.environment, ...spec.env },
      detached: true,
      stdio: ['ignore', log, log],
    });
    // No pid: the command could not be started. An empty start time is that of no living process: a child that died at once
    // is then never signalled by its number
    const identity = { pid: child.pid ?? 0, startTime: child.pid ? (readStartTime(child.pid) ?? '') : '' };
    if (child.pid) putOnRecord(spec, identity, given);
    const exited = new Promise<ChildExit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => reject(cannotStart(spec, cause)));
    });
    return { identity, exited, release: () => child.unref() };
  } finally {
    closeSync(log);
  }
}

/**
 * Waits until the process does its work.
 * @throws ReelstreamError `unavailable` with the log's last lines when it ends first, is not ready by its deadline, or `signal` aborts
 */
export async function waitUntilReady(
  spec: ProcessSpec,
  child: RunningChild,
  logFile: string,
  signal?: AbortSignal,
): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + spec.readyDeadlineMs;
  let exit: ChildExit | null = null;
  void child.exited.then((result) => {
    exit = result;
  });
  while (systemClock.monotonicMs() < deadlineMs) {
    if (exit) throw failedStart(spec, `ended with ${describeExit(exit)} before it was ready`, logFile);
    refuseAborted(spec, signal);
    if (await spec.isReady().catch(() => false)) return;
    await systemClock.sleep(POLL_MS, signal);
  }
  refuseAborted(spec, signal);
  throw failedStart(spec, `was not ready after ${spec.readyDeadlineMs / 1000} s`, logFile);
}

export type StopOutcome = 'gone' | 'stopped' | 'killed';

/**
 * SIGTERM to the process, which ends its own children in its own order; SIGKILL to its whole group at the deadline, and to what
 * it left behind in its group before that. A process that is gone already is `gone`.
 */
export async function stopProcess(identity: ProcessIdentity, stopDeadlineMs: number): Promise<StopOutcome> {
  if (!isAlive(identity)) {
    signalGroup(identity, 'SIGKILL');
    return 'gone';
  }
  signalProcess(identity, 'SIGTERM');
  // A frozen process takes no signal but these two
  signalGroup(identity, 'SIGCONT');
  const inTime = await waitForEnd(identity, stopDeadlineMs);
  signalGroup(identity, 'SIGKILL');
  if (inTime) return 'stopped';
  if (await waitForEnd(identity, 5_000)) return 'killed';
  throw new ReelstreamError('timeout', `process ${identity.pid} does not end even after SIGKILL`);
}

/** True when the process ended within the time. */
export async function waitForEnd(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  while (isAlive(identity)) {
    if (systemClock.monotonicMs() >= deadlineMs) return false;
    await systemClock.sleep(POLL_MS);
  }
  return true;
}

/** The last lines of a log, for an error message. */
export function readLastLines(logFile: string, count = 20): string {
  if (!existsSync(logFile)) return '';
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}

export function describeExit(exit: ChildExit): string {
  return exit.signal === null ? `exit code ${exit.code}` : exit.signal;
}

async function prepare(spec: ProcessSpec): Promise<void> {
  try {
    for (const { path, content } of spec.files) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
    await spec.prepare();
  } catch (thrown) {
    throw cannotStart(spec, thrown as Error);
  }
}

/** A process that is on no record could be found by nobody later. */
function putOnRecord(spec: ProcessSpec, identity: ProcessIdentity, given: ChildSurroundings): void {
  try {
    given.onSpawned?.(identity);
  } catch (thrown) {
    signalGroup(identity, 'SIGKILL');
    throw cannotStart(spec, thrown as Error);
  }
}

function openLog(logFile: string): number {
  mkdirSync(dirname(logFile), { recursive: true });
  if (existsSync(logFile) && statSync(logFile).size > MAX_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
  return openSync(logFile, 'a');
}

function cannotStart(spec: ProcessSpec, cause: Error): ReelstreamError {
  return new ReelstreamError(
    'unavailable',
    `${spec.name} cannot be started: ${spec.command}: ${cause.message}`,
    {
      cause,
      retryable: false,
    },
  );
}

/** @throws ReelstreamError `unavailable` when the start was called off */
export function refuseAborted(spec: ProcessSpec, signal?: AbortSignal): void {
  if (!signal?.aborted) return;
  throw new ReelstreamError('unavailable', `the start of ${spec.name} was called off`, { retryable: false });
}

function failedStart(spec: ProcessSpec, what: string, logFile: string): ReelstreamError {
  return new ReelstreamError(
    'unavailable',
    `${spec.name} ${what}; the end of ${logFile}:\n${readLastLines(logFile)}`,
    {
      retryable: false,
    },
  );
}
