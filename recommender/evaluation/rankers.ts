import type { EngineName } from '../engines/create-engine.ts';
import { fitSvd, type SvdOptions } from '../engines/svd.ts';
import { KNOWN_SETTINGS, type ModelSettings, optionsFromSettings } from '../options.ts';
import { createTopList } from '../ranking/top-list.ts';
import { createRecommender } from '../recommender.ts';
import { feed } from './learners.ts';
import type { Ratings } from './ratings.ts';

/** Films for a user, best first, without those the user rated in training. */
export type MovieRanker = (userId: number, limit: number) => readonly number[];

export const RANKERS = ['recommender', 'popularity', 'average', 'svd'] as const;
export type RankerName = (typeof RANKERS)[number];

/** Ratings a film needs before its plain average counts. */
const AVERAGE_MIN_RATINGS = 20;

/** Always over the whole catalogue: rankings of sampled films order algorithms wrongly. */
export function createMovieRanker(
  name: RankerName,
  train: Ratings,
  seed: number,
  engine: EngineName = 'blend',
  model: ModelSettings = KNOWN_SETTINGS,
): MovieRanker {
  if (name === 'recommender') {
    const recommender = createRecommender(optionsFromSettings(engine, model));
    feed(recommender, train, 0, train.length);
    return (userId, limit) => recommender.topMovies(userId, limit);
  }
  return rankByScore(train, scorer(name, train, { ...model, seed }));
}

type Scorer = (userId: number, movieId: number) => number;

function scorer(name: Exclude<RankerName, 'recommender'>, train: Ratings, svd: SvdOptions): Scorer {
  if (name === 'svd') return fitSvd(train, svd).predict;
  const counts = new Map<number, number>();
  const sums = new Map<number, number>();
  for (let row = 0; row < train.length; row++) {
    const movie = train.movieIds[row]!;
    counts.set(movie, (counts.get(movie) ?? 0) + 1);
    sums.set(movie, (sums.get(movie) ?? 0) + train.halfStars[row]!);
  }
  if (name === 'popularity') return (_, movie) => counts.get(movie) ?? 0;
  return (_, movie) => {
    const count = counts.get(movie) ?? 0;
    return count < AVERAGE_MIN_RATINGS ? 0 : sums.get(movie)! / count;
  };
}

function rankByScore(train: Ratings, score: Scorer): MovieRanker {
  const movies = [...new Set(train.movieIds)];
  const rated = new Map<number, Set<number>>();
  for (let row = 0; row < train.length; row++) {
    const own = rated.get(train.userIds[row]!) ?? new Set<number>();
    rated.set(train.userIds[row]!, own.add(train.movieIds[row]!));
  }
  return (userId, limit) => {
    const list = createTopList(limit);
    for (const movie of movies) {
      if (!rated.get(userId)?.has(movie)) list.offer(movie, score(userId, movie));
    }
    return Array.from(list.keys.subarray(0, list.length));
  };
}
