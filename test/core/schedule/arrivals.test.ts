import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChance } from '../../../core/chance.ts';
import { createArrivals, type Jitter, recordedArrivals } from '../../../core/schedule/arrivals.ts';

const GAPS = 20_000;
const SEED = 7;

const positionsOf = (jitter: Jitter, count = GAPS + 1, seed = SEED): number[] => {
  const arrivals = createArrivals(jitter, createChance(seed, 'timing'));
  return Array.from({ length: count }, (_, i) => arrivals.positionOf(i));
};
const gapsOf = (positions: readonly number[]) =>
  positions.slice(1).map((position, i) => position - positions[i]!);

/** Greatest distance of the gaps' distribution from the exponential one with mean 1, times the root of their number. */
function kolmogorovSmirnov(gaps: readonly number[]): number {
  const sorted = gaps.toSorted((a, b) => a - b);
  const distances = sorted.map((gap, i) => {
    const expected = 1 - Math.exp(-gap);
    return Math.max(expected - i / sorted.length, (i + 1) / sorted.length - expected);
  });
  return distances.reduce((most, distance) => Math.max(most, distance)) * Math.sqrt(sorted.length);
}

/** Chi-square over 50 intervals that an exponential gap falls into equally often. */
function chiSquare(gaps: readonly number[]): number {
  const counts = new Array<number>(50).fill(0);
  for (const gap of gaps) counts[Math.min(49, Math.floor((1 - Math.exp(-gap)) * 50))]! += 1;
  const expected = gaps.length / 50;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Variance of the counts of windows over their mean (1 for a Poisson process), in its own standard deviations. */
function dispersion(positions: readonly number[], windowUnits: number): number {
  const windows = Math.floor(GAPS / windowUnits);
  const counts = new Array<number>(windows).fill(0);
  for (const position of positions) {
    const window = Math.floor(position / windowUnits);
    if (window < windows) counts[window]! += 1;
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / windows;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (windows - 1);
  return (variance / mean - 1) * Math.sqrt((windows - 1) / 2);
}

/** Correlation of each gap with the next, in its own standard deviations. */
function serialCorrelation(gaps: readonly number[]): number {
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const products = gaps.slice(1).reduce((sum, gap, i) => sum + (gap - mean) * (gaps[i]! - mean), 0);
  const squares = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0);
  return (products / squares) * Math.sqrt(gaps.length);
}

/** One in a thousand samples of a true Poisson process is beyond these. */
const KS_LIMIT = 1.95;
const CHI_SQUARE_LIMIT = 85.35;
const NORMAL_LIMIT = 3.29;

describe('poisson arrivals', () => {
  const positions = positionsOf('poisson');
  const gaps = gapsOf(positions);

  it('have exponential gaps', () => {
    expect(kolmogorovSmirnov(gaps)).toBeLessThan(KS_LIMIT);
    expect(chiSquare(gaps)).toBeLessThan(CHI_SQUARE_LIMIT);
    expect(Math.abs(serialCorrelation(gaps))).toBeLessThan(NORMAL_LIMIT);
  });

  it.each([1, 4, 16])('scatter over windows of %d units as independent events do', (units) => {
    expect(Math.abs(dispersion(positions, units))).toBeLessThan(NORMAL_LIMIT);
  });

  it('keep the rate exactly from block to block', () => {
    const blocks = positions.slice(0, 19 * 1_024).map((position) => Math.floor(position / 1_024));
    expect(blocks).toEqual(blocks.map((_, i) => Math.floor(i / 1_024)));
  });

  it('differ by seed and by nothing else', () => {
    expect(positionsOf('poisson', 3_000)).toEqual(positions.slice(0, 3_000));
    expect(positionsOf('poisson', 3_000, SEED + 1)).not.toEqual(positions.slice(0, 3_000));
  });
});

describe('the same tests', () => {
  it.each<Jitter>(['none', 'uniform'])('tell arrivals with jitter %s from a Poisson process', (jitter) => {
    const positions = positionsOf(jitter);
    const gaps = gapsOf(positions);
    expect(kolmogorovSmirnov(gaps)).toBeGreaterThan(KS_LIMIT);
    expect(chiSquare(gaps)).toBeGreaterThan(CHI_SQUARE_LIMIT);
    expect(Math.abs(dispersion(positions, 4))).toBeGreaterThan(NORMAL_LIMIT);
  });

  it('tell a Poisson process at a rate wrong by 3 % from the right one', () => {
    const gaps = gapsOf(positionsOf('poisson')).map((gap) => gap * 1.03);
    expect(kolmogorovSmirnov(gaps)).toBeGreaterThan(KS_LIMIT);
  });
});

describe.each<Jitter>(['none', 'uniform', 'poisson'])('arrivals with jitter %s', (jitter) => {
  it('never come earlier than the one before', () => {
    expect(gapsOf(positionsOf(jitter)).every((gap) => gap >= 0)).toBe(true);
  });

  it('are counted by position', () => {
    const arrivals = createArrivals(jitter, createChance(3, 'timing'));
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (position) => {
        const count = arrivals.countBy(position);
        // uniform arrivals are counted by their slots; the schedule puts the one that may be later right
        if (count > 1) expect(arrivals.positionOf(count - 2)).toBeLessThanOrEqual(position);
        expect(arrivals.positionOf(count)).toBeGreaterThan(position);
      }),
    );
  });

  it('are the same in any order of asking', () => {
    const walked = createArrivals(jitter, createChance(3, 'timing'));
    fc.assert(
      fc.property(
        fc.array(
          fc.maxSafeNat().map((i) => i % 1e12),
          { maxLength: 20 },
        ),
        (numbers) => {
          const fresh = createArrivals(jitter, createChance(3, 'timing'));
          for (const i of numbers) expect(walked.positionOf(i)).toBe(fresh.positionOf(i));
        },
      ),
      { numRuns: 30 },
    );
  });
});

it('uniform arrivals stay in their slots and fill them evenly', () => {
  const offsets = positionsOf('uniform').map((position, i) => position - i);
  expect(offsets.every((offset) => offset >= 0 && offset < 1)).toBe(true);
  const tenths = new Array<number>(10).fill(0);
  for (const offset of offsets) tenths[Math.floor(offset * 10)]! += 1;
  const expected = offsets.length / 10;
  // 1 in 1,000 beyond, with 9 degrees of freedom
  expect(tenths.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(27.88);
});

describe('recorded arrivals', () => {
  const arrivals = recordedArrivals(Uint32Array.from([100, 100, 130, 200]));

  it('stand where the recording has them, from its first time on', () => {
    expect([0, 1, 2, 3, 4].map(arrivals.positionOf)).toEqual([0, 0, 30, 100, Number.POSITIVE_INFINITY]);
    expect([0, 29, 30, 100, 1e9].map(arrivals.countBy)).toEqual([2, 2, 3, 4, 4]);
  });

  it('want nothing when nothing is recorded', () => {
    const empty = recordedArrivals([]);
    expect([empty.countBy(5), empty.positionOf(0)]).toEqual([0, Number.POSITIVE_INFINITY]);
  });
});
