import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.ts';

const POLL_MS = 100;

export interface FileLock {
  release(): void;
}

export interface LockWait<Holder> {
  /** asked again and again while somebody else holds the lock; false gives it up */
  readonly waitsFor: (holder: Holder) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A lock that is a file naming its holder: `mine`, which is this process and whatever others should know about it. Returns the
 * other holder instead when there is one that is not waited for. A holder that died does not count.
 * @throws ReelstreamError `unavailable` when `signal` aborts the wait
 */
export async function takeFileLock<Holder extends ProcessIdentity>(
  file: string,
  mine: Holder,
  { waitsFor, signal }: LockWait<Holder>,
): Promise<FileLock | Holder> {
  mkdirSync(dirname(file), { recursive: true });
  for (;;) {
    if (createWith(file, mine)) return heldLock(file);
    const found = lookAt<Holder>(file);
    if (found === 'absent' || (found === 'dead' && removeDead(file))) continue;
    if (found !== 'dead' && !waitsFor(found)) return found;
    await systemClock.sleep(POLL_MS, signal);
    if (signal?.aborted) {
      throw new ReelstreamError('unavailable', `given up while waiting for ${file}`, { retryable: false });
    }
  }
}

/** The living process that holds the lock, null when nobody does. */
export function readFileLock<Holder extends ProcessIdentity>(file: string): Holder | null {
  const found = lookAt<Holder>(file);
  return found === 'absent' || found === 'dead' ? null : found;
}

/** What a power cut left half written was a dead holder's: every process ends with the machine. */
function lookAt<Holder extends ProcessIdentity>(file: string): Holder | 'dead' | 'absent' {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as Holder | null;
    return holder && isAlive(holder) ? holder : 'dead';
  } catch (error) {
    if (error instanceof SyntaxError) return 'dead';
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw error;
  }
}

function heldLock(file: string): FileLock {
  let held = true;
  return {
    release() {
      // Given up twice it might already be somebody else's
      if (held) rmSync(file, { force: true });
      held = false;
    },
  };
}

/** Hard links make the file appear with its content or not at all, and fail when it exists. */
function createWith(file: string, holder: ProcessIdentity): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(holder));
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

/**
 * Removes a dead holder's lock; false when somebody else is at it. Guarded, or two waiters could each remove the other's fresh
 * lock; and only when it was seen to be dead, for one that is absent may be made at any moment. A guard is held within one turn
 * of the event loop: it stays behind only when its process is killed in that very moment.
 */
function removeDead(file: string): boolean {
  const guard = `${file}.takeover`;
  if (!createWith(guard, ownIdentity())) {
    if (lookAt(guard) === 'dead') rmSync(guard, { force: true });
    return false;
  }
  try {
    if (lookAt(file) === 'dead') rmSync(file, { force: true });
    return true;
  } finally {
    rmSync(guard, { force: true });
  }
}
