import type { Clock } from '../../core/clock.ts';
import { ReelstreamError } from '../../core/errors.ts';

export interface Waiting {
  readonly clock: Clock;
  /** aborted: nothing more is waited for */
  readonly stop: AbortSignal;
}

const POLL_MS = 250;

/**
 * False when it did not come true in time.
 * @throws ReelstreamError `halted` when it was told to stop
 */
export async function waitUntil(
  { clock, stop }: Waiting,
  withinMs: number,
  isTrue: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const deadlineMs = clock.monotonicMs() + withinMs;
  while (clock.monotonicMs() < deadlineMs) {
    if (stop.aborted) throw new ReelstreamError('halted', 'the drill was stopped', { retryable: false });
    if (await isTrue()) return true;
    await clock.sleep(POLL_MS, stop);
  }
  return false;
}
