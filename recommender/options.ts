import { type EngineName, type EngineOptions, engineDefaults } from './engines/create-engine.ts';

export interface RecommenderOptions {
  readonly engine: EngineOptions;
  /** one round of replay with every learned event; without it replay waits for `replay()` */
  readonly replayInPath: boolean;
  /** visits per stored rating that idle replay stops at */
  readonly replayBudget: number;
  /** false leaves pairs and popularity out: predictions alone, for evaluations */
  readonly ranking: boolean;
  /** more are refused and counted: rows are what memory is spent on */
  readonly maxUsers: number;
  readonly maxFilms: number;
  readonly seed: number;
}

const MAX_ROWS = 4_000_000;

export function recommenderDefaults(engine: EngineName = 'blend'): RecommenderOptions {
  return {
    engine: engineDefaults(engine),
    replayInPath: true,
    replayBudget: 50,
    ranking: true,
    maxUsers: MAX_ROWS,
    maxFilms: MAX_ROWS,
    seed: 4,
  };
}

/**
 * All that a state depends on, as text that is equal when the options are: the events that are refused, what replay is still
 * granted and whether it came in the path of events make another state too.
 */
export function settingsText(options: RecommenderOptions): string {
  const { engine, replayInPath, replayBudget, ranking, maxUsers, maxFilms, seed } = options;
  return JSON.stringify({ engine, replayInPath, replayBudget, ranking, maxUsers, maxFilms, seed });
}

/** The options that a text of `settingsText` was made of. */
export const optionsFromText = (text: string): RecommenderOptions => JSON.parse(text) as RecommenderOptions;

/** The names that batch recommenders made known, with the values they are known by. */
export interface ModelSettings {
  readonly factors: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly regularization: number;
}

export const KNOWN_SETTINGS: ModelSettings = {
  factors: 50,
  epochs: 50,
  learningRate: 0.008,
  regularization: 0.2,
};

/**
 * Reads those settings for an engine that learns online. Factors are factors (of `sgd`). An epoch is one visit of every
 * rating, so epochs are the budget of replay. Rate and regularisation scale the engine's own, which fall with a row's
 * count where the batch's stay: at the known values they are as chosen.
 */
export function optionsFromSettings(engine: EngineName, settings: ModelSettings): RecommenderOptions {
  const defaults = recommenderDefaults(engine);
  const { sgd } = defaults.engine;
  return {
    ...defaults,
    engine: {
      ...defaults.engine,
      sgd: {
        ...sgd,
        factors: settings.factors,
        learningRate: (sgd.learningRate * settings.learningRate) / KNOWN_SETTINGS.learningRate,
        regularization: (sgd.regularization * settings.regularization) / KNOWN_SETTINGS.regularization,
        replaySteps: Math.min(sgd.replaySteps, Math.max(0, settings.epochs - 1)),
      },
    },
    replayBudget: settings.epochs,
  };
}
