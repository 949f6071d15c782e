import { createChance } from '../../core/chance.ts';
import { type EngineName, engineDefaults } from '../engines/create-engine.ts';
import { fitSvd, type SvdModel } from '../engines/svd.ts';
import { clip } from '../store/scale.ts';
import { evaluateFold, type FoldResult } from './cross-validation.ts';
import { FOLDS, fnv1a32 } from './folds.ts';
import { learnerOptions, onlineLearner } from './learners.ts';
import { createRatingError } from './rating-error.ts';
import { type Ratings, selectRatings } from './ratings.ts';

/** The settings that a search varies; what an engine does not know is left out. */
export interface TrialSettings {
  readonly factors: number;
  readonly epochs?: number;
  readonly learningRate: number;
  readonly regularization: number;
  readonly replaySteps?: number;
}

/** One piece of work for one core. */
export interface TuneJob {
  readonly engine: EngineName | 'svd';
  readonly fold: number;
  readonly seed: number;
  readonly settings: TrialSettings;
  /** with `svd`: the numbers of epochs at which the one fit is scored */
  readonly epochs: readonly number[];
}

export interface TuneResult extends FoldResult {
  readonly engine: string;
  readonly fold: number;
  readonly settings: TrialSettings;
}

/** A job's name in the file that a search is resumed from. */
export const jobKey = (job: TuneJob): string => JSON.stringify(job);

/**
 * Folds of the search's own: those by which `evaluate` judges are made by another hash, so that no setting is chosen by the
 * very folds that then speak for it. The ratings are the same, which leaves a slight optimism.
 */
export function tuningFolds(ratings: Ratings): Uint8Array {
  return Uint8Array.from(
    { length: ratings.length },
    (_, row) => fnv1a32(`tune:${ratings.userIds[row]}:${ratings.movieIds[row]}`) % FOLDS,
  );
}

const EPOCHS = [10, 30, 50];

/** The known grid of 144 points for the batch model. Epochs of one fit are points on its way: 48 fits per fold. */
export function gridJobs(seed: number): TuneJob[] {
  const jobs: TuneJob[] = [];
  for (const factors of [10, 30, 50]) {
    for (const learningRate of [0.002, 0.005, 0.008, 0.01]) {
      for (const regularization of [0.2, 0.4, 0.6, 0.8]) {
        for (let fold = 0; fold < FOLDS; fold++) {
          const settings = { factors, learningRate, regularization };
          jobs.push({ engine: 'svd', fold, seed, settings, epochs: EPOCHS });
        }
      }
    }
  }
  return jobs;
}

/** Settings drawn evenly from the logarithm of each range; the engine's own come first, to be beaten. */
export function searchTrials(engine: EngineName, trials: number, seed: number): TrialSettings[] {
  const { sgd } = engineDefaults(engine);
  const { factors, learningRate, regularization, replaySteps } = sgd;
  const chance = createChance(seed, `tune.${engine}`);
  const between = (trial: number, draw: number, low: number, high: number): number =>
    low * (high / low) ** chance.unit(trial, draw);
  const drawn = Array.from({ length: Math.max(0, trials - 1) }, (_, trial) => ({
    factors: Math.round(between(trial, 0, 8, 96)),
    learningRate: Number(between(trial, 1, 0.05, 0.8).toPrecision(3)),
    regularization: Number(between(trial, 2, 0.03, 0.6).toPrecision(3)),
    replaySteps: Math.round(between(trial, 3, 1, 32)),
  }));
  return [{ factors, learningRate, regularization, replaySteps }, ...drawn];
}

/** How many trials go on to the next fold: the best third. */
export const survivors = (trials: number): number => Math.max(1, Math.ceil(trials / 3));

export function runJob(job: TuneJob, ratings: Ratings, order: Int32Array, folds: Uint8Array): TuneResult[] {
  const { engine, fold, settings } = job;
  if (engine === 'svd') return runSvd(job, ratings, order, folds);
  const options = learnerOptions(engine, job.seed);
  const { factors, learningRate, regularization, replaySteps = options.engine.sgd.replaySteps } = settings;
  const learner = onlineLearner({
    ...options,
    engine: {
      ...options.engine,
      sgd: { ...options.engine.sgd, factors, learningRate, regularization, replaySteps },
    },
  });
  return [{ engine, fold, settings, ...evaluateFold(learner, ratings, order, folds, fold) }];
}

function runSvd(job: TuneJob, ratings: Ratings, order: Int32Array, folds: Uint8Array): TuneResult[] {
  const { engine, fold, settings, epochs, seed } = job;
  const train = selectRatings(
    ratings,
    order.filter((row) => folds[row] !== fold),
  );
  const results: TuneResult[] = [];
  fitSvd(train, { ...settings, epochs: Math.max(...epochs), seed }, (epoch, model) => {
    if (!epochs.includes(epoch)) return;
    results.push({
      engine,
      fold,
      settings: { ...settings, epochs: epoch },
      ...score(model, ratings, folds, fold),
    });
  });
  return results;
}

function score(model: SvdModel, ratings: Ratings, folds: Uint8Array, fold: number): FoldResult {
  const error = createRatingError();
  for (let row = 0; row < ratings.length; row++) {
    if (folds[row] !== fold) continue;
    const predicted = clip(model.predict(ratings.userIds[row]!, ratings.movieIds[row]!));
    error.add(ratings.halfStars[row]! / 2 - predicted);
  }
  return { rmse: error.rmse, mae: error.mae };
}

export interface Ranked {
  readonly settings: TrialSettings;
  readonly folds: number;
  readonly rmse: number;
  readonly mae: number;
}

/** Means over the folds seen, trials of more folds first, then by RMSE: the first is the best. */
export function rankResults(results: readonly TuneResult[]): Ranked[] {
  const byTrial = new Map<string, TuneResult[]>();
  for (const result of results) {
    const key = JSON.stringify(result.settings);
    byTrial.set(key, [...(byTrial.get(key) ?? []), result]);
  }
  return [...byTrial.values()]
    .map((folds) => ({
      settings: folds[0]!.settings,
      folds: folds.length,
      rmse: folds.reduce((sum, { rmse }) => sum + rmse, 0) / folds.length,
      mae: folds.reduce((sum, { mae }) => sum + mae, 0) / folds.length,
    }))
    .sort((a, b) => b.folds - a.folds || a.rmse - b.rmse);
}
