import { createChance } from '../chance.ts';
import { ReelstreamError } from '../errors.ts';
import { type Arrivals, createArrivals, type Jitter, recordedArrivals } from './arrivals.ts';
import { batchArrivals } from './batches.ts';
import { type Course, createCourse } from './course.ts';
import { multiplyProfiles, type Profile, setsItsRate } from './profile.ts';
import { curveOf } from './shape-curves.ts';

/**
 * An open-loop schedule: every event has its intended time, whatever happens to the ones before it. Times are ms since
 * the start of the run, numbers count from 0.
 */
export interface Schedule {
  /** When event `i` should be sent; Infinity when it never is. Never falls with `i`. Amortised O(1) when `i` grows. */
  intendedMs(i: number): number;
  /** events due by this (finite) time: those with `intendedMs` at or before it */
  dueBy(ms: number): number;
  /** events per second wanted at this time */
  rateAt(ms: number): number;
  /**
   * From `ms` on the rate is `factor` times what the profile says, 0 being a pause; events due before keep their time.
   * @throws RangeError when the factor is below 0, or the time before that of an earlier change
   */
  scale(ms: number, factor: number): void;
}

export interface ScheduleOptions {
  /** what the factors of the profile multiply; not used by a profile that sets its rate */
  readonly eventsPerSecond?: number;
  /** default poisson. Not for replay, which has its times, nor for batch, which has its own. */
  readonly jitter?: Jitter;
  /** whole number from 0; draws from the stream `timing` */
  readonly seed: number;
  /**
   * wall-clock time of the run's start: a day of 24 hours follows it. Workers of one run, and whoever resumes it, must be
   * given the same. Default midnight UTC.
   */
  readonly startTsMs?: number;
  /** for replay: recorded times in order */
  readonly recordedSeconds?: ArrayLike<number>;
}

/** Where the rate was changed while running. Event numbers from `first` on go by it. */
interface Change {
  readonly first: number;
  readonly atMs: number;
  readonly factor: number;
  /** of the arrivals, and of the course, at `atMs` */
  readonly position: number;
  readonly coursePosition: number;
}

const MS_PER_SECOND = 1_000;
const RATE_WINDOW_SECONDS = 10;

/**
 * The intended times of a profile: a pure function of (profile, options, event number) until the rate is changed.
 * @throws ReelstreamError `usage` when the rate or the recorded times are missing or unusable
 */
export function createSchedule(profile: Profile, options: ScheduleOptions): Schedule {
  const product = multiplyProfiles(profile);
  return new CourseSchedule(arrivalsOf(product, options), courseOf(product, options));
}

class CourseSchedule implements Schedule {
  readonly #arrivals: Arrivals;
  readonly #course: Course;
  readonly #changes: [Change, ...Change[]] = [
    { first: 0, atMs: 0, factor: 1, position: 0, coursePosition: 0 },
  ];
  #latest: Change = this.#changes[0];

  constructor(arrivals: Arrivals, course: Course) {
    this.#arrivals = arrivals;
    this.#course = course;
  }

  intendedMs(i: number): number {
    if (!(i >= 0)) return 0;
    if (i > Number.MAX_SAFE_INTEGER) return Number.POSITIVE_INFINITY;
    const change =
      i >= this.#latest.first ? this.#latest : this.#changes.findLast(({ first }) => first <= i)!;
    if (change.factor === 0) return Number.POSITIVE_INFINITY;
    const ahead = Math.max(0, this.#arrivals.positionOf(i) - change.position) / change.factor;
    if (ahead === Number.POSITIVE_INFINITY) return ahead;
    return Math.max(change.atMs, this.#course.msAt(change.coursePosition + ahead));
  }

  dueBy(ms: number): number {
    if (!Number.isFinite(ms)) throw new RangeError(`${ms} is no time`);
    if (ms < 0) return 0;
    // the integral's guess, put right where rounding missed by one
    let due = this.#arrivals.countBy(this.#positionAt(ms));
    while (due > 0 && this.intendedMs(due - 1) > ms) due -= 1;
    while (this.intendedMs(due) <= ms) due += 1;
    return due;
  }

  rateAt(ms: number): number {
    if (!(ms >= 0)) return 0;
    const unitsPerSecond = this.#changeAt(ms).factor * this.#course.rateAt(ms);
    if (unitsPerSecond === 0) return 0;
    const density = this.#arrivals.densityAt(this.#positionAt(ms), RATE_WINDOW_SECONDS * unitsPerSecond);
    return density * unitsPerSecond;
  }

  scale(ms: number, factor: number): void {
    if (!(factor >= 0 && Number.isFinite(factor))) throw new RangeError(`${factor} is no factor of a rate`);
    if (!(ms >= this.#latest.atMs)) throw new RangeError(`the rate at ${ms} ms is already settled`);
    this.#latest = {
      first: this.dueBy(ms),
      atMs: ms,
      factor,
      position: this.#positionAt(ms),
      coursePosition: this.#course.positionAt(ms),
    };
    this.#changes.push(this.#latest);
  }

  #changeAt(ms: number): Change {
    return ms >= this.#latest.atMs ? this.#latest : this.#changes.findLast(({ atMs }) => atMs <= ms)!;
  }

  #positionAt(ms: number): number {
    const { factor, position, coursePosition } = this.#changeAt(ms);
    return position + factor * (this.#course.positionAt(ms) - coursePosition);
  }
}

function arrivalsOf(profile: Profile, options: ScheduleOptions): Arrivals {
  const chance = createChance(options.seed, 'timing');
  const own = profile.find(setsItsRate);
  if (own?.kind === 'batch') return batchArrivals(own, chance);
  if (own?.kind === 'replay') return recordedArrivals(recordedTimes(options));
  return createArrivals(options.jitter ?? 'poisson', chance);
}

function courseOf(profile: Profile, options: ScheduleOptions): Course {
  const own = profile.find(setsItsRate);
  const curves = profile.flatMap((shape) => curveOf(shape, options.startTsMs ?? 0) ?? []);
  if (own?.kind === 'batch') return createCourse(curves, MS_PER_SECOND);
  if (own?.kind === 'replay') return createCourse(curves, own.speed);
  return createCourse(curves, own ? 1 : runRate(options));
}

function runRate({ eventsPerSecond }: ScheduleOptions): number {
  if (eventsPerSecond !== undefined && eventsPerSecond > 0 && Number.isFinite(eventsPerSecond)) {
    return eventsPerSecond;
  }
  throw new ReelstreamError(
    'usage',
    `the profile needs a rate above 0 events per second, not ${eventsPerSecond}`,
  );
}

function recordedTimes({ recordedSeconds }: ScheduleOptions): ArrayLike<number> {
  if (!recordedSeconds)
    throw new ReelstreamError('usage', 'the profile replay needs a file with ratings to replay');
  for (let i = 1; i < recordedSeconds.length; i++) {
    if (recordedSeconds[i]! >= recordedSeconds[i - 1]!) continue;
    throw new ReelstreamError('bad_data', `the times to replay are out of order at row ${i}`, {
      details: { row: i },
    });
  }
  return recordedSeconds;
}
