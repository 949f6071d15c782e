import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberOf, ownOf, placeOf } from '../../../producer/run/lane.ts';
import { eventOfTag, isHeldBack, tagOf } from '../../../producer/run/tags.ts';

const workers = fc.integer({ min: 1, max: 64 });
const first = fc.integer({ min: 0, max: 2 ** 40 });

describe('lanes', () => {
  it('together own every event of the run, each once', () => {
    fc.assert(
      fc.property(workers, first, fc.integer({ min: 0, max: 2_000 }), (count, start, total) => {
        const owned = Array.from({ length: count }, (_, worker) => {
          const lane = { first: start, worker, workers: count };
          return Array.from({ length: ownOf(lane, total) }, (_, i) => numberOf(lane, i));
        });
        const numbers = owned.flat().sort((a, b) => a - b);
        expect(numbers).toEqual(Array.from({ length: total }, (_, i) => start + i));
      }),
    );
  });

  it('place an event in the schedule of the whole run', () => {
    fc.assert(
      fc.property(workers, first, fc.nat({ max: 10_000 }), (count, start, i) => {
        const lane = { first: start, worker: count - 1, workers: count };
        expect(start + placeOf(lane, i)).toBe(numberOf(lane, i));
      }),
    );
  });

  it('own without end what has no end', () => {
    const lane = { first: 0, worker: 1, workers: 2 };
    expect(ownOf(lane, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('tags', () => {
  it('say which event a record belongs to, and whether it was held back', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 }), fc.boolean(), (i, heldBack) => {
        const tag = tagOf(i, heldBack);
        expect([eventOfTag(tag), isHeldBack(tag)]).toEqual([i, heldBack]);
      }),
    );
  });
});
