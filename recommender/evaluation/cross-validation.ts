import { FOLDS } from './folds.ts';
import type { Learner } from './learners.ts';
import { createRatingError, meanOf } from './rating-error.ts';
import { type Ratings, selectRatings } from './ratings.ts';

export interface FoldResult {
  readonly rmse: number;
  readonly mae: number;
}

export interface CrossValidation extends FoldResult {
  readonly folds: readonly FoldResult[];
}

/**
 * Learns from two folds, in the given order, and predicts the third. Means over the folds.
 * @param order row numbers of all ratings
 * @param folds each row's fold
 */
export function crossValidate(
  learner: Learner,
  ratings: Ratings,
  order: Int32Array,
  folds: Uint8Array,
): CrossValidation {
  const results = Array.from({ length: FOLDS }, (_, fold) =>
    evaluateFold(learner, ratings, order, folds, fold),
  );
  return {
    rmse: meanOf(results.map(({ rmse }) => rmse)),
    mae: meanOf(results.map(({ mae }) => mae)),
    folds: results,
  };
}

export function evaluateFold(
  learner: Learner,
  ratings: Ratings,
  order: Int32Array,
  folds: Uint8Array,
  fold: number,
): FoldResult {
  const predict = learner(
    selectRatings(
      ratings,
      order.filter((row) => folds[row] !== fold),
    ),
  );
  const error = createRatingError();
  for (let row = 0; row < ratings.length; row++) {
    if (folds[row] !== fold) continue;
    error.add(ratings.halfStars[row]! / 2 - predict(ratings.userIds[row]!, ratings.movieIds[row]!));
  }
  return { rmse: error.rmse, mae: error.mae };
}
