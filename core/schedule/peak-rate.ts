import { MIN_BATCH_INTERVAL_MS } from './batches.ts';
import { type Profile, setsItsRate } from './profile.ts';
import type { ScheduleOptions } from './schedule.ts';
import { curveOf } from './shape-curves.ts';

/**
 * A rate in events per second that the profile never wants more than, looked at over a second: the peaks of its shapes
 * multiplied, wherever they lie. For batches the largest over the shortest interval.
 */
export function peakRate(
  profile: Profile,
  { eventsPerSecond = 0, recordedSeconds = [] }: Pick<ScheduleOptions, 'eventsPerSecond' | 'recordedSeconds'>,
): number {
  const factor = profile.reduce((product, shape) => product * (curveOf(shape, 0)?.peak ?? 1), 1);
  const own = profile.find(setsItsRate);
  if (own?.kind === 'batch') {
    const shortestMs = Math.max(MIN_BATCH_INTERVAL_MS, own.intervalMs - own.intervalJitterMs);
    return (factor * (own.records + own.recordsJitter) * 1_000) / shortestMs;
  }
  if (own?.kind === 'replay') return mostWithin(recordedSeconds, own.speed * factor);
  return own ? factor : factor * eventsPerSecond;
}

/** The most times that any window of this many seconds holds. */
function mostWithin(times: ArrayLike<number>, seconds: number): number {
  let most = 0;
  let first = 0;
  for (let last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= seconds) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
