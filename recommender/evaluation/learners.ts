import { ENGINES, type EngineName } from '../engines/create-engine.ts';
import { fitSvd, type SvdOptions } from '../engines/svd.ts';
import {
  KNOWN_SETTINGS,
  type ModelSettings,
  optionsFromSettings,
  type RecommenderOptions,
} from '../options.ts';
import { type ChangeEvent, createRecommender, type Recommender } from '../recommender.ts';
import { clip } from '../store/scale.ts';
import type { Ratings } from './ratings.ts';

/** What can be evaluated: the engines, their biases alone, and the batch model that they are measured against. */
export const LEARNERS = [...ENGINES, 'biases', 'svd', 'mean'] as const;
export type LearnerName = (typeof LEARNERS)[number];

/** Predicts clipped stars. */
export type Predictor = (userId: number, movieId: number) => number;
/** Sees the ratings once, in their order; `svd` then goes over them for its epochs. */
export type Learner = (ratings: Ratings) => Predictor;

export function createLearner(
  name: LearnerName,
  seed: number,
  model: ModelSettings = KNOWN_SETTINGS,
): Learner {
  if (name === 'svd') return svdLearner({ ...model, seed });
  if (name === 'mean') return learnMean;
  return onlineLearner(learnerOptions(name, seed, model));
}

/** Predictions alone, with everything else as the service has it. */
export function learnerOptions(
  name: EngineName | 'biases',
  seed: number,
  model: ModelSettings = KNOWN_SETTINGS,
): RecommenderOptions {
  const defaults = optionsFromSettings(name === 'biases' ? 'sgd' : name, model);
  const { engine } = defaults;
  const sgd = { ...engine.sgd, seed: engine.sgd.seed + seed };
  return {
    ...defaults,
    ranking: false,
    engine: {
      ...engine,
      sgd: name === 'biases' ? { ...sgd, factors: 0, replaySteps: 0 } : sgd,
      rows: { ...engine.rows, seed: engine.rows.seed + seed },
    },
  };
}

export function onlineLearner(options: RecommenderOptions): Learner {
  return (ratings) => {
    const recommender = createRecommender(options);
    feed(recommender, ratings, 0, ratings.length);
    return (userId, movieId) => recommender.predict(userId, movieId);
  };
}

export function svdLearner(options: SvdOptions): Learner {
  return (ratings) => {
    const model = fitSvd(ratings, options);
    return (userId, movieId) => clip(model.predict(userId, movieId));
  };
}

function learnMean({ halfStars }: Ratings): Predictor {
  const mean = halfStars.reduce((sum, value) => sum + value, 0) / 2 / halfStars.length;
  return () => mean;
}

type WritableEvent = { -readonly [K in keyof ChangeEvent]: ChangeEvent[K] };

/** One event, used over and over: what the log's reader hands out per record costs nothing here. */
export function createEventCursor(ratings: Ratings): (row: number) => ChangeEvent {
  const event: WritableEvent = { kind: 'RATED', userId: 0, movieId: 0, rating: 0, tsMs: 0 };
  return (row) => {
    event.userId = ratings.userIds[row]!;
    event.movieId = ratings.movieIds[row]!;
    event.rating = ratings.halfStars[row]! / 2;
    event.tsMs = ratings.seconds[row]! * 1000;
    return event;
  };
}

export function feed(recommender: Recommender, ratings: Ratings, from: number, to: number): void {
  const eventOf = createEventCursor(ratings);
  for (let row = from; row < to; row++) recommender.apply(eventOf(row));
}
