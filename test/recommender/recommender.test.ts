import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../recommender/engines/create-engine.ts';
import { recommenderDefaults } from '../../recommender/options.ts';
import { createRecommender, type Recommender } from '../../recommender/recommender.ts';
import { stateHash } from '../../recommender/state/snapshot.ts';
import { happened, rated, someEvents, T0 } from './events.ts';

const create = (): Recommender => createRecommender({ ...recommenderDefaults('blend'), replayInPath: false });

/** A small town in which films 1 to 8 are watched together, and 21 to 28 are. */
function town(recommender = create()): Recommender {
  for (let user = 100; user < 130; user++) {
    const first = user % 2 === 0 ? 1 : 21;
    for (let n = 0; n < 8; n++)
      recommender.apply(rated(user, first + n, 3 + (n % 5) / 2, T0 + user * 1000 + n));
  }
  return recommender;
}

const movies = (recommender: Recommender, user: number): number[] =>
  recommender.recommend(user, 100).map(({ movieId }) => movieId);

describe('what each event does', () => {
  it('learns a first rating, replaces a second one, takes a third of the same value as said already', () => {
    const recommender = create();
    expect(recommender.apply(rated(1, 10, 4))).toBe('learned');
    expect(recommender.apply(rated(1, 10, 2, T0 + 5))).toBe('replaced');
    const before = recommender.version();
    expect(recommender.apply(rated(1, 10, 2, T0 + 9))).toBe('unchanged');
    expect(recommender.version()).toBe(before);
    expect(recommender.ratings()).toBe(1);
    expect(recommender.opinion(1, 10)).toEqual({ movieId: 10, rating: 2, watched: false, tsMs: T0 + 9 });
    expect(recommender.filmStatistics(10)).toEqual({ users: 1, ratings: 1, average: 2 });
  });

  it('scores a pair before it learns it, and only its first rating', () => {
    const recommender = create();
    recommender.apply(rated(1, 10, 5));
    expect(recommender.scored).toEqual({ rating: 5, predicted: 3.5, withoutDrift: 3.5 });
    recommender.apply(rated(1, 10, 1));
    expect(recommender.scored.rating).toBe(5);
    recommender.apply(rated(1, 11, 5));
    // the mood of the rating a moment ago
    expect(recommender.scored.predicted).toBeGreaterThan(recommender.scored.withoutDrift);
  });

  it('unrates back to watched when it was watched, else to nothing', () => {
    const recommender = town();
    recommender.apply(rated(1, 1, 4));
    recommender.apply(happened('WATCHED', 1, 1));
    recommender.apply(rated(1, 2, 4));
    expect(recommender.apply(happened('UNRATED', 1, 1))).toBe('unrated');
    expect(recommender.apply(happened('UNRATED', 1, 2))).toBe('unrated');
    expect(recommender.apply(happened('UNRATED', 1, 2))).toBe('unchanged');
    expect(recommender.opinion(1, 1)).toMatchObject({ rating: null, watched: true });
    expect(recommender.opinion(1, 2)).toBeNull();
    expect(movies(recommender, 1)).not.toContain(1);
    expect(movies(recommender, 1)).toContain(2);
  });

  it('lets a watch exclude and pair, and never rate', () => {
    const [watching, idle] = [town(), town()];
    expect(watching.apply(happened('WATCHED', 1, 1))).toBe('watched');
    expect(watching.apply(happened('WATCHED', 1, 1))).toBe('unchanged');
    expect(watching.ratings()).toBe(idle.ratings());
    expect(watching.predict(100, 1)).toBe(idle.predict(100, 1));
    expect(watching.predict(1, 5)).toBe(idle.predict(1, 5));
    const [first] = watching.recommend(1, 5);
    expect(first).toMatchObject({ source: 'personal', because: [1] });
    expect(idle.recommend(1, 5)[0]).toMatchObject({ source: 'cold', because: [] });
    expect(movies(watching, 1)).not.toContain(1);
  });

  it('forgets a watch with its pairs', () => {
    const recommender = town();
    const before = recommender.similar(1, 20);
    recommender.apply(happened('WATCHED', 1, 1));
    recommender.apply(happened('WATCHED', 1, 21));
    expect(recommender.similar(1, 20).map(({ movieId }) => movieId)).toContain(21);
    expect(recommender.apply(happened('UNWATCHED', 1, 21))).toBe('unwatched');
    expect(recommender.apply(happened('UNWATCHED', 1, 1))).toBe('unwatched');
    expect(recommender.similar(1, 20)).toEqual(before);
    expect(movies(recommender, 1)).toContain(1);
    expect(recommender.filmStatistics(1).users).toBe(15);
  });

  it('keeps a rated film excluded when its watch is taken back', () => {
    const recommender = town();
    recommender.apply(rated(1, 1, 4));
    recommender.apply(happened('WATCHED', 1, 1));
    expect(recommender.apply(happened('UNWATCHED', 1, 1))).toBe('unwatched');
    expect(recommender.opinion(1, 1)).toMatchObject({ rating: 4, watched: false });
    expect(movies(recommender, 1)).not.toContain(1);
  });

  it('counts a pair of films once, however often it is rated, unrated and rated again', () => {
    const recommender = town();
    recommender.apply(rated(1, 1, 4));
    recommender.apply(rated(1, 21, 4));
    const once = recommender.similar(1, 20);
    recommender.apply(rated(1, 21, 2));
    recommender.apply(happened('UNRATED', 1, 21));
    recommender.apply(rated(1, 21, 3));
    expect(recommender.similar(1, 20)).toEqual(once);
  });

  it('withdraws a user whole', () => {
    const recommender = town();
    const before = recommender.similar(1, 20);
    const mean = recommender.mean();
    for (const movie of [1, 21, 2, 22]) recommender.apply(rated(1, movie, 5));
    recommender.apply(happened('WATCHED', 1, 23));
    expect(recommender.apply(happened('USER_DELETED', 1))).toBe('withdrawn');
    expect(recommender.opinions(1)).toEqual([]);
    expect(recommender.mean()).toBe(mean);
    expect(recommender.similar(1, 20)).toEqual(before);
    expect(recommender.recommend(1, 5)[0]!.source).toBe('cold');
    expect(recommender.filmStatistics(1)).toMatchObject({ users: 15, ratings: 15 });
  });

  it('refuses what is no rating, and more rows than it may have', () => {
    const recommender = createRecommender({ ...recommenderDefaults(), maxUsers: 2, maxFilms: 2 });
    for (const rating of [Number.NaN, Number.POSITIVE_INFINITY, -0.5, 5.5, 3.3]) {
      expect(recommender.apply(rated(1, 1, rating))).toBe('refused');
    }
    expect(recommender.apply({ ...rated(1, 1, 4), rating: null })).toBe('refused');
    recommender.apply(rated(1, 1, 4));
    recommender.apply(rated(2, 2, 4));
    expect(recommender.apply(rated(3, 1, 4))).toBe('refused');
    expect(recommender.apply(rated(1, 3, 4))).toBe('refused');
    expect(recommender.apply(rated(1, 2, 4))).toBe('learned');
    expect(recommender.refused().events).toBe(8);
  });
});

describe.each(ENGINES)('%s', (name) => {
  const options = recommenderDefaults(name);

  it('holds what a plain map of opinions holds, whatever comes', () => {
    fc.assert(
      fc.property(someEvents(150), (events) => {
        const recommender = createRecommender(options);
        const opinions = new Map<string, { rating: number | null; watched: boolean }>();
        for (const event of events) {
          recommender.apply(event);
          const key = `${event.userId}:${event.movieId}`;
          const { rating, watched } = opinions.get(key) ?? { rating: null, watched: false };
          if (event.kind === 'RATED') opinions.set(key, { rating: event.rating, watched });
          if (event.kind === 'UNRATED') opinions.set(key, { rating: null, watched });
          if (event.kind === 'WATCHED') opinions.set(key, { rating, watched: true });
          if (event.kind === 'UNWATCHED') opinions.set(key, { rating, watched: false });
          if (event.kind === 'USER_DELETED') {
            for (const other of opinions.keys())
              if (other.startsWith(`${event.userId}:`)) opinions.delete(other);
          }
        }
        let ratings = 0;
        for (const [key, { rating, watched }] of opinions) {
          const [user, movie] = key.split(':').map(Number) as [number, number];
          const found = recommender.opinion(user, movie);
          if (rating === null && !watched) expect(found).toBeNull();
          else expect(found).toMatchObject({ movieId: movie, rating, watched });
          if (rating !== null) ratings++;
        }
        expect(recommender.ratings()).toBe(ratings);
        expect(recommender.refused()).toEqual({ events: 0, updates: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it('changes no byte when it is asked', () => {
    const recommender = town(createRecommender(options));
    const before = stateHash(recommender.snapshot());
    for (const user of [100, 101, 999]) {
      recommender.predict(user, 1);
      recommender.predict(user, 999, T0);
      recommender.recommend(user, 20);
      recommender.topMovies(user, 20, T0);
      recommender.opinions(user);
    }
    recommender.similar(1, 20);
    recommender.filmStatistics(1);
    expect(stateHash(recommender.snapshot())).toBe(before);
  });

  it('forgets a corrected rating', () => {
    const told = (corrected: boolean): Recommender => {
      const recommender = town(createRecommender(options));
      for (let user = 100; user < 130; user += 2) {
        if (!corrected) continue;
        recommender.apply(rated(user, 1, 0.5));
        recommender.apply(rated(user, 1, 3));
      }
      recommender.replay(200);
      return recommender;
    };
    expect(Math.abs(told(true).predict(100, 1) - told(false).predict(100, 1))).toBeLessThan(0.15);
  });

  it('stops idle replay at its budget', () => {
    const recommender = town(createRecommender({ ...options, replayBudget: 3, replayInPath: false }));
    const due = recommender.replayRoundsDue();
    expect(due).toBeGreaterThan(0);
    expect(recommender.replay(1_000_000)).toBe(due);
    expect(recommender.replay(1)).toBe(0);
  });
});
