import type { Histogram } from '../../core/histogram.ts';

/** Delays in ms. */
export interface DelayPoint {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** @param histogram of microseconds; null when nothing was measured */
export function delayPoint(histogram: Histogram): DelayPoint | null {
  if (histogram.count === 0) return null;
  const ms = (q: number) => (histogram.at(q) ?? 0) / 1_000;
  return { p50Ms: ms(0.5), p99Ms: ms(0.99), maxMs: histogram.max / 1_000 };
}

/** The worse one: a peak must not vanish because points are put together. */
export function worseDelay(a: DelayPoint | null, b: DelayPoint | null): DelayPoint | null {
  if (a === null || b === null) return a ?? b;
  return a.p99Ms > b.p99Ms ? a : b;
}
