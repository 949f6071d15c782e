import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChance } from '../../core/chance.ts';

/** Chi-square of counts against equal shares; with k cells it stays below k + 4 sqrt(2k) for honest draws. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function spread(draws: number, cells: number, draw: (i: number) => number): number[] {
  const counts = new Array<number>(cells).fill(0);
  for (let i = 0; i < draws; i++) counts[draw(i)]! += 1;
  return counts;
}

const limit = (cells: number) => cells + 4 * Math.sqrt(2 * cells);

describe('chance', () => {
  it('is a pure function of seed, stream, number and draw', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string(), fc.maxSafeNat(), fc.nat(100), (seed, stream, n, draw) => {
        const a = createChance(seed, stream).unit(n, draw);
        createChance(seed, 'other').unit(n, draw);
        expect(createChance(seed, stream).unit(n, draw)).toBe(a);
        expect(a).toBeGreaterThanOrEqual(0);
        expect(a).toBeLessThan(1);
      }),
    );
  });

  it.each([0, 1, 2 ** 32, 2 ** 53 - 1])(
    'spreads evenly for seed %d, also over consecutive numbers',
    (seed) => {
      const chance = createChance(seed, 'content');
      expect(chiSquare(spread(50_000, 97, (n) => chance.below(n, 97)))).toBeLessThan(limit(97));
      expect(chiSquare(spread(50_000, 97, (n) => chance.below(2 ** 40 + n, 97)))).toBeLessThan(limit(97));
      expect(chiSquare(spread(50_000, 97, (n) => chance.below(5, 97, n)))).toBeLessThan(limit(97));
    },
  );

  it.each([
    ['neighbouring seeds', createChance(0, 'content'), createChance(1, 'content'), 0],
    ['seeds that differ above 32 bits', createChance(7, 'content'), createChance(7 + 2 ** 32, 'content'), 0],
    ['streams of one seed', createChance(0, 'content'), createChance(0, 'timing'), 0],
    ['draws of one number', createChance(3, 'content'), createChance(3, 'content'), 1],
  ])('draws independently for %s', (_, a, b, shift) => {
    const pair = (n: number) => a.below(n, 10) * 10 + b.below(n, 10, shift);
    expect(chiSquare(spread(50_000, 100, pair))).toBeLessThan(limit(100));
  });

  it('draws independently for neighbouring numbers', () => {
    const chance = createChance(11, 'content');
    const pair = (n: number) => chance.below(n, 10) * 10 + chance.below(n + 1, 10);
    expect(chiSquare(spread(50_000, 100, pair))).toBeLessThan(limit(100));
  });

  it('does not repeat itself beyond 2^32', () => {
    const chance = createChance(1, 'content');
    expect(chance.unit(5)).not.toBe(chance.unit(5 + 2 ** 32));
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('refuses the seed %d', (seed) => {
    expect(() => createChance(seed, 'x')).toThrow(RangeError);
  });
});
