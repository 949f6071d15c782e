import { systemClock } from '../../core/clock.ts';
import { type FileLock, readFileLock, takeFileLock } from './file-lock.ts';
import { ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** `supervise` is held for as long as a stack runs in the foreground, `change` while one is brought up or down. */
export interface LockHolder extends ProcessIdentity {
  readonly purpose: 'supervise' | 'change';
}

/** Another `up` or `down` under way is waited for this long. */
const CHANGE_WAIT_MS = 120_000;

/**
 * One process at a time may change a stack. Waits for somebody who is changing it, but not for a supervisor, which may stay for
 * days. Returns the holder instead of a lock when there is one.
 * @throws ReelstreamError `unavailable` when `signal` aborts the wait
 */
export function takeStackLock(
  file: string,
  purpose: LockHolder['purpose'],
  signal?: AbortSignal,
): Promise<FileLock | LockHolder> {
  const deadlineMs = systemClock.monotonicMs() + CHANGE_WAIT_MS;
  const waitsFor = (holder: LockHolder) =>
    holder.purpose === 'change' && systemClock.monotonicMs() < deadlineMs;
  return takeFileLock<LockHolder>(file, { ...ownIdentity(), purpose }, { waitsFor, signal });
}

/** The living process that has the stack, null when nobody does. */
export function readLockHolder(file: string): LockHolder | null {
  return readFileLock(file);
}
