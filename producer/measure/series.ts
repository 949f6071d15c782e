import { createHistogram, type Histogram } from '../../core/histogram.ts';
import type { MeasuredDelays } from '../run/load-run.ts';
import { type DelayPoint, delayPoint, worseDelay } from './delay-point.ts';

/** One interval of a run; rates are events per second. */
export interface SeriesPoint {
  readonly atMs: number;
  readonly targetRate: number;
  readonly generatedRate: number;
  readonly acknowledgedRate: number;
  readonly inFlight: number;
  readonly overloaded: number;
  readonly failed: number;
  /** null: nothing was measured */
  readonly schedule: DelayPoint | null;
  readonly delivery: DelayPoint | null;
}

/** Where all workers of a run stand together. */
export interface SeriesSample {
  readonly elapsedMs: number;
  readonly targetRate: number;
  readonly generated: number;
  readonly acknowledged: number;
  readonly inFlight: number;
  readonly overloaded: number;
  readonly failed: number;
}

/** The course of a run in a bounded number of points, for the report. */
export interface Series {
  addDelays(delays: MeasuredDelays): void;
  /** call often; a point is made when its interval is over */
  sample(now: SeriesSample): void;
  /** the delays since the last whole interval count with that one: the end of a run must not be lost */
  points(): readonly SeriesPoint[];
}

const FIRST_INTERVAL_MS = 1_000;
const MAX_POINTS = 1_200;

export function createSeries(): Series {
  let intervalMs = FIRST_INTERVAL_MS;
  let points: SeriesPoint[] = [];
  let last: SeriesSample | null = null;
  const schedule = createHistogram();
  const delivery = createHistogram();
  return {
    addDelays(delays) {
      schedule.add(delays.schedule);
      delivery.add(delays.delivery);
    },
    sample(now) {
      const before = last ?? { ...now, elapsedMs: 0, generated: 0, acknowledged: 0 };
      const ms = now.elapsedMs - before.elapsedMs;
      last ??= before;
      if (ms < intervalMs) return;
      points.push({
        atMs: now.elapsedMs,
        targetRate: now.targetRate,
        generatedRate: ((now.generated - before.generated) / ms) * 1_000,
        acknowledgedRate: ((now.acknowledged - before.acknowledged) / ms) * 1_000,
        inFlight: now.inFlight,
        overloaded: now.overloaded,
        failed: now.failed,
        schedule: takePoint(schedule),
        delivery: takePoint(delivery),
      });
      last = now;
      if (points.length < MAX_POINTS) return;
      points = inPairs(points);
      intervalMs *= 2;
    },
    points() {
      const newest = points.at(-1);
      if (newest === undefined) return points;
      const rest = { schedule: delayPoint(schedule), delivery: delayPoint(delivery) };
      return [...points.slice(0, -1), { ...newest, ...worseOf(newest, rest) }];
    },
  };
}

function takePoint(histogram: Histogram): DelayPoint | null {
  const point = delayPoint(histogram);
  histogram.take();
  return point;
}

/** Half as many points. */
function inPairs(points: readonly SeriesPoint[]): SeriesPoint[] {
  const pairs: SeriesPoint[] = [];
  for (let i = 1; i < points.length; i += 2) {
    const [a, b] = [points[i - 1]!, points[i]!];
    pairs.push({
      ...b,
      targetRate: (a.targetRate + b.targetRate) / 2,
      generatedRate: (a.generatedRate + b.generatedRate) / 2,
      acknowledgedRate: (a.acknowledgedRate + b.acknowledgedRate) / 2,
      ...worseOf(a, b),
    });
  }
  return pairs;
}

type Delays = Pick<SeriesPoint, 'schedule' | 'delivery'>;

function worseOf(a: Delays, b: Delays): Delays {
  return { schedule: worseDelay(a.schedule, b.schedule), delivery: worseDelay(a.delivery, b.delivery) };
}
