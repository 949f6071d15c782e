import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import {
  type ChildExit,
  describeExit,
  refuseAborted,
  spawnChild,
  stopProcess,
  waitUntilReady,
} from './child-process.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';
import type { ProcessSpec } from './process-spec.ts';
import {
  fingerprintOf,
  type RunRecord,
  removeRunRecord,
  stackFolders,
  writeRunRecord,
} from './run-record.ts';

/** A process of the stack that this process watches. */
export interface SupervisedProcess {
  readonly spec: ProcessSpec;
  readonly record: RunRecord;
  /** it ran before us, in the background, and goes on after us */
  readonly adopted: boolean;
  /** settles when it ends; never rejects */
  readonly exited: Promise<ChildExit>;
  /** stops watching it */
  release(): void;
}

export interface StartSurroundings {
  readonly home: string;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly signal: AbortSignal;
}

/** How often a process that is not our child, and so sends no exit event, is looked at. */
const WATCH_INTERVAL_MS = 500;

/**
 * Starts a process, puts it on record at once, and waits until it is ready; a failed start leaves nothing running.
 * @throws ReelstreamError `unavailable`
 */
export async function startSupervised(
  spec: ProcessSpec,
  given: StartSurroundings,
): Promise<SupervisedProcess> {
  const { home, environment, signal } = given;
  refuseAborted(spec, signal);
  const logFile = stackFolders(home).logFile(spec.name);
  let record: RunRecord | undefined;
  const onSpawned = (identity: ProcessIdentity) => {
    record = recordOf(spec, identity, logFile);
    writeRunRecord(home, record);
  };
  const child = await spawnChild(spec, { logFile, environment, onSpawned });
  try {
    await waitUntilReady(spec, child, logFile, signal);
  } catch (error) {
    await stopProcess(child.identity, spec.stopDeadlineMs);
    removeRunRecord(home, spec.name);
    throw error;
  }
  return { spec, record: record!, adopted: false, exited: child.exited, release: child.release };
}

/**
 * Takes over a process that runs in the background.
 * @throws ReelstreamError `unavailable` when it was started with other settings, or does not answer
 */
export async function adoptSupervised(
  spec: ProcessSpec,
  record: RunRecord,
  signal: AbortSignal,
): Promise<SupervisedProcess> {
  if (fingerprintOf(spec) !== record.fingerprint) {
    throw new ReelstreamError(
      'unavailable',
      `${spec.name} runs in the background with other settings: run reelstream down first`,
      { retryable: false },
    );
  }
  const watch = watchForeign(record);
  try {
    await waitUntilReady(spec, { identity: record, ...watch }, record.logFile, signal);
  } catch (error) {
    watch.release();
    throw error;
  }
  return { spec, record, adopted: true, ...watch };
}

/** One line for people: how a process that was not asked to ended. */
export function describeDeath(spec: ProcessSpec, exit: ChildExit): string {
  const how = exit.code === null && exit.signal === null ? 'ended' : `ended with ${describeExit(exit)}`;
  return `${spec.name} ${how} though nobody asked it to`;
}

/** What is put on record about a process that this process has just started. */
export function recordOf(spec: ProcessSpec, identity: ProcessIdentity, logFile: string): RunRecord {
  return {
    ...identity,
    name: spec.name,
    fingerprint: fingerprintOf(spec),
    after: spec.after,
    ports: spec.ports,
    stopDeadlineMs: spec.stopDeadlineMs,
    startedAtMs: systemClock.nowMs(),
    logFile,
    supervisor: ownIdentity(),
  };
}

function watchForeign(identity: ProcessIdentity) {
  let timer: NodeJS.Timeout | undefined;
  const exited = new Promise<ChildExit>((resolve) => {
    timer = setInterval(() => {
      if (isAlive(identity)) return;
      clearInterval(timer);
      resolve({ code: null, signal: null });
    }, WATCH_INTERVAL_MS);
  });
  return { exited, release: () => clearInterval(timer) };
}
