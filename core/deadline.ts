import type { Clock } from './clock.ts';
import { ReelstreamError } from './errors.ts';

/**
 * Settles like `work`, or rejects with `timeout` after `timeoutMs`. The work itself is not stopped and its late answer is
 * not looked at, so the caller must treat the outcome as unknown.
 */
export function withDeadline<T>(work: Promise<T>, timeoutMs: number, clock: Clock, what: string): Promise<T> {
  return withStallDeadline(() => work, timeoutMs, clock, what);
}

/**
 * The same for work of unknown length: it must call `beat` at least every `timeoutMs`. Once it has missed that, `beat` throws
 * the same `timeout`, so that work nobody waits for any more can end.
 */
export async function withStallDeadline<T>(
  start: (beat: () => void) => Promise<T>,
  timeoutMs: number,
  clock: Clock,
  what: string,
): Promise<T> {
  const answered = new AbortController();
  let beatAtMs = clock.monotonicMs();
  const missed = () => new ReelstreamError('timeout', `${what}: no answer within ${timeoutMs} ms`);
  let isMissed = false;
  const work = start(() => {
    if (isMissed) throw missed();
    beatAtMs = clock.monotonicMs();
  });
  const stalled = async (): Promise<never> => {
    while (!answered.signal.aborted) {
      const leftMs = beatAtMs + timeoutMs - clock.monotonicMs();
      if (leftMs <= 0) break;
      await clock.sleep(leftMs, answered.signal);
    }
    isMissed = true;
    throw missed();
  };
  try {
    return await Promise.race([work, stalled()]);
  } finally {
    answered.abort();
  }
}
