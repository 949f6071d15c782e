/** How many events are wanted by when. Times are ms since the start, numbers count from 0. */
export interface RateProfile {
  /** events per second wanted at this time */
  rateAt(ms: number): number;
  /** events wanted before this time: the integral of the rate. Never falls. */
  integral(ms: number): number;
  /** when event `n` is due: the inverse of the integral. Never falls; Infinity when the profile never gets there. */
  dueMs(n: number): number;
}

export interface PaceLimits {
  /** events in all; default no limit */
  readonly count?: number;
  /** events due before this time only; default no limit */
  readonly durationMs?: number;
}

/**
 * An open-loop schedule: every event has its intended time, whatever happens to the ones before it. A stall therefore
 * shows as delay of every event it held up, and what is late is caught up, not forgotten.
 */
export interface Pacer {
  /** events that should have been sent by now, never more than `total` */
  dueBy(ms: number): number;
  /** when event `n` should be sent */
  intendedMs(n: number): number;
  /** events within the limits; Infinity without any */
  readonly total: number;
  rateAt(ms: number): number;
}

/** @throws RangeError unless the rate is above 0 */
export function constantRate(eventsPerSecond: number): RateProfile {
  if (!(eventsPerSecond > 0 && Number.isFinite(eventsPerSecond))) {
    throw new RangeError(`${eventsPerSecond} is no rate`);
  }
  return {
    rateAt: () => eventsPerSecond,
    integral: (ms) => (ms / 1_000) * eventsPerSecond,
    dueMs: (n) => (n / eventsPerSecond) * 1_000,
  };
}

export function createPacer(profile: RateProfile, limits: PaceLimits = {}): Pacer {
  const { count = Number.POSITIVE_INFINITY, durationMs = Number.POSITIVE_INFINITY } = limits;
  const withinDuration =
    durationMs === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : firstNumber(profile, durationMs, (dueMs) => dueMs >= durationMs);
  const total = Math.min(count, withinDuration);
  return {
    total,
    dueBy: (ms) =>
      ms < 0
        ? 0
        : Math.min(
            total,
            firstNumber(profile, ms, (dueMs) => dueMs > ms),
          ),
    intendedMs: (n) => profile.dueMs(n),
    rateAt: (ms) => (ms < durationMs ? profile.rateAt(ms) : 0),
  };
}

/** The first number whose due time passes the test: the integral's guess, put right where rounding missed by one. */
function firstNumber(profile: RateProfile, ms: number, passes: (dueMs: number) => boolean): number {
  let n = Math.max(0, Math.floor(profile.integral(ms)));
  while (n > 0 && passes(profile.dueMs(n - 1))) n -= 1;
  while (!passes(profile.dueMs(n))) n += 1;
  return n;
}
