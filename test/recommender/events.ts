import fc from 'fast-check';
import type { ChangeEvent } from '../../recommender/recommender.ts';

export const T0 = 1_000_000_000_000;

export const rated = (userId: number, movieId: number, rating: number, tsMs = T0): ChangeEvent => ({
  kind: 'RATED',
  userId,
  movieId,
  rating,
  tsMs,
});

export const happened = (kind: ChangeEvent['kind'], userId: number, movieId = 0, tsMs = T0): ChangeEvent => ({
  kind,
  userId,
  movieId,
  rating: null,
  tsMs,
});

/** A few users and films, so that pairs come back; mostly ratings, as in life. */
const anEvent: fc.Arbitrary<ChangeEvent> = fc
  .record({
    kind: fc.oneof(
      { weight: 12, arbitrary: fc.constant('RATED' as const) },
      { weight: 4, arbitrary: fc.constantFrom('UNRATED' as const, 'WATCHED' as const, 'UNWATCHED' as const) },
      { weight: 1, arbitrary: fc.constantFrom('USER_DELETED' as const, 'CANARY' as const) },
    ),
    userId: fc.integer({ min: 1, max: 6 }),
    movieId: fc.integer({ min: 1, max: 12 }),
    halfStars: fc.integer({ min: 0, max: 10 }),
    tsMs: fc.integer({ min: T0, max: T0 + 10_000_000 }),
  })
  .map(({ kind, userId, movieId, halfStars, tsMs }) =>
    kind === 'RATED' ? rated(userId, movieId, halfStars / 2, tsMs) : happened(kind, userId, movieId, tsMs),
  );

export const someEvents = (maxLength: number): fc.Arbitrary<ChangeEvent[]> =>
  fc.array(anEvent, { maxLength });
