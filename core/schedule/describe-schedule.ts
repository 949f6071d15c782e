import { countBefore } from './limit.ts';
import type { Schedule } from './schedule.ts';

export interface ScheduleBucket {
  readonly startMs: number;
  /** intended within the bucket */
  readonly events: number;
  /** events per second over the bucket */
  readonly meanRate: number;
}

export interface ScheduleDescription {
  readonly buckets: readonly ScheduleBucket[];
  readonly total: number;
  readonly meanRate: number;
  /** wanted at some moment; something shorter than a 64th of a bucket may be missed */
  readonly lowestRate: number;
  readonly highestRate: number;
}

const SAMPLES_PER_BUCKET = 64;

/**
 * What a run of this length would send, without sending it.
 * @param buckets equal pieces of the time, at least 1
 * @throws RangeError unless the duration is above 0 and finite and the buckets are a whole number from 1
 */
export function describeSchedule(
  schedule: Schedule,
  durationMs: number,
  buckets: number,
): ScheduleDescription {
  if (!(durationMs > 0 && Number.isFinite(durationMs) && Number.isInteger(buckets) && buckets > 0)) {
    throw new RangeError(`${durationMs} ms in ${buckets} buckets cannot be described`);
  }
  const bucketMs = durationMs / buckets;
  const bounds = Array.from({ length: buckets + 1 }, (_, at) => at * bucketMs);
  const counts = bounds.map((ms) => countBefore(schedule, ms));
  const rates = Array.from({ length: buckets * SAMPLES_PER_BUCKET }, (_, at) =>
    schedule.rateAt((at * bucketMs) / SAMPLES_PER_BUCKET),
  );
  const total = counts.at(-1)!;
  return {
    buckets: bounds.slice(0, -1).map((startMs, at) => {
      const events = counts[at + 1]! - counts[at]!;
      return { startMs, events, meanRate: (events * 1_000) / bucketMs };
    }),
    total,
    meanRate: (total * 1_000) / durationMs,
    lowestRate: rates.reduce((lowest, rate) => Math.min(lowest, rate)),
    highestRate: rates.reduce((highest, rate) => Math.max(highest, rate)),
  };
}
