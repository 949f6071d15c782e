import { ReelstreamError } from '../../core/errors.ts';
import { type StopOutcome, waitForEnd } from './child-process.ts';
import { type Stopped, stopRecorded } from './leftovers.ts';
import { type ProcessIdentity, signalProcess } from './process-identity.ts';
import { readRunRecords, stackFolders } from './run-record.ts';
import { readLockHolder, takeStackLock } from './stack-lock.ts';

export interface StopStackOptions {
  readonly home: string;
  readonly onStopped: (stopped: Stopped) => void;
  /** a foreground supervisor was asked to end, which may take minutes */
  readonly onAsked?: (supervisor: ProcessIdentity) => void;
  /** how long a foreground supervisor may take to end in order; then it is asked again */
  readonly orderlyDeadlineMs: number;
  /** and how long after that, before it is killed */
  readonly hurriedDeadlineMs: number;
}

const KILL_DEADLINE_MS = 5_000;

/**
 * Ends everything that runs in a stack's folder, whoever started it: a living supervisor is asked first, what it leaves or what
 * lost its supervisor is ended by its record. Nothing running is fine.
 * @throws ReelstreamError `unavailable` when another command keeps changing the stack, `timeout` when a process cannot be ended
 */
export async function stopStack(options: StopStackOptions): Promise<void> {
  const { home, onStopped } = options;
  const { lockFile } = stackFolders(home);
  const supervisor = readLockHolder(lockFile);
  if (supervisor?.purpose === 'supervise') {
    options.onAsked?.(supervisor);
    onStopped({ name: 'supervisor', outcome: await endSupervisor(supervisor, options) });
  }
  const lock = await takeStackLock(lockFile, 'change');
  if ('pid' in lock) {
    throw new ReelstreamError(
      'unavailable',
      `process ${lock.pid} is changing the stack in ${home}; try again`,
    );
  }
  try {
    await stopRecorded(home, readRunRecords(home), onStopped);
  } finally {
    lock.release();
  }
}

/** A second signal tells it to wait for nothing but its processes: so it still stops them in order, which SIGKILL would not let it. */
async function endSupervisor(
  supervisor: ProcessIdentity,
  { orderlyDeadlineMs, hurriedDeadlineMs }: StopStackOptions,
): Promise<StopOutcome> {
  for (const deadlineMs of [orderlyDeadlineMs, hurriedDeadlineMs]) {
    signalProcess(supervisor, 'SIGTERM');
    if (await waitForEnd(supervisor, deadlineMs)) return 'stopped';
  }
  signalProcess(supervisor, 'SIGKILL');
  await waitForEnd(supervisor, KILL_DEADLINE_MS);
  return 'killed';
}
