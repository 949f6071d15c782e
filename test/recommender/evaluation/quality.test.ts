import { describe, expect, it } from 'vitest';
import { createChance } from '../../../core/chance.ts';
import { evaluateColdStart } from '../../../recommender/evaluation/cold-start.ts';
import { evaluateFold } from '../../../recommender/evaluation/cross-validation.ts';
import { hashFolds } from '../../../recommender/evaluation/folds.ts';
import { createLearner, learnerOptions, onlineLearner } from '../../../recommender/evaluation/learners.ts';
import { evaluatePrequential } from '../../../recommender/evaluation/prequential.ts';
import { createMovieRanker } from '../../../recommender/evaluation/rankers.ts';
import { evaluateRanking } from '../../../recommender/evaluation/ranking.ts';
import { orderOf, type Ratings, selectRatings } from '../../../recommender/evaluation/ratings.ts';
import { splitLast } from '../../../recommender/evaluation/splits.ts';
import { evaluateStorms } from '../../../recommender/evaluation/storms.ts';
import { sampleRatings } from './sample.ts';

/** What a change may cost before somebody has to look. */
const RMSE_TOLERANCE = 0.003;
const RECALL_TOLERANCE = 0.005;
const FOLD = 0;

const ratings = sampleRatings();
const order = orderOf(ratings, 'time', 0);
const folds = hashFolds(ratings);
const fold = (learner: ReturnType<typeof createLearner>, of: Ratings = ratings) =>
  evaluateFold(learner, of, order, folds, FOLD);

describe('quality on the sample, one fold, in order of time', () => {
  // scikit-surprise on this fold: SVD of 50 epochs 0.8792, its best model, item KNN, 0.8649
  const blend = fold(createLearner('blend', 0));

  it('beats a batch of 50 epochs with one pass', () => {
    const batch = fold(createLearner('svd', 0));
    expect(Math.abs(batch.rmse - 0.8792)).toBeLessThan(0.001);
    expect(blend.rmse).toBeLessThan(0.8564 + RMSE_TOLERANCE);
    expect(blend.mae).toBeLessThan(0.6568 + RMSE_TOLERANCE);
    expect(blend.rmse).toBeLessThan(batch.rmse - 0.018);
  });

  it('loses that lead without replay, and everything with shuffled labels', () => {
    const options = learnerOptions('blend', 0);
    const withoutReplay = fold(onlineLearner({ ...options, replayInPath: false }));
    expect(withoutReplay.rmse).toBeGreaterThan(blend.rmse + 2 * RMSE_TOLERANCE);
    const chance = createChance(1, 'shuffle');
    const halfStars = ratings.halfStars.map(
      (_, row) => ratings.halfStars[chance.below(row, ratings.length)]!,
    );
    expect(fold(createLearner('sgd', 0), { ...ratings, halfStars }).rmse).toBeGreaterThan(1.03);
  });
});

describe('quality on the sample, as a stream', () => {
  it('foresees the last fifth within 0.80 stars with drift (sgd), and not without', () => {
    const { withDrift, withoutDrift } = evaluatePrequential(learnerOptions('sgd', 0), ratings, order, false);
    expect(withDrift.last20.rmse).toBeLessThan(0.8);
    expect(withoutDrift.last20.rmse).toBeGreaterThan(0.83);
    expect(withoutDrift.last20.rmse).toBeLessThan(0.85);
  });

  it('ranks far above popularity', () => {
    const { train, test } = splitLast(ratings, order);
    const trained = selectRatings(ratings, train);
    const found = evaluateRanking(createMovieRanker('recommender', trained, 0, 'sgd'), ratings, test);
    expect(found.recall20).toBeGreaterThan(0.145 - RECALL_TOLERANCE);
    expect(found.likedRecall20).toBeGreaterThan(0.17 - RECALL_TOLERANCE);
    const popular = evaluateRanking(createMovieRanker('popularity', trained, 0), ratings, test);
    expect(popular.recall20).toBeCloseTo(0.069, 3);
  });

  it('shows newcomers what they come to', () => {
    const { recommender, popularity } = evaluateColdStart(ratings, order);
    expect(recommender.recall20).toBeGreaterThan(0.154 - RECALL_TOLERANCE);
    expect(popularity.recall20).toBeCloseTo(0.0944, 3);
  });

  it('gets over wrong ratings, and learns nothing false from watches', () => {
    const storm = evaluateStorms(learnerOptions('sgd', 0), ratings, order, folds, FOLD, 0);
    expect(storm.corrected).toBeLessThan(0.918);
    expect(storm.watched).toBeLessThan(0.885 + RMSE_TOLERANCE);
    expect(storm.imputed.neutral).toBeGreaterThan(storm.watched + 0.015);
  });
});
