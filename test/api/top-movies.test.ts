import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiContext } from '../../api/options.ts';
import { createTopMovies, TOP_DEPTH } from '../../api/top-movies.ts';
import { recommenderDefaults } from '../../recommender/options.ts';
import { createRecommender, type Recommender } from '../../recommender/recommender.ts';

const RATINGS_FOR_AVERAGE = 2;
const FILMS = TOP_DEPTH + 200;

const contextOf = (reader: Recommender) =>
  ({
    options: { ratingsForAverage: RATINGS_FOR_AVERAGE },
    ports: { model: { reader } },
  }) as unknown as ApiContext;

/** What the list is by its definition: everything sorted, nothing remembered. */
function sorted(reader: Recommender): number[] {
  const films = Array.from({ length: reader.films() }, (_, place) => {
    const movieId = reader.filmIdAt(place);
    const { users, ratings, average } = reader.filmStatistics(movieId);
    return { place, movieId, users, average: ratings >= RATINGS_FOR_AVERAGE ? average! : 0 };
  });
  return films
    .filter(({ users }) => users > 0)
    .sort((a, b) => b.users - a.users || b.average - a.average || a.place - b.place)
    .slice(0, TOP_DEPTH)
    .map(({ movieId }) => movieId);
}

const change = fc.record({
  kind: fc.constantFrom('RATED', 'RATED', 'UNRATED', 'WATCHED', 'UNWATCHED', 'USER_DELETED' as const),
  userId: fc.integer({ min: 1, max: 6 }),
  movieId: fc.integer({ min: 1, max: FILMS + 20 }),
  halfStars: fc.nat(10),
});

describe('the top list', () => {
  it('is what sorting everything gives, whatever was asked before', () => {
    const base = { ...recommenderDefaults('sgd'), replayInPath: false, ranking: false };
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 40 }), { maxLength: 4 }), (rounds) => {
        const recommender = createRecommender(base);
        for (let movieId = 1; movieId <= FILMS; movieId++) {
          recommender.apply({ kind: 'WATCHED', userId: 1 + (movieId % 6), movieId, rating: null, tsMs: 1 });
        }
        const top = createTopMovies(contextOf(recommender));
        for (const round of [[], ...rounds]) {
          for (const { halfStars, kind, ...event } of round) {
            recommender.apply({ ...event, kind, rating: kind === 'RATED' ? halfStars / 2 : null, tsMs: 2 });
          }
          expect(top()).toEqual(sorted(recommender));
        }
      }),
      { numRuns: 25 },
    );
  });
});
