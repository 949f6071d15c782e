import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { always, between, countOf, DAY, totalOf } from '../../../../cli/drill/history/course.ts';

describe('courses', () => {
  it('a total is that of a rate per second, minute by minute and within one', () => {
    const total = totalOf(between(1, 3, 2, 10), 5);
    expect([0, 1, 2, 3, 4].map(total)).toEqual([0, 600, 720, 840, 1_440]);
    expect(total(1.5)).toBe(660);
  });

  it('a count never falls, and is whole', () => {
    const count = countOf((minute) => 0.1 * (minute % 3), DAY);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: DAY, noNaN: true }),
        fc.double({ min: 0, max: 60, noNaN: true }),
        (at, later) => {
          expect(Number.isInteger(count(at))).toBe(true);
          expect(count(at + later)).toBeGreaterThanOrEqual(count(at));
        },
      ),
    );
  });

  it('goes on behind its last whole minute', () => {
    expect(totalOf(always(1), 2)(3)).toBe(180);
  });
});
