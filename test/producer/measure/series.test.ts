import { describe, expect, it } from 'vitest';
import { createHistogram } from '../../../core/histogram.ts';
import { delayPoint } from '../../../producer/measure/delay-point.ts';
import { createSeries } from '../../../producer/measure/series.ts';
import { delaysOf, NO_DELAYS } from './fixture.ts';

const still = { targetRate: 100, inFlight: 0, overloaded: 0, failed: 0 };

/** A run of so many seconds at 100/s, sampled every quarter of a second; every second has one delay of its number in ms. */
function seriesOf(seconds: number) {
  const series = createSeries();
  for (let quarter = 0; quarter <= seconds * 4; quarter++) {
    const elapsedMs = quarter * 250;
    const generated = quarter * 25;
    if (quarter % 4 === 1) {
      series.addDelays({ schedule: delaysOf((quarter + 3) / 4), delivery: NO_DELAYS });
    }
    series.sample({ ...still, elapsedMs, generated, acknowledged: generated });
  }
  return series;
}

describe('the course of a run', () => {
  it('is a point per second with the rates and delays of that second', () => {
    const points = seriesOf(5).points();
    expect(points.map(({ atMs }) => atMs)).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
    for (const [i, point] of points.entries()) {
      expect(point.generatedRate).toBeCloseTo(100);
      expect(point.acknowledgedRate).toBeCloseTo(100);
      expect(point.schedule!.maxMs).toBeCloseTo(i + 1);
      expect(point.delivery).toBeNull();
    }
  });

  it('stays within its number of points however long the run is, and keeps every peak', () => {
    const seconds = 20_000;
    const series = seriesOf(seconds);
    const points = series.points();
    expect(points.length).toBeLessThanOrEqual(1_200);
    expect(points.length).toBeGreaterThanOrEqual(600);
    for (const { generatedRate } of points) expect(generatedRate).toBeCloseTo(100);
    expect(Math.max(...points.map(({ schedule }) => schedule!.maxMs))).toBeCloseTo(seconds, -1);
    const gaps = points.slice(1).map(({ atMs }, i) => atMs - points[i]!.atMs);
    expect(new Set(gaps).size).toBe(1);
  });

  it('keeps the peak of a pair when points are put together', () => {
    const series = createSeries();
    for (let second = 1; second <= 1_200; second++) {
      series.addDelays({ schedule: delaysOf(second === 601 ? 5_000 : 1), delivery: NO_DELAYS });
      series.sample({ ...still, elapsedMs: second * 1_000, generated: 0, acknowledged: 0 });
    }
    const points = series.points();
    expect(points).toHaveLength(600);
    expect(points.filter(({ schedule }) => schedule!.p99Ms > 4_000).map(({ atMs }) => atMs)).toEqual([
      602_000,
    ]);
  });

  it('does not lose the delays after its last whole interval', () => {
    const series = seriesOf(3);
    series.addDelays({ schedule: delaysOf(900), delivery: delaysOf(950) });
    series.sample({ ...still, elapsedMs: 3_400, generated: 340, acknowledged: 340 });
    const points = series.points();
    expect(points).toHaveLength(3);
    expect(points.at(-1)!.schedule!.maxMs).toBeCloseTo(900);
    expect(points.at(-1)!.delivery!.maxMs).toBeCloseTo(950);
    expect(series.points()).toEqual(points);
  });

  it('begins where a run that goes on began, not at its counts', () => {
    const series = createSeries();
    series.sample({ ...still, elapsedMs: 500, generated: 50, acknowledged: 40 });
    series.sample({ ...still, elapsedMs: 1_000, generated: 100, acknowledged: 90 });
    expect(series.points()[0]).toMatchObject({ generatedRate: 100, acknowledgedRate: 90 });
  });
});

describe('a delay point', () => {
  it('says that nothing was measured, instead of 0 ms', () => {
    expect(delayPoint(createHistogram())).toBeNull();
  });

  it('is in milliseconds', () => {
    const histogram = createHistogram();
    for (let i = 1; i <= 100; i++) histogram.record(i * 1_000);
    const { p50Ms, p99Ms, maxMs } = delayPoint(histogram)!;
    expect([Math.round(p50Ms), Math.round(p99Ms), maxMs]).toEqual([50, 99, 100]);
  });
});
