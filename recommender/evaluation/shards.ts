import { createEngine, type EngineOptions } from '../engines/create-engine.ts';
import { clip } from '../store/scale.ts';
import { createFilmMerge, type FilmSide, filmSideOf, type MergeRule } from './film-merge.ts';
import type { Learner, Predictor } from './learners.ts';
import type { Ratings } from './ratings.ts';

export interface Sharding {
  /** a user's events all go to shard (user id mod so many) */
  readonly shards: number;
  /** events of all shards together between two merges */
  readonly mergeEvery: number;
  readonly rule: MergeRule;
}

/** What one process would hold: its users whole, and a copy of every film. */
interface Shard {
  learn(userId: number, film: number, stars: number): void;
  predict(userId: number, film: number): number;
  readonly filmSide: FilmSide;
}

/**
 * Several recommenders that share the users of one log, each with all films, which are merged now and then: what would come
 * of it, in one thread and deterministic. `sgd` alone: the film rows of `rows` are solved from user rows, which other shards
 * have.
 */
export function shardedLearner(engine: EngineOptions, sharding: Sharding): Learner {
  return (ratings) => {
    const filmOf = new Map([...new Set(ratings.movieIds)].map((movieId, film) => [movieId, film]));
    const movieIds = [...filmOf.keys()];
    const shards = Array.from({ length: sharding.shards }, () => createShard(engine, movieIds));
    const shardOf = (userId: number) => shards[userId % shards.length]!;
    learnAll(ratings, shards, shardOf, filmOf, sharding);
    const predict: Predictor = (userId, movieId) =>
      clip(shardOf(userId).predict(userId, filmOf.get(movieId) ?? -1));
    return predict;
  };
}

function learnAll(
  ratings: Ratings,
  shards: readonly Shard[],
  shardOf: (userId: number) => Shard,
  filmOf: ReadonlyMap<number, number>,
  { mergeEvery, rule }: Sharding,
): void {
  const merge = createFilmMerge(
    shards.map(({ filmSide }) => filmSide),
    filmOf.size,
    rule,
  );
  for (let row = 0; row < ratings.length; row++) {
    const userId = ratings.userIds[row]!;
    shardOf(userId).learn(userId, filmOf.get(ratings.movieIds[row]!)!, ratings.halfStars[row]! / 2);
    if (shards.length > 1 && (row + 1) % mergeEvery === 0) merge();
  }
  if (shards.length > 1) merge();
}

function createShard(options: EngineOptions, movieIds: readonly number[]): Shard {
  const { store, engine } = createEngine(options);
  store.ensureFilms(movieIds.length);
  movieIds.forEach((movieId, film) => {
    engine.addFilm(film, movieId);
  });
  const users = new Map<number, number>();
  const filmSide = filmSideOf([...store.tables, ...engine.tables], movieIds.length);
  return {
    filmSide,
    learn(userId, film, stars) {
      let user = users.get(userId);
      if (user === undefined) {
        user = users.size;
        users.set(userId, user);
        store.ensureUsers(user + 1);
        engine.addUser(user, userId);
      }
      store.rate(user, film, stars * 2, 0);
      engine.learn(user, film, stars);
      engine.replay(1);
    },
    predict: (userId, film) => engine.predict(users.get(userId) ?? -1, film),
  };
}
