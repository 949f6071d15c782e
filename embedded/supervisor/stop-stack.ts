import { ReelstreamError } from '../../core/errors.ts';
import { waitForEnd } from './child-process.ts';
import { type Stopped, stopRecorded } from './leftovers.ts';
import { signalProcess } from './process-identity.ts';
import { readRunRecords, stackFolders } from './run-record.ts';
import { readLockHolder, takeStackLock } from './stack-lock.ts';

export interface StopStackOptions {
  readonly home: string;
  readonly onStopped: (stopped: Stopped) => void;
  /** how long a foreground supervisor may take to drain and stop its processes before it is killed */
  readonly supervisorDeadlineMs: number;
}

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
    signalProcess(supervisor, 'SIGTERM');
    const inTime = await waitForEnd(supervisor, options.supervisorDeadlineMs);
    if (!inTime) signalProcess(supervisor, 'SIGKILL');
    onStopped({ name: 'supervisor', outcome: inTime ? 'stopped' : 'killed' });
    await waitForEnd(supervisor, 5_000);
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
