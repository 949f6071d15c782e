import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFilmRatings } from '../../../recommender/store/film-ratings.ts';

const CAP = 4;

describe('film ratings', () => {
  const held = (ratings: ReturnType<typeof createFilmRatings>): [number, number][] => {
    const { user, halfStars } = ratings.lists.columns;
    const start = ratings.lists.start(0);
    return Array.from({ length: ratings.lists.length(0) }, (_, n): [number, number] => [
      user.data[start + n]!,
      halfStars.data[start + n]!,
    ]).sort(([a], [b]) => a - b);
  };

  it('keep the newest of a film, whatever comes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), (count) => {
        const ratings = createFilmRatings(CAP);
        ratings.ensureRows(1);
        for (let user = 0; user < count; user++) ratings.add(0, user, user % 11);
        const newest = Array.from(
          { length: Math.min(CAP, count) },
          (_, n) => count - Math.min(CAP, count) + n,
        );
        expect(held(ratings)).toEqual(newest.map((user) => [user, user % 11]));
      }),
    );
  });

  it('replace in place, take one that was dropped as new, and forget what is removed', () => {
    const ratings = createFilmRatings(CAP);
    ratings.ensureRows(1);
    for (let user = 0; user < 6; user++) ratings.add(0, user, 5);
    ratings.replace(0, 4, 9);
    expect(held(ratings)).toEqual([
      [2, 5],
      [3, 5],
      [4, 9],
      [5, 5],
    ]);
    ratings.replace(0, 0, 1);
    expect(held(ratings)).toEqual([
      [0, 1],
      [3, 5],
      [4, 9],
      [5, 5],
    ]);
    ratings.remove(0, 4);
    ratings.remove(0, 99);
    expect(held(ratings).map(([user]) => user)).toEqual([0, 3, 5]);
  });
});
