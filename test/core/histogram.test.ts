import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHistogram, type Histogram, valueOfCell } from '../../core/histogram.ts';

/** Delays as they come: mostly small, some of minutes, fractions too. */
const value = fc.oneof(
  fc.integer({ min: 0, max: 3_000 }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
);
const values = fc.array(value, { minLength: 1, maxLength: 300 });

function histogramOf(recorded: readonly number[]): Histogram {
  const histogram = createHistogram();
  for (const one of recorded) histogram.record(one);
  return histogram;
}

/** The smallest value that at least a share `q` of them does not exceed. */
function exactQuantile(recorded: readonly number[], q: number): number {
  const sorted = [...recorded].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
}

describe('a histogram', () => {
  it('gives every quantile within a thousandth, and never below the value it stands for', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (recorded, q) => {
        const exact = Math.floor(exactQuantile(recorded, q));
        const found = histogramOf(recorded).at(q)!;
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found).toBeLessThanOrEqual(exact + Math.max(1, exact / 1_000));
      }),
    );
  });

  it('keeps the largest value and the sum exactly', () => {
    fc.assert(
      fc.property(values, (recorded) => {
        const histogram = histogramOf(recorded);
        expect(histogram.max).toBe(Math.max(...recorded));
        expect(histogram.at(1)).toBeLessThanOrEqual(histogram.max);
        expect(histogram.sum).toBe(recorded.reduce((sum, one) => sum + one, 0));
        expect(histogram.count).toBe(recorded.length);
      }),
    );
  });

  it('added to another is the histogram of both together', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const merged = histogramOf(a);
        merged.add(histogramOf(b).counts());
        const { sum, ...together } = histogramOf([...a, ...b]).counts();
        expect(merged.counts()).toMatchObject(together);
        expect(merged.sum).toBeCloseTo(sum, 3);
        expect(merged.count).toBe(a.length + b.length);
      }),
    );
  });

  it('taken in pieces, sent as text and added up loses nothing', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 6 }), (pieces) => {
        const worker = createHistogram();
        const parent = createHistogram();
        for (const piece of pieces) {
          for (const one of piece) worker.record(one);
          parent.add(JSON.parse(JSON.stringify(worker.take())));
          expect(worker.counts()).toEqual({ cells: [], hits: [], max: 0, sum: 0 });
          expect(worker.at(0.5)).toBeNull();
        }
        const { sum, ...whole } = histogramOf(pieces.flat()).counts();
        expect(parent.counts()).toMatchObject(whole);
        expect(parent.sum).toBeCloseTo(sum, 3);
      }),
    );
  });

  it('knows nothing while it is empty', () => {
    const empty = createHistogram();
    expect([empty.at(0.5), empty.count, empty.max, empty.sum]).toEqual([null, 0, 0, 0]);
  });

  it('tells the values below 1,024 apart', () => {
    const histogram = histogramOf(Array.from({ length: 1_024 }, (_, i) => i));
    expect(histogram.counts().hits).toEqual(Array.from({ length: 1_024 }, () => 1));
    expect(histogram.at(0)).toBe(0);
    expect(histogram.at(0.5)).toBe(511);
  });

  it('counts what is below its range as 0 and what is above it as its largest value', () => {
    const histogram = histogramOf([-3, 2 ** 40]);
    expect(histogram.at(0.5)).toBe(0);
    expect(histogram.at(1)).toBe(2 ** 32 - 1);
    expect(histogram.max).toBe(2 ** 40);
  });

  it('stands for its values by the middle of their cell', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (one) => {
        const [cell] = histogramOf([one]).counts().cells;
        expect(Math.abs(valueOfCell(cell!) - one)).toBeLessThanOrEqual(Math.max(0.5, one / 2_000));
      }),
    );
  });
});
