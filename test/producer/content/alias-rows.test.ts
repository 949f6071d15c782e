import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAliasRows } from '../../../producer/content/alias-rows.ts';

/** Uniform numbers without chance: every share comes out exact but for the grid. */
const GRID = 20_000;

function shares(weights: readonly number[], width: number, row: number): number[] {
  const rows = createAliasRows(Float64Array.from(weights), width);
  const counts = new Array<number>(width).fill(0);
  for (let i = 0; i < GRID; i++) counts[rows.pick(row, (i + 0.5) / GRID)]! += 1;
  return counts.map((count) => count / GRID);
}

describe('alias rows', () => {
  it('give every outcome the share of its weight, and nothing to a weight of 0', () => {
    const weight = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true }));
    const distribution = fc
      .array(weight, { minLength: 1, maxLength: 30 })
      .filter((weights) => weights.some((w) => w > 0));
    fc.assert(
      fc.property(distribution, (weights) => {
        const total = weights.reduce((a, b) => a + b, 0);
        shares(weights, weights.length, 0).forEach((share, i) => {
          if (weights[i] === 0) expect(share).toBe(0);
          // a column's two ends may each miss one point of the grid
          expect(Math.abs(share - weights[i]! / total)).toBeLessThanOrEqual((2 * weights.length) / GRID);
        });
      }),
    );
  });

  it('keep rows apart', () => {
    expect(shares([0, 1, 0, 0, 0, 7], 3, 0)).toEqual([0, 1, 0]);
    expect(shares([0, 1, 0, 0, 0, 7], 3, 1)).toEqual([0, 0, 1]);
  });

  it('stay within the row for the largest number below 1', () => {
    for (const width of [1, 3, 10, 610, 9_724, 16_383, 65_537]) {
      const rows = createAliasRows(new Float64Array(width).fill(1), width);
      expect(rows.pick(0, 1 - 2 ** -53)).toBe(width - 1);
    }
  });

  it('refuse weights that make no distribution', () => {
    for (const weights of [[0, 0], [1, -1], [Number.NaN, 1], [Number.POSITIVE_INFINITY]]) {
      expect(() => createAliasRows(Float64Array.from(weights), weights.length)).toThrow(RangeError);
    }
  });
});
