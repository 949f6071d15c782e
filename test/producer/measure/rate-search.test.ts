import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRateSearch } from '../../../producer/measure/rate-search.ts';

/** Lets the search try rates against a machine that keeps up with `limit` events per second. */
function searchFor(limit: number, startRate: number) {
  const search = createRateSearch(startRate);
  const tried: number[] = [];
  for (let rate = search.next(); rate !== null; rate = search.next()) {
    tried.push(rate);
    search.tell(rate, rate <= limit);
  }
  return { tried, best: search.best };
}

describe('the search for the highest rate', () => {
  it('finds it to within a twentieth, from wherever it starts, and never claims more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 5_000_000 }),
        fc.integer({ min: 1, max: 5_000_000 }),
        (limit, startRate) => {
          const { tried, best } = searchFor(limit, startRate);
          expect(best).toBeLessThanOrEqual(limit);
          expect(best).toBeGreaterThanOrEqual(limit / 1.06);
          expect(tried.length).toBeLessThanOrEqual(30);
          expect(new Set(tried).size).toBe(tried.length);
        },
      ),
    );
  });

  it('doubles while it is kept up, then halves the gap', () => {
    expect(searchFor(3_000, 1_000).tried).toEqual([1_000, 2_000, 4_000, 3_000, 3_500, 3_250, 3_125]);
  });

  it('gives up where not even one event per second is kept up', () => {
    expect(searchFor(0, 8)).toEqual({ tried: [8, 4, 2, 1], best: null });
  });

  it('ends although the machine changes its mind', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.boolean()), (answers) => {
        const search = createRateSearch(1_000);
        let trials = 0;
        for (let rate = search.next(); rate !== null; rate = search.next(), trials++) {
          search.tell(rate, answers.next().value);
        }
        expect(trials).toBeLessThanOrEqual(30);
      }),
    );
  });
});
