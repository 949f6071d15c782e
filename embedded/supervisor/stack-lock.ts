import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

const POLL_MS = 100;
/** Taking over a dead holder's lock takes milliseconds; a guard older than this was left by a crash. */
const STALE_GUARD_MS = 10_000;

/** `supervise` is held for as long as a stack runs in the foreground, `change` while one is brought up or down. */
export interface LockHolder extends ProcessIdentity {
  readonly purpose: 'supervise' | 'change';
}

export interface StackLock {
  release(): void;
}

/**
 * One process at a time may change a stack. Waits up to `waitMs` for somebody who is changing it, but not for a supervisor,
 * which may stay for days. Returns the holder instead of a lock when there is one. A holder that died does not count.
 */
export async function takeStackLock(
  file: string,
  purpose: LockHolder['purpose'],
  waitMs: number,
): Promise<StackLock | LockHolder> {
  mkdirSync(dirname(file), { recursive: true });
  const deadlineMs = systemClock.monotonicMs() + waitMs;
  while (!createWith(file, JSON.stringify({ ...ownIdentity(), purpose }))) {
    const holder = readLockHolder(file);
    if (!holder) takeOver(file);
    else if (holder.purpose === 'supervise' || systemClock.monotonicMs() >= deadlineMs) return holder;
    else await systemClock.sleep(POLL_MS);
  }
  let held = true;
  return {
    release() {
      // Given up twice it might already be somebody else's
      if (held) rmSync(file, { force: true });
      held = false;
    },
  };
}

/** The living process that holds the lock, null when nobody does. */
export function readLockHolder(file: string): LockHolder | null {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as LockHolder;
    return isAlive(holder) ? holder : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Hard links make the file appear with its content or not at all, and fail when it exists. */
function createWith(file: string, content: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a dead holder's lock. Guarded: otherwise two waiters could each remove the other's fresh lock. */
function takeOver(file: string): void {
  const guard = `${file}.takeover`;
  if (!createWith(guard, '')) {
    const madeAtMs = statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? systemClock.nowMs();
    if (systemClock.nowMs() - madeAtMs > STALE_GUARD_MS) rmSync(guard, { force: true });
    return;
  }
  try {
    if (!readLockHolder(file)) rmSync(file, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}
