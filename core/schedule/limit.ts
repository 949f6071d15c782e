import type { Schedule } from './schedule.ts';

export interface ScheduleLimits {
  /** events in all; default no limit */
  readonly count?: number | undefined;
  /** events due before this time only; default no limit */
  readonly durationMs?: number | undefined;
}

export interface LimitedSchedule extends Schedule {
  /** events within the limits, as the rate stands now; Infinity without any */
  readonly total: number;
}

/** The schedule up to a number of events or a time, whichever comes first. After the time the wanted rate is 0. */
export function limitSchedule(schedule: Schedule, limits: ScheduleLimits = {}): LimitedSchedule {
  const { count = Number.POSITIVE_INFINITY, durationMs = Number.POSITIVE_INFINITY } = limits;
  let total = Number.NaN;

  const countTotal = (): number => {
    if (durationMs === Number.POSITIVE_INFINITY) return count;
    return Math.min(count, countBefore(schedule, durationMs));
  };
  // counted when first asked for: a run of weeks need not walk through its schedule before it begins
  const currentTotal = (): number => {
    if (Number.isNaN(total)) total = countTotal();
    return total;
  };
  return {
    get total() {
      return currentTotal();
    },
    intendedMs: (i) => schedule.intendedMs(i),
    dueBy: (ms) => (ms < durationMs ? Math.min(count, schedule.dueBy(ms)) : currentTotal()),
    rateAt: (ms) => (ms < durationMs ? schedule.rateAt(ms) : 0),
    scale(ms, factor) {
      schedule.scale(ms, factor);
      total = Number.NaN;
    },
  };
}

/** Events intended strictly before this time. */
export function countBefore(schedule: Schedule, ms: number): number {
  let before = schedule.dueBy(ms);
  while (before > 0 && schedule.intendedMs(before - 1) >= ms) before -= 1;
  return before;
}
