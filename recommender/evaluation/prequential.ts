import type { RecommenderOptions } from '../options.ts';
import { createRecommender } from '../recommender.ts';
import { clip } from '../store/scale.ts';
import { createEventCursor } from './learners.ts';
import { createRatingError, type RatingError } from './rating-error.ts';
import { type Ratings, selectRatings } from './ratings.ts';

/** Errors over the whole stream and over its last fifth and tenth, where a model is no longer cold. */
export interface StreamError {
  readonly all: RatingError;
  readonly last20: RatingError;
  readonly last10: RatingError;
}

export interface Prequential {
  readonly withDrift: StreamError;
  readonly withoutDrift: StreamError;
  /** the running mean, learned alike: what knowing nobody gets */
  readonly mean: StreamError;
  /** over the last fifth, where every event asks; null when hits were not counted */
  readonly hits: HitRatio | null;
}

export interface HitRatio {
  /** share of the films a user came to that stood in the list of 20 a moment before */
  readonly all: number;
  /** of those that were then rated 4 or more */
  readonly liked: number;
  /** the same for a list of the films with most ratings so far */
  readonly popularity: number;
}

export const LIST_LENGTH = 20;
export const LIKED_HALF_STARS = 8;

/**
 * Predict, score, learn: every rating is foreseen by a model that has seen all before it and nothing after. The only
 * honest protocol for a model that learns online.
 * @param order row numbers, in order of time
 */
export function evaluatePrequential(
  options: RecommenderOptions,
  ratings: Ratings,
  order: Int32Array,
  withHits: boolean,
): Prequential {
  const stream = selectRatings(ratings, order);
  const recommender = createRecommender({ ...options, ranking: withHits });
  const eventOf = createEventCursor(stream);
  const from20 = Math.floor(stream.length * 0.8);
  const from10 = Math.floor(stream.length * 0.9);
  const errors = { withDrift: newErrors(), withoutDrift: newErrors(), mean: newErrors() };
  const hits = withHits ? createHitCounter() : null;

  const add = (to: StreamError, row: number, error: number): void => {
    to.all.add(error);
    if (row >= from20) to.last20.add(error);
    if (row >= from10) to.last10.add(error);
  };

  for (let row = 0; row < stream.length; row++) {
    const event = eventOf(row);
    if (hits && row >= from20) {
      const list = recommender.topMovies(event.userId, LIST_LENGTH, event.tsMs);
      hits.ask(stream, row, list);
    }
    hits?.learn(stream, row);
    const mean = recommender.mean();
    if (recommender.apply(event) !== 'learned') continue;
    const { rating, predicted, withoutDrift } = recommender.scored;
    add(errors.withDrift, row, rating - predicted);
    add(errors.withoutDrift, row, rating - withoutDrift);
    add(errors.mean, row, rating - clip(mean));
  }
  return { ...errors, hits: hits?.ratio() ?? null };
}

const newErrors = (): StreamError => ({
  all: createRatingError(),
  last20: createRatingError(),
  last10: createRatingError(),
});

function createHitCounter() {
  const counts = new Map<number, number>();
  const seen = new Map<number, Set<number>>();
  const total = { asked: 0, hits: 0, liked: 0, likedHits: 0, popular: 0 };

  /** whether fewer than a list's length of unseen films have more ratings */
  function isPopular(userId: number, movieId: number): boolean {
    const own = counts.get(movieId) ?? 0;
    let better = 0;
    for (const [movie, count] of counts) {
      if (count > own && !seen.get(userId)?.has(movie) && ++better >= LIST_LENGTH) return false;
    }
    return own > 0;
  }

  return {
    ask({ userIds, movieIds, halfStars }: Ratings, row: number, list: readonly number[]): void {
      const hit = list.includes(movieIds[row]!);
      total.asked++;
      if (hit) total.hits++;
      if (isPopular(userIds[row]!, movieIds[row]!)) total.popular++;
      if (halfStars[row]! < LIKED_HALF_STARS) return;
      total.liked++;
      if (hit) total.likedHits++;
    },
    learn({ userIds, movieIds }: Ratings, row: number): void {
      const user = userIds[row]!;
      counts.set(movieIds[row]!, (counts.get(movieIds[row]!) ?? 0) + 1);
      seen.set(user, (seen.get(user) ?? new Set<number>()).add(movieIds[row]!));
    },
    ratio: (): HitRatio => ({
      all: total.hits / total.asked,
      liked: total.likedHits / total.liked,
      popularity: total.popular / total.asked,
    }),
  };
}
